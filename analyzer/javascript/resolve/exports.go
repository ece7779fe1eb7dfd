package resolve

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Conditions of exports and imports. The first that stands there and is met is
// Node's choice; what others get from it comes after that, for bundlers and other
// runtimes.
// Source: https://nodejs.org/api/packages.html#conditional-exports

// met reports whether Node meets a condition.
func met(condition string, how How) bool {
	switch condition {
	case "default", "node", "module-sync", "node-addons":
		return true
	case "require":
		return how == ByRequire
	case "import":
		return how == ByImport
	}
	return false
}

// member is one of a JSON object, in the order in which they stand there.
type member struct {
	key   string
	value json.RawMessage
}

// members reads an object in order.
func members(data json.RawMessage) []member {
	d := json.NewDecoder(bytes.NewReader(data))
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil
	}
	var out []member
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return out
		}
		m := member{key: key.(string)}
		if d.Decode(&m.value) != nil {
			return out
		}
		out = append(out, m)
	}
	return out
}

// exportsTarget are the targets of an exports field for a path in the package,
// Node's own first.
func exportsTarget(field json.RawMessage, subpath string, how How) []string {
	list := members(field)
	if len(list) == 0 || !strings.HasPrefix(list[0].key, ".") {
		if subpath != "." {
			return nil
		}
		return targets(field, "", how)
	}
	return matched(list, subpath, how)
}

// importsTarget are the targets of an imports field for a name that begins with
// "#".
func importsTarget(field json.RawMessage, name string, how How) []string {
	return matched(members(field), name, how)
}

// matched are the targets of the member that a name means: the one of that name,
// else the pattern that says most of it.
func matched(list []member, name string, how How) []string {
	best, star := -1, ""
	for i, m := range list {
		if m.key == name && !strings.Contains(name, "*") {
			return targets(m.value, "", how)
		}
		before, after, ok := strings.Cut(m.key, "*")
		switch {
		case !ok && strings.HasSuffix(m.key, "/") && strings.HasPrefix(name, m.key):
			// A folder, as Node 12 to 16 had it.
			before, after = m.key, ""
		case !ok, !strings.HasPrefix(name, before), len(name) <= len(before), !strings.HasSuffix(name, after), len(name) < len(before)+len(after):
			continue
		}
		if best >= 0 && !longer(m.key, list[best].key) {
			continue
		}
		best, star = i, name[len(before):len(name)-len(after)]
	}
	if best < 0 {
		return nil
	}
	out := targets(list[best].value, star, how)
	if strings.HasSuffix(list[best].key, "/") {
		for i := range out {
			out[i] += star
		}
	}
	return out
}

// longer reports whether a pattern says more of a name than another.
func longer(a, b string) bool {
	base := func(key string) int {
		if i := strings.IndexByte(key, '*'); i >= 0 {
			return i + 1
		}
		return len(key)
	}
	if x, y := base(a), base(b); x != y {
		return x > y
	}
	return len(a) > len(b)
}

// targets are the files of a target, Node's choice first; null, and what no
// condition gives, is none.
func targets(target json.RawMessage, star string, how How) []string {
	chosen, others, _ := choose(target, star, how, 0)
	if chosen == nil {
		return others
	}
	out := []string{*chosen}
	for _, other := range others {
		if other != *chosen {
			out = append(out, other)
		}
	}
	return out
}

// maxConditions is how deep conditions may stand in each other.
const maxConditions = 32

// choose is Node's choice and what others may choose. decided is set where Node
// looks no further: a target, or null.
func choose(target json.RawMessage, star string, how How, depth int) (chosen *string, others []string, decided bool) {
	target = bytes.TrimSpace(target)
	if len(target) == 0 || depth > maxConditions {
		return nil, nil, false
	}
	switch target[0] {
	case '"':
		var text string
		if json.Unmarshal(target, &text) != nil {
			return nil, nil, false
		}
		text = strings.ReplaceAll(text, "*", star)
		return &text, nil, true
	case 'n':
		return nil, nil, true
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(target, &list) != nil {
			return nil, nil, false
		}
		for _, item := range list {
			one, more, ok := choose(item, star, how, depth+1)
			if ok && one != nil && chosen == nil && (strings.HasPrefix(*one, "./") || how == ByImport || !IsRelative(*one)) {
				chosen = one
			} else if one != nil {
				others = append(others, *one)
			}
			others = append(others, more...)
			decided = decided || ok
		}
		return chosen, others, decided
	case '{':
		for _, m := range members(target) {
			one, more, ok := choose(m.value, star, how, depth+1)
			switch {
			case !decided && ok && met(m.key, how):
				chosen, decided = one, true
			case one != nil && m.key != "types":
				others = append(others, *one)
			}
			if m.key != "types" {
				others = append(others, more...)
			}
		}
		return chosen, others, decided
	}
	return nil, nil, false
}
