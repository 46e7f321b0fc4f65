package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/documenttest"
)

// shown is a handler that answers with its input, as encoding/json writes it.
func shown[In any](_ context.Context, in In) (candor.Text, error) {
	data, err := json.Marshal(in)
	return candor.Text(data), err
}

// showing is a client of an app with that handler at a path, for GET and POST.
func showing[In any](t *testing.T, path string, options ...candor.RouteOption) *candor.TestClient {
	t.Helper()
	return showingIn[In](t, candor.Config{}, path, options...)
}

func showingIn[In any](t *testing.T, config candor.Config, path string, options ...candor.RouteOption) *candor.TestClient {
	t.Helper()
	build := func() *candor.App {
		app := candor.New(config)
		candor.Handle(app, []string{http.MethodGet, http.MethodPost}, path, shown[In], options...)
		return app
	}
	documenttest.Stable(t, build)
	return candor.NewTestClient(t, build())
}

// outcome is what came of a request: the status and the body, or the faults
// with their locations and facts.
func outcome(r *candor.TestResponse) string {
	if r.Code != http.StatusUnprocessableEntity {
		return strings.TrimSpace(fmt.Sprintf("%d %s", r.Code, r.Body))
	}
	var faults []string
	for _, f := range r.Faults() {
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(f.Loc)
		text := f.Type + " " + strings.TrimSpace(b.String())
		if f.Ctx != nil {
			b.Reset()
			_ = encoder.Encode(f.Ctx)
			text += " " + strings.TrimSpace(b.String())
		}
		faults = append(faults, text)
	}
	return strings.Join(faults, "\n")
}

// asked is a request and what should come of it.
type asked struct {
	target  string
	want    string
	options []candor.TestOption
}

func header(name, value string) candor.TestOption { return candor.WithHeader(name, value) }

// gets sends GET requests and compares what comes of them.
func gets(t *testing.T, c *candor.TestClient, rows ...asked) {
	t.Helper()
	for _, row := range rows {
		assert.Equal(t, row.want, outcome(c.Get(row.target, row.options...)), row.target)
	}
}

// posts sends bodies of JSON and compares what comes of them.
func posts(t *testing.T, c *candor.TestClient, target string, rows ...[2]string) {
	t.Helper()
	for _, row := range rows {
		assert.Equal(t, row[1], outcome(c.Post(target, row[0])), row[0])
	}
}

// told is a part of the document: names lead to members, numbers to elements;
// nil where there is none.
func told(t *testing.T, c *candor.TestClient, keys ...any) any {
	t.Helper()
	var v any
	c.Get("/openapi.json").Status(http.StatusOK).JSON(&v)
	for _, key := range keys {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[fmt.Sprint(key)]
		case []any:
			i, ok := key.(int)
			if !ok || i >= len(inner) {
				return nil
			}
			v = inner[i]
		default:
			return nil
		}
	}
	return v
}
