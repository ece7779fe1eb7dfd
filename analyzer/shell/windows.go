package shell

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Windows' two shells are read as far as words and variables go.

// looksWindows reports whether a text may be meant for cmd.exe, with which npm
// runs scripts on Windows.
func looksWindows(text string) bool {
	return strings.ContainsAny(text, `^\%=`) && forWindows.MatchString(text)
}

// forWindows are folders with a backslash, what only cmd.exe takes out, and its
// variables.
var forWindows = regexp.MustCompile(`[\w.%]\\[\w.]|\^[\w&|]|%\w+%|%~|(?i:(?:^|[&|])\s*set \w+=)`)

// readCmd takes a text of cmd.exe apart. Source:
// https://learn.microsoft.com/windows-server/administration/windows-commands/cmd
func (r *reader) readCmd(text string) []Command {
	if len(text) > maxText {
		text = text[:maxText]
		r.cut("a batch file: more than 8 MiB")
	}
	set := map[string]string{}
	for i, line := range joinedLines(text) {
		line = expandPercent(line, set, r.arg0)
		start := len(r.out)
		for n, part := range splitCmd(line) {
			words := cmdWords(part.text)
			words = cmdCommand(words)
			if len(words) == 0 || len(r.out) >= maxCommands {
				if len(words) > 0 {
					r.cut("a batch file: more than 100,000 commands")
				}
				continue
			}
			switch name := strings.ToLower(words[0]); {
			case name == "set" && len(words) > 1:
				if key, value, ok := strings.Cut(strings.Trim(strings.Join(words[1:], " "), `"`), "="); ok && len(value) <= maxValue {
					set[strings.ToUpper(key)] = value
					if optionVariable(key) || isFileVariable(key) {
						r.out = append(r.out, Command{Words: words, Dir: r.dir, Line: i + 1, assigns: []string{key + "=" + value}, dirs: r.dirs})
						continue
					}
				}
			case (name == "cd" || name == "pushd" || name == "chdir") && len(words) > 1:
				r.goTo(words[len(words)-1])
			}
			if n > 0 && part.piped && len(r.out) > start {
				for at := len(r.out) - 1; at >= start; at-- {
					if name := piped(words); r.out[at].Piped == "" || Is(name, Interprets) {
						r.out[at].Piped = name
					}
				}
			}
			words, output := cmdOutput(words)
			r.out = append(r.out, Command{Words: words, Dir: r.dir, Output: output, Line: i + 1, dirs: r.dirs, arg0: r.arg0})
		}
	}
	return r.out
}

// joinedLines are a batch file's lines; one that ends in ^ goes on in the next.
func joinedLines(text string) []string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		for j := i + 1; j < len(lines) && strings.HasSuffix(lines[i], "^"); j++ {
			lines[i], lines[j] = strings.TrimSuffix(lines[i], "^")+lines[j], ""
		}
	}
	return lines
}

type cmdPart struct {
	text  string
	piped bool
}

// splitCmd splits a line at what separates commands, and takes the ^ out.
func splitCmd(line string) []cmdPart {
	var out []cmdPart
	var b strings.Builder
	quoted, isPiped := false, false
	end := func(next bool) {
		out = append(out, cmdPart{b.String(), isPiped})
		isPiped = next
		b.Reset()
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
			b.WriteByte(c)
		case quoted:
			b.WriteByte(c)
		case c == '^' && i+1 < len(line):
			i++
			b.WriteByte(line[i])
		case c == '|' && i+1 < len(line) && line[i+1] == '|', c == '&' && i+1 < len(line) && line[i+1] == '&':
			i++
			end(false)
		case c == '|':
			end(true)
		case c == '&' && !strings.HasSuffix(b.String(), ">"), c == '(', c == ')':
			end(false)
		default:
			b.WriteByte(c)
		}
	}
	end(false)
	return out
}

// cmdWords are the words of a command; folders are written with / as elsewhere.
func cmdWords(text string) []string {
	var out []string
	var b strings.Builder
	quoted, some := false, false
	for _, c := range text {
		switch {
		case c == '"':
			quoted, some = !quoted, true
		case (c == ' ' || c == '\t' || c == ',' || c == ';') && !quoted:
			if some {
				out = append(out, b.String())
			}
			b.Reset()
			some = false
		case c == '\\':
			b.WriteByte('/')
			some = true
		default:
			b.WriteRune(c)
			some = true
		}
	}
	if some {
		out = append(out, b.String())
	}
	return out
}

