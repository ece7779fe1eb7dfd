"""What a custom role comes to counts, not what it is called."""
EXPECTED = 'failure'
def run(w):
    w.start(); r = w.repository(); r['collaborators']['eve'] = ('maintain', 'write'); p = w.open(r); w.settled(r, p); w.second()
    w.say(r, p, 'eve', '/lockwarden accept all because known'); w.wait(lambda: w.replies(r, p), 20); w.idle()
    return w.check(r, p)
