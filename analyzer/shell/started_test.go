package shell

import (
	"slices"
	"testing"
)

// startedByOthers are command lines of programs that run a command given as an
// option or an argument, as https://gtfobins.github.io and its like for Windows
// list them: each runs e.js.
var startedByOthers = []string{
	// What goes through files, archives and texts.
	`find . -execdir node e.js {} +`, `find . -ok node e.js \;`, `fd e -x node e.js`, `fd -e js --exec node e.js`,
	`tar -cf /dev/null x --checkpoint=1 --checkpoint-action=exec='node e.js'`, `tar xf a.tar --to-command='node e.js'`,
	`tar cf a.tar -I 'node e.js' x`, `tar --use-compress-program='node e.js' -xf a.tar`,
	`bsdtar --use-compress-program 'node e.js' -xf a.tar`,
	`tar xf a.tar --use-compress-program="node e.js"`, `tar -F 'node e.js' -cf a.tar x`, `tar cf h:a --rsh-command='node e.js' x`,
	`zip a.zip x -T -TT 'node e.js'`, `zip -T --unzip-command='node e.js' a.zip x`, `split --filter='node e.js' list.txt`,
	`sort --compress-program='node e.js' list.txt`, `awk 'BEGIN {system("node e.js")}'`, `gawk 'BEGIN { "node e.js" | getline }'`,
	`sed -n '1e node e.js' list.txt`, `sed '1e node e.js' list.txt`, `sed -e 's/^/node e.js/e' list.txt`,
	`xargs -a list.txt -I% sh -c 'node e.js'`,
	`install --strip-program=./plain -s a b`, `cpio -o --rsh-command='node e.js' -F h:a`,
	`rsync -e 'node e.js' a h:b`, `rsync --rsh='node e.js' a h:b`, `rsync -avze 'node e.js' a h:b`,
	`rsync --rsync-path='node e.js' a localhost:b`,
	`scp -S ./plain a h:b`, `sftp -D './plain' h`, `ssh -o ProxyCommand='node e.js' h`, `ssh -oProxyCommand='node e.js' h`,
	`ssh -o 'ProxyCommand node e.js' h`,
	`ssh -o PermitLocalCommand=yes -o LocalCommand='node e.js' h`, `ssh localhost node e.js`,
	`ssh -p 22 me@localhost 'node e.js'`,
	`ssh-agent node e.js`, `ssh-add || ssh-agent -a s node e.js`, `sshpass -p x node e.js`,
	`less '+!node e.js' list.txt`, `PAGER='node e.js' man ls`, `man -P 'node e.js' ls`, `man --pager='node e.js' ls`,
	`LESSOPEN='|node e.js' less list.txt`, `EDITOR='node e.js' crontab -e`, `VISUAL='node e.js' sudoedit x`,
	`BROWSER='node e.js' xdg-open x`,
	`GIT_SSH_COMMAND='node e.js' git fetch`, `GIT_EXTERNAL_DIFF='node e.js' git diff`, `GIT_EDITOR='node e.js' git commit`,
	`GIT_PAGER='node e.js' git log`,
	`GIT_ASKPASS=./plain git fetch`, `GIT_SSH=./plain git fetch`, `SSH_ASKPASS=./plain ssh h`,
	`SUDO_ASKPASS=./plain sudo -A true`, `PROMPT_COMMAND='node e.js' bash -i`,
	`git -c core.sshCommand='node e.js' fetch`, `git -c core.fsmonitor='node e.js' status`, `git -c alias.x='!node e.js' x`,
	`git -c core.pager='node e.js' log`,
	`git -c core.editor='node e.js' commit`, `git -c diff.external='node e.js' diff`,
	`git -c credential.helper='!node e.js' fetch`, `git -c core.askPass=./plain fetch`,
	`git config alias.x '!node e.js'`, `git config --global core.pager 'node e.js'`, `git config core.sshCommand "node e.js"`,
	`git clone --upload-pack='node e.js' . x`, `git fetch --upload-pack 'node e.js' .`,
	`git ls-remote --upload-pack='node e.js' .`, `git push --receive-pack='node e.js' .`, `git clone -u 'node e.js' . x`,
	`git clone -c core.sshCommand='node e.js' a b`, `git clone --config core.sshCommand='node e.js' a b`,
	`git submodule foreach 'node e.js'`,
	`git bisect run node e.js`, `git rebase -x 'node e.js' HEAD~1`, `git rebase --exec='node e.js' HEAD~1`,
	`git filter-branch --tree-filter 'node e.js' HEAD`, `git difftool -y -x 'node e.js' HEAD`,
	`git grep --open-files-in-pager='node e.js' a`, `git grep -O'node e.js' a`,
	`git -p -c pager.log='node e.js' log`, `git clone 'ext::node e.js' a`, `git archive --exec='node e.js' --remote=. HEAD`,
	`git -C lib -c core.sshCommand='node e.js' fetch`,
	`hg --config hooks.pre-log='node e.js' log`, `hg --config 'ui.ssh=node e.js' clone a b`,
	`svn --config-option config:tunnels:ssh='node e.js' ls a`,
	// Editors, debuggers, interpreters.
	`vim -c ':!node e.js' -c q`, `vi -c '!node e.js'`, `vim '+!node e.js' +q`, `vim --cmd '!node e.js'`,
	`nvim -es -c ':!node e.js'`, `ex -c '!node e.js' x`, `emacs --batch --eval '(shell-command "node e.js")'`,
	`gdb -nx -ex '!node e.js' -ex quit`, `gdb -batch -ex 'shell node e.js'`, `lldb -b -o 'platform shell node e.js'`,
	`ed <<< '!node e.js'`,
	`perl -e 'exec "node e.js"'`, "ruby -e '`node e.js`'", `ruby -e 'exec "node e.js"'`, `php -r 'system("node e.js");'`,
	`lua -e 'os.execute("node e.js")'`, `R -e 'system("node e.js")'`,
	`Rscript -e 'system("node e.js")'`, `julia -e 'run(Cmd(["sh", "-c", "node e.js"]))'`, `tclsh -c 'exec "node e.js"'`,
	`expect -c 'spawn node e.js'`, `expect -c 'spawn node e.js; interact'`,
	`guile -c '(system "node e.js")'`, `sqlite3 a '.shell node e.js'`, `sqlite3 /dev/null -cmd '.shell node e.js'`,
	`psql -c '\! node e.js'`, `mysql -e '\! node e.js'`, `octave --eval 'system("node e.js")'`,
	`dc -e '!node e.js'`, `jshell <<< 'Runtime.getRuntime().exec("node e.js")'`, `groovy -e '"node e.js".execute()'`,
	`m4 <<< 'syscmd("node e.js")'`, `elixir -e 'System.cmd("sh", ["-c", "node e.js"])'`,
	`erl -noshell -eval 'os:cmd("node e.js")'`, `make --eval='$(shell node e.js)' x`, `make -s --eval '$(shell node e.js)'`,
	`make --eval='x:; node e.js' x`, `cmake -E env node e.js`, `cmake -E time node e.js`, `cmake -E chdir lib node e.js`,
	`ctest --build-and-test . b --test-command node e.js || node e.js`,
	// What starts another program as another user, elsewhere, later or with limits.
	`deno run -A e.js`, `deno run --allow-all --no-check e.js`, `docker run --rm -v .:/x -w /x node:20 node e.js`,
	`docker exec -it c node e.js`, `podman run node node e.js`, `docker compose run web node e.js`,
	`kubectl exec p -- node e.js`, `nsenter -t 1 -m -u node e.js`, `nsenter --target 1 --mount -- node e.js`,
	`unshare -r node e.js`, `unshare -Ur --mount node e.js`, `unshare --map-root-user node e.js`, `chroot / node e.js`,
	`chroot --userspec=a:b / node e.js`,
	`systemd-run --user node e.js`, `systemd-run --user --scope -p A=b node e.js`,
	`systemd-run --on-active=60 --unit x node e.js`, `at now <<< 'node e.js'`, `echo 'node e.js' | at now`,
	`echo 'node e.js' | batch`, `at -f list.txt now`,
	`echo '* * * * * node e.js' | crontab -`, `echo '@reboot node e.js' | crontab`, `crontab cron.txt`,
	`script -c 'node e.js' /dev/null`, `script -q -c 'node e.js'`, `script -q /dev/null node e.js`, `watch -x node e.js`,
	`watch -n1 -g node e.js`, `parallel -j2 node ::: e.js`,
	`parallel 'node {}' ::: e.js`, `busybox env node e.js`, `busybox nohup node e.js`, `busybox timeout 5 node e.js`,
	`env -S 'node e.js'`, `env -vS 'node e.js'`, `env -iS'node e.js'`, `start-stop-daemon -S -x /usr/bin/node -- e.js`,
	`start-stop-daemon --start --exec /usr/bin/node -- e.js`, `start-stop-daemon -S -b -a /usr/bin/node -- e.js`,
	`flock -c 'node e.js' /tmp/l`, `flock /tmp/l -c 'node e.js'`, `flock -n /tmp/l node e.js`, `flock -w 5 /tmp/l node e.js`,
	`su nobody -c 'node e.js'`, `su - -c 'node e.js'`, `su -s /bin/sh -c 'node e.js' nobody`, `su --command='node e.js'`,
	`sudo -n node e.js`, `sudo -E -u a -- node e.js`, `sudo -s node e.js`, `sudo -i -u a node e.js`, `sudo sh -c 'node e.js'`,
	`doas -u a node e.js`, `pkexec --user a node e.js`, `pkexec node e.js`,
	`runuser -u a -- node e.js`, `runuser -u a node e.js`, `runuser a -c 'node e.js'`,
	`setpriv --reuid=1 --clear-groups node e.js`, `setpriv --reuid 1 --regid 1 node e.js`, `capsh -- -c 'node e.js'`,
	`ionice -c2 -n7 node e.js`, `ionice -t node e.js`, `chrt -r 1 node e.js`, `chrt -i 0 node e.js`, `taskset -c 0 node e.js`,
	`taskset 1 node e.js`, `numactl -N 0 node e.js`, `cpulimit -l 50 -- node e.js`, `prlimit --nofile=10 node e.js`,
	`setarch x86_64 -R node e.js`, `cgexec -g cpu:a node e.js`, `choom -n 5 -- node e.js`, `uclampset -m 0 node e.js`,
	`stdbuf -i0 -o0 -e0 node e.js`, `strace -o /dev/null -e trace=none node e.js`, `ltrace -o /dev/null node e.js`,
	`ltrace -b -L node e.js`, `/usr/bin/time -f %e node e.js`, `xvfb-run -a node e.js`,
	`xvfb-run --server-args='-screen 0' node e.js`, `xvfb-run -s '-screen 0 1x1x24' node e.js`, `dbus-run-session -- node e.js`,
	`dbus-launch node e.js`, `dbus-run-session --config-file x node e.js`, `unbuffer node e.js`, `rlwrap node e.js`,
	`nice --adjustment=5 node e.js`, `softlimit -m 1 node e.js`, `setlock l node e.js`, `envdir d node e.js`,
	`fakeroot -- node e.js`, `proot -r / node e.js`, `firejail --noprofile node e.js`, `bwrap --ro-bind / / node e.js`,
	`bwrap --bind / / --dev /dev node e.js`, `minijail0 node e.js`, `aa-exec -p x node e.js`, `runcon -t a node e.js`,
	`multitime -n 2 node e.js`, `hyperfine 'node e.js'`, `entr -r node e.js`, `ls | entr -s 'node e.js'`,
	`inotifywait -m . | xargs node e.js`, `watchexec -e js node e.js`, `watchexec -- node e.js`, `screen -dm node e.js`,
	`screen -dmS a node e.js`, `tmux new-session -d 'node e.js'`, `tmux new -d -s a 'node e.js'`, `tmux new -d node e.js`,
	`dtach -n s node e.js`, `xterm -e node e.js`, `xterm -e 'node e.js'`, `gnome-terminal -- node e.js`, `konsole -e node e.js`,
	`x-terminal-emulator -e 'node e.js'`, `byobu new -d 'node e.js'`, `daemonize /usr/bin/node e.js`, `daemon -- node e.js`,
	`retry -t 3 -- node e.js`, `socat TCP:h:1 EXEC:'node e.js'`, `socat - SYSTEM:'node e.js'`, `socat EXEC:"node e.js",pty -`,
	`nc -e ./plain h 1`, `nc -c 'node e.js' h 1`, `ncat h 1 --sh-exec 'node e.js'`, `ncat -c 'node e.js' h 1`,
	`ncat --exec ./plain h 1`, `valgrind --tool=none node e.js`, `perf stat -e x node e.js`, `ip netns exec a node e.js`,
	`nsjail -Mo -- node e.js`, `systemd-inhibit --what=idle node e.js`, `caffeinate -i node e.js`,
	`launchctl submit -l a -- node e.js`, `arch -x86_64 node e.js`, `gtimeout 5 node e.js`,
	`openvpn --script-security 2 --up 'node e.js'`, `wget --use-askpass=./plain http://a.invalid`,
	`wget --use-askpass ./plain http://a.invalid`, `tcpdump -z ./plain -w a`, `apt-get -o Dpkg::Pre-Invoke::='node e.js' update`,
	`apt -o APT::Update::Pre-Invoke::="node e.js" update`, `dpkg --pre-invoke='node e.js' -i a`, `gcc -wrapper node,e.js x.c`,
	`/lib64/ld-linux-x86-64.so.2 /usr/bin/node e.js`, `go run -exec 'node e.js' .`, `go test -exec 'node e.js'`,
	`go build -toolexec 'node e.js'`,
	`nohup -- node e.js`, `exec -c node e.js`, `command -p node e.js`, `builtin eval 'node e.js'`,
	`mapfile -C 'node e.js' -c 1 x`, `zsh -c 'node e.js'`, `setsid -w node e.js`, `setsid --fork node e.js`,
	`logsave /dev/null node e.js`, `sg a 'node e.js'`, `sg a -c 'node e.js'`,
	// Windows.
	`cmd /c start node e.js`, `cmd /c start "" /b node e.js`, `cmd /c start "t" /min /wait node e.js`,
	`cmd /c start /d lib node e.js`, `start /min cmd /c node e.js`, `cmd /q /c "node e.js"`, `cmd /v:on /c node e.js`,
	`cmd /c call x.bat`, `powershell -EncodedCommand bgBvAGQAZQAgAGUALgBqAHMA`, `powershell -ec bgBvAGQAZQAgAGUALgBqAHMA`,
	`powershell Start-Process node e.js`, `powershell -c "Start-Process node -ArgumentList e.js"`,
	`powershell -c "Start-Process -FilePath node -ArgumentList 'e.js' -WindowStyle Hidden"`, `powershell -c "iex 'node e.js'"`,
	`powershell -c "Invoke-Expression 'node e.js'"`, `powershell -c "& node e.js"`, `powershell -c "saps node e.js"`,
	`powershell -c "Start-Job { node e.js }"`, `powershell -c "Invoke-Command -ScriptBlock { node e.js }"`,
	`powershell -c "cmd /c node e.js"`,
	`wscript x.vbs`, `cscript //nologo x.vbs`, `cscript //B //E:vbscript x.vbs`,
	`mshta 'vbscript:Execute("CreateObject(""WScript.Shell"").Run ""node e.js"":close")'`,
	`mshta 'javascript:new ActiveXObject("WScript.Shell").Run("node e.js")'`, `rundll32 url.dll,FileProtocolHandler x.bat`,
	`rundll32 shell32.dll,ShellExec_RunDLL node e.js`, `rundll32.exe advpack.dll,RegisterOCX "node e.js"`,
	`forfiles /p . /m a /c "node e.js"`, `forfiles /c "cmd /c node e.js"`, `wmic process call create "node e.js"`,
	`wmic.exe /node:localhost process call create "cmd /c node e.js"`, `schtasks /create /sc onlogon /tn a /tr "node e.js"`,
	`schtasks /Create /F /TR "node e.js" /SC minute /TN a`, `conhost node e.js`, `conhost.exe --headless node e.js`,
	`pcalua -a x.bat`, `pcalua.exe -a node -c e.js`, `runas /user:a "node e.js"`, `at 12:00 /every:m node e.js`,
	`sc create a binPath= "cmd /c node e.js"`, `sc.exe create a binPath="node e.js"`, `reg add HKCU\a\Run /v a /d "node e.js" /f`,
	`reg add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v a /t REG_SZ /d "node e.js"`,
	`bitsadmin /SetNotifyCmdLine j node e.js`, `psexec -s node e.js`, `PsExec64.exe -accepteula -d node e.js`, `wt node e.js`,
	`wt.exe new-tab node e.js`, `wsl node e.js`, `wsl -e node e.js`, `wsl.exe -- node e.js`, `bash.exe -c "node e.js"`,
	`explorer x.bat`, `scriptrunner -appvscript x.bat`, `nssm install a node e.js`, `elevate node e.js`, `gsudo node e.js`,
	`nircmd exec hide node e.js`, `ssh -oProxyCommand="node e.js" .`,
}

