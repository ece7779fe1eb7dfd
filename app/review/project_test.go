package review_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockwarden/lockwarden/app/review"
)

func TestProject(t *testing.T) {
	rev := revision(tree{"outside": "1", "web/package.json": "{}", "web/packages/a/package.json": "a", "web/packages/b/package.json": "b", "web/up": "→ ../outside",
		"web/out": "→ ../../x", "web/mod": "submodule", "web/dir": "→ packages"})
	project := review.Project(context.Background(), rev, "web")
	if data, err := fs.ReadFile(project, "package.json"); string(data) != "{}" || err != nil {
		t.Errorf("%q %v", data, err)
	}
	if found, err := fs.Glob(project, "packages/*/package.json"); strings.Join(found, " ") != "packages/a/package.json packages/b/package.json" {
		t.Errorf("%v %v", found, err)
	}
	if data, err := fs.ReadFile(project, "up"); string(data) != "1" || err != nil {
		t.Errorf("a link inside the repository: %q %v", data, err)
	}
	if list, err := fs.ReadDir(project, "dir"); len(list) != 2 || err != nil {
		t.Errorf("a folder's link: %v %v", list, err)
	}
	for _, name := range []string{"../outside", "/outside", "a/../../outside"} {
		if _, err := fs.ReadFile(project, name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"nothing", "packages", "package.json/x"} {
		if _, err := fs.ReadFile(project, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"out", "mod"} {
		var not *review.NotRead
		if _, err := fs.ReadFile(project, name); !errors.As(err, &not) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	rev.fails = "web/package.json"
	if _, err := fs.ReadFile(project, "package.json"); !errors.Is(err, errNetwork) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the network: %v", err)
	}
}

// TestProjectIsAFileSystem holds it against what the standard library asks of one.
func TestProjectIsAFileSystem(t *testing.T) {
	rev := revision(tree{"p/a": "1", "p/b/c": "22", "p/b/d/e": "", "q": "3"})
	if err := fstest.TestFS(review.Project(context.Background(), rev, "p"), "a", "b/c", "b/d/e"); err != nil {
		t.Error(err)
	}
	if err := fstest.TestFS(review.Project(context.Background(), rev, "."), "p/a", "q"); err != nil {
		t.Error(err)
	}
}
