package settings

import "slices"

// Workspaces is one list of patterns of the folders that are part of a project.
type Workspaces struct {
	// File and Key are where it stands, Dir the folder that it is relative to.
	File, Key, Dir string
	// Patterns are in file order, those that begin with "!" among them.
	Patterns []Pattern
	// Clients are the package managers that read it.
	Clients []string
}

// Pattern is one of them and its line.
type Pattern struct {
	Text string
	Line int
}

// Texts are the patterns alone.
func (w Workspaces) Texts() (out []string) {
	for _, p := range w.Patterns {
		out = append(out, p.Text)
	}
	return out
}

// Workspaces lists what the files say of the project's folders, as far as the
// package managers that it uses read it.
func (s Settings) Workspaces() []Workspaces {
	c := comparison{base: &s, head: &s, used: s.clients()}
	var out []Workspaces
	for i := range s.Statements {
		one := &s.Statements[i]
		by := c.readers(one.by)
		if one.Topic != workspacesTopic || by == 0 {
			continue
		}
		at := slices.IndexFunc(out, func(w Workspaces) bool { return w.File == one.File })
		if at < 0 {
			at = len(out)
			out = append(out, Workspaces{File: one.File, Key: one.Key, Dir: one.dir, Clients: by.names()})
		}
		out[at].Patterns = append(out[at].Patterns, Pattern{one.Value, one.Line})
	}
	return out
}

// OwnScripts are what an installation runs of the folders that these settings
// are of, as changes that bring them. used are the project's settings, which
// say who installs it.
func (s Settings) OwnScripts(used Settings) []Change {
	s.Managers = used.Managers
	all := Compare(Settings{Managers: used.Managers}, s)
	all = slices.DeleteFunc(all, func(c Change) bool { return c.ID != OwnScript })
	for i := range all {
		all[i].From = "not run" // it stood there
	}
	return all
}
