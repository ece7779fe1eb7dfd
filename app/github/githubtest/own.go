package githubtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func getApp(c *call) answer { return ok(c.g.appJSON()) }

func createToken(c *call) answer {
	i := c.g.installations[c.number("installation_id")]
	if i == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	if i.Suspended {
		return refuse(http.StatusForbidden, "This installation has been suspended")
	}
	t := fmt.Sprintf("ghs_%032d", c.g.id())
	expires := c.g.Now().Add(time.Hour)
	c.g.tokens[t] = token{i.ID, expires}
	return answer{status: http.StatusCreated, value: object{"token": t, "expires_at": expires.UTC().Format(time.RFC3339)}}
}

// ExpireTokens lets all tokens end at once.
func (g *GitHub) ExpireTokens() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.tokens)
}

func listDeliveries(c *call) answer {
	out := []any{}
	q := c.r.URL.Query()
	size := 30
	if n, err := strconv.Atoi(q.Get("per_page")); err == nil && n > 0 {
		size = min(n, 100)
	}
	before, _ := strconv.ParseInt(strings.TrimPrefix(q.Get("cursor"), "v1_"), 10, 64)
	header, last := map[string]string{}, int64(0)
	for _, d := range slices.Backward(c.g.deliveries) {
		if !d.Done || before != 0 && d.ID >= before {
			continue // under way, or on a page before this one
		}
		if len(out) == size {
			header["Link"] = fmt.Sprintf(`<%s/app/hook/deliveries?per_page=%d&cursor=v1_%d>; rel="next"`, c.g.server.URL, size, last)
			break
		}
		last = d.ID
		status := "OK"
		if d.Status/100 != 2 {
			status = "Invalid HTTP Response: " + strconv.Itoa(d.Status)
		}
		out = append(out, object{"id": d.ID, "guid": d.GUID, "delivered_at": d.At.Format(time.RFC3339), "redelivery": false,
			"duration": d.Took.Seconds(), "status": status, "status_code": d.Status,
			"event": d.Event, "action": nullable(d.Action), "installation_id": nil, "repository_id": nil})
	}
	return answer{status: http.StatusOK, value: out, header: header}
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func redeliver(c *call) answer {
	id := c.number("delivery_id")
	for _, d := range c.g.deliveries {
		if d.ID == id {
			c.g.wait.Add(1)
			go func() {
				defer c.g.wait.Done()
				c.g.send(d)
			}()
			return answer{status: http.StatusAccepted, value: object{}}
		}
	}
	return refuse(http.StatusNotFound, "Not Found")
}

// Code makes a code of the manifest flow, as GitHub does when a person presses
// the button there.
func (g *GitHub) Code() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	code := fmt.Sprintf("code%d", g.id())
	g.codes[code] = true
	return code
}

func convertManifest(c *call) answer {
	code := c.r.PathValue("code")
	if !c.g.codes[code] {
		return refuse(http.StatusNotFound, "Not Found")
	}
	delete(c.g.codes, code)
	app := c.g.appJSON()
	maps.Copy(app, object{"client_id": c.g.ClientID, "client_secret": c.g.ClientSecret, "webhook_secret": c.g.Secret, "pem": c.g.PrivateKey})
	return answer{status: http.StatusCreated, value: app}
}

func getHookConfig(c *call) answer {
	return ok(object{"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": c.g.hook})
}

func listInstallations(c *call) answer {
	var list []any
	for _, id := range slices.Sorted(maps.Keys(c.g.installations)) {
		i := c.g.installations[id]
		entry := object{"id": i.ID, "account": userJSON(i.Account), "app_id": c.g.AppID, "app_slug": c.g.Slug, "target_id": i.Account.ID,
			"target_type": i.Account.Type, "permissions": i.Permissions, "events": c.g.Events,
			"repository_selection": "all", "access_tokens_url": c.g.server.URL + "/x", "repositories_url": c.g.server.URL + "/x",
			"html_url": "https://github.com/x", "single_file_name": nil,
			"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "suspended_at": nil, "suspended_by": nil}
		if i.Suspended {
			entry["suspended_at"] = "2026-01-02T00:00:00Z"
		}
		list = append(list, entry)
	}
	some, header := page(c, list)
	return answer{status: http.StatusOK, value: append([]any{}, some...), header: header}
}
