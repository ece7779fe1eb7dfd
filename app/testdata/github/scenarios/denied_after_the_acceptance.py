"""Who accepted a package before the policy denied it did not accept that; after the check has shown it, it can be accepted."""
EXPECTED = 'success, failure, success'
def run(w):
    w.start(); r = w.repository(); p = w.open(r); w.settled(r, p); w.second()
    w.say(r, p, 'maint', '/lockwarden accept quiet@1.1.0 because known'); got = [w.becomes(r, p, 'success')]
    r['branches']['main'] = w.gh.commit(r, [r['branches']['main']], w.files({'quiet': '1.0.0'}, 'version: 1\npackages: {deny: [quiet]}\n'))
    w.hook('push', w.gh.payload(r, 'adm', ref='refs/heads/main', before='0', after=r['branches']['main'], deleted=False, forced=False, commits=[dict(added=['.github/lockwarden.yml'], modified=[], removed=[])]))
    got.append(w.becomes(r, p, 'failure')); w.second()
    w.say(r, p, 'maint', '/lockwarden accept quiet@1.1.0 because it is allowed here')
    return ', '.join(got + [w.becomes(r, p, 'success')])
