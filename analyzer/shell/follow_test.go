package shell

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/lockwarden/lockwarden/analyzer/npm"
)

// pack is a package with some files; package.json has some scripts.
func pack(t testing.TB, files map[string]string) *Package {
	t.Helper()
	if files["package.json"] == "" {
		files["package.json"] = `{"name": "tcase", "version": "1.0.0", "bin": {"tool": "e.js"}, "config": {"f": "e.js", "deep": {"f": "e.js"}},
			"scripts": {"go": "node e.js", "build:a": "node e.js", "args": "node", "start": "node e.js", "ev": "node $npm_lifecycle_event"}}`
	}
	m, err := npm.ParseManifest([]byte(files["package.json"]))
	if err != nil {
		t.Fatal(err)
	}
	p := &Package{Manifest: m, IsScript: func(name string) bool {
		return slices.Contains([]string{".js", ".ts", ".mjs"},
			path.Ext(name))
	}, Root: "/_package_root_"}
	p.Read = func(name string) ([]byte, bool) { text, ok := files[name]; return []byte(text), ok }
	p.Resolve = func(name string) (string, bool) {
		for _, ext := range []string{"", ".js"} {
			if _, ok := files[name+ext]; ok {
				return name + ext, true
			}
		}
		return "", false
	}
	p.Names = sorted(files)
	return p
}

// runs are the scripts, and the beginnings of the code, that a postinstall script
// runs; cuts are what it does not follow.
func runs(t testing.TB, files map[string]string, command string) (scripts, cuts []string) {
	t.Helper()
	p := pack(t, files)
	if p.Manifest.Scripts == nil {
		p.Manifest.Scripts = map[string]npm.Script{}
	}
	if command != "" {
		p.Manifest.Scripts["postinstall"] = npm.Script{Command: command, Line: 1}
	}
	run := p.Install(false)
	for i := range run.Scripts {
		scripts = append(scripts, run.Scripts[i].File+run.Scripts[i].Code)
	}
	for _, c := range run.Cuts {
		cuts = append(cuts, c.What)
	}
	return scripts, cuts
}

func files() map[string]string {
	return map[string]string{
		"e.js": "1", "lib/e.js": "1", "x.sh": "node e.js\n", "x.ps1": "node e.js\n", "x.bat": "@echo off\r\nset X=e.js\r\nnode %X%\r\n",
		"noext": "#!/bin/sh\nnode e.js\n",
		"plain": "node e.js\n", "py": "#!/usr/bin/env python3\nimport subprocess\nsubprocess.call([\"node\", 'e.js'])\n",
		"x.py":             "import os\nos.system('node e.js')\n",
		"envnode":          "#!/usr/bin/env -S node --title=a\n1",
		"sub/package.json": `{"name": "sub", "scripts": {"go": "node ../e.js", "postinstall": "node ../e.js"}}`,
		"Makefile":         "RUN = node\nall: pre\n\techo done\npre:\n\t@$(RUN) e.js\nother:\n\ttrue\n",
		"mk/Makefile":      "x := $(shell node ../e.js)\nall:\n\ttrue\n", "bin/curious": "#!/bin/sh\nnode e.js\n",
		"env":      "A=1\nNODE_OPTIONS=--require=./e.js\n",
		"list.txt": "node e.js", "pre.js": "1", "tsx.ts": "1", "gulpfile.js": "1", "b64": "bm9kZSBlLmpz",
	}
}

