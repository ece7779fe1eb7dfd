"""What another App wrote in a maintainer's name, and what was brought from another GitHub under the same name, accepts nothing; only the first is answered."""
EXPECTED = 'failure confused, failure'
def run(w):
    w.start(); r = w.repository(); a, b = w.open(r), w.open(r)
    for p in (a, b): w.settled(r, p)
    w.second()
    by = w.say(r, a, 'maint', '/lockwarden accept all because known', via=dict(id=9, slug='helper', name='helper'))
    other = w.say(r, b, 'maint', '/lockwarden accept all because known', type='Mannequin')
    w.wait(lambda: by['reactions'], 20); w.idle()
    return '%s %s, %s%s' % (w.check(r, a), ' '.join(by['reactions']), w.check(r, b), ''.join(' ' + x for x in other['reactions']))
