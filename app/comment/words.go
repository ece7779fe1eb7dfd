package comment

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	htmltree "golang.org/x/net/html"
)

// What somebody wrote for others to read is decided by what GitHub shows of it:
// CommonMark gives the paragraphs, and the HTML that stands among them, which a
// browser reads by rules of its own, says which of those are shown as the
// writer's words. A command is looked for there alone. It rather leaves out too
// much: a command can be written again.
// Sources: https://github.github.com/gfm, https://html.spec.whatwg.org

// line is one line of the writer's own words: its number in the comment, from
// 1, and its text as it was typed.
type line struct {
	number int
	text   string
}

// maxCharacters is what GitHub allows a comment to have.
const maxCharacters = 65_536

// ownLines are the lines of a comment that a reader sees as the writer's own,
// each from its first word, and for which candidate holds.
// unclear tells that the comment is a mail, and that what it answers to stands in it
// without a sign that this program knows.
func ownLines(body string, candidate func(text string) bool) (own []line, unclear bool) {
	body, unclear = ownPart(firstCharacters(body, maxCharacters))
	source := []byte(body)
	doc := markdown.Parser().Parse(text.NewReader(source))
	var lines []line
	marks := map[ast.Node]int{}
	for block := doc.FirstChild(); block != nil; block = block.NextSibling() {
		if block.Kind() != ast.KindParagraph {
			continue
		}
		begins := true
		for n := block.FirstChild(); n != nil; n = n.NextSibling() {
			t, plain := n.(*ast.Text)
			if begins && plain {
				if typed := typedLine(body, t.Segment.Start); candidate(typed) {
					marks[t] = len(lines)
					lines = append(lines, line{1 + strings.Count(body[:t.Segment.Start], "\n"), typed})
				}
			}
			begins = plain && (t.SoftLineBreak() || t.HardLineBreak())
		}
	}
	if len(lines) == 0 {
		return nil, false
	}
	shown := shownMarks(doc, source, marks)
	out := lines[:0]
	for i, l := range lines {
		if shown[i] {
			out = append(out, l)
		}
	}
	return out, unclear
}

// Bounds of what Markdown's own rules make slow: brackets of links in a comment,
// quotes in each other.
const (
	maxBrackets = 2000
	maxQuotes   = 100
)

// tangled reports whether a comment crosses those bounds.
func tangled(body string) bool {
	if strings.Count(body, "[") > maxBrackets {
		return true
	}
	for row := range strings.Lines(body) {
		depth := 0
		for _, c := range row {
			if c == '>' {
				depth++
			} else if c != ' ' && c != '\t' {
				break
			}
		}
		if depth > maxQuotes {
			return true
		}
	}
	return false
}

// markdown reads as GitHub does; addresses are not made links of, which changes
// nothing of the text.
var markdown = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList, extension.Footnote))

func firstCharacters(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// typedLine is the rest of the line that an offset is in.
func typedLine(body string, from int) string {
	rest, _, _ := strings.Cut(body[from:], "\n")
	return strings.TrimSuffix(rest, "\r")
}

// shownMarks renders the comment with a mark before each candidate, and reports
// which marks stand in a paragraph that a browser shows as plain text.
func shownMarks(doc ast.Node, source []byte, marks map[ast.Node]int) map[int]bool {
	// Nobody can write a comment that holds a hash of itself.
	sum := sha256.Sum256(source)
	tag := "mark-" + hex.EncodeToString(sum[:])
	r := renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(&markRenderer{html.NewRenderer(html.WithUnsafe()), tag, marks}, 100),
		util.Prioritized(extension.NewTableHTMLRenderer(), 500),
		util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
		util.Prioritized(extension.NewTaskCheckBoxHTMLRenderer(), 500),
		util.Prioritized(extension.NewFootnoteHTMLRenderer(), 500)))
	var b strings.Builder
	if err := r.Render(&b, source, doc); err != nil {
		return nil
	}
	tree, err := htmltree.Parse(strings.NewReader(b.String()))
	if err != nil {
		return nil
	}
	shown := map[int]bool{}
	for n := range tree.Descendants() {
		if n.Type != htmltree.ElementNode || n.Data != tag || len(n.Attr) != 1 {
			continue
		}
		plain := true
		for up := n.Parent; up != nil && plain; up = up.Parent {
			plain = up.Type == htmltree.DocumentNode || showsPlainly(up)
		}
		if i, err := strconv.Atoi(n.Attr[0].Val); err == nil && plain {
			shown[i] = true
		}
	}
	return shown
}

// showsPlainly reports whether text in an element is the writer's own: not
// quoted, not code, not struck out, not hidden.
func showsPlainly(n *htmltree.Node) bool {
	switch n.Data {
	case "html", "body", "p":
		return len(n.Attr) == 0
	case "details", "div":
		return !slices.ContainsFunc(n.Attr, func(a htmltree.Attribute) bool { return a.Key != "open" && a.Key != "align" })
	}
	return false
}