// cmdCommand is the command that stands after if, for and their like.
func cmdCommand(words []string) []string {
	for len(words) > 0 {
		words[0] = strings.TrimLeft(words[0], "@")
		switch strings.ToLower(words[0]) {
		case "", "else":
			words = words[1:]
		case "rem", "::":
			return nil
		case "if":
			words = words[1:]
			for len(words) > 0 && (strings.EqualFold(words[0], "not") || strings.EqualFold(words[0], "/i")) {
				words = words[1:]
			}
			skip := 1
			if len(words) > 0 && slices.Contains([]string{"exist", "defined", "errorlevel"}, strings.ToLower(words[0])) {
				skip = 2
			} else if len(words) > 1 && (strings.EqualFold(words[1], "equ") || strings.EqualFold(words[1], "neq") || words[1] == "==") {
				skip = 3
			}
			words = words[min(skip, len(words)):]
		case "do":
			words = words[1:]
		default:
			if strings.HasPrefix(words[0], ":") {
				return nil // a label
			}
			return words
		}
	}
	return nil
}

// cmdOutput takes the redirections out of words.
func cmdOutput(words []string) (rest []string, output string) {
	for i := 0; i < len(words); i++ {
		w := words[i]
		at := strings.IndexAny(w, "<>")
		if at < 0 || strings.Contains(w, "://") && at > 0 {
			rest = append(rest, w)
			continue
		}
		if at > 0 && (at > 1 || w[0] < '0' || w[0] > '9') {
			rest = append(rest, w[:at])
		}
		name := strings.TrimLeft(w[at:], "<>")
		if name == "" && i+1 < len(words) {
			i++
			name = words[i]
		}
		if w[at] == '>' && !(at == 1 && w[0] == '2') {
			output = name
		}
	}
	if len(rest) == 0 {
		return words, ""
	}
	return rest, output
}

var percent = regexp.MustCompile(`[%!]([A-Za-z_][\w]*)(?::~(-?\d+)(?:,(-?\d+))?|:([^=%]+)=([^%]*))?[%!]`)

// expandPercent puts the values of %NAME% in that the text itself has set; others
// stay, since they say what a command sends.
func expandPercent(line string, set map[string]string, arg0 string) string {
	if !strings.ContainsAny(line, "%!") {
		return line
	}
	folder := ""
	if arg0 != "" {
		folder = path.Dir(arg0) + "/"
	}
	line = strings.NewReplacer("%~dp0", folder, "%~f0", arg0, "%~0", arg0, "%0", arg0, "%*", "", "%CD%", ".", "%cd%", ".").Replace(line)
	if len(line) > maxValue {
		return line
	}
	return percent.ReplaceAllStringFunc(line, func(s string) string {
		m := percent.FindStringSubmatch(s)
		value, ok := set[strings.ToUpper(m[1])]
		if !ok {
			if m[2] != "" || m[4] != "" {
				return Hole
			}
			return s
		}
		if m[4] != "" {
			return strings.ReplaceAll(value, m[4], m[5])
		}
		if m[2] != "" {
			from, _ := strconv.Atoi(m[2])
			if from < 0 {
				from += len(value)
			}
			from = min(max(from, 0), len(value))
			to := len(value)
			if m[3] != "" {
				n, _ := strconv.Atoi(m[3])
				if to = from + n; n < 0 {
					to = len(value) + n
				}
			}
			return value[from:min(max(to, from), len(value))]
		}
		return value
	})
}

