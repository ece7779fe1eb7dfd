"""A file that the settings name is code that the package manager runs: a head that changes nothing else is reviewed, whatever the file is called."""
EXPECTED = 'not green, reviewed'
def run(w):
    w.start(); settings = b'nodeLinker: node-modules\nyarnPath: tools/yarn.cjs\n'
    r = w.repository(files=w.files({'quiet': '1.0.0'}, **{'.yarnrc.yml': settings, 'tools/yarn.cjs': b'1\n', 'yarn.lock': b'__metadata:\n  version: 8\n'}))
    head = w.gh.commit(r, [r['branches']['main']], w.files({'quiet': '1.0.0'}, **{'.yarnrc.yml': settings, 'tools/yarn.cjs': b'2\n', 'yarn.lock': b'__metadata:\n  version: 8\n'}))
    p = w.open(r, head=head); check = w.settled(r, p)
    return ('green' if check == 'success' else 'not green') + (', reviewed' if 'yarn.cjs' in w.summary(r, p) else ', nothing said')