// markRenderer writes marks before texts.
type markRenderer struct {
	renderer.NodeRenderer
	tag   string
	marks map[ast.Node]int
}

// RegisterFuncs implements renderer.NodeRenderer.
func (m *markRenderer) RegisterFuncs(register renderer.NodeRendererFuncRegisterer) {
	m.NodeRenderer.RegisterFuncs(&marking{register, m})
}

type marking struct {
	renderer.NodeRendererFuncRegisterer
	m *markRenderer
}

// Register wraps what renders a text.
func (r *marking) Register(kind ast.NodeKind, f renderer.NodeRendererFunc) {
	if kind == ast.KindText {
		inner := f
		f = func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
			if i, ok := r.m.marks[n]; ok && entering {
				_, _ = w.WriteString("<" + r.m.tag + " i=" + strconv.Itoa(i) + "></" + r.m.tag + ">")
			}
			return inner(w, source, n, entering)
		}
	}
	r.NodeRendererFuncRegisterer.Register(kind, f)
}

// separators are lines with which mail programs put what was answered to below
// the answer, without quoting it.
var separators = regexp.MustCompile(`(?i)^\s*(?:_{20,}|-{2,}\s*(?:original message|forwarded message|` +
	`ursprüngliche nachricht|weitergeleitete nachricht|message d'origine|message transféré|mensaje original|mensaje reenviado|` +
	`messaggio originale|mensagem original|oorspronkelijk bericht|исходное сообщение|原始邮件|元のメッセージ)\s*-{2,}|` +
	`begin forwarded message:|from my (?:iphone|ipad|android).*)\s*$`)

// headers begin the lines of a mail's head, as Outlook puts it above what was
// answered to.
var headers = regexp.MustCompile(`(?i)^\s*[*_]{0,2}(?:from|sent|to|cc|subject|date|von|gesendet|an|betreff|de|envoyé|à|objet|para|` +
	`asunto|enviado|da|inviato|oggetto)[*_]{0,2}\s?:[*_]{0,2}\s`)

// attribution ends a line that says who wrote what follows.
var attribution = regexp.MustCompile(`(?i)(?:\bwrote|schrieb.*|a écrit|escribió|ha scritto|escreveu|schreef.*|写道|пишет)\s?:\s*$`)

// sender is in the line, of whatever language, with which a mail program says whose
// words follow: GitHub writes stars for the addresses in mails that it takes as
// comments, and notifications come from its own.
var sender = regexp.MustCompile(`(?i)\*\*\*@\*\*\*\.\*\*\*|notifications@github\.com|@(?:reply|noreply)\.github\.com`)

// footer stands below each notification that GitHub sends.
// Source: https://docs.github.com/account-and-profile/managing-subscriptions-and-notifications-on-github/setting-up-notifications/configuring-notifications
var footer = regexp.MustCompile(`(?i)^\s*(?:reply to this email directly|you are receiving this because|message id:)`)

// ownPart cuts a mail off where what it answers to begins. A line that only says
// who wrote, and is followed by a quote, is an ordinary answer: the quote is one
// for Markdown too. Where the end of a notification stands in a mail and its beginning
// was not found, it is unclear whose words those before it are.
func ownPart(body string) (part string, unclear bool) {
	offset := 0
	rows := strings.SplitAfter(body, "\n")
	for i, row := range rows {
		text := strings.TrimRight(row, "\r\n")
		cut := separators.MatchString(text)
		if headers.MatchString(text) && i+1 < len(rows) && headers.MatchString(rows[i+1]) {
			cut = true
		}
		if strings.HasPrefix(strings.TrimSpace(text), ">") {
			offset += len(row)
			continue
		}
		if footer.MatchString(text) {
			return body[:offset], true
		}
		if attribution.MatchString(text) || sender.MatchString(text) {
			next := ""
			for _, after := range rows[i+1:] {
				if next = strings.TrimSpace(after); next != "" {
					break
				}
			}
			cut = cut || next != "" && !strings.HasPrefix(next, ">")
		}
		if cut {
			return body[:offset], false
		}
		offset += len(row)
	}
	return body, false
}

// htmlComment is hidden from who reads a reason.
var htmlComment = regexp.MustCompile(`(?s)<!--.*?(?:-->|$)`)

// Reasoned reports whether a text says why: at least two letters or digits that a
// reader can see. The ellipsis of "because …" is no reason.
func Reasoned(reason string) bool {
	n := 0
	for _, r := range visible(htmlComment.ReplaceAllString(reason, " ")) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n >= 2
}

// visible takes invisible signs from a text: nobody sees them, so nobody knows
// that they were typed.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r) && r >= 0xfe00 || r == utf8.RuneError || r == 0x115f || r == 0x3164 {
			return -1
		}
		return r
	}, s)
}
