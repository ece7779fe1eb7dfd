// Prints npm's own reading of the project in argv[3]: Arborist (from the folder
// argv[2]) with loadVirtual, or loadActual for a hidden lockfile (argv[4]).
const Arborist = require(require('path').resolve(process.argv[2], 'node_modules/@npmcli/arborist'))
const arb = new Arborist({ path: process.argv[3] })
const load = process.argv[4] === 'actual' ? arb.loadActual() : arb.loadVirtual()
load.then(tree => {
  const out = []
  for (const n of tree.inventory.values()) {
    if (n.isProjectRoot) continue
    out.push({ location: n.location, name: n.name, packageName: n.packageName || '', version: n.version,
      dev: !!n.dev, optional: !!n.optional, devOptional: !!n.devOptional, peer: !!n.peer,
      link: !!n.isLink, bundled: !!n.inBundle, integrity: n.isLink ? '' : n.integrity || '' })
  }
  out.sort((a, b) => a.location < b.location ? -1 : 1)
  console.log(JSON.stringify(out))
}, e => { console.error(e); process.exit(1) })