// reaching are command lines that run e.js, in one folder or the other.
var reaching = []string{
	// Shells and how they take code.
	`node e.js`, `nodejs e`, `node ./e`, `/usr/bin/node e.js`, `node.exe e.js`, `NODE e.js`, `sh x.sh`, `bash x.sh`, `ash x.sh`,
	`dash -e x.sh`, `mksh x.sh`, `ksh93 x.sh`,
	`zsh -f x.sh`, `fish x.sh`, `yash x.sh`, `busybox sh x.sh`, `busybox ash -c 'node e.js'`, `toybox sh x.sh`, `sh -c 'node e.js'`,
	`sh -ec 'node e.js'`, `bash -lc "node e.js"`,
	`sh -c -e 'node e.js'`, `bash -o pipefail -c 'node e.js'`, `bash -eo pipefail -c 'node e.js'`, `bash +x -c 'node e.js'`,
	`bash --norc x.sh`, `bash --rcfile x.sh -i`, `sh -- x.sh`, `sh -c 'node "$1"' a e.js`,
	`sh -c '"$0" "$@"' node e.js`, `. ./x.sh`, `source x.sh`, `eval 'node e.js'`, `eval node e.js`, `eval "no""de" e.js`, `./x.sh`,
	`./noext`, `./plain`, `./py`, `./envnode; node e.js`, `exec ./noext`,
	`powershell -File x.ps1`, `pwsh ./x.ps1`, `powershell -NoProfile -ExecutionPolicy Bypass -Command "node e.js"`,
	`powershell -nop -w hidden -c "node e.js"`, `powershell node e.js`,
	`pwsh -enc bgBvAGQAZQAgAGUALgBqAHMA`, `powershell -EncodedCommand bgBvAGQAZQAgAGUALgBqAHMA`,
	`powershell -e bgBvAGQAZQAgAGUALgBqAHMA`, `powershell -Command '& { $x="e.js"; node $x }'`, `powershell "& './x.ps1'"`,
	`cmd /c node e.js`, `cmd /d /s /c "node e.js"`, `cmd.exe /k "cd lib & node e.js"`, `cmd /c x.bat`, `x.bat`, `call x.bat`,
	`start /b x.bat`, `start "" node e.js`, `cmd /c "no^de e.js"`, `no^de e.js`, `node lib\e.js`,
	// What starts commands.
	`env node e.js`, `env -i A=1 node e.js`, `env -u A -C lib node e.js`, `env -S "node e.js"`, `env -S"A=1 node e.js"`,
	`env --split-string="node e.js"`, `A=1 B=2 node e.js`, `timeout 5 node e.js`,
	`timeout -s KILL -k 1 5m node e.js`, `nice node e.js`, `nice -n 5 node e.js`, `setsid node e.js`, `nohup node e.js &`,
	`stdbuf -oL node e.js`, `stdbuf -o L node e.js`, `time node e.js`, `time -p node e.js`,
	`sudo -u root A=1 node e.js`, `doas node e.js`, `exec node e.js`, `command node e.js`, `exec -a x node e.js`, `xargs node e.js`,
	`echo e.js | xargs node e.js`, `xargs -I{} sh -c 'node e.js'`, `xargs -n 1 -P2 node e.js`,
	`find . -name a -exec node e.js \;`, `ionice -c 3 node e.js`, `chronic node e.js`, `strace -f node e.js`,
	`su -c 'node e.js' nobody`, `flock /tmp/l node e.js`, `script -qc 'node e.js' /dev/null`,
	`watch -n 1 'node e.js' || watch node e.js`,
	`cross-env A=1 node e.js`, `cross-env-shell "node e.js"`, `dotenv -e .env -- node e.js`, `dotenvx run -- node e.js`,
	`env-cmd -f .env node e.js`, `shx node e.js`, `nyc node e.js`, `c8 --include x node e.js`,
	`concurrently "node e.js" "true"`, `concurrently npm:go`, `concurrently -n a,b -c red "node e.js"`, `run-s go`, `run-p build:*`,
	`npm-run-all -s build:a`, `npm-run-all "build:**"`, `wsrun go`,
	`some-tool --flag node e.js`, `unknown sh -c 'node e.js'`, `nohup setsid env timeout 5 node e.js`, `trap 'node e.js' EXIT`,
	`alias q='node e.js'`, `parallel node ::: e.js || parallel "node e.js"`, `start-server-and-test go http://localhost:1 true`,
	// Package managers.
	`npm run go`, `npm run-script go`, `npm run --silent go`, `npm --silent run go`, `npm start`, `npm run args -- e.js`,
	`npm run args e.js`, `npm --prefix sub run go`, `npm run go --prefix sub`, `npm -C sub run go`, `cd sub && npm run go`,
	`(cd sub; npm install)`, `npm i --prefix sub`, `npm ci --prefix=sub`, `npm exec -- node e.js`, `npm exec tool`,
	`npm x -c 'node e.js'`, `npx tool`, `npx tsx e.js`, `npx -y tsx@4.1.0 e.js`, `npx -p tsx tsx e.js`,
	`npx --package=tsx -- tsx e.js`, `npx -c "node e.js"`,
	`pnpm go`, `pnpm run go`, `pnpm exec node e.js`, `pnpm dlx tsx e.js`, `pnpm -C sub go`, `pnpm --filter x run go`, `yarn go`,
	`yarn run go`, `yarn node e.js`, `yarn exec node e.js`, `yarn dlx tsx e.js`, `yarn --cwd sub go`, `yarn tool`,
	`bun e.js`, `bun run e.js`, `bun run go`, `bunx tool`, `bun x tool`, `bun --bun run go`, `deno run -A e.js`, `deno e.js`,
	`deno run --allow-read --config a e.js`, `node --run go || npm run go`, `node --run=go || npm run go`, `node $npm_execpath run go`, `"$npm_node_execpath" e.js`,
	`npm restart`, `npm test || npm run build:a`, `node node_modules/tcase/e.js`, `node ../tcase/../node_modules/tcase/e.js`, `tool`,
	`node_modules/.bin/tool`, `npm_config_script_shell=./noext npm run ev`,
	// Interpreters with options that take a value.
	`node --max-old-space-size=100 e.js`, `node --stack-size 900 e.js`, `node --title a e.js`, `node -r ./e.js -e 0`,
	`node --require ./e.js a.js`, `node --require=./e.js a.js`, `node --import ./e.js a.js`, `node --import=./e.js -e 0`,
	`node --loader ./e.js -e 0`,
	`node --experimental-loader=./e.js -e 0`, `node --env-file .env e.js`, `node --env-file=.env e.js`, `node --test e.js`,
	`node -C dev e.js`, `node --conditions dev e.js`, `node --watch e.js`, `node inspect e.js`, `node -- e.js`,
	`node --no-warnings e.js`,
	`node -r./e.js -e 0`, `tsx --tsconfig a e.js`, `ts-node -P a e.js`, `ts-node -O '{}' e.js`, `babel-node --presets a e.js`,
	`nodemon --exec "node e.js"`, `nodemon e.js`, `pm2 start e.js`, `mocha -r ./e.js`, `electron e.js`,
	`NODE_OPTIONS="--require ./e.js" node -e 0`, `NODE_OPTIONS='--import=./e.js' npm run none`,
	`export NODE_OPTIONS="-r ./e.js"; node -v`, `env NODE_OPTIONS=--require=./e.js node -v`,
	`cross-env NODE_OPTIONS="--require ./e.js" node -v`,
	`set NODE_OPTIONS=--require ./e.js&& node -v`, `NODE_OPTIONS='--require "./e.js"' node -v`, `BASH_ENV=x.sh bash -c true`,
	`declare -x NODE_OPTIONS="--require ./e.js"`, `npm run none --node-options="--require ./e.js"`,
	`python x.py`, `python3 -u x.py`, `python -c "import os; os.system('node e.js')"`, `python3 -m x`,
	`perl -e 'system("node e.js")'`, `perl -lne 'exec "node e.js"'`, `ruby -e 'system "node e.js"'`,
	`php -r 'shell_exec("node e.js");'`, `awk 'BEGIN { system("node e.js") }'`,
	`osascript -e 'do shell script "node e.js"'`, `lua -e 'os.execute("node e.js")'`, `tclsh <<< 'exec "node e.js"'`, `gulp`, `make`,
	`make all`, `make -C mk`, `make -f Makefile pre`, `gmake pre RUN=node`,
	// Quoting and expansion.
	`n\ode e.js`, `'node' "e.js"`, `no''de e"."js`, `$'\x6eode' e.js`, `$'node' $'e\x2ejs'`, `"$(echo node)" e.js`,
	"`echo node` e.js", `$(printf %s node) e.js`, `$(printf '\156ode') e.js`, `$(echo edon | rev) e.js`,
	`$(echo bm9kZQ== | base64 -d) e.js`,
	`$(echo abqr | tr a-z n-za-m) e.js`, `$(which node) e.js`, `$(command -v node) e.js`, `node$IFS./e.js`, `node${IFS}e.js`,
	`IFS=,; X=node,e.js; $X`, `{node,e.js}`, `node {e,}.js`, `node e.*`, `node ?.js`, `node [e].js`, `node ./*/e.js`, `n$@ode e.js`,
	`n${x}ode e.js`,
	`X=node; $X e.js`, `X=e.js; node $X`, `X=e; node $X.js`, `X=e; node "${X}.js"`, `A=no B=de; $A$B e.js`, `X="node e.js"; $X`,
	`X='node e.js'; eval "$X"`, `node ${X:-e.js}`, `node ${X:=e.js}`, `node "${X-e.js}"`, `X=a.js; X=e.js; node $X`,
	`X=e.jsx; node ${X%x}`, `X=xe.js; node ${X#x}`, `X=E.JS; node ${X,,}`, `X=f.js; node ${X/f/e}`, `X=aae.js; node ${X:2}`,
	`a=(node e.js); "${a[@]}"`, `a=(x node e.js); ${a[1]} ${a[2]}`, `declare X=e.js; node $X`, `local X=e.js; node $X`,
	`set -- e.js; node "$1"`, `set -- node e.js; "$@"`, `for f in a.js e.js; do node $f; done`, `for f in *.js; do node "$f"; done`,
	`if true; then X=e.js; else X=a.js; fi; node $X`, `X=1; [ $X ] && Y=e.js; node $Y`, `case x in y) node e.js;; esac`,
	`if x; then X=a.js; else X=e.js; fi; Y=$X; node $Y`, `if x; then X=e.js; else X=a.js; fi; Y="$X"; Z=./$Y; node $Z`,
	`if x; then X='node e.js'; else X=true; fi; sh <<< "$X"`,
	"f() { X=$1; }; f 1; f 2; f 3; f 4; f 5; f 6; f 7; f 8; f 9; f 10; f 11; f 12; f 13; f 14; f 15; f 16; f 17; f 18; f e.js; node $X",
	`f() { node $X; }; X=a.js; f; X=b.js; f; X=e.js; f`,
	`f() { if [ "$1" ]; then f; else node e.js; fi; }; f a`, `while read x; do node e.js; done`, `until node e.js; do :; done`,
	`f() { node e.js; }; f`, `function f { node "$1"; }; f e.js`, `f() { node $X; }; X=e.js; f`, `f() { "$@"; }; f node e.js`,
	`node $npm_package_config_f`, `node ./$npm_package_config_f`, `node "$npm_package_config_deep_f"`,
	`node ${npm_package_config_f}`, `node $PWD/e.js`, `node "$(pwd)/e.js"`, `node $(dirname x/y)/../e.js`,
	`node $(cat name || echo e.js)`, `$npm_package_scripts_go`, `sh -c "$npm_package_scripts_go"`, `npm run $(echo go)`,
	// The order of commands, folders, what is read.
	`true && node e.js`, `false || node e.js`, `true; node e.js`, `true & node e.js`, `(node e.js)`, `{ node e.js; }`, `! node e.js`,
	`node e.js > /dev/null 2>&1`, `2>/dev/null node e.js`, "true\nnode e.js", `cd lib && node e.js`, `cd lib; node e.js`,
	`(cd lib && node e.js)`,
	`cd lib && cd .. && node e.js`, `pushd lib; node e.js; popd`, `cd lib || exit; node e`, `cd nowhere; node e.js`,
	`cd "$X" && node e.js`, `cat list.txt | sh`, `sh < list.txt`, `sh <<< 'node e.js'`, "sh <<EOF\nnode e.js\nEOF",
	"sh <<'EOF'\nnode e.js\nEOF", "cat <<EOF | sh\nnode e.js\nEOF",
	`echo 'node e.js' | sh`, `echo node e.js | bash -s`, `printf 'node e.js' | sh`, `printf '%s %s\n' node e.js | sh`,
	`echo bm9kZSBlLmpz | base64 -d | sh`, `base64 -d b64 | sh`, `base64 --decode < b64 | sh`, `cat b64 | openssl base64 -d | bash`,
	`sh -c "$(cat list.txt)"`, `eval "$(base64 -d b64)"`, `eval $(echo node e.js)`,
	`echo 6e6f646520652e6a73 | xxd -r -p | sh`, `bash <(node e.js)`, `cat < <(node e.js)`, `X=$(node e.js)`, `echo $(node e.js)`,
	`echo "$(node e.js)"`, "echo `node e.js`", `[ "$(node e.js)" ]`, `[[ -n $(node e.js) ]]`, `: ${X:=$(node e.js)}`,
	`echo $((1 + $(node e.js)))`,
	"cat <<EOF\n$(node e.js)\nEOF", `a=($(node e.js))`, `export A=$(node e.js)`, `A=$(node e.js) true`, `coproc node e.js`,
	`echo a | while read l; do node e.js; done`, `PATH=./bin:$PATH curious`, `export PATH="$PWD/bin:$PATH"; curious`,
	`case $(uname) in Linux) node e.js ;; *) true ;; esac`, `if [ -f e.js ]; then node e.js; fi`,
	`test -f e.js && node e.js || true`, `node -e 0 && node e.js`, `node e.js || true`, `sh -c "sh -c 'node e.js'"`,
	`sh -c "sh -c \"sh -c 'node e.js'\""`,
	// What commands before made.
	`cp e.js q.js && node q.js`, `cp e.js q.js; node q`, `mv e.js /tmp/q.cjs; node /tmp/q.cjs`, `ln -s e.js q; node ./q`, `ln -s ../e.js bin/q; node bin/q`,
	`cp lib/e.js bin/; node bin/e.js`, `cp e.js q.js; cp q.js r.js; node r.js`, `cp e.js list.txt; node list.txt`, `cp x.sh q.sh; sh q.sh`,
	`cp noext q; ./q`, `cat x.sh > q; sh q`, `cat x.sh > q && chmod +x q && ./q`, `echo node e.js > q.sh; sh q.sh`, `echo node e.js | tee q.sh; sh q.sh`,
	`echo 'node \' > q; echo e.js >> q; sh q`, "cat > q <<E\nnode e.js\nE\n. ./q", `base64 -d b64 > q; sh q`, `cd lib; cp e.js q.js; cd ..; node lib/q.js`,
	// Folders and settings of package managers.
	`npm install ./sub`, `npm i --no-save sub`, `npm add file:sub`, `npm pkg set scripts.q='node e.js'`, `npm set-script q 'node e.js'`,
	`node --env-file=env -v`, `node --env-file env x.js`,
}

