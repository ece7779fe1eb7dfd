"""A pull request that goes away before its review ends takes nothing from another one with the same head, whose result is shown again."""
EXPECTED = 'closed: success, 0 open; pushed over: success, 0 open'
def run(w):
    w.start(); out = []
    for how in ('closed', 'pushed over'):
        r = w.repository(); r['branches']['staging'] = r['branches']['main']
        head = w.head(r, {'quiet': '1.0.0', 'plain': '1.0.0'}, h=how.encode()); p = w.open(r, head=head); w.settled(r, head); w.becomes(r, head, 'success')
        release = __import__('threading').Event()
        # The other one begins its run, and then waits for GitHub.
        seen = []
        def fault(h, method, path, q, body, seen=seen, release=release, r=r):
            if seen and method == 'GET' and '/git/' in path or seen and method == 'GET' and '/contents/' in path: release.wait(20)
            if method == 'POST' and path.endswith('/check-runs'): seen.append(1)
        w.gh.fault = fault
        other = w.open(r, head=head, base='staging', user='eve')
        w.wait(lambda: w.open_runs(r, head), 20); begun = w.open_runs(r, head)
        if how == 'closed': w.close_pull(r, other)
        else: w.push(r, other, {'quiet': '1.0.0', 'b': '2.0.0'})
        w.wait(lambda: not w.open_runs(r, head), 10); release.set(); w.gh.fault = None; w.idle()
        out.append('%s: %s, %d open' % (how, w.becomes(r, head, 'success', 8), w.open_runs(r, head)) + ('' if begun else ' (no run was begun)'))
    return '; '.join(out)
