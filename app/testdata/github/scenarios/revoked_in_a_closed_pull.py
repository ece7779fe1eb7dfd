"""What holds for the whole repository ends where its comment stands, also after that pull request was merged: revoked there, or its comment deleted."""
EXPECTED = 'success; revoked: failure, +1; deleted: failure'
def run(w):
    w.start(); out = []
    for how in ('revoked', 'deleted'):
        r = w.repository(); a, b = w.open(r), w.open(r)
        for p in (a, b): w.settled(r, p)
        w.second()
        c = w.say(r, a, 'maint', '/lockwarden accept quiet@1.1.0 in repository because known'); w.becomes(r, a, 'success')
        w.say(r, b, 'eve', '/lockwarden help'); green = w.becomes(r, b, 'success')
        if not out: out.append(green)
        w.close_pull(r, a, merged=True); w.idle(); w.second()
        if how == 'revoked':
            said = w.say(r, a, 'maint', '/lockwarden revoke quiet@1.1.0 in repository'); w.becomes(r, b, 'failure'); w.wait(lambda: said['reactions'], 10)
            out.append('revoked: %s, %s' % (w.check(r, b), ' '.join(said['reactions'])))
        else:
            r['comments'][a['number']].remove(c); w.hook('issue_comment', w.gh.comment_event(r, a['number'], c, 'deleted', 'maint'))
            out.append('deleted: ' + w.becomes(r, b, 'failure'))
    return '; '.join(out)