// TestReaching: every spelling of the same is the same.
func TestReaching(t *testing.T) {
	for _, command := range reaching {
		scripts, _ := runs(t, files(), command)
		if !slices.Contains(scripts, "e.js") && !slices.Contains(scripts, "lib/e.js") && !slices.Contains(scripts, "gulpfile.js") {
			t.Errorf("%s: %q", command, scripts)
		}
	}
}

// TestNoPackage: where the package is not known, commands are still read.
func TestNoPackage(t *testing.T) {
	for _, command := range reaching {
		for _, dir := range []string{"", "lib", "/x"} {
			if run := (&Package{}).Follow(command, dir, ""); len(run.Commands) == 0 || len(run.Files) > 0 {
				t.Errorf("%s: %+v", command, run)
			}
		}
	}
}

// TestInline: programs that stand in the command, or that it reads.
func TestInline(t *testing.T) {
	for command, want := range map[string]string{
		`node -e 'a()'`: "a()", `node --eval='a()'`: "a()", `node --eval "a()"`: "a()", `node -p 'a()'`: "a()", `node -pe 'a()'`: "a()",
		`node --print=a`: "a", `node -r x -e 'a()'`: "a()", `bun -e 'a()'`: "a()", `deno eval 'a()'`: "",
		"node <<EOF\na()\nEOF": "a()\n", "node - <<'EOF'\na()\nEOF": "a()\n", `node <<< 'a()'`: "a()", `echo 'a()' | node`: "a()\n",
		`echo 'a()' | node -`: "a()\n", `node < list.txt`: "node e.js", `cat list.txt | node`: "node e.js",
		`printf a | nodejs`: "a", `echo 'a()' > q.js; node q.js`: "a()\n", `echo 'a()' > q; echo 'b()' >> q; node q`: "a()\nb()\n",
		"cat > q.js <<'E'\na()\nE\nnode q": "a()\n", `node --import 'data:text/javascript,a%28%29'`: "a()",
		`node --import data:text/javascript;base64,YSgp`: "", `env node -e 'a()'`: "a()", `sh -c "node -e 'a()'"`: "a()",
		`node --input-type=module -e 'a()'`:                      "a()",
		`NODE_OPTIONS="--import data:text/javascript,a" node -v`: "a", `echo YSgp | base64 -d | node`: "a()",
		`X='a()'; node -e "$X"`: "a()", `tsx -e 'a()'`: "a()", `npx tsx -e 'a()'`: "a()",
	} {
		if scripts, _ := runs(t, files(), command); want != "" && !slices.Contains(scripts, want) {
			t.Errorf("%s: %q, want %q", command, scripts, want)
		}
	}
}

