package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/lockwarden/lockwarden/app/policy"
	"github.com/lockwarden/lockwarden/templates"
)

// TestReferences: the pages that are written from the program say what the
// program says. LOCKWARDEN_REFERENCES=1 writes them.
func TestReferences(t *testing.T) {
	for file, text := range map[string]string{
		"commands.md":  commandReference(),
		"policy.md":    policyReference(t),
		"catalogue.md": catalogueReference(),
	} {
		path := "../../docs/" + file
		if os.Getenv("LOCKWARDEN_REFERENCES") != "" {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != text {
			t.Errorf("docs/%s is stale: LOCKWARDEN_REFERENCES=1 go test ./cmd/lockwarden -run TestReferences", file)
		}
	}
}

const written = "<!-- Written by TestReferences in cmd/lockwarden; change the program, not this page. -->\n\n"

// commandReference is of the commands as they describe themselves.
func commandReference() string {
	var b strings.Builder
	b.WriteString("# Commands\n\n" + written)
	b.WriteString("Results go to standard output, everything else to standard error. Exit status: 0 passes, 1 an issue\nblocks, 2 wrong usage or input, 3 something could not be scanned, 130 interrupted.\n")
	root := newRoot(&terminal{}, strings.NewReader(""), io.Discard, io.Discard)
	root.InitDefaultCompletionCmd()
	var list func(c *cobra.Command)
	list = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if sub.Hidden || sub.Name() == "help" {
				continue
			}
			if sub.Runnable() && !strings.HasPrefix(sub.CommandPath(), "lockwarden completion ") {
				command(&b, sub)
			}
			list(sub)
		}
	}
	list(root)
	text := b.String()
	if dir, err := os.UserConfigDir(); err == nil {
		text = strings.ReplaceAll(text, dir, "~/.config")
	}
	return text
}

func command(b *strings.Builder, c *cobra.Command) {
	long := c.Long
	if long == "" {
		long = c.Short + "."
	}
	fmt.Fprintf(b, "\n## %s\n\n    %s\n\n%s\n", c.CommandPath(), strings.TrimSuffix(c.UseLine(), " [flags]"), strings.TrimSpace(long))
	if c.Example != "" {
		b.WriteString("\n```sh\n" + unindented(c.Example) + "\n```\n")
	}
	c.InitDefaultHelpFlag()
	if flags := c.LocalFlags(); flags.HasAvailableFlags() {
		_ = flags.MarkHidden("help")
		if usages := flags.FlagUsages(); usages != "" {
			b.WriteString("\n```\n" + usages + "```\n")
		}
	}
}

func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

// cell is a text in a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(text)
}

// schemaNode is the part of JSON Schema that the policy's schema uses.
type schemaNode struct {
	Ref         string                `json:"$ref"`
	Description string                `json:"description"`
	Type        string                `json:"type"`
	Const       any                   `json:"const"`
	Enum        []string              `json:"enum"`
	Pattern     string                `json:"pattern"`
	Required    []string              `json:"required"`
	MaxItems    int                   `json:"maxItems"`
	Items       *schemaNode           `json:"items"`
	Properties  properties            `json:"properties"`
	Defs        map[string]schemaNode `json:"$defs"`
	// Then holds for objects, Else for what is none.
	Then *schemaNode `json:"then"`
	Else *schemaNode `json:"else"`
}

// policyReference is of the schema.
func policyReference(t *testing.T) string {
	t.Helper()
	var root schemaNode
	if err := json.Unmarshal(policy.Schema, &root); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Policy\n\n" + written)
	b.WriteString(root.Description + " What a file does not say stays as it is above it: the organization's, then the defaults.\n\n")
	b.WriteString("| setting | values | |\n|---|---|---|\n")
	rows(t, &b, &root, &root, "")
	b.WriteString("\n## To begin with\n\n`lockwarden policy example` prints this:\n\n```yaml\n" + string(policy.Example) + "```\n")
	b.WriteString(`
## In an editor

The first line of the example lets every editor with the YAML language server (Visual Studio Code's
YAML extension, Neovim, Emacs, JetBrains' IDEs) complete the settings and mark mistakes while you write.
` + "`lockwarden policy schema > schema.json`" + ` writes the schema for one that has no network, and
` + "`lockwarden policy check FILE`" + ` says the same as the App would, with the line.
`)
	return b.String()
}

// properties keep the order of the file.
type properties struct {
	names []string
	by    map[string]schemaNode
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *properties) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &p.by); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil { // the bracket
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		p.names = append(p.names, name.(string))
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return err
		}
	}
	return nil
}

