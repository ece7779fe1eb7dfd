"""A revocation that counted stays, whoever deletes or edits its comment: whoever may write can do so."""
EXPECTED = 'success, failure; deleted: failure; edited: failure; accepted anew: success'
def run(w):
    w.start(); r = w.repository(); got = []
    p = w.open(r); w.settled(r, p); w.second()
    w.say(r, p, 'maint', '/lockwarden accept quiet@1.1.0 because known'); got.append(w.becomes(r, p, 'success')); w.second()
    c = w.say(r, p, 'maint', '/lockwarden revoke quiet@1.1.0'); first = got[0] + ', ' + w.becomes(r, p, 'failure'); w.idle()
    r['comments'][p['number']].remove(c); w.hook('issue_comment', w.gh.comment_event(r, p['number'], c, 'deleted', 'wri')); w.idle()
    out = first + '; deleted: ' + w.check(r, p); w.second()
    c = w.say(r, p, 'maint', '/lockwarden accept quiet@1.1.0 because once more'); w.becomes(r, p, 'success'); w.second()
    c = w.say(r, p, 'maint', '/lockwarden revoke all'); w.becomes(r, p, 'failure'); w.idle(); w.second()
    was = c['body']; c['body'] = 'fine'; c['updated'] = w.gh.time(); w.hook('issue_comment', w.gh.comment_event(r, p['number'], c, 'edited', 'wri', changes=dict(body={'from': was}))); w.idle()
    out += '; edited: ' + w.check(r, p); w.second()
    w.say(r, p, 'maint', '/lockwarden accept quiet@1.1.0 because again')
    return out + '; accepted anew: ' + w.becomes(r, p, 'success')