// TestHarmless: what names a script and runs none of it.
func TestHarmless(t *testing.T) {
	for _, command := range []string{
		``, `true`, `# node e.js`, `echo node e.js`, `echo "node e.js"`, `echo 'x' # node e.js`, `cat e.js`, `git add e.js`,
		`rm -f e.js`, `cp e.js a.js`, `node other.js`, `ls lib/`, `test -f e.js`, `[ -f e.js ]`, `mkdir -p lib`, `npm run none`,
		`npm install other`, `npm config get x`, `node-gyp rebuild`, `node-gyp-build || exit 0`, `husky install`, `chmod +x e.js`,
		`sh -c 'echo node e.js'`, `printf 'node e.js\n'`, `cd lib`, `export X=e.js`, `f() { true; }; f`,
		`opencollective-postinstall || exit 0`,
		`prebuild-install || node-gyp rebuild`, `patch-package`, `is-ci || true`, `make other`, `curl -o e.js http://a.invalid`,
		`cp e.js q.js; node other.js`, `cp e.js q.js; rm q.js`, `echo x > q.js`, `npm install ./other`, `npm install --ignore-scripts ./sub`, `npm pkg get scripts.go`,
		`npm pkg set name=x`, `node --env-file=other other.js`, `cat x.sh > q`, `echo 'node e.js' > q.md`,
		`sed -i s/a/b/ e.js`, `grep node e.js`, `echo "run: node e.js" >&2`,
	} {
		scripts, cuts := runs(t, files(), command)
		if len(scripts) > 0 || len(cuts) > 0 {
			t.Errorf("%s: %q, cut %q", command, scripts, cuts)
		}
	}
}

