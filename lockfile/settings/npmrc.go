package settings

import (
	"strings"

	"github.com/lockwarden/lockwarden/lockfile/document"
)

// npmrc reads an .npmrc. Of several lines with one key the last counts, but all
// where one of them is "key[]".
func (r *reader) npmrc(text string) {
	last := map[string]int{}
	var pairs []document.Pair
	for _, p := range document.INI(text) {
		if p.Section != "" {
			continue
		}
		at, have := last[p.Key]
		switch {
		case !have:
			last[p.Key] = len(pairs)
		case p.Array || pairs[at].Array:
			pairs[at].Array = true
		default:
			pairs[at] = p
			continue
		}
		pairs = append(pairs, p)
	}
	for _, p := range pairs {
		r.pair(p)
	}
}

func (r *reader) pair(p document.Pair) {
	switch {
	case strings.HasPrefix(p.Key, "//"):
		r.credential(p.Key, p.Value, p.Line, npms|pnpms|yarn1|bun)
	case p.Key == "registry":
		r.registry(npms|pnpms|yarn1|bun, "", p.Key, p.Value, p.Line)
	case strings.HasPrefix(p.Key, "@") && strings.HasSuffix(p.Key, ":registry"):
		r.registry(npms|pnpms|yarn1|bun, strings.TrimSuffix(p.Key, ":registry"), p.Key, p.Value, p.Line)
	case p.Key == "allow-scripts":
		for name := range strings.SplitSeq(p.Value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				r.script(npm12, name, true, p.Key, p.Line)
			}
		}
	case p.Key == "before":
		r.say(npms, "before", "", p.Key, p.Value, p.Value, p.Line)
	case strings.Contains(p.Key, "${"):
		r.say(npms|pnpms, environmentTopic, p.Key, p.Key, p.Value, p.Value, p.Line)
	default:
		r.npmrcList(p)
	}
}

// npmrcList: pnpm's lists of builds stood in .npmrc as arrays.
func (r *reader) npmrcList(p document.Pair) {
	value := &document.Value{Kind: document.String, Text: p.Value, Line: p.Line, End: p.Line}
	for _, builds := range buildLists {
		if builds.kebab == p.Key {
			r.builds(builds, p.Key, &document.Value{Kind: document.List, Items: []*document.Value{value}, Line: p.Line}, p.Line, pnpm9|pnpm10)
			return
		}
	}
	r.rule(inNpmrc, p.Key, p.Key, value, p.Line)
	r.leftOut(inNpmrc, p.Key, p.Key, value, p.Line)
	r.download(npms|pnpm9|pnpm10|yarn1, inNpmrc, p.Key, p.Key, p.Value, p.Line)
}
