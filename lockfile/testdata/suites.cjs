// Says what the package managers' own readers make of lockfiles: each line of
// input is {file, dir, format}, each line of output {file, error, rows}.
// argv: the folders of Arborist, @yarnpkg/core, @yarnpkg/lockfile, and of pnpm's
// readers for versions 5 and 6, and for 9.
const fs = require('fs'), path = require('path'), readline = require('readline')
const [arborist, core, classic, older, newer] = process.argv.slice(2)
const load = (dir, name) => require(path.resolve(dir, 'node_modules', name))

const readers = {
  async npm (file, dir) {
    const Arborist = load(arborist, '@npmcli/arborist')
    const tree = await new Arborist({ path: dir }).loadVirtual()
    return [...tree.inventory.values()].filter(n => !n.isProjectRoot).map(n => ({
      location: n.location, name: n.name, packageName: n.packageName || '', version: n.version || '',
      dev: !!n.dev, optional: !!n.optional, devOptional: !!n.devOptional, peer: !!n.peer,
      link: !!n.isLink, bundled: !!n.inBundle, integrity: n.isLink ? '' : n.integrity || '' }))
  },
  async pnpm (file, dir) {
    const text = fs.readFileSync(file, 'utf8')
    const nine = /^lockfileVersion: ['"]?9/m.test(text)
    const from = nine ? newer : older
    const reader = load(from, nine ? '@pnpm/lockfile.fs' : '@pnpm/lockfile-file')
    const parse = load(from, '@pnpm/dependency-path').parse
    const lock = await reader.readWantedLockfile(dir, { ignoreIncompatible: false })
    return Object.entries((lock && lock.packages) || {}).map(([key, p]) => {
      const id = p.name ? p : parse(key)
      return { packageName: id.name || '', version: p.version || id.version || '', integrity: (p.resolution || {}).integrity || '' }
    })
  },
  async yarn (file) {
    const text = fs.readFileSync(file, 'utf8')
    if (!/^__metadata:/m.test(text)) {
      const lock = load(classic, '@yarnpkg/lockfile').parse(text)
      if (lock.type !== 'success') throw new Error(lock.type)
      return Object.entries(lock.object).map(([key, e]) => ({
        packageName: e.name || (key.includes('@', 1) ? key.slice(0, key.indexOf('@', 1)) : key), version: e.version || '', integrity: e.integrity || '' }))
    }
    const { structUtils } = load(core, '@yarnpkg/core')
    const lock = load(core, '@yarnpkg/parsers').parseSyml(text)
    return Object.entries(lock).filter(([key]) => key !== '__metadata').map(([, e]) => {
      const locator = structUtils.parseLocator(e.resolution, true)
      return { packageName: structUtils.stringifyIdent(locator), version: e.version || '', integrity: '' }
    })
  },
}

;(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { file, dir, format } = JSON.parse(line)
    let out
    try {
      out = { file, rows: await readers[format](file, dir) }
    } catch (e) {
      out = { file, error: String(e.message || e).split('\n')[0].slice(0, 300) }
    }
    process.stdout.write(JSON.stringify(out) + '\n')
  }
})()
