package settings

import "github.com/lockwarden/lockwarden/lockfile/document"

// leftOutTopic is of the kinds of packages that an installation leaves out,
// takenInTopic of those that npm installs although its command line leaves them
// out: it takes away what is included from what is omitted, whoever says so.
const (
	leftOutTopic = "left-out"
	takenInTopic = "taken-in"
	// leftInTopic is of a setting that leaves packages out by another value than it
	// has: a line to show, and no decision.
	leftInTopic = "left-in"
)

// kind is one way to leave packages out or to take them in.
type kind struct {
	in  place
	key string
	by  client
	// when is the value that does so; empty where each value is itself what is
	// left out or taken in. but is the one that does not, where all others do.
	when, but string
	topic     string
	name      string
}

// kinds are all of them, by TestWitnessed; several are older spellings of one.
var kinds = []kind{
	{inNpmrc, "omit", npms | bun, "", "", leftOutTopic, ""},
	{inNpmrc, "production", npms | pnpm9 | pnpm10 | yarn1, "true", "", leftOutTopic, "dev"},
	{inNpmrc, "only", npms | pnpm9 | pnpm10, "prod", "", leftOutTopic, "dev"},
	{inNpmrc, "only", npms | pnpm9 | pnpm10, "production", "", leftOutTopic, "dev"},
	{inNpmrc, "optional", npms | pnpm9 | pnpm10, "false", "", leftOutTopic, "optional"},
	{inWorkspace, "production", pnpm10 | pnpm11, "true", "", leftOutTopic, "dev"},
	{inWorkspace, "only", pnpm10 | pnpm11, "prod", "", leftOutTopic, "dev"},
	{inWorkspace, "only", pnpm10 | pnpm11, "production", "", leftOutTopic, "dev"},
	{inWorkspace, "optional", pnpm10 | pnpm11, "false", "", leftOutTopic, "optional"},
	{inClassic, "production", yarn1, "true", "", leftOutTopic, "dev"},
	{inClassic, "prod", yarn1, "true", "", leftOutTopic, "dev"},
	{inClassic, "ignore-optional", yarn1, "true", "", leftOutTopic, "optional"},
	{inBunfig, "production", bun, "true", "", leftOutTopic, "dev"},
	{inBunfig, "dev", bun, "false", "", leftOutTopic, "dev"},
	{inBunfig, "optional", bun, "false", "", leftOutTopic, "optional"},
	{inBunfig, "peer", bun, "false", "", leftOutTopic, "peer"},

	{inNpmrc, "include", npms, "", "", takenInTopic, ""},
	{inNpmrc, "production", npms, "", "true", takenInTopic, "dev"},
	{inNpmrc, "dev", npms, "", "false", takenInTopic, "dev"},
	{inNpmrc, "also", npms, "", "", takenInTopic, "dev"},
	{inNpmrc, "optional", npms, "", "false", takenInTopic, "optional"},
}

// leftOut says what a key of one kind of file leaves out or takes in.
func (r *reader) leftOut(in place, key, label string, v *document.Value, line int) {
	for _, k := range kinds {
		if k.in != in || k.key != key {
			continue
		}
		for _, item := range append([]*document.Value{v}, v.Items...) {
			if !item.IsScalar() {
				continue
			}
			value, name := item.Text, k.name
			if k.when == "true" || k.when == "false" || k.but != "" {
				value = flag(value, in == inNpmrc)
			}
			if name == "" {
				name = value
			}
			if name == "" || k.but != "" && value == k.but {
				continue
			}
			if k.when != "" && value != k.when {
				r.say(k.by, leftInTopic, name, label, "listed", item.Text, line)
				continue
			}
			r.say(k.by, k.topic, name, label, "listed", item.Text, line)
		}
	}
}
