package lockfile

import (
	"strings"
)

func parseYarn(file, text string, d *declared, opts Options) (*Lockfile, error) {
	l := &yarnLock{declared: d, byDescriptor: map[string]*Entry{}}
	inFile := true
	switch {
	case strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{"):
		l.json(file, text)
		inFile = false
	case strings.Contains(text, "\n__metadata:"), strings.HasPrefix(text, "__metadata:"):
		l.berry(file, text)
	default:
		l.classic(file, text)
		inFile = false
	}
	if !inFile {
		if err := l.workspaces(opts); err != nil {
			return nil, err
		}
	} else if err := l.kinds(opts); err != nil {
		return nil, err
	}
	l.resolve()
	return l.finish(), nil
}
