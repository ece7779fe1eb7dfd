package octokit

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// Checker holds requests and answers against GitHub's OpenAPI description, for
// a githubtest.GitHub.
type Checker struct {
	doc *openapi3.T
}

// NewChecker reads the description. It takes about two seconds, so that it is
// made once in a process.
var NewChecker = sync.OnceValues(func() (*Checker, error) {
	data, err := Description()
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("octokit: %w", err)
	}
	return &Checker{doc}, nil
})

// operation finds the description's own for a route.
func (d *Checker) operation(method, pattern string) *openapi3.Operation {
	_, path, _ := strings.Cut(pattern, " ")
	path = strings.ReplaceAll(path, "...}", "}")
	item := d.doc.Paths.Find(path)
	if item == nil {
		return nil
	}
	return item.GetOperation(method)
}

// Check returns the answer with what the description requires besides, and what
// it does not allow.
func (d *Checker) Check(r *http.Request, body []byte, pattern string, status int, payload []byte) ([]byte, []string) {
	op := d.operation(r.Method, pattern)
	if op == nil {
		return payload, []string{pattern + ": GitHub's description has no such operation"}
	}
	var problems []string
	add := func(format string, args ...any) {
		problems = append(problems, pattern+": "+fmt.Sprintf(format, args...))
	}
	known := map[string]bool{}
	for _, p := range op.Parameters {
		known[p.Value.Name] = true
	}
	for name := range r.URL.Query() {
		if !known[name] {
			add("the request has the parameter %s", name)
		}
	}
	if text := strings.TrimSpace(string(body)); text != "" && text != "null" && op.RequestBody != nil {
		if media := op.RequestBody.Value.Content.Get("application/json"); media != nil {
			var value any
			if err := json.Unmarshal(body, &value); err != nil {
				add("the request is not JSON: %v", err)
			} else if err := media.Schema.Value.VisitJSON(value, openapi3.MultiErrors()); err != nil {
				add("the request: %s", first(err))
			}
		}
	}
	if status/100 != 2 {
		return payload, problems
	}
	response := op.Responses.Status(status)
	if response == nil || response.Value == nil {
		add("the answer %d is not described", status)
		return payload, problems
	}
	media := response.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		return payload, problems
	}
	var value any
	if err := json.Unmarshal(payload, &value); err != nil {
		add("%v", err)
		return payload, problems
	}
	var strange []string
	value = complete(media.Schema.Value, value, "", 0, &strange)
	for _, s := range strange {
		add("the answer has %s", s)
	}
	if err := media.Schema.Value.VisitJSON(value, openapi3.MultiErrors()); err != nil {
		add("the answer: %s", first(err))
	}
	out, err := json.Marshal(value)
	if err != nil {
		add("%v", err)
		return payload, problems
	}
	return out, problems
}

func first(err error) string {
	s := err.Error()
	if len(s) > 600 {
		s = s[:600] + "…"
	}
	return strings.ReplaceAll(s, "\n", " ")
}

// shape is the object schema among alternatives.
func shape(s *openapi3.Schema) *openapi3.Schema {
	if len(s.Properties) > 0 || s.Items != nil {
		return s
	}
	if len(s.AllOf) > 1 {
		both := openapi3.Schema{Properties: openapi3.Schemas{}}
		for _, ref := range s.AllOf {
			part := shape(ref.Value)
			maps.Copy(both.Properties, part.Properties)
			both.Required = append(both.Required, part.Required...)
		}
		return &both
	}
	for _, list := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
		for _, ref := range list {
			if found := shape(ref.Value); len(found.Properties) > 0 || found.Items != nil {
				return found
			}
		}
	}
	return s
}

// complete adds the properties that a schema requires and nobody reads here,
// and notes those that it does not know.
func complete(s *openapi3.Schema, value any, at string, depth int, strange *[]string) any {
	if depth > 12 {
		return value
	}
	s = shape(s)
	switch v := value.(type) {
	case map[string]any:
		if len(s.Properties) == 0 {
			return v
		}
		for name, item := range v {
			p := s.Properties[name]
			if p == nil {
				// GitHub has more permissions than its description lists.
				if s.AdditionalProperties.Schema == nil && !strings.HasSuffix(at, ".permissions") {
					*strange = append(*strange, at+"."+name)
				}
				continue
			}
			if item != nil {
				v[name] = complete(p.Value, item, at+"."+name, depth+1, strange)
			}
		}
		for _, name := range s.Required {
			if _, ok := v[name]; !ok && s.Properties[name] != nil {
				v[name] = sample(s.Properties[name].Value, depth+1)
			}
		}
		return v
	case []any:
		if s.Items != nil {
			for i := range v {
				v[i] = complete(s.Items.Value, v[i], at+"[]", depth+1, strange)
			}
		}
		return v
	}
	return value
}

// sample is some value that a schema allows.
func sample(s *openapi3.Schema, depth int) any {
	switch {
	case s.Nullable:
		return nil
	case s.Example != nil:
		return s.Example
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	inner := shape(s)
	switch {
	case inner.Type.Is("object") || len(inner.Properties) > 0:
		o := map[string]any{}
		if depth < 12 {
			for _, name := range inner.Required {
				if p := inner.Properties[name]; p != nil {
					o[name] = sample(p.Value, depth+1)
				}
			}
		}
		return o
	case inner.Type.Is("array"):
		return []any{}
	case inner.Type.Is("boolean"):
		return false
	case inner.Type.Is("integer"), inner.Type.Is("number"):
		return 1
	}
	switch inner.Format {
	case "date-time":
		return "2026-01-01T00:00:00Z"
	case "uri":
		return "https://api.github.com/x"
	}
	for _, list := range []openapi3.SchemaRefs{s.AnyOf, s.OneOf, s.AllOf} {
		if len(list) > 0 {
			return sample(list[0].Value, depth+1)
		}
	}
	return "x"
}
