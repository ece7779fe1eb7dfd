package render

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	xhtml "golang.org/x/net/html"

	"github.com/lockwarden/lockwarden/app/policy"
)

// FuzzHostileText: names, versions, paths, snippets and scripts are what a
// stranger wrote. Nothing of it becomes HTML, a link, a mention or a control
// character, in any format.
func FuzzHostileText(f *testing.F) {
	for _, seed := range []string{hostile, "```\n<script>alert(1)</script>", "`` ` @org/team #1 <!-- --> &lt;b&gt;", "](javascript:alert(1))", "|\n|---|\n<b>", "https://evil.invalid/ www.evil.invalid a@evil.invalid", "$\\href{x}{y}$", "[x]: https://evil.invalid"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		r := made(1, text)
		v := policy.Judge(policy.Default(), r, nil)
		md := markdown(r, v, MaxMarkdown)
		var page bytes.Buffer
		if err := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())).Convert([]byte(md), &page); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range strange(page.String()) {
			t.Errorf("%s from %q:\n%s", wrong, text, md)
		}
		var out bytes.Buffer
		if err := Review(&out, Screen{Width: 80, Color: false}, r, v); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x00\x07\x1b\r\x7f\u009b\u202e\u2066") {
			t.Errorf("control characters reach the terminal from %q", text)
		}
		for _, a := range Annotations(v) {
			if len(a.Title) == 0 || a.StartLine < 1 || strings.ContainsAny(a.Message, "\x1b\x00") {
				t.Errorf("%+v from %q", a, text)
			}
		}
		out.Reset()
		if err := ReviewJSON(&out, r, v); err != nil || !json.Valid(out.Bytes()) {
			t.Errorf("%v from %q", err, text)
		}
	})
}

// elements are those that our own Markdown makes.
var elements = strings.Fields("p ul ol li strong em code pre table thead tbody tr th td h1 h2 h3 h4 h5 h6 br hr details summary b a")

// strange lists the elements of a page that only a stranger can have made, and
// links that lead elsewhere than they say. A bare address may become a link.
func strange(page string) (out []string) {
	z := xhtml.NewTokenizer(strings.NewReader(page))
	target, said := "", ""
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			return out
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			token := z.Token()
			if !slices.Contains(elements, token.Data) {
				out = append(out, "<"+token.Data+">")
			}
			for _, a := range token.Attr {
				switch {
				case token.Data == "a" && a.Key == "href":
					target, said = a.Val, ""
				case (token.Data == "td" || token.Data == "th") && (a.Key == "align" || a.Key == "style"):
				case token.Data == "ol" && a.Key == "start", token.Data == "code" && a.Key == "class":
				default:
					out = append(out, "<"+token.Data+" "+a.Key+">")
				}
			}
		case xhtml.TextToken:
			said += string(z.Text())
		case xhtml.EndTagToken:
			if name, _ := z.TagName(); string(name) == "a" && target != "" {
				told := xhtml.UnescapeString(said)
				where, err := url.Parse(target)
				if strings.HasSuffix(target, told) {
					target = "" // it says where it leads
					continue
				}
				if err != nil || !slices.Contains([]string{"http", "https", "ftp", "mailto", "xmpp"}, where.Scheme) || !strings.Contains(strings.ToLower(told), strings.ToLower(where.Hostname())) || where.Scheme == "mailto" && !strings.Contains(told, "@") {
					out = append(out, "a link to "+target+" that says "+told)
				}
				target = ""
			}
		}
	}
}