func rows(t *testing.T, b *strings.Builder, root, n *schemaNode, prefix string) {
	t.Helper()
	for _, name := range n.Properties.names {
		property := n.Properties.by[name]
		description := property.Description
		if property.Ref != "" {
			property = root.Defs[strings.TrimPrefix(property.Ref, "#/$defs/")]
		}
		if description == "" {
			t.Errorf("the schema does not describe %s%s", prefix, name)
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", prefix, name, cell(values(root, &property)), cell(description))
		rows(t, b, root, &property, prefix+name+".")
		if property.Then != nil {
			rows(t, b, root, property.Then, prefix+name+".")
		}
		if property.Items != nil {
			rows(t, b, root, property.Items, prefix+name+"[].")
		}
	}
}

// values says what a setting may be.
func values(root, n *schemaNode) string {
	if n.Ref != "" {
		def := root.Defs[strings.TrimPrefix(n.Ref, "#/$defs/")]
		return values(root, &def)
	}
	switch {
	case n.Then != nil:
		return values(root, n.Else) + ", or " + values(root, n.Then)
	case n.Const != nil:
		return fmt.Sprintf("`%v`", n.Const)
	case len(n.Enum) > 0:
		return "`" + strings.Join(n.Enum, "`, `") + "`"
	case n.Type == "array":
		of := values(root, n.Items)
		if n.Items.Description != "" && n.Items.Type != "object" {
			of = strings.TrimSuffix(n.Items.Description, ".")
		}
		if n.Items.Type == "object" {
			of = "what follows"
		}
		return "list of " + of
	case n.Type == "boolean":
		return "`true`, `false`"
	case n.Type == "object":
		return "what follows"
	}
	return "text"
}

// catalogueReference is of the texts.
func catalogueReference() string {
	var b strings.Builder
	b.WriteString("# Catalogue\n\n" + written)
	ids := func(kind string) []string {
		list := templates.IDs(kind)
		slices.Sort(list)
		return list
	}
	issues, behaviors := ids("issue"), ids("behavior")
	fmt.Fprintf(&b, "The %d issues and %d behaviors that lockwarden knows, in the words that its readers see. An **issue** asks for\na decision and has a severity, which depends on the evidence; a **behavior** says what a package does, and in which\ncontext: `install`, `launch`, `call` or `unreachable`. Words in braces stand for what was found.\n\n", len(issues), len(behaviors))
	b.WriteString("## Issues\n")
	heading := ""
	for _, id := range issues {
		category, _, _ := strings.Cut(id, "/")
		if category != heading {
			heading = category
			b.WriteString("\n### " + category + "\n\n| id | what it says | what to do |\n|---|---|---|\n")
		}
		text := templates.Issue(id, nil)
		fmt.Fprintf(&b, "| `%s` | **%s** %s | %s |\n", id, cell(sentence(text.Title)), cell(text.Problem), cell(text.NextSteps))
	}
	b.WriteString("\n## Profiles of malware\n\nThe combinations that `malware/behavior-similarity` knows ([`analyzer/issue/profiles.txt`](../analyzer/issue/profiles.txt)).\n\n| profile | what it says | why that matters |\n|---|---|---|\n")
	for _, name := range ids("profile") {
		text := templates.Profile(name)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, cell(text.Title), cell(text.Problem))
	}
	b.WriteString("\n## Behaviors\n")
	heading = ""
	for _, id := range behaviors {
		category, _, _ := strings.Cut(id, "/")
		if category != heading {
			heading = category
			b.WriteString("\n### " + category + "\n\n| id | what it says | what that means |\n|---|---|---|\n")
		}
		text := templates.Behavior(id)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", id, cell(text.Title), cell(text.Problem))
	}
	return b.String()
}

func sentence(title string) string {
	if strings.HasSuffix(title, ".") {
		return title
	}
	return title + "."
}

// TestPolicyExample: the file to begin with is valid, and lets editors find the
// schema under the schema's own address.
func TestPolicyExample(t *testing.T) {
	p, err := policy.Parse("example.yml", policy.Example, policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rules) != 2 || !p.Accept.ReasonRequired || len(p.Ignore) != 1 {
		t.Errorf("%+v", p)
	}
	var root struct {
		ID string `json:"$id"`
	}
	if err := json.Unmarshal(policy.Schema, &root); err != nil || !strings.HasPrefix(string(policy.Example), "# yaml-language-server: $schema="+root.ID+"\n") {
		t.Errorf("the example does not name %s", root.ID)
	}
}
