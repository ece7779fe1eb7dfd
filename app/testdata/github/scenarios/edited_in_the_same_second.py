"""A comment that somebody else edited within the second in which it was written accepts nothing: REST's times do not tell, GraphQL does."""
EXPECTED = 'failure'
def run(w):
    w.start(); r = w.repository(); p = w.open(r); w.settled(r, p); w.second()
    c = w.say(r, p, 'maint', 'looks fine'); w.idle(0.5)
    w.gh.edit(c, '/lockwarden accept all because known'); c['updated'] = c['created']
    w.say(r, p, 'eve', '/lockwarden help')
    w.wait(lambda: w.check(r, p) != 'failure', 4); w.idle()
    return w.check(r, p)
