"""A repository that changes hands keeps its pull requests' checks: what is said there is heard, and its policy counts, by the installation that it has now."""
EXPECTED = 'failure, then success, then failure'
def run(w):
    w.start(); r = w.repository(); p = w.open(r); first = w.settled(r, p); w.second()
    old = w.gh.installation
    def gone(h, method, path, q, body):
        if path == '/app/installations/%d/access_tokens' % old: return 404, {}, dict(message='Not Found')
    w.gh.fault = gone; w.gh.tokens.clear(); w.gh.installation = old + 1; w.gh.rename(r, 'umbrella/' + r['full'].split('/')[1])
    w.hook('installation_repositories', dict(w.gh.payload(r, 'adm', action='added'), repositories_added=[dict(id=r['id'], name=r['full'].split('/')[1], full_name=r['full'], private=True)], repositories_removed=[])); w.idle()
    w.say(r, p, 'maint', '/lockwarden accept quiet@1.1.0 because known'); then = w.becomes(r, p, 'success'); w.second()
    r['branches']['main'] = w.gh.commit(r, [r['branches']['main']], w.files({'quiet': '1.0.0'}, 'version: 1\npackages: {deny: [quiet]}\n'))
    w.hook('push', w.gh.payload(r, 'adm', ref='refs/heads/main', before='0', after=r['branches']['main'], deleted=False, forced=False, commits=[dict(added=['.github/lockwarden.yml'], modified=[], removed=[])]))
    return '%s, then %s, then %s' % (first, then, w.becomes(r, p, 'failure'))
