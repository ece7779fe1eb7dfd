package archive

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Twin is a file that some file system takes for another one.
type Twin struct {
	File *File
	// Other is the path of the other: of a file with another content, or one
	// that npm and Node look for, which need not be in the package.
	Other string
}

// special are the names that npm and Node look for by themselves.
var special = map[string]bool{"package.json": true, "node_modules": true, "binding.gyp": true, "npm-shrinkwrap.json": true}

// Twins are the files that unpack to something else on macOS or Windows than on
// Linux, because another name is theirs there as well: in capitals, composed of
// other code points, with dots or spaces at the end, with a colon, or short as
// in MS-DOS. Which of two files stays there depends on their order.
func (p *Package) Twins() []Twin {
	first := make(map[string]*File, len(p.Files))
	short := slices.ContainsFunc(p.Files, func(f *File) bool { return isShort(f.Path) })
	var out []Twin
	for _, f := range p.Files {
		twin := ""
		for _, key := range folded(f.Path, short) {
			switch other := first[key]; {
			case other == nil:
				first[key] = f
			case other != f && (f.Size != other.Size || f.sum != other.sum):
				twin = other.Path
			}
		}
		if other := specialised(f.Path); twin == "" && other != f.Path && p.byPath[other] == nil {
			twin = other
		}
		if twin != "" {
			out = append(out, Twin{f, twin})
		}
	}
	return out
}

// Folded is the file that a case-insensitive file system finds at a path where
// there is none, or nil.
func (p *Package) Folded(name string) *File {
	if p.folded == nil {
		p.folded = make(map[string]*File, len(p.Files))
		for _, f := range p.Files {
			p.folded[folded(f.Path, false)[0]] = f
		}
	}
	return p.folded[folded(name, false)[0]]
}

// specialised is a path with those parts that only look like a special name
// replaced by that.
func specialised(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if plain := folded(part, false)[0]; special[plain] {
			parts[i] = plain
		}
	}
	return strings.Join(parts, "/")
}

// ignored are the code points that HFS+ does not see in names.
var ignored = strings.NewReplacer("\u200c", "", "\u200d", "", "\u200e", "", "\u200f", "",
	"\u202a", "", "\u202b", "", "\u202c", "", "\u202d", "", "\u202e", "",
	"\u206a", "", "\u206b", "", "\u206c", "", "\u206d", "", "\u206e", "", "\u206f", "", "\ufeff", "")

// refused are the letters that Windows has no place for; Yarn 1 writes an
// underscore there.
var refused = strings.NewReplacer(":", "_", "?", "_", "<", "_", ">", "_", "|", "_")

// tilde is a short name of Windows: six letters at most, a number, three letters.
var tilde = regexp.MustCompile(`(^|/)[^/.~]{1,6}~[0-9]+(\.[^/.]{0,3})?(/|$)`)

func isShort(name string) bool { return strings.IndexByte(name, '~') >= 0 && tilde.MatchString(name) }

// folded are the names under which file systems may have a file; the first is
// what those have that ignore case.
func folded(name string, short bool) []string {
	key := strings.ToLower(name)
	if !isASCII(name) {
		key = norm.NFC.String(cases.Fold().String(norm.NFC.String(ignored.Replace(name))))
	}
	for strings.Contains(key, "./") || strings.Contains(key, " /") {
		key = strings.ReplaceAll(strings.ReplaceAll(key, "./", "/"), " /", "/")
	}
	key = strings.TrimRight(key, ". ")
	out := []string{key}
	if strings.ContainsAny(key, ":?<>|") {
		before, _, _ := strings.Cut(key, ":") // a stream of that file, on NTFS
		out = append(out, refused.Replace(key), strings.TrimRight(before, ". "))
	}
	if short {
		if other := shortened(key); other != key {
			out = append(out, other)
		}
	}
	return out
}

// shortened is a path in the short names that Windows gives besides the long
// ones, without their numbers.
func shortened(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if isShort(part) {
			stem, rest, _ := strings.Cut(part, "~")
			parts[i] = stem + "~" + strings.TrimLeft(rest, "0123456789")
			continue
		}
		stem, ext := part, ""
		if dot := strings.LastIndexByte(part, '.'); dot > 0 {
			stem, ext = part[:dot], part[dot:]
		}
		stem = strings.NewReplacer(" ", "", ".", "").Replace(stem)
		if len(stem) > 8 || len(ext) > 4 || stem != strings.TrimSuffix(part, ext) {
			parts[i] = stem[:min(len(stem), 6)] + "~" + ext[:min(len(ext), 4)]
		}
	}
	return strings.Join(parts, "/")
}
