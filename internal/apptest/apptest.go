// Package apptest is shared by the tests of the root package: minimal handlers, apps that echo their inputs, requests
// as text, and functions to read a document. Only tests import it. As the only package in internal, it may import the
// root.
package apptest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/documenttest"
)

// Returns makes a handler that returns a value.
func Returns[T any](value T) func(context.Context, candor.None) (T, error) {
	return func(context.Context, candor.None) (T, error) { return value, nil }
}

// Zero is a handler that returns the zero value.
func Zero[T any](context.Context, candor.None) (t T, err error) { return t, nil }

// Fails makes a handler that returns the error.
func Fails(err error) func(context.Context, candor.None) (candor.None, error) {
	return func(context.Context, candor.None) (candor.None, error) { return candor.None{}, err }
}

// Ignores is a handler that ignores its input and returns nothing.
func Ignores[In any](context.Context, In) (candor.None, error) { return candor.None{}, nil }

// Echo is a handler that responds with its input, encoded with encoding/json.
func Echo[In any](_ context.Context, in In) (candor.Text, error) {
	data, err := json.Marshal(in)
	return candor.Text(data), err
}

// Echoing is a client of an app with [Echo] at a path, for GET and POST.
func Echoing[In any](t *testing.T, path string, options ...candor.RouteOption) *candor.TestClient {
	t.Helper()
	return EchoingIn[In](t, candor.Config{}, path, options...)
}

// EchoingIn is Echoing with an app of the given configuration. Its document must be the same for each build.
func EchoingIn[In any](t *testing.T, config candor.Config, path string, options ...candor.RouteOption) *candor.TestClient {
	t.Helper()
	build := func() *candor.App {
		app := candor.New(config)
		candor.Handle(app, []string{http.MethodGet, http.MethodPost}, path, Echo[In], options...)
		return app
	}
	documenttest.Stable(t, build)
	return candor.NewTestClient(t, build())
}

// Handler is a net/http handler with a fixed response.
func Handler(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Marking is middleware that adds its name to X-Through.
func Marking(name string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("X-Through", name)
			next.ServeHTTP(w, r)
		})
	}
}

// Quiet is an app that logs to the returned buffer.
func Quiet(config candor.Config) (*candor.App, *bytes.Buffer) {
	var log bytes.Buffer
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	return candor.New(config), &log
}

// Unlogged is a configuration without a log.
func Unlogged() candor.Config { return candor.Config{Logger: slog.New(slog.DiscardHandler)} }

// Body sends a text with a media type.
func Body(media, body string) candor.TestOption {
	return candor.WithBody(media, strings.NewReader(body))
}

// Fetch sends a GET with headers, given as names and values, and returns the response.
func Fetch(app http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w
}

// Wire sends a request as a server would read it from the network: the request line without the version, header lines,
// an empty line and the body. It returns the status, the headers that concern routing, and the body:
//
//	405 Allow: GET, HEAD, OPTIONS | {"detail":"Method Not Allowed"}
func Wire(h http.Handler, request string) string {
	head, body, _ := strings.Cut(request, "\n\n")
	line, header, _ := strings.Cut(head, "\n")
	text := line + " HTTP/1.1\r\nHost: testserver\r\n" + fmt.Sprintf("Content-Length: %d\r\n", len(body))
	if header != "" {
		text += strings.ReplaceAll(header, "\n", "\r\n") + "\r\n"
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text + "\r\n" + body)))
	if err != nil {
		return err.Error()
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	response := fmt.Sprint(w.Code)
	for _, name := range slices.Sorted(maps.Keys(w.Header())) {
		if name == "Allow" || name == "Location" || strings.HasPrefix(name, "X-") && name != "X-Content-Type-Options" {
			response += " " + name + ": " + strings.Join(w.Header()[name], ", ")
		}
	}
	if w.Body.Len() > 0 {
		response += " | " + strings.TrimSpace(w.Body.String())
	}
	return response
}

// Outcome returns the status and the body of a response, or the validation errors with their locations and facts.
func Outcome(r *candor.TestResponse) string {
	if r.Code != http.StatusUnprocessableEntity {
		return strings.TrimSpace(fmt.Sprintf("%d %s", r.Code, r.Body))
	}
	var faults []string
	for _, f := range r.Faults() {
		text := f.Type + " " + plainJSON(f.Loc)
		if f.Ctx != nil {
			text += " " + plainJSON(f.Ctx)
		}
		faults = append(faults, text)
	}
	return strings.Join(faults, "\n")
}

func plainJSON(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
	return strings.TrimSpace(b.String())
}

// PanicOf returns the text of the error that f panics with, "" if it does not panic.
func PanicOf(f func()) (text string) {
	defer func() {
		if err, ok := recover().(error); ok {
			text = err.Error()
		}
	}()
	f()
	return ""
}

// ConfigErrorOf returns the configuration error of a registration, or of the app as a whole.
func ConfigErrorOf(build func(app *candor.App)) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("%v", value)
		}
	}()
	app := candor.New(candor.Config{})
	build(app)
	return app.Check()
}

// ReadFile returns the text of a file. The path uses slashes.
func ReadFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(path))
	require.NoError(t, err)
	return string(data)
}

// ObjectOf returns the text of an object with n different names.
func ObjectOf(n int, value string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"k%d":%s`, i, value)
	}
	b.WriteByte('}')
	return b.String()
}
