package lockfile_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lockwarden/lockwarden/analyzer/worker"
	"github.com/lockwarden/lockwarden/lockfile"
)

// hostile is a pull request that wants the review to take long: two lockfiles
// and the files beside them. An empty base is a lockfile that was added.
type hostile struct {
	file, base, head string
	project          map[string]string
}

// hostileShapes make one of n parts.
var hostileShapes = map[string]func(n int) hostile{
	"npm: one package at many places, with other hashes and other users": func(n int) hostile {
		side := func(c string) string {
			return npmShape(`"":{"dependencies":{"x":"*"}}`, n, func(i int) string {
				return fmt.Sprintf(`"node_modules/p%d":{"version":"1.0.0","dependencies":{"x":"*"}},
"node_modules/p%d/node_modules/x":{"version":"1.0.0","integrity":"sha512-%s%d="}`, i, i, c, i)
			})
		}
		return hostile{"package-lock.json", side("A"), side("B"), nil}
	},
	"npm: a user at many places that gets many versions": func(n int) hostile {
		side := func(shift int) string {
			return npmShape(`"":{}`, n, func(i int) string {
				return fmt.Sprintf(`"node_modules/p%d":{"version":"1.0.0"},"node_modules/p%d/node_modules/u":{"version":"1.0.0","dependencies":{"x":"*"}},
"node_modules/p%d/node_modules/x":{"version":"1.0.%d"},"node_modules/x%d":{"name":"x","version":"1.0.%d"}`, i, i, i, i+shift, i, i+shift*2)
			})
		}
		return hostile{"package-lock.json", side(0), side(n / 2), nil}
	},
	"npm: many versions of one package": func(n int) hostile {
		side := func(minor int) string {
			return npmShape(`"":{}`, n, func(i int) string {
				return fmt.Sprintf(`"node_modules/p%d/node_modules/x":{"version":"1.%d.%d"}`, i, minor, i)
			})
		}
		return hostile{"package-lock.json", side(0), side(1), nil}
	},
	"npm: many aliases of one package": func(n int) hostile {
		asks := repeat(n, ",", func(i int) string { return fmt.Sprintf(`"a%d":"*"`, i) })
		head := npmShape(`"":{"dependencies":{`+asks+`}}`, n, func(i int) string {
			return fmt.Sprintf(`"node_modules/a%d":{"name":"x","version":"1.0.0","integrity":"sha512-A%d="}`, i, i)
		})
		return hostile{"package-lock.json", strings.ReplaceAll(head, "sha512-A", "sha512-B"), head, map[string]string{"package.json": `{"dependencies":{` + asks + `}}`}}
	},
	"npm: many new aliases of one old package, and overrides": func(n int) hostile {
		base := npmShape(`"":{}`, n, func(i int) string {
			return fmt.Sprintf(`"node_modules/p%d/node_modules/x":{"version":"1.0.0","integrity":"sha512-A%d="}`, i, i)
		})
		head := npmShape(`"":{}`, n, func(i int) string {
			return fmt.Sprintf(`"node_modules/p%d/node_modules/x":{"version":"1.0.0","integrity":"sha512-B%d="},
"node_modules/q%d":{"version":"1.0.0","dependencies":{"a":"*"}},"node_modules/q%d/node_modules/a":{"name":"x","version":"1.0.0","integrity":"sha512-C%d="}`, i, i, i, i, i)
		})
		overrides := repeat(n, ",", func(i int) string { return fmt.Sprintf(`"a@%d":"1.0.%d"`, i, i) })
		return hostile{"package-lock.json", base, head, map[string]string{"package.json": `{"overrides":{` + overrides + `}}`}}
	},
	"npm: a package with a huge name, version and address that many ask for": func(n int) hostile {
		huge := strings.Repeat("x", 20*n)
		head := npmShape(`"":{},"node_modules/h":{"name":"`+huge+`","resolved":"https://h.example/`+huge+`","dependencies":{`+
			repeat(n, ",", func(i int) string { return fmt.Sprintf(`"p%d":"*"`, i) })+`}}`, n, func(i int) string {
			return fmt.Sprintf(`"node_modules/p%d":{"name":"other","version":"1.0.%d","dependencies":{"h":"*"}}`, i, i)
		})
		return hostile{"package-lock.json", npmShape(`"":{}`, 1, func(int) string { return `"node_modules/a":{}` }), head, nil}
	},
	"npm: a huge address without a version that many ask for": func(n int) hostile {
		huge := strings.Repeat("x", 20*n)
		head := npmShape(`"":{},"node_modules/h":{"resolved":"https://h.example/`+huge+`","dependencies":{`+
			repeat(n, ",", func(i int) string { return fmt.Sprintf(`"p%d":"*"`, i) })+`}}`, n, func(i int) string {
			return fmt.Sprintf(`"node_modules/p%d":{"version":"1.0.0","dependencies":{"h":"*"}}`, i)
		})
		return hostile{"package-lock.json", strings.ReplaceAll(head, "1.0.0", "1.0.1"), head, nil}
	},
	"npm: long lists of hashes, compared with each other": func(n int) hostile {
		side := func(c string) string {
			return npmShape(`"":{}`, 400, func(i int) string {
				list := repeat(n/400, " ", func(j int) string { return fmt.Sprintf("sha512-%s%dA%d=", c, i, j) })
				return fmt.Sprintf(`"node_modules/%sp%d/node_modules/x":{"version":"1.0.0","integrity":"%s"}`, c, i, list)
			})
		}
		return hostile{"package-lock.json", side("A"), side("B"), nil}
	},
	"npm: one long list of hashes": func(n int) hostile {
		side := func(c string) string {
			list := repeat(4*n, " ", func(j int) string { return fmt.Sprintf("sha512-%sA%d=", c, j) })
			return `{"lockfileVersion":3,"packages":{"node_modules/x":{"version":"1.0.0","integrity":"` + list + `"}}}`
		}
		return hostile{"package-lock.json", side("A"), side("B"), nil}
	},
	"npm: a place that is very long": func(n int) hostile {
		return hostile{file: "package-lock.json", head: `{"lockfileVersion":3,"packages":{"` + strings.Repeat("a/", 40*n) + `b":{"version":"1.0.0"}}}`}
	},
	"npm: many long places": func(n int) hostile {
		return hostile{file: "package-lock.json", head: npmShape(`"":{}`, n/20, func(i int) string {
			return fmt.Sprintf(`"%sp%d":{"version":"1.0.0"}`, strings.Repeat("a/", 1000), i)
		})}
	},
	"npm: bundles of many": func(n int) hostile {
		head := npmShape(`"":{"bundleDependencies":[`+repeat(n, ",", func(i int) string { return fmt.Sprintf(`"b%d"`, i) })+`]}`, n, func(i int) string {
			return fmt.Sprintf(`"node_modules/p%d":{"version":"1.0.0"}`, i)
		})
		return hostile{"package-lock.json", head, head, nil}
	},
	"npm: one package at many places with other lists": func(n int) hostile {
		list := repeat(n, ",", func(i int) string { return fmt.Sprintf(`"d%d":"*"`, i) })
		base := `{"lockfileVersion":3,"packages":{"node_modules/x":{"version":"1.0.0","dependencies":{` + list + `},"bin":{` + list + `}}}}`
		return hostile{"package-lock.json", base, npmShape(`"":{}`, n, func(i int) string {
			return fmt.Sprintf(`"node_modules/p%d/node_modules/x":{"version":"1.0.0","dependencies":{"e%d":"*"},"bin":{"e":"%d"}}`, i, i, i)
		}), nil}
	},
	"npm: deep places that ask for many": func(n int) hostile {
		var b strings.Builder
		at := "node_modules/a"
		for range 250 {
			fmt.Fprintf(&b, "%q:{\"version\":\"1.0.0\"},\n", at)
			at += "/node_modules/a"
		}
		return hostile{file: "package-lock.json", head: npmShape(`"":{},`+b.String()+`"`+at+`":{"version":"1.0.0","dependencies":{`+
			repeat(10*n, ",", func(i int) string { return fmt.Sprintf(`"d%d":"*"`, i) })+`}}`, n, func(i int) string {
			return fmt.Sprintf(`"node_modules/d%d":{"version":"1.0.0"}`, i)
		})}
	},
	"npm 1: deep places that ask for many": func(n int) hostile {
		const depth = 100
		asks := repeat(10*n, ",", func(i int) string { return fmt.Sprintf(`"d%d":"*"`, i) })
		return hostile{file: "package-lock.json", head: `{"lockfileVersion":1,"dependencies":{` +
			strings.Repeat(`"a":{"version":"1.0.0","dependencies":{`, depth) + `"a":{"version":"1.0.0","requires":{` + asks + `}}` + strings.Repeat("}}", depth) + "," +
			repeat(n, ",", func(i int) string { return fmt.Sprintf(`"d%d":{"version":"1.0.0"}`, i) }) + `}}`}
	},
	"npm 1: links with long targets in links": func(n int) hostile {
		const depth = 100
		return hostile{file: "package-lock.json", head: `{"lockfileVersion":1,"dependencies":{` +
			strings.Repeat(`"a":{"version":"file:node_modules/a/node_modules/`+strings.Repeat("b/", 1500)+`","dependencies":{`, depth) +
			repeat(n, ",", func(i int) string { return fmt.Sprintf(`"d%d":{"version":"1.0.0"}`, i) }) + strings.Repeat("}}", depth) + `}}`}
	},
	"npm 1: bundled packages of one that requires many": func(n int) hostile {
		return hostile{file: "package-lock.json", head: `{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","requires":{` +
			repeat(n, ",", func(i int) string { return fmt.Sprintf(`"d%d":"*"`, i) }) + `},"dependencies":{` +
			repeat(n, ",", func(i int) string { return fmt.Sprintf(`"d%d":{"version":"1.0.0","bundled":true}`, n-i) }) + `}}}}`}
	},
	"npm 2: halves of which nothing agrees": func(n int) hostile {
		packages := npmShape(`"":{}`, n, func(i int) string { return fmt.Sprintf(`"node_modules/p%d":{"version":"1.0.0","dev":true}`, i) })
		head := strings.Replace(strings.TrimSuffix(packages, "}"), `"lockfileVersion":3`, `"lockfileVersion":2`, 1) + `,"dependencies":{` +
			repeat(n, ",", func(i int) string { return fmt.Sprintf(`"q%d":{"version":"1.0.0"}`, i) }) + `}}`
		return hostile{"package-lock.json", head, head, nil}
	},
	"npm: many workspaces with many patterns": func(n int) hostile {
		patterns := repeat(n, ",", func(i int) string { return fmt.Sprintf(`"w%d*"`, i) })
		folders := repeat(n, ",", func(i int) string { return fmt.Sprintf(`"f/w%d"`, i) })
		head := npmShape(`"":{"workspaces":[`+patterns+","+folders+`]}`, n, func(i int) string {
			return fmt.Sprintf(`"node_modules/w%d":{"link":true,"resolved":"f/w%d"},"f/w%d":{"version":"1.0.0"}`, i, i, i)
		})
		return hostile{"package-lock.json", head, head, nil}
	},
	"npm: everything moves": func(n int) hostile {
		side := func(by int) string {
			return npmShape(`"":{}`, n, func(i int) string {
				return fmt.Sprintf(`"node_modules/p%d/node_modules/x%d":{"version":"1.0.0"}`, i, (i+by)%n)
			})
		}
		return hostile{"package-lock.json", side(0), side(1), nil}
	},
	"pnpm 9: snapshots of one package that has much": func(n int) hostile {
		many := repeat(n/4, "\n", func(i int) string { return fmt.Sprintf("    k%d: v", i) })
		systems := repeat(n/4, ",", func(i int) string { return fmt.Sprintf("s%d", i) })
		head := "lockfileVersion: '9.0'\npackages:\n  x@1.0.0:\n    resolution: {integrity: sha512-AA==}\n    os: [" + systems + "]\n" + many + "\nsnapshots:\n" +
			repeat(n/4, "\n", func(i int) string { return fmt.Sprintf("  x@1.0.0(p@%d): {}", i) }) + "\n"
		return hostile{"pnpm-lock.yaml", strings.ReplaceAll(head, "AA==", "BB=="), head, nil}
	},
	"pnpm 9: a part with a long name and many links": func(n int) hostile {
		return hostile{file: "pnpm-lock.yaml", head: "lockfileVersion: '9.0'\nimporters:\n  ? " + strings.Repeat("a/", 10*n) + "b\n  :\n    dependencies:\n" +
			repeat(n/4, "\n", func(i int) string {
				return fmt.Sprintf("      d%d:\n        specifier: link:d\n        version: link:d", i)
			}) + "\n"}
	},
	"pnpm 6: one place for many keys": func(n int) hostile {
		return hostile{file: "pnpm-lock.yaml", head: "lockfileVersion: '6.0'\npackages:\n" +
			repeat(n/2, "\n", func(i int) string {
				key := []byte("/" + strings.Repeat("x", 20) + "@1.0.0/")
				for b := range 20 {
					if i>>b&1 == 1 {
						key[1+b] = '+'
					}
				}
				return "  " + string(key) + ": {name: x, version: 1.0.0}"
			}) + "\n"}
	},
	"pnpm: nothing but keys":  func(n int) hostile { return hostile{file: "pnpm-lock.yaml", head: strings.Repeat("- \n", 20*n)} },
	"pnpm: nothing but depth": func(n int) hostile { return hostile{file: "pnpm-lock.yaml", head: "a: " + strings.Repeat("[", 20*n)} },
	"pnpm: depth in blocks": func(n int) hostile {
		var b strings.Builder
		for i := range min(n/16, 9000) {
			b.WriteString(strings.Repeat(" ", i) + "a:\n")
		}
		return hostile{file: "pnpm-lock.yaml", head: b.String()}
	},
	"pnpm: many documents": func(n int) hostile {
		return hostile{file: "pnpm-lock.yaml", head: strings.Repeat("---\nlockfileVersion: '9.0'\n", n)}
	},
	"pnpm: anchors in the workspace file": func(n int) hostile {
		var b strings.Builder
		b.WriteString("overrides:\n  a0: &a0 {x: y}\n")
		for i := 1; i < 60; i++ {
			fmt.Fprintf(&b, "  a%d: &a%d {%s}\n", i, i, repeat(9, ", ", func(j int) string { return fmt.Sprintf("k%d: *a%d", j, i-1) }))
		}
		return hostile{"pnpm-lock.yaml", "", "lockfileVersion: '9.0'\n", map[string]string{"pnpm-workspace.yaml": b.String()}}
	},
	"pnpm: many uses of one anchor in the workspace file": func(n int) hostile {
		text := "overrides:\n  a: &a {" + repeat(n/2, ", ", func(i int) string { return fmt.Sprintf("k%d: v", i) }) + "}\n" +
			repeat(n/2, "\n", func(i int) string { return fmt.Sprintf("  b%d: *a", i) })
		return hostile{"pnpm-lock.yaml", "", "lockfileVersion: '9.0'\n", map[string]string{"pnpm-workspace.yaml": text}}
	},
	"pnpm: depth in the workspace file": func(n int) hostile {
		return hostile{"pnpm-lock.yaml", "", "lockfileVersion: '9.0'\n", map[string]string{"pnpm-workspace.yaml": "overrides: " + strings.Repeat("{a: ", 4*n)}}
	},
	"yarn 1: many resolutions": func(n int) hostile {
		resolutions := repeat(n, ",", func(i int) string { return fmt.Sprintf(`"p%d/d@npm:%d":"1.0.%d"`, i, i, i) })
		head := "# yarn lockfile v1\n" + repeat(n, "\n", func(i int) string {
			return fmt.Sprintf("p%d@1:\n  version \"1.0.0\"\n  dependencies:\n    d \"%d\"\n\nd@1.0.%d:\n  version \"1.0.%d\"\n", i, i, i, i)
		})
		return hostile{"yarn.lock", head, head, map[string]string{"package.json": `{"resolutions":{` + resolutions + `}}`}}
	},
	"yarn 1: many entries at one place": func(n int) hostile {
		head := "# yarn lockfile v1\n" + repeat(n, "\n", func(i int) string { return fmt.Sprintf("x@%d:\n  version \"1.0.0\"\n", i) })
		return hostile{"yarn.lock", head, strings.ReplaceAll(head, "1.0.0", "2.0.0"), nil}
	},
	"yarn 1: many ranges of one entry": func(n int) hostile {
		head := "# yarn lockfile v1\n" + repeat(4*n, ", ", func(i int) string { return fmt.Sprintf("x@%d", i) }) + ":\n  version \"1.0.0\"\n"
		return hostile{"yarn.lock", head, head, nil}
	},
	"yarn 1: much that is not locked": func(n int) hostile {
		head := "# yarn lockfile v1\nx@1:\n  version \"1.0.0\"\n  dependencies:\n" + repeat(4*n, "\n", func(i int) string { return fmt.Sprintf("    d%d \"%d\"", i, i) }) + "\n"
		return hostile{"yarn.lock", head, head, nil}
	},
	"yarn 4: many patches that nothing is": func(n int) hostile {
		head := "__metadata:\n  version: 8\n" + repeat(n/4, "\n", func(i int) string {
			return fmt.Sprintf("\"p%d@patch:p%d@npm%%3A1#./x.patch::v\":\n  version: 1.0.0\n  resolution: \"p%d@npm:1.0.0\"\n  dependencies:\n    d%d: \"patch:d\"", i, i, i, i)
		}) + "\n"
		return hostile{"yarn.lock", head, head, nil}
	},
	"yarn 4: a part with a long name and many aliases": func(n int) hostile {
		head := "__metadata:\n  version: 8\n\"w@workspace:w\":\n  version: 0.0.0\n  resolution: \"w@workspace:" + strings.Repeat("a/", 10*n) + "w\"\n  dependencies:\n" +
			repeat(n/4, "\n", func(i int) string { return fmt.Sprintf("    a%d: \"npm:x@1\"", i) }) + "\n" +
			repeat(n/4, "\n", func(i int) string {
				return fmt.Sprintf("\"a%d@npm:x@1\":\n  version: 1.0.0\n  resolution: \"x@npm:1.0.0\"", i)
			}) + "\n"
		return hostile{file: "yarn.lock", head: head}
	},
	"yarn 6: many systems and optional names in one entry": func(n int) hostile {
		names := func(write string) string { return repeat(n, ",", func(i int) string { return fmt.Sprintf(write, i) }) }
		head := `{"__metadata":{"version":9},"entries":{"x@npm:1":{"resolution":{"resolution":"x@npm:1.0.0","version":"1.0.0","requirements":{` + names(`"k%d":["v"]`) +
			`},"dependencies":{` + names(`"d%d":"1"`) + `},"optionalDependencies":[` + names(`"e%d"`) + `]}}}}`
		return hostile{"yarn.lock", head, head, nil}
	},
	"bun: many workspaces": func(n int) hostile {
		head := `{"lockfileVersion":1,"workspaces":{"":{"name":"r"},` + repeat(n, ",", func(i int) string { return fmt.Sprintf(`"p/w%d":{"name":"w%d"}`, i, i) }) +
			`},"packages":{` + repeat(n, ",", func(i int) string { return fmt.Sprintf(`"w%d":["w%d@workspace:p/w%d"]`, i, i, i) }) + `}}`
		return hostile{"bun.lock", head, head, nil}
	},
	"bun: a place of many names": func(n int) hostile {
		return hostile{file: "bun.lock", head: `{"lockfileVersion":1,"workspaces":{"":{}},"packages":{"` + strings.Repeat("a/", 20*n) + `b":["b@1.0.0","",{},""]}}`}
	},
}

