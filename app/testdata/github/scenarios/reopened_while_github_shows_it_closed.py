"""A pull request that was opened again is reviewed, also where GitHub's API shows it closed for two seconds more."""
EXPECTED = 'two runs, success'
def run(w):
    import time
    w.start(); r = w.repository(); p = w.open(r, {'quiet': '1.0.0', 'plain': '1.0.0'}); w.settled(r, p); w.becomes(r, p, 'success')
    w.close_pull(r, p); w.idle(); p['state'] = 'open'; until = time.time() + 2
    w.gh.fault = lambda h, method, path, q, body: (200, {}, dict(w.gh.j_pull(r, p), state='closed')) if time.time() < until and path.endswith('/pulls/1') else None
    w.hook('pull_request', w.gh.pull_event(r, p, 'reopened')); w.wait(lambda: len(w.runs(r, p)) == 2, 20)
    return ('two runs, ' if len(w.runs(r, p)) == 2 else 'one run, ') + w.settled(r, p)
