"""A policy that changes on a base branch with a new name counts for the pull requests into it that were reviewed under the old one."""
EXPECTED = 'success, then failure'
def run(w):
    w.start(); r = w.repository(); p = w.open(r, {'quiet': '1.0.0', 'plain': '1.0.0'}); first = w.settled(r, p); w.second()
    r['policy'] = 'version: 1\npackages: {deny: [plain]}\n'
    r['branches']['trunk'] = w.gh.commit(r, [r['branches'].pop('main')], w.files({'quiet': '1.0.0'}, r['policy'])); r['default'] = 'trunk'; p['base'] = 'trunk'
    w.hook('push', w.gh.payload(r, 'adm', ref='refs/heads/trunk', before='0', after=r['branches']['trunk'], deleted=False, forced=False, commits=[dict(added=['.github/lockwarden.yml'], modified=[], removed=[])]))
    return first + ', then ' + w.becomes(r, p, 'failure')