// TestCuts: what is not followed is said.
func TestCuts(t *testing.T) {
	for command, want := range map[string]string{
		`node $UNKNOWN`: "the file that node runs is not known", `node "$(curl http://a.invalid)"`: "not known", `sh "$1"`: "not known",
		`npm run $X`: "not known", `a > q.js; node q.js`: "what is written into q.js, which runs, is not known", `gpg -d x | tee q; sh q`: "what is written into q, which runs, is not known", `python $X`: "not known", `sh -c "$X"`: "not known", `node -r "$X/a" -e 0`: "not known",
		`gpg -d a.gpg | sh`: "what sh reads and runs is not known", `cat $X | node`: "what node reads",
		`unknown | busybox sh`: "what sh reads", `if then`: "no valid shell",
		`f() { X=$X/a; f "$1/a"; }; f a`: "functions of a shell text that call each other: more than 64",
		strings.ReplaceAll(strings.TrimSuffix(manyFolders(), ":$PATH true"), ":./", "; cd /"): "folders that cd goes to: more than 256",
		strings.Repeat("cd abcdefgh; ", 200):                                                  "the name of a folder that cd goes to: more than 1024 bytes",
		"PATH=" + manyFolders():                                                               "folders in PATH: more than 256", `echo "`: "no valid shell", `run-s $X`: "not known",
		`echo {1..9999}{1..9999} && true`: "more than 4096 words", `powershell -enc ￼`: "not known",
		`sh -c 'a` + strings.Repeat(";a", maxCommands) + `'`: "more than 100,000 commands", strings.Repeat("nohup ", 300) + "a": "more than 200",
		strings.Repeat("( ", 100_000) + "a" + strings.Repeat(" )", 100_000): "nested parts", "echo " + strings.Repeat("a",
			maxText): "more than 8 MiB",
	} {
		if _, cuts := runs(t, files(), command); !strings.Contains(strings.Join(cuts, "; "), want) {
			t.Errorf("%.60s: %q, want %q", command, cuts, want)
		}
	}
	loop := files()
	loop["a.sh"], loop["b.sh"] = "sh b.sh\nnode e.js", "sh a.sh"
	if scripts, cuts := runs(t, loop, "sh a.sh"); !slices.Equal(scripts, []string{"e.js"}) || len(cuts) > 0 {
		t.Errorf("files that run each other: %q, cut %q", scripts, cuts)
	}
	big := files()
	big["a.sh"] = "#" + strings.Repeat("a", 6<<20) + "\nnode e.js\n"
	if scripts, cuts := runs(t, big, "sh a.sh"); !slices.Equal(scripts, []string{"e.js"}) || len(cuts) > 0 {
		t.Errorf("a large file: %q, cut %q", scripts, cuts)
	}
	var many strings.Builder
	for i := range 20 {
		fmt.Fprintf(&many, "cd lib; sh a.sh %d\n", i)
	}
	if _, cuts := runs(t, big, many.String()); !slices.Contains(cuts, "shell texts: more than 64 MiB") {
		t.Errorf("a large file, often: %q", cuts)
	}
}