// readPowerShell takes a text of PowerShell apart: a command is what stands
// between the signs that end one, its words keep their quotes where they are in
// the middle.
func (r *reader) readPowerShell(text string) []Command {
	if len(text) > maxText {
		text = text[:maxText]
		r.cut("a PowerShell text: more than 8 MiB")
	}
	text = strings.NewReplacer("`\r\n", " ", "`\n", " ").Replace(text)
	set := map[string]string{}
	line, begun := 1, len(r.out)
	isPiped := false
	var words []string
	var b strings.Builder
	some := false
	word := func() {
		if some {
			words = append(words, b.String())
		}
		b.Reset()
		some = false
	}
	end := func(pipes bool) {
		word()
		if len(words) > 0 {
			r.powerCommand(words, line, isPiped, begun, set)
		}
		if !pipes {
			begun = len(r.out)
		}
		words, isPiped = nil, pipes
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '`' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
			some = true
		case c == '\'' || c == '"':
			close := i + 1
			for close < len(text) && text[close] != c {
				if text[close] == '`' && c == '"' {
					close++
				}
				close++
			}
			close = min(close, len(text))
			inner := text[i+1 : close]
			line += strings.Count(inner, "\n")
			if c == '"' {
				inner = powerVariables(inner, set)
			}
			if depth > 0 {
				b.WriteByte(c)
				b.WriteString(inner)
				b.WriteByte(c)
			} else {
				b.WriteString(inner)
			}
			some = true
			i = close
		case c == '#' && !some && depth == 0:
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case c == '(':
			depth++
			b.WriteByte(c)
			some = true
		case c == ')':
			depth = max(depth-1, 0)
			b.WriteByte(c)
		case depth > 0 && c != '\n':
			if c == '\\' {
				c = '/'
			}
			b.WriteByte(c)
			some = true
		case c == '\n' || c == ';' || c == '{' || c == '}':
			end(false)
			if c == '\n' {
				line++
				depth = 0
			}
		case c == '|':
			end(i+1 >= len(text) || text[i+1] != '|')
		case c == '&':
			if some || len(words) > 0 {
				end(false)
			}
		case c == ' ' || c == '\t' || c == '\r':
			word()
		case c == '\\':
			b.WriteByte('/')
			some = true
		default:
			b.WriteByte(c)
			some = true
		}
	}
	end(false)
	return r.out
}

func (r *reader) powerCommand(words []string, line int, isPiped bool, begun int, set map[string]string) {
	if len(r.out) >= maxCommands {
		r.cut("a PowerShell text: more than 100,000 commands")
		return
	}
	for i := range words {
		words[i] = powerVariables(words[i], set)
	}
	if name, value, ok := strings.Cut(words[0], "="); ok && strings.HasPrefix(name, "$") && len(words) == 1 {
		words = []string{name, "=", value} // $x='a'
	}
	if name, ok := strings.CutPrefix(words[0], "$"); ok && len(words) > 1 && words[1] == "=" {
		if len(words) == 3 && len(words[2]) <= maxValue {
			set[strings.ToLower(name)] = words[2]
		}
		if words = words[2:]; len(words) == 0 {
			return
		}
	}
	if strings.EqualFold(words[0], "cd") || strings.EqualFold(words[0], "Set-Location") || strings.EqualFold(words[0], "sl") {
		if len(words) > 1 {
			r.goTo(words[len(words)-1])
		}
	}
	if isPiped {
		for at := begun; at < len(r.out); at++ {
			if name := piped(words); r.out[at].Piped == "" || Is(name, Interprets) {
				r.out[at].Piped = name
			}
		}
	}
	r.out = append(r.out, Command{Words: words, Dir: r.dir, Line: line, dirs: r.dirs, arg0: r.arg0})
}

var powerVariable = regexp.MustCompile(`\$(?:\{(\w+)\}|([A-Za-z_]\w*(?::\w+)?))`)

// powerVariables puts the values of variables in that the text itself has set,
// and a hole in place of others.
func powerVariables(text string, set map[string]string) string {
	if !strings.Contains(text, "$") || len(text) > maxValue {
		return text
	}
	return powerVariable.ReplaceAllStringFunc(text, func(s string) string {
		m := powerVariable.FindStringSubmatch(s)
		name := strings.ToLower(m[1] + m[2])
		if v, ok := set[name]; ok {
			return v
		}
		if name == "psscriptroot" || name == "pwd" {
			return "."
		}
		if _, scoped, ok := strings.Cut(m[2], ":"); ok {
			return Hole + ":" + scoped // $env:USERNAME
		}
		return s
	})
}

// utf16Text is a text in UTF-16, as -EncodedCommand takes it.
func utf16Text(data []byte) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i]) | uint16(data[2*i+1])<<8
	}
	return string(utf16.Decode(units))
}