// TestStartedByOthers: whatever starts a command, what it starts is followed.
func TestStartedByOthers(t *testing.T) {
	for _, command := range startedByOthers {
		all := files()
		all["cron.txt"] = "# m h d\n1 2 * * * node e.js\n"
		all["x.vbs"] = `CreateObject("WScript.Shell").Run "node e.js"`
		scripts, cuts := runs(t, all, command)
		if !slices.Contains(scripts, "e.js") && !slices.Contains(scripts, "lib/e.js") {
			t.Errorf("%s: %q, cut %q", command, scripts, cuts)
		}
	}
	for _, command := range []string{
		"tar --checkpoint-action=exec=\"$X\" -cf a b", `git -c core.sshCommand="$X" fetch`, `ssh -o ProxyCommand="$X" h`,
		`rsync -e "$X" a b`, `zip -T -TT "$X" a b`, `GIT_SSH_COMMAND="$X" git fetch`, `flock l -c "$X"`, `man -P "$X" ls`,
		`crontab "$X"`,
	} {
		if _, cuts := runs(t, files(), command); len(cuts) == 0 {
			t.Errorf("%s: it is not said that this stays open", command)
		}
	}
	for _, command := range []string{
		"git add ./e.js", "git config user.name node", `git commit -m "use node"`, "git -c user.name=node commit",
		"tar -xf a.tgz", "tar -czf a.tgz -I lib x", "rsync -a e.js b", "sort list.txt", "less list.txt", "vim ./x.sh",
		"sed -i s/a/b/ x.sh", "ssh-keygen -t ed25519", "gcc -o plain x.c", "docker build .", "EDITOR=vim true", "man node",
		"install -m 755 x.sh b", "zip a.zip e.js", "wget http://a.invalid/x.sh", "crontab -l",
	} {
		if scripts, cuts := runs(t, files(), command); len(scripts)+len(cuts) > 0 {
			t.Errorf("%s: %q, cut %q", command, scripts, cuts)
		}
	}
}