// TestGyp: what building an addon runs.
func TestGyp(t *testing.T) {
	for text, want := range map[string]string{
		`{"targets": [{"sources": ["<!(node e.js)"]}]}`: "e.js", `{'variables': {'a': '<!@(node e.js)'}}`: "e.js",
		`{'a': '>!(node e.js)'}`: "e.js", `{'a%': '^!(node e.js)'}`: "e.js", `{"<!(node e.js)": 1}`: "e.js",
		`{'includes': ['x.gypi']}`: "e.js", `{'includes+': ["lib/y.gypi",]}`: "lib/e.js",
		`{'targets': [{'dependencies': ['lib/z.gyp:a']}]}`: "lib/e.js",
		`{'a': '<!pymod_do_main(x 1)'}`:                    "e.js", `{'actions': [{'action': ['node', 'e.js']}]}`: "e.js",
		`{'actions': [{'action': ['sh', '-c', 'node e.js']}]}`: "e.js", `{'postbuilds': [{'action': ["node", "e.js"]}]}`: "e.js",
		`{'rules': [{'extension': 'a', 'action': ['<(n)', '<(RULE_INPUT_PATH)', 'e.js']}], 'variables': {'n': 'node'}}`: "",
		`{'variables': {'f': 'e.js'}, 'a': '<!(node <(f))'}`:                                                            "e.js", `{'a': '<!(node <(module_root_dir)/e.js)'}`: "e.js",
		"# a comment\n{ # another\n'a': # one\n'<!(node '\n'e.js)' # two\n}": "e.js", `{"a": '''<!(node e.js)'''}`: "e.js",
		`{"a": u"<!(node e.js)"}`: "e.js", `{'conditions': [['OS=="linux"', {'a': '<!(node e.js)'}]]}`: "e.js",
		`{'conditions': [['__import__("os").system("node e.js")', {}]]}`: "e.js",
		`{'make_global_settings': [['CC', './plain']]}`:                  "e.js", `{'a': ('<!(node e.js)', 1)}`: "e.js",
		`{'a': '<!(["node", "e.js"])'}`:    "",
		`{'a': '<!(cd lib && node e.js)'}`: "lib/e.js", `{'a': '<!(sh -c "node e.js")'}`: "e.js",
		`{'a': '<!(node -p "require(\'./e\')")'}`: "require('./e')", `{'a': '<!(./noext)'}`: "e.js",
		`{'action': ['echo', '$(node e.js)']}`: "e.js",
		"\ufeff{'a': '<!(node e.js)'}":         "e.js", `{'a': '<!(node e.js)'`: "e.js", `{'a': x('<!(node e.js)')}`: "e.js",
		`{"a": "<!(\x6eode e.js)"}`: "e.js", `{'targets': [{'copies': [{'files': ['e.js']}]}]}`: "", `{'targets': []}`: "",
	} {
		all := files()
		all["binding.gyp"], all["x.gypi"] = text, `{'a': '<!(node e.js)'}`
		all["lib/y.gypi"], all["lib/z.gyp"] = `{'a': '<!(node e.js)'}`, `{'a': '<!(node e.js)'}`
		scripts, cuts := runs(t, all, "")
		if want != "" && !slices.Contains(scripts, want) || want == "" && slices.Contains(scripts, "e.js") && !strings.Contains(text, "RULE") {
			t.Errorf("%s: %q, want %q", text, scripts, want)
		}
		if (len(cuts) > 0) != (strings.HasSuffix(text, `'<!(node e.js)'`) || strings.Contains(text, "x(") || strings.Contains(text, "RULE")) {
			t.Errorf("%s: cut %q", text, cuts)
		}
	}
	for name, text := range map[string]string{"config.gypi": `{'a': '<!(node e.js)'}`, "common.gypi": `{'a': '<!(node e.js)'}`} {
		all := files()
		all["binding.gyp"], all[name] = "{}", text
		if scripts, _ := runs(t, all, ""); !slices.Contains(scripts, "e.js") {
			t.Errorf("%s is not included", name)
		}
	}
	all := files()
	all["package.json"], all["binding.gyp"] = `{"name": "a", "gypfile": false}`, `{'a': '<!(node e.js)'}`
	if scripts, _ := runs(t, all, ""); len(scripts) > 0 {
		t.Error("gypfile: false does not count")
	}
	if scripts, _ := runs(t, all, "node-gyp rebuild"); !slices.Contains(scripts, "e.js") {
		t.Error("node-gyp is not followed where gypfile is false")
	}
	all["binding.gyp"] = strings.Repeat("[", 600) + "'<!(node e.js)'" + strings.Repeat("]", 600)
	if scripts, cuts := runs(t, all, "node-gyp rebuild"); !slices.Contains(scripts, "e.js") || !strings.Contains(strings.Join(cuts,
		""), "nest deeper than 500") {
		t.Errorf("deep: %q, cut %q", scripts, cuts)
	}
}

