package npm

import "testing"

// FuzzManifest: a package.json is the package author's.
func FuzzManifest(f *testing.F) {
	for _, seed := range []string{`{"name":"a","version":"1.0.0","scripts":{"postinstall":"node x"},"bin":{"a":"a.js"},"dependencies":{"b":"^1"}}`, `{"name":1,"scripts":[],"bin":"x","exports":{"import":{"a":[]}}}`, `[]`, `{"dependencies":{"a":{}}}`, "\ufeff{}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data)
		if (m == nil) == (err == nil) {
			t.Fatalf("%v and %v", m, err)
		}
		if err == nil {
			_ = CheckName(m.Name)
			_ = TarballFile(m.Name, m.Version)
		}
	})
}

// FuzzPackument: a registry's document holds what any publisher wrote.
func FuzzPackument(f *testing.F) {
	for _, seed := range []string{`{"name":"a","versions":{"1.0.0":{"name":"a","version":"1.0.0","dist":{"tarball":"x","integrity":"sha512-x"}}},"dist-tags":{"latest":"1.0.0"},"time":{"created":"2020-01-01T00:00:00Z","unpublished":{}}}`, `{"versions":[]}`, `{"time":{"x":1},"maintainers":"x"}`} {
		f.Add([]byte(seed), "^1.0.0")
	}
	f.Fuzz(func(t *testing.T, data []byte, spec string) {
		p, err := ParsePackument("a", data)
		if err != nil {
			return
		}
		if version, ok := MaxSatisfying(p, spec); ok {
			if _, there := p.Versions[version]; !there {
				t.Fatalf("%q is no version of it", version)
			}
		}
	})
}
