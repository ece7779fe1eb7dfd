// Compiles source/ with compilers that npm installs below a folder:
//
//	node make.mjs FOLDER [COMPILER]
//
// and writes COMPILER-VERSION-HOW.txtar with each output, and in loaded.txt what
// Node calls of child_process when it loads the output. The sources are ours
// and inert: child_process is replaced by what takes the commands down.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createRequire } from 'node:module'
import { execFileSync } from 'node:child_process'

const here = import.meta.dirname, folder = path.resolve(process.argv[2])
const versions = {
  old: { typescript: '3.9.10', '@babel/core': '7.12.17', '@babel/preset-env': '7.12.17', esbuild: '0.14.54', rollup: '2.79.2', '@rollup/plugin-commonjs': '22.0.2', webpack: '4.47.0' },
  used: { typescript: '4.9.5', '@babel/core': '7.20.12', '@babel/preset-env': '7.20.2', esbuild: '0.17.19', rollup: '3.29.5', '@rollup/plugin-commonjs': '25.0.8', webpack: '5.75.0' },
  new: { typescript: '5.9.3', '@babel/core': '7.29.13', '@babel/preset-env': '7.29.14', esbuild: '0.28.2', rollup: '4.68.8', '@rollup/plugin-commonjs': '29.0.3', webpack: '5.113.0' },
}
const source = path.join(here, 'source')
const cases = fs.readdirSync(source).sort()
const isModule = text => /^(import|export) /m.test(text)

// each compiles the files of a case one by one.
const each = compile => async dir => {
  const out = {}
  for (const name of fs.readdirSync(dir)) {
    const text = fs.readFileSync(path.join(dir, name), 'utf8')
    out[name] = isModule(text) ? await compile(text, name) : text
  }
  return out
}
// bundled reads what a bundler writes into a folder.
const bundled = bundle => async dir => {
  const to = fs.mkdtempSync(path.join(os.tmpdir(), 'bundle-'))
  await bundle(path.join(dir, 'index.js'), to)
  const out = Object.fromEntries(fs.readdirSync(to).sort().map(name => [name, fs.readFileSync(path.join(to, name), 'utf8')]))
  fs.rmSync(to, { recursive: true })
  return out
}

const typescript = (require, target) => {
  const ts = require('typescript')
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget[target], esModuleInterop: true, downlevelIteration: true }
  return each(text => {
    const { outputText, diagnostics } = ts.transpileModule(text, { compilerOptions, reportDiagnostics: true })
    if (diagnostics.length) throw new Error(diagnostics[0].messageText)
    return outputText
  })
}
const babel = (require, node) => {
  const presets = [[require.resolve('@babel/preset-env'), { targets: { node }, modules: 'commonjs', shippedProposals: true }]]
  return each((text, filename) => require('@babel/core').transformSync(text, { filename, babelrc: false, configFile: false, compact: false, presets }).code)
}
const esbuild = (require, options) => bundled((entry, outdir) => require('esbuild').build({
  entryPoints: [entry], outdir, bundle: true, platform: 'node', format: 'cjs', logLevel: 'silent', ...options }))
const esbuildEach = require => each(async text => (await require('esbuild').transform(text, { format: 'cjs', target: 'node12', logLevel: 'silent' })).code)
const rollup = require => bundled(async (input, dir) => {
  const bundle = await require('rollup').rollup({ input, external: ['child_process'], plugins: [require('@rollup/plugin-commonjs')()], onwarn() {} })
  await bundle.write({ dir, format: 'cjs', exports: 'named' })
})
const webpack = (require, options) => bundled((entry, dir) => new Promise((resolve, reject) => require('webpack')({
  entry, target: 'node', ...options,
  output: { path: dir, filename: 'index.js', libraryTarget: 'commonjs2', hashFunction: 'sha256', pathinfo: false },
}, (error, stats) => error || stats.hasErrors() ? reject(error ?? new Error(stats.toString())) : resolve())))

const compilers = [
  ['typescript', 'es5', require => typescript(require, 'ES5')],
  ['typescript', 'es2020', require => typescript(require, 'ES2020')],
  ['@babel/core', 'node4', require => babel(require, '4')],
  ['@babel/core', 'node16', require => babel(require, '16')],
  ['esbuild', 'bundle', require => esbuild(require, { target: 'node14' })],
  ['esbuild', 'minified', require => esbuild(require, { minify: true })],
  ['esbuild', 'files', esbuildEach],
  ['rollup', 'bundle', rollup],
  ['webpack', 'production', require => webpack(require, { mode: 'production' })],
  ['webpack', 'eval', require => webpack(require, { mode: 'development', devtool: 'eval' })],
]

// loads are what Node calls when it loads a file; the program ends by itself.
const spy = `const child = require('child_process'), called = new Set()
for (const name of Object.keys(child)) if (typeof child[name] === 'function') child[name] = command => { called.add(command) }
require('module').syncBuiltinESMExports()
process.on('exit', () => process.stdout.write([...called].sort().map(line => line + '\\n').join('')))
require(process.argv[1])`
const loaded = files => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'loaded-'))
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), text)
  try {
    return execFileSync(process.execPath, ['-e', spy, path.join(dir, 'index.js')], { encoding: 'utf8', stdio: 'pipe' })
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

for (const [which, dependencies] of Object.entries(versions)) {
  const dir = path.join(folder, which)
  if (!fs.existsSync(dir)) {
    fs.mkdirSync(dir, { recursive: true })
    fs.writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ private: true, dependencies }))
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps'], { cwd: dir, stdio: 'inherit' })
  }
  const require = createRequire(path.join(dir, 'package.json'))
  for (const [name, how, open] of compilers) {
    const title = `${name.replace('@', '').replace('/', '-')}-${dependencies[name]}-${how}`
    if (process.argv[3] && !title.startsWith(process.argv[3])) continue
    const compile = open(require)
    let text = title + ': written by make.mjs\n'
    for (const c of cases) {
      try {
        const files = await compile(path.join(source, c))
        for (const [file, code] of Object.entries({ ...files, 'loaded.txt': loaded(files) })) text += `-- ${c}/${file} --\n${code.replace(/\n?$/, '\n')}`
      } catch (error) { // it is older than what the source is written in
        console.error(title, c, String(error.stderr || error.message).split('\n').slice(0, 5).join(' | '))
      }
    }
    fs.writeFileSync(path.join(here, title + '.txtar'), text)
  }
}