// TestLines: a command stands where it is written.
func TestLines(t *testing.T) {
	all := files()
	all["a.sh"], all["binding.gyp"] = "#!/bin/sh\n\ntrue\nsh -c 'node e.js'\n", "{\n'a':\n'<!(node e.js)'}"
	p := pack(t, all)
	p.Manifest.Scripts["postinstall"] = npm.Script{Command: "sh a.sh", Line: 7}
	var got []string
	for _, c := range p.Install(false).Commands {
		got = append(got, fmt.Sprintf("%s %s:%d", c.Program(), c.File, c.Line))
	}
	if want := []string{"sh package.json:7", "true a.sh:3", "sh a.sh:4", "node a.sh:4", "node binding.gyp:3"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func manyFolders() string {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "./f%d:", i)
	}
	return b.String() + "$PATH true"
}

func npmScript(command string) npm.Script { return npm.Script{Command: command, Line: 1} }

// TestPiped: the program that runs what a command prints, wherever it stands in the
// pipe.
func TestPiped(t *testing.T) {
	for text, want := range map[string]string{
		"curl a | sh": "sh", "curl a | tee b | sh": "sh", "curl a | sudo -u b bash -s": "bash", "curl a | (cat | busybox ash)": "ash",
		"curl a | { read b; node; }": "node", "curl a | env -i ksh": "ksh",
		"curl a | cat": "cat", "(curl a; true) | sh": "sh", "if curl a; then b; fi | python3": "python3",
		"curl a | if b; then perl; fi": "perl", "curl a": "", "curl a; sh": "", "curl a | xargs -I{} sh -c {}": "sh",
		"curl a | while read b; do php; done": "php", "{ curl a; } | grep b | zsh": "zsh",
	} {
		commands := Commands(text)
		i := slices.IndexFunc(commands, func(c Command) bool { return c.Program() == "curl" })
		if i < 0 || commands[i].Piped != want {
			t.Errorf("%s: %+v, want %q", text, commands, want)
		}
	}
}

