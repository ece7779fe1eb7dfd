package builtin

import "strings"

// Node's path, as it is on POSIX. What depends on the folder of the process is not
// known.
// Source: https://nodejs.org/api/path.html

func init() {
	texts := func(f func(list []string) (any, bool)) function {
		return func(args []any) (any, bool) {
			list := make([]string, len(args))
			for i, a := range args {
				s, isText := a.(string)
				if !isText || len(s) > MaxText/64 {
					return nil, false // it throws
				}
				list[i] = s
			}
			return f(list)
		}
	}
	one := func(f func(s string) any) function {
		return texts(func(list []string) (any, bool) {
			if len(list) == 0 {
				return nil, false
			}
			return f(list[0]), true
		})
	}
	add(map[string]function{
		"path.join": texts(func(list []string) (any, bool) {
			var parts []string
			for _, s := range list {
				if s != "" {
					parts = append(parts, s)
				}
			}
			if len(parts) == 0 {
				return ".", true
			}
			return normalize(strings.Join(parts, "/")), true
		}),
		"path.normalize":  one(func(s string) any { return normalize(s) }),
		"path.isAbsolute": one(func(s string) any { return strings.HasPrefix(s, "/") }),
		"path.resolve": texts(func(list []string) (any, bool) {
			s, ok := resolve(list)
			return s, ok
		}),
		"path.relative": texts(func(list []string) (any, bool) {
			if len(list) < 2 {
				return nil, false
			}
			from, ok1 := resolve(list[:1])
			to, ok2 := resolve(list[1:2])
			if !ok1 || !ok2 {
				return nil, false
			}
			return relative(from, to), true
		}),
		"path.dirname": one(func(s string) any { return Directory(s) }),
		"path.extname": one(func(s string) any { return Extension(s) }),
		"path.basename": func(args []any) (any, bool) {
			s, ok := Arg(args, 0).(string)
			suffix, isText := "", true
			if v := Arg(args, 1); v != nil {
				suffix, isText = v.(string)
			}
			// With an ending, Node reads trailing slashes in a way of its own.
			return BaseName(s, suffix), ok && isText && wellFormed(suffix) && (suffix == "" || !strings.HasSuffix(s, "/"))
		},
		"path.parse": texts(func(list []string) (any, bool) {
			if len(list) == 0 || BaseName(list[0], "") == ".." {
				return nil, false // of ".." versions of Node give different endings
			}
			s, o := list[0], NewObject()
			root, dir, base := "", "", BaseName(s, "")
			if strings.HasPrefix(s, "/") {
				root = "/"
			}
			if i := strings.LastIndexByte(strings.TrimRight(s, "/"), '/'); i > 0 {
				dir = strings.TrimRight(s, "/")[:i]
			} else if i == 0 || root != "" {
				dir = root
			}
			ext := Extension(s)
			o.Set("root", root)
			o.Set("dir", dir)
			o.Set("base", base)
			o.Set("ext", ext)
			o.Set("name", strings.TrimSuffix(base, ext))
			return o, true
		}),
		"path.format": func(args []any) (any, bool) {
			o, ok := Arg(args, 0).(*Object)
			if !ok {
				return nil, false
			}
			get := func(key string) string {
				v, _ := o.Get(key)
				switch x := v.(type) {
				case string:
					return x
				case nil, Null:
					return ""
				}
				ok = false
				return ""
			}
			dir, root, base, name, ext := get("dir"), get("root"), get("base"), get("name"), get("ext")
			if base == "" {
				if ext != "" && ext[0] != '.' {
					ext = "." + ext
				}
				base = name + ext
			}
			if dir == "" {
				if root == "" {
					return base, ok
				}
				return root + base, ok
			}
			if dir == root {
				return dir + base, ok
			}
			return dir + "/" + base, ok
		},
	})
	for _, name := range strings.Fields("join normalize isAbsolute resolve relative dirname extname basename parse format") {
		functions["path.posix."+name] = functions["path."+name]
	}
}

// normalize is path.normalize.
func normalize(s string) string {
	if s == "" {
		return "."
	}
	absolute, trailing := s[0] == '/', s[len(s)-1] == '/'
	out := strings.Join(folders(s, absolute), "/")
	switch {
	case out == "" && absolute:
		return "/"
	case out == "" && trailing:
		return "./"
	case out == "":
		return "."
	}
	if trailing {
		out += "/"
	}
	if absolute {
		return "/" + out
	}
	return out
}

// folders are the names of a path without those that lead nowhere.
func folders(s string, absolute bool) []string {
	var out []string
	for _, name := range strings.Split(s, "/") {
		switch {
		case name == "" || name == ".":
		case name != "..":
			out = append(out, name)
		case len(out) > 0 && out[len(out)-1] != "..":
			out = out[:len(out)-1]
		case !absolute:
			out = append(out, "..")
		}
	}
	return out
}

// resolve is path.resolve, where it does not reach the folder of the process.
func resolve(list []string) (string, bool) {
	out := ""
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == "" {
			continue
		}
		out = list[i] + "/" + out
		if list[i][0] == '/' {
			return "/" + strings.Join(folders(out, true), "/"), true
		}
	}
	return "", false
}

// relative is path.relative, of two absolute paths.
func relative(from, to string) string {
	if from == to {
		return ""
	}
	a, b := folders(from, true), folders(to, true)
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	var out []string
	for range a[same:] {
		out = append(out, "..")
	}
	return strings.Join(append(out, b[same:]...), "/")
}

// Directory is path.dirname.
func Directory(s string) string {
	if s == "" {
		return "."
	}
	end := len(s)
	for end > 1 && s[end-1] == '/' {
		end--
	}
	i := strings.LastIndexByte(s[:end], '/')
	if end == 1 && s[0] == '/' {
		i = 0
	}
	switch i {
	case -1:
		return "."
	case 0:
		return "/"
	case 1:
		if s[0] == '/' {
			return "//"
		}
	}
	return s[:i]
}

// BaseName is path.basename.
func BaseName(s, suffix string) string {
	if suffix != "" && s == suffix {
		return ""
	}
	trimmed := strings.TrimRight(s, "/")
	base := trimmed[strings.LastIndexByte(trimmed, '/')+1:]
	if base != suffix && len(suffix) <= len(s) {
		base = strings.TrimSuffix(base, suffix)
	}
	return base
}

// Extension is path.extname: a name that begins with its only dot has none.
func Extension(s string) string {
	s = BaseName(s, "")
	if i := strings.LastIndexByte(s, '.'); i > 0 && s != ".." {
		return s[i:]
	}
	return ""
}
