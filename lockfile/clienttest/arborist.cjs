// Prints Arborist's reading of the lockfile in the folder argv[3]; argv[2] is
// the folder of the library: the very one that the client installs with.
const Arborist = require(process.argv[2])
new Arborist({ path: process.argv[3] }).loadVirtual().then(tree => {
  const out = []
  for (const n of tree.inventory.values()) {
    if (n.isRoot || n.isLink || !/(^|\/)node_modules\//.test(n.location)) continue
    const from = n.resolved || ''
    const source = /^git[+:]/.test(from) ? 'git' : /^file:/.test(from) ? 'file' : n.inBundle && !from ? '' :
      from && !from.includes('/-/') ? 'remote' : 'registry'
    out.push({ Name: n.packageName || n.name, Version: n.version, Source: source, Dev: !!n.dev, Optional: !!n.optional || !!n.devOptional && !n.dev })
  }
  console.log(JSON.stringify(out))
}, e => { console.error(e); process.exit(1) })
