"""Who accepts a file that nobody reads, or that runs on installation, accepts what it holds: another content of it is not accepted."""
def run(w):
    w.start(); rows = []
    files = {'bun.lockb': b'one', '.pnpmfile.cjs': b'module.exports = { hooks: { readPackage: p => p } }\n', 'node_modules/x/index.js': b'1'}
    for name, first in files.items():
        r = w.repository(); p = w.open(r, head=w.head(r, {'quiet': '1.0.0'}, **{name: first}))
        seen = w.settled(r, p); w.second()
        w.say(r, p, 'maint', '/lockwarden accept all because seen'); accepted = w.becomes(r, p, 'success')
        same = w.push(r, p, head=w.head(r, {'quiet': '1.0.0'}, **{name: first, 'README.md': b'y'})); w.settled(r, same); kept = w.becomes(r, same, 'success')
        other = w.push(r, p, head=w.head(r, {'quiet': '1.0.0'}, **{name: first + b'\n// other\n'})); w.settled(r, other); w.idle()
        got = [seen != 'success', accepted, kept, w.check(r, other) != 'success']
        want = [True, 'success', 'success', True]
        rows.append((name, 'not green, accepted, kept, not green', '%s, %s, %s, %s' % (seen, accepted, kept, w.check(r, other)), got == want))
    return rows
