package candor_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

// showHeader asks an app and prints one header of the answer.
func showHeader(app http.Handler, method, target, name string, header ...string) {
	r := httptest.NewRequest(method, target, nil)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprintf("%d %s: %s", w.Code, name, strings.Join(w.Header().Values(name), ", "))))
}

func TestBeforeHeader(t *testing.T) {
	note := func(name string) func(http.Handler) http.Handler {
		return candor.BeforeHeader(func(r *http.Request, status int, h http.Header) {
			h.Add("Note", fmt.Sprintf("%s %s %d %s", name, r.Pattern, status, h.Get("Content-Type")))
		})
	}
	config, _ := recorded()
	app := candor.New(config, candor.Use(note("outer"), note("inner")))
	candor.Get(app, "/text", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })
	candor.Get(app, "/lines", func(context.Context, candor.None) (candor.JSONLines[int], error) {
		return func(yield func(int, error) bool) { yield(1, nil) }, nil
	})
	for path, h := range map[string]http.HandlerFunc{
		"/silent": func(http.ResponseWriter, *http.Request) {},
		"/panics": func(http.ResponseWriter, *http.Request) { panic("no") },
		"/flush":  func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
		"/hints": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusAccepted)
		},
	} {
		candor.HandleHTTP(app, []string{"GET"}, path, h, candor.Status(200))
	}
	c := candor.NewTestClient(t, app, candor.Unchecked())
	for path, want := range map[string]string{
		"/text": "/text 200 text/plain; charset=utf-8", "/lines": "/lines 200 application/jsonl", "/none": " 404 application/json",
		"/silent": "/silent 200 ", "/flush": "/flush 200 ", "/panics": "/panics 500 application/json", "/hints": "/hints 202 ",
	} {
		got := c.Get(path)
		assert.Equal(t, []string{"inner " + want, "outer " + want}, got.Header.Values("Note"), path)
		got.Status(got.Code)
	}
}

func ExampleBeforeHeader() {
	app := candor.New(candor.Config{}, candor.Use(candor.BeforeHeader(func(_ *http.Request, status int, h http.Header) {
		if status >= 400 {
			h.Set("Cache-Control", "no-store")
		}
	})))
	showHeader(app, "GET", "/", "Cache-Control")
	// Output: 404 Cache-Control: no-store
}