// repeat joins n parts.
func repeat(n int, between string, part func(i int) string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(part(i))
	}
	return b.String()
}

func npmShape(first string, n int, entry func(i int) string) string {
	return `{"lockfileVersion":3,"packages":{` + first + ",\n" + repeat(n, ",\n", entry) + "}}"
}

// hostileTime bounds what a shape may take, parsed and compared. A few
// megabytes take a second or less; what grows with the square takes minutes.
const hostileTime = 30 * time.Second

// TestHostileSizes: nothing that a lockfile can say makes reading and comparing
// it slow.
func TestHostileSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("megabytes")
	}
	n := 10_000
	if os.Getenv("LOCKWARDEN_NIGHTLY") != "" {
		n = 50_000 // 5 to 15 MB
	}
	for name, shape := range hostileShapes {
		t.Run(name, func(t *testing.T) {
			h := shape(n)
			files := fstest.MapFS{}
			for file, text := range h.project {
				files[file] = &fstest.MapFile{Data: []byte(text)}
			}
			opts := lockfile.Options{Project: files}
			start := worker.ProcessorTime()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var base *lockfile.Lockfile
			if h.base != "" {
				base, _ = lockfile.Parse(h.file, []byte(h.base), opts)
			}
			head, err := lockfile.Parse(h.file, []byte(h.head), opts)
			parsed := worker.ProcessorTime() - start
			changes := 0
			if err == nil {
				changes = len(lockfile.Compare(base, head))
				if base != nil {
					lockfile.Compare(head, base)
				}
				lockfile.Drift(head)
				lockfile.Unsatisfied(head)
				if manifest := h.project["package.json"]; manifest != "" {
					requests, _ := lockfile.Requests("package.json", []byte(manifest))
					for _, r := range requests {
						head.Locks(".", r.Dependency)
						head.Locks("w", r.Dependency)
					}
				}
			}
			runtime.ReadMemStats(&after)
			took := worker.ProcessorTime() - start
			line := fmt.Sprintf("%5.1f MB: %v to read, %v in all, %d MB allocated, %d changes, %.120v",
				float64(len(h.base)+len(h.head))/1e6, parsed.Round(time.Millisecond), took.Round(time.Millisecond),
				(after.TotalAlloc-before.TotalAlloc)>>20, changes, err)
			if took > hostileTime {
				t.Error(line)
			} else {
				t.Log(line)
			}
		})
	}
}
