// What the package managers' own readers unpack from a tarball. Each runs as its
// client runs it; nothing of what is unpacked is executed.
//
// Arguments: a folder to unpack in, and the folders of the packages below. On
// standard input: a length of four bytes and a tarball, again and again. On
// standard output, a line each: {"READER": {"PATH": "SHA-256, x where executable"}},
// or the reader's error as a string.
'use strict'
const [, , work, npm, oldNpm, pnpm, tarFs, gunzipMaybe, yarn] = process.argv
const { createHash } = require('crypto')
const { Readable } = require('stream')
const fs = require('fs')
const path = require('path')

const from = (dir, ...name) => require(path.join(dir, 'node_modules', ...name))
const pacote = from(npm, 'npm/node_modules/pacote')
const extractStream = from(oldNpm, 'npm/node_modules/pacote/lib/extract-stream.js')
const { addFilesFromTarball } = from(pnpm, '@pnpm/store.cafs/lib/addFilesFromTarball.js')
const { extract } = from(tarFs, 'tar-fs')
const gunzip = from(gunzipMaybe, 'gunzip-maybe')
const { tgzUtils } = from(yarn, '@yarnpkg/core')

const said = (data, mode) => createHash('sha256').update(data).digest('hex') + (mode & 0o111 ? ' x' : '')

// unpacked is what lies in a folder.
function unpacked (dir, below = '', files = {}) {
  for (const name of fs.readdirSync(dir)) {
    const at = path.join(dir, name)
    const stat = fs.lstatSync(at)
    if (stat.isDirectory()) unpacked(at, below + name + '/', files)
    else if (stat.isFile()) files[below + name] = said(fs.readFileSync(at), stat.mode)
    else files[below + name] = 'a link'
  }
  return files
}

// parts gives a tarball in pieces, as a network does: what a reader makes of
// the border between two must not matter.
function parts (data) {
  const pieces = []
  for (let at = 0; at < data.length; at += 41) pieces.push(data.subarray(at, at + 41))
  return Readable.from(pieces, { objectMode: false })
}

// through pipes a tarball into streams and waits for the last.
const through = (data, ...streams) => new Promise((resolve, reject) => {
  let s = parts(data)
  for (const next of streams) {
    next.on('error', reject)
    s = s.pipe(next)
  }
  s.on('finish', resolve).on('close', resolve).on('end', resolve)
})

const readers = {
  async npm (data, dir) {
    const fetcher = new pacote.FileFetcher('file:a.tgz', { umask: 0o022 })
    fetcher.package = { name: 'a', version: '1.0.0' } // of a file it would look into package.json, of a package not
    fetcher.tarballStream = handle => handle(parts(data))
    await fetcher.extract(dir)
    return unpacked(dir)
  },
  async 'npm 6' (data, dir) {
    await through(data, extractStream('a@1.0.0', dir, { dmode: 0o777, fmode: 0o666, umask: 0o022 }))
    return unpacked(dir)
  },
  async pnpm (data) {
    const files = {}
    const { filesIndex } = addFilesFromTarball((content, mode) => ({ said: said(content, mode) }), null, data, false)
    for (const name of Object.keys(filesIndex)) files[name] = filesIndex[name].said
    return files
  },
  async 'yarn 1' (data, dir) {
    // As in yarn's tarball-fetcher.
    const now = new Date()
    await through(data, gunzip(), extract(dir, {
      strip: 1,
      dmode: 0o755,
      fmode: 0o644,
      chown: false,
      map (header) {
        header.mtime = now
        if (header.linkname) header.linkname = path.posix.relative('/', path.posix.join(path.posix.dirname(path.join('/', header.name)), header.linkname))
        return header
      }
    }))
    return unpacked(dir)
  },
  async yarn (data) {
    const files = {}
    const nothing = () => {}
    await tgzUtils.extractArchiveTo(data, {
      mkdirpSync: nothing,
      mkdirSync: nothing,
      utimesSync: nothing,
      lutimesSync: nothing,
      symlinkSync (target, name) { files[name] = 'a link' },
      writeFileSync (name, content, { mode }) { files[name] = said(content, mode) }
    }, { stripComponents: 1 })
    return files
  }
}

let count = 0
async function answer (data) {
  const out = {}
  for (const name of Object.keys(readers)) {
    const dir = path.join(work, 'd' + count++)
    fs.mkdirSync(dir)
    let timer
    const late = new Promise((resolve, reject) => { timer = setTimeout(() => reject(new Error('it does not end')), 120000) })
    try {
      out[name] = await Promise.race([readers[name](data, dir), late])
    } catch (err) {
      out[name] = String(err && err.message)
    }
    clearTimeout(timer)
    fs.rmSync(dir, { recursive: true, force: true })
  }
  process.stdout.write(JSON.stringify(out) + '\n')
}

process.on('uncaughtException', () => {}) // of streams that a reader gave up
process.on('unhandledRejection', () => {})
async function main () {
  let rest = Buffer.alloc(0)
  for await (const chunk of process.stdin) {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      const end = 4 + rest.readUInt32BE()
      const data = Buffer.from(rest.subarray(4, end))
      rest = rest.subarray(end)
      await answer(data)
    }
  }
}
main()
