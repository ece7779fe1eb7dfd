package shell

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPrograms: the table is read, and what is wrong in one is said with its line.
func TestPrograms(t *testing.T) {
	if _, err := readPrograms(programsText); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"a": "programs.txt:1: a: a line is NAMES WORDS", "# x\n\na what": `programs.txt:3: "what" is none of`,
		"a shell\na shell": "programs.txt:2: a stands twice",
		"a,,b shell":       "a name is empty", "a shell code=": "an item is empty", "a shell code=-c,,": "an item is empty",
		"a shell what": `"what" is no flag`, "a shell what=x": `"what" is no key`,
		"a shell code=-c value=-c": "-c stands twice", "a shell skip=x": "skip= is a number", "a shell skip=0": "skip= is a number",
		"a shell first=x": "first= is code, text or none",
		"a shell fold=x":  `"fold" is no key`, "a shell,": "is none of",
	} {
		if _, err := readPrograms(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, word := range []string{"sh", "/bin/sh", "/usr/bin/env", "NODE", "node.exe", `C:\Program Files\nodejs\node.exe`,
		"Powershell", "invoke-webrequest", "tsx@4.1.0", "n" + Hole + "ode", "npm.cmd"} {
		if Lookup(word) == nil {
			t.Errorf("%s is not known", word)
		}
	}
	for _, word := range []string{"", "x", "a/", "./", "..", "/", Hole, "@", "sh/x", "ec" + Hole + "ho"} {
		if p := Lookup(word); p != nil {
			t.Errorf("%q is %s", word, p.Name)
		}
	}
}

// TestNodeOptions: which options of Node take a value, as Node itself says.
func TestNodeOptions(t *testing.T) {
	out, err := exec.Command("node", "--help").Output()
	if err != nil {
		t.Skip("node is not installed")
	}
	valued := regexp.MustCompile(`(?m)^  (?:(-\w), )?(?:(--[\w-]+), )?(--[\w-]+)=\.\.\.`)
	n := 0
	for _, m := range valued.FindAllStringSubmatch(string(out), -1) {
		for _, option := range m[1:] {
			if option == "" || option == "-C" && programs["node"].options[option] != valueNone {
				continue
			}
			if n++; programs["node"].options[option] == valueNone {
				t.Errorf("%s takes a value, says node", option)
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d options were read", n)
	}
}

// TestShebang: what the first line names, past what starts it.
func TestShebang(t *testing.T) {
	for line, want := range map[string]string{
		"#!/bin/sh\nx": "sh", "#! /usr/bin/env node": "node", "#!/usr/bin/env -S node --title=a": "node",
		"#!/usr/bin/env -Snode -r x": "node", "#!/usr/bin/env A=1 bash": "bash", "#!/usr/bin/nodejs": "node",
		"#!/usr/bin/env bun":            "node",
		"#!/usr/bin/env -i busybox ash": "ash", "#!/usr/bin/python3 -u": "python3", "#!/usr/bin/env tsx": "node", "#!": "", "": "",
		"#!\n": "", "# !/bin/sh": "", "#!/usr/bin/env": "env", "#!/usr/bin/env -S": "env", "#!/usr/bin/env deno run -A": "node",
		"#!" + strings.Repeat(" ", 2000) + "/bin/sh": "sh",
	} {
		if got := Shebang([]byte(line)); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// pieces are what words are made of; those of bash alone are the last.
var pieces = []string{"a", "b", "-c", "é", ".", "/x", `\ `, `\a`, `\\`, `\$`, `\"`, `\'`, `'a b'`, `'$X'`, `'"'`, `"a b"`,
	`"\$X"`, `"\\"`, `"\""`, `"'"`, `"\a"`, `""`, `''`, "$X", "${X}", `"$X"`, `"${X}a"`, "$Y", "${Y}",
	"${X:-q}", "${E:-q r}", "${E-q}", `"${E:-q r}"`, "${U:=w}", "${X:+p}", "${E:+p}", "${X%b}", "${X#a}", "${X##* }", "${#X}",
	"$(echo s t)", "`echo u`", `"$(echo s t)"`, "$(printf '%s-%s' m n)", "$((1+2))", "$E", `"$E"`, "$@", "~x/", "{a", "b}", "%X%",
	"#a", "=", "A=b",
	"{a,b}", "{a,{b,c}}", "{1..3}", "{a..c}", "{a}", "{a,b", `$'a\tb'`, `$'\x41'`, `$"a"`, "${X/a/z}", "${X//b/z}", "${X:1:2}",
	"${X^^}", "${A[1]}", `"${A[@]}"`, "${A[*]}", "${#A[@]}"}

// words is a random list of words.
func words(r *rand.Rand, from []string) string {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteByte(' ')
		for range 1 + r.IntN(3) {
			b.WriteString(from[r.IntN(len(from))])
		}
	}
	return b.String()
}

// TestShells: words are taken apart as shells take them. Only printf is run, with
// harmless words, in an empty folder. BusyBox, ksh, mksh and zsh were compared by
// hand; they differ in ~, in letters beyond ASCII in names, and in open braces.
func TestShells(t *testing.T) {
	posix := pieces[:slices.Index(pieces, "{a,b}")]
	for _, shell := range []struct {
		name string
		args []string
		from []string
	}{{"dash", nil, posix}, {"bash", []string{"--norc", "--noprofile"}, pieces}} {
		program, err := exec.LookPath(shell.name)
		if err != nil {
			continue
		}
		t.Run(shell.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			compared := 0
			for range 400 {
				text := `X='a b'; Y=c; E=; ` + map[bool]string{true: `A=(k "l m"); `}[shell.name == "bash"] + `printf '%s\0'` + words(r, shell.from)
				if nameInBraces.MatchString(text) {
					continue // $Y{a,b} is $Ya $Yb to bash, and not to the parser
				}
				cmd := exec.Command(program, append(slices.Clone(shell.args), "-c", text)...)
				cmd.Dir, cmd.Env = t.TempDir(), []string{"PATH=/usr/bin:/bin", "HOME=/nowhere", "LC_ALL=C.UTF-8"}
				out, err := cmd.Output()
				if err != nil {
					continue // it is no command
				}
				want := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
				var got []string
				for _, c := range Commands(text) {
					if c.Program() == "printf" && len(c.Words) > 1 && c.Words[1] == `%s\0` {
						got = c.Words[2:]
						break
					}
				}
				if len(got) == 0 {
					got = []string{""}
				}
				if strings.Contains(fmt.Sprint(got), Hole) {
					continue
				}
				if compared++; !slices.Equal(got, want) {
					t.Errorf("%s: %q, but %s says %q", text, got, shell.name, want)
				}
			}
			if compared < 200 {
				t.Errorf("only %d texts were compared", compared)
			}
		})
	}
}

var nameInBraces = regexp.MustCompile(`\$[A-Z@]\{`)

// FuzzPrograms: a table is read or refused with its line, and how a program is
// called is read to its end.
func FuzzPrograms(f *testing.F) {
	f.Add("a shell code=-c", "-c x")
	f.Add("a javascript,wrapper load=-r value=-x skip=2 assigns run=b", "A=1 -rx -x y b -- c")
	f.Add("a powershell fold joined first=code encoded=-e", "/E x")
	f.Fuzz(func(t *testing.T, text, line string) {
		table, err := readPrograms(text)
		if (err == nil) == (table == nil) || err != nil && !strings.HasPrefix(err.Error(), "programs.txt:") {
			t.Fatalf("%v, %v", table, err)
		}
		for _, p := range table {
			p.call(strings.Fields(line))
			p.plain(strings.Fields(line))
		}
		for _, name := range []string{"sh", "node", "npm", "env", "powershell", "cmd", "find", "sudo"} {
			programs[name].call(strings.Fields(line))
		}
	})
}

// FuzzFollow: whatever a script says, it is followed to an end.
func FuzzFollow(f *testing.F) {
	for i, command := range reaching {
		if i%5 == 0 {
			f.Add(command)
		}
	}
	f.Fuzz(func(t *testing.T, command string) {
		if len(command) > 10_000 {
			return
		}
		all := files()
		all["fuzz.sh"], all["fuzz.bat"], all["fuzz.ps1"], all["fuzz/Makefile"] = command, command, command, command
		p := pack(t, all)
		p.Manifest.Scripts["postinstall"] = npmScript(command + "\nsh fuzz.sh; fuzz.bat; pwsh fuzz.ps1; make -C fuzz; python fuzz.sh")
		run := p.Install(false)
		for _, c := range run.Commands {
			if len(c.Dir) > 2*maxDir+len(command) {
				t.Errorf("%q in %q", c.Words, c.Dir)
			}
		}
		for _, s := range run.Scripts {
			if s.File == "" && s.Code == "" || s.By == nil {
				t.Errorf("%+v", s)
			}
		}
	})
}

// FuzzGyp: a gyp file is read, or the reason is said; what it runs is found both
// ways.
func FuzzGyp(f *testing.F) {
	for _, text := range []string{`{"a": ["<!(node e.js)", 'b' "c", (1, True)], # d` + "\n}",
		`{'variables': {'a': '<(b)', 'b': '<(a)'}, 'action': ['<(a)']}`, `{'conditions': [['x', {}]]}`, `'''a'''`, `r'\'`,
		`{'includes': ['binding.gyp']}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all := files()
		all["binding.gyp"] = text
		p := pack(t, all)
		run := p.Install(false)
		if _, err := readGyp(text); err != nil && len(run.Cuts) == 0 {
			t.Errorf("%v is not said", err)
		}
	})
}