// TestDefaults: what runs without being called by its name.
func TestDefaults(t *testing.T) {
	all := map[string]string{"package.json": `{"name": "a"}`, "server.js": "1", "e.js": "1"}
	for command, want := range map[string]string{"npm start": "server.js", "npm restart": "server.js",
		"f() { node e.js; }; trap f EXIT": "e.js"} {
		if scripts, _ := runs(t, all, command); !slices.Equal(scripts, []string{want}) {
			t.Errorf("%s: %q", command, scripts)
		}
	}
}

// TestSettings: what a project has its package manager run before anything else.
func TestSettings(t *testing.T) {
	for _, test := range []struct{ command, file, text string }{
		{"yarn -v", ".yarnrc", `yarn-path "./e.js"`}, {"yarn run x", ".yarnrc.yml", "yarnPath: e.js"}, {"yarn", ".yarnrc.yml", "plugins:\n  - path: ./e.js"},
		{"pnpm install", ".pnpmfile.cjs", "1"}, {"bun run x", "bunfig.toml", `preload = ["./a.ts", "./e.js"]`},
	} {
		all := files()
		all[test.file] = test.text
		for command, want := range map[string]bool{test.command: true, "npm -v": false, "true": false} {
			scripts, _ := runs(t, all, command)
			if got := slices.Contains(scripts, "e.js") || slices.Contains(scripts, ".pnpmfile.cjs"); got != want {
				t.Errorf("%s with %s: %q", command, test.file, scripts)
			}
		}
	}
	all := files()
	all["package.json"] = `{"name": "a", "scripts": {"preversion": "node e.js"}}`
	if scripts, _ := runs(t, all, `node -p "/\s*_A=/.test('(' + process.env.A)"`); !slices.Equal(scripts, []string{`/\s*_A=/.test('(' + process.env.A)`}) {
		t.Errorf("a backslash in a program: %q", scripts)
	}
	if scripts, _ := runs(t, all, "npm version patch"); !slices.Contains(scripts, "e.js") {
		t.Errorf("npm version: %q", scripts)
	}
}
