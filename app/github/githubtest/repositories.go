package githubtest

import (
	"encoding/base64"
	"maps"
	"net/http"
	pathpkg "path"
	"slices"
	"strconv"
	"strings"
	"time"
)

func getRepository(c *call) answer { return ok(c.g.repositoryJSON(c.repo)) }

func listPulls(c *call) answer {
	state := c.r.URL.Query().Get("state")
	var list []any
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(c.repo.pulls))) {
		if p := c.repo.pulls[n]; state == "all" || p.State == "open" && (state == "" || state == "open") || p.State == state {
			list = append(list, c.g.pullJSON(p))
		}
	}
	some, header := page(c, list)
	return answer{status: http.StatusOK, value: append([]any{}, some...), header: header}
}

func getPull(c *call) answer {
	p := c.repo.pulls[int(c.number("pull_number"))]
	if p == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	full := c.g.pullJSON(p)
	if time.Since(p.pushed) < c.g.lag {
		if p.before == "" {
			return refuse(http.StatusNotFound, "Not Found")
		}
		full["head"].(object)["sha"] = p.before
	}
	onLines := 0
	for _, l := range c.repo.onLines {
		if l.Pull == p.Number && time.Since(l.written) >= c.g.lag {
			onLines++
		}
	}
	maps.Copy(full, object{"changed_files": len(c.repo.changes(c.repo.mergeBase(c.repo.branches[p.BaseRef], p.sha()), p.sha())),
		"additions": 1, "deletions": 0, "commits": 1, "comments": 0,
		"review_comments": onLines, "merged": false, "mergeable": true, "mergeable_state": "clean", "maintainer_can_modify": false,
		"merged_by": nil})
	return ok(full)
}

// maxFiles is how many files GitHub lists of a pull request before it stops
// without a word.
const maxFiles = 3000

func (g *GitHub) fileJSON(r *Repository, f change, sha string) object {
	o := object{"sha": f.blob, "filename": f.path, "status": f.status, "additions": 1, "deletions": 0, "changes": 1,
		"blob_url": "https://github.com/" + r.Path() + "/blob/" + sha + "/" + f.path, "raw_url": "https://github.com/" + r.Path() + "/raw/" +
			sha + "/" + f.path,
		"contents_url": g.server.URL + "/repos/" + r.Path() + "/contents/" + f.path + "?ref=" + sha}
	if f.previous != "" {
		o["previous_filename"] = f.previous
	}
	return o
}

func listPullFiles(c *call) answer {
	p := c.repo.pulls[int(c.number("pull_number"))]
	if p == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	changes := c.repo.changes(c.repo.mergeBase(c.repo.branches[p.BaseRef], p.sha()), p.sha())
	some, header := page(c, changes[:min(len(changes), maxFiles)])
	out := []any{}
	for _, f := range some {
		out = append(out, c.g.fileJSON(c.repo, f, p.sha()))
	}
	return answer{status: http.StatusOK, value: out, header: header}
}

// commitPulls knows the pull requests of branches in the repository, not of
// forks.
func commitPulls(c *call) answer {
	out := []any{}
	for _, n := range slices.Sorted(maps.Keys(c.repo.pulls)) {
		if p := c.repo.pulls[n]; p.sha() == c.r.PathValue("commit_sha") && p.Head == c.repo {
			out = append(out, c.g.pullJSON(p))
		}
	}
	return ok(out)
}

// resolve finds the commit that a ref names.
func (r *Repository) resolve(ref string) string {
	if sha, ok := r.branches[strings.TrimPrefix(ref, "refs/heads/")]; ok {
		return sha
	}
	if ref == "HEAD" {
		return r.branches[r.DefaultBranch]
	}
	if r.network.commits[ref] != nil {
		return ref
	}
	if n, ok := strings.CutPrefix(ref, "refs/pull/"); ok {
		number, _ := strconv.Atoi(strings.TrimSuffix(n, "/head"))
		if p := r.pulls[number]; p != nil {
			return p.sha()
		}
	}
	return ""
}

func compare(c *call) answer {
	base, head, found := strings.Cut(c.r.PathValue("basehead"), "...")
	a, b := c.repo.resolve(base), c.repo.resolve(head)
	if !found || a == "" || b == "" {
		return refuse(http.StatusNotFound, "Not Found")
	}
	merge := c.repo.mergeBase(a, b)
	if merge == "" {
		return refuse(http.StatusNotFound, "No common ancestor between "+base+" and "+head+".")
	}
	files := []any{}
	for i, f := range c.repo.changes(merge, b) {
		if i == 300 {
			break
		}
		files = append(files, c.g.fileJSON(c.repo, f, b))
	}
	return ok(object{"status": "ahead", "ahead_by": 1, "behind_by": 0, "total_commits": 1, "base_commit": c.g.commitJSON(c.repo, a),
		"merge_base_commit": c.g.commitJSON(c.repo, merge), "commits": []any{}, "files": files})
}

// Sizes up to which contents come inline and at all.
const (
	inlineSize  = 1 << 20
	contentSize = 100 << 20
)

func getContents(c *call) answer {
	ref := c.r.URL.Query().Get("ref")
	if ref == "" {
		ref = c.repo.DefaultBranch
	}
	sha := c.repo.resolve(ref)
	if sha == "" {
		return refuse(http.StatusNotFound, "No commit found for the ref "+ref)
	}
	path := c.r.PathValue("path")
	files := c.repo.files(sha)
	entry, found := files[path]
	if !found {
		return refuse(http.StatusNotFound, "Not Found")
	}
	blob, mode := blobOf(entry)
	if mode == "120000" {
		// A link to a normal file in the repository is answered with that file.
		target := pathpkg.Join(pathpkg.Dir(path), string(c.repo.network.blobs[blob]))
		if to, ok := files[target]; ok {
			blob, _ = blobOf(to)
		}
	}
	data := c.repo.network.blobs[blob]
	if len(data) > contentSize {
		return refuse(http.StatusForbidden, "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API")
	}
	if strings.Contains(c.r.Header.Get("Accept"), "raw") {
		return answer{status: http.StatusOK, raw: data}
	}
	o := object{"type": "file", "size": len(data), "name": path[strings.LastIndexByte(path, '/')+1:], "path": path, "sha": blob,
		"encoding": "base64", "content": base64.StdEncoding.EncodeToString(data)}
	if len(data) > inlineSize {
		o["encoding"], o["content"] = "none", ""
	}
	return ok(o)
}

func getTree(c *call) answer {
	ref := c.r.PathValue("tree_sha")
	tree := c.repo.network.trees[ref]
	sha := ref
	if tree == nil {
		commit := c.repo.network.commits[c.repo.resolve(ref)]
		if commit == nil {
			return refuse(http.StatusNotFound, "Not Found")
		}
		tree, sha = c.repo.network.trees[commit.Tree], commit.Tree
	}
	list := c.repo.listTree(tree, "", c.r.URL.Query().Has("recursive"))
	entries := []any{}
	for _, e := range list[:min(len(list), c.g.ListedTree)] {
		entries = append(entries, e)
	}
	return ok(object{"sha": sha, "url": c.g.server.URL + "/x", "tree": entries, "truncated": len(list) > c.g.ListedTree})
}

// listTree lists what lies directly in a tree, or everything: folders, which are
// trees of their own, stand before what is in them.
func (r *Repository) listTree(tree map[string]string, prefix string, recursive bool) []object {
	folders := map[string]map[string]string{}
	names := map[string]bool{}
	for path, entry := range tree {
		dir, rest, deeper := strings.Cut(path, "/")
		names[dir] = true
		if deeper {
			if folders[dir] == nil {
				folders[dir] = map[string]string{}
			}
			folders[dir][rest] = entry
		}
	}
	var list []object
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if in := folders[name]; in != nil {
			list = append(list, object{"path": prefix + name, "mode": "040000", "type": "tree", "sha": r.network.tree(in)})
			if recursive {
				list = append(list, r.listTree(in, prefix+name+"/", true)...)
			}
			continue
		}
		blob, mode := blobOf(tree[name])
		list = append(list, object{"path": prefix + name, "mode": mode, "type": "blob", "sha": blob, "size": len(r.network.blobs[blob])})
	}
	return list
}

func getBlob(c *call) answer {
	data, found := c.repo.network.blobs[c.r.PathValue("file_sha")]
	if !found {
		return refuse(http.StatusNotFound, "Not Found")
	}
	if len(data) > contentSize {
		return refuse(http.StatusForbidden, "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API")
	}
	if strings.Contains(c.r.Header.Get("Accept"), "raw") {
		return answer{status: http.StatusOK, raw: data}
	}
	return ok(object{"sha": c.r.PathValue("file_sha"), "node_id": "x", "url": c.g.server.URL + "/x", "size": len(data), "encoding": "base64",
		"content": base64.StdEncoding.EncodeToString(data)})
}

// listInstalled lists what an installation may see.
func listInstalled(c *call) answer {
	var list []any
	for _, name := range slices.Sorted(maps.Keys(c.g.repositories)) {
		if r := c.g.repositories[name]; r.Installation == c.installation {
			list = append(list, c.g.repositoryJSON(r))
		}
	}
	some, header := page(c, list)
	return answer{status: http.StatusOK, value: object{"total_count": len(list), "repositories": append([]any{}, some...)}, header: header}
}
