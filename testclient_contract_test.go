package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// lineTB records the line of each failure like *testing.T does: the first frame that is no helper, and in clean-up
// functions the line that registered them.
type lineTB struct {
	recordingTB
	helpers map[string]bool
	asked   []runtime.Frame
	lines   []string
}

func framesFrom(skip int) []runtime.Frame {
	var counters [64]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(skip+1, counters[:])])
	var all []runtime.Frame
	for {
		frame, more := frames.Next()
		all = append(all, frame)
		if !more {
			return all
		}
	}
}

func (l *lineTB) Helper() { l.helpers[framesFrom(2)[0].Function] = true }

func (l *lineTB) Cleanup(f func()) {
	asked := framesFrom(2)
	l.cleanups = append(l.cleanups, func() { l.asked = asked; f(); l.asked = nil })
}

func (l *lineTB) note() {
	frames := framesFrom(3)
	for i, frame := range frames {
		if strings.Contains(frame.Function, "(*lineTB).Cleanup") {
			frames = append(frames[:i:i], l.asked...)
			break
		}
	}
	for _, frame := range frames {
		if !l.helpers[frame.Function] {
			l.lines = append(l.lines, fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line))
			return
		}
	}
}

func (l *lineTB) Errorf(string, ...any) { l.note() }

func (l *lineTB) Fatalf(string, ...any) {
	l.note()
	runtime.Goexit()
}

// lieAboutItems documents the numbers in streams as strings.
func lieAboutItems(d *openapi3.T) {
	items := func(path, media string) *openapi3.Schema {
		return d.Paths.Value(path).Get.Responses.Value("200").Value.Content[media].Schema.Value.ContentSchema.Value
	}
	text := openapi3.NewSchemaRef("", openapi3.NewStringSchema())
	items("/numbers", "application/jsonl").Items = text
	items("/events", "text/event-stream").Items.Value.AnyOf[0].Value.Properties["data"].Value.ContentSchema = text
}

// A failure is reported at the line of the test that sent the request.
func TestLinesOfFailures(t *testing.T) {
	t.Parallel()
	app := func() *candor.App {
		config := apptest.Unlogged()
		config.EditDocument = func(d *openapi3.T) { lieAboutItems(d) }
		a := candor.New(config)
		candor.HandleHTTP(a, []string{"GET", "POST"}, "/it", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery == "panic" {
				panic(http.ErrAbortHandler)
			}
			apptest.Handler(500, "text/plain", "no")(w, r)
		}))
		candor.HandleHTTP(a, []string{"GET"}, "/lines", apptest.Handler(200, "application/jsonl", "{}\n1\n"), candor.Responds[string](200))
		candor.Get(a, "/numbers", func(context.Context, candor.None) (candor.JSONLines[int], error) {
			return candor.LinesOf(slices.Values([]int{1})), nil
		})
		candor.Get(a, "/events", func(context.Context, candor.None) (candor.Events[int], error) {
			return candor.EventsOf(slices.Values([]int{1})), nil
		})
		candor.HandleHTTP(a, []string{"GET"}, "/text", apptest.Handler(200, "text/plain", "text"), candor.Responds[string](200))
		return a
	}
	for name, test := range map[string]func(c *candor.TestClient){
		"a status that was not expected": func(c *candor.TestClient) { c.Get("/it") },                  // here
		"an answer that is cut short":    func(c *candor.TestClient) { c.Post("/it?panic", "{}") },     // here
		"another media type":             func(c *candor.TestClient) { c.Get("/text") },                // here
		"another status":                 func(c *candor.TestClient) { c.Get("/text").Status(204) },    // here
		"no JSON":                        func(c *candor.TestClient) { c.Get("/text").JSON(new(int)) }, // here
		"a body that cannot be encoded":  func(c *candor.TestClient) { c.Post("/it", func() {}) },      // here
		"a stream":                       func(c *candor.TestClient) { c.Stream("GET", "/text", nil) }, // here
		"a line": func(c *candor.TestClient) {
			for range candor.ReadLines[int](c.Stream("GET", "/numbers", nil)) { //nolint:errcheck // here: the test fails, not the loop
			}
		}, // here
		"an event": func(c *candor.TestClient) {
			for range candor.ReadEvents[int](c.Stream("GET", "/events", nil)) { //nolint:errcheck // here: the test fails, not the loop
			}
		}, // here
		"no socket": func(c *candor.TestClient) { c.WebSocket("/text").Send("") }, // here
	} {
		t.Run(name, func(t *testing.T) {
			l := &lineTB{helpers: map[string]bool{}}
			done := make(chan struct{})
			go func() {
				defer close(done)
				test(candor.NewTestClient(l, app()))
			}()
			<-done
			for _, cleanup := range l.cleanups {
				cleanup()
			}
			require.NotEmpty(t, l.lines)
			source, err := os.ReadFile("testclient_contract_test.go")
			require.NoError(t, err)
			lines := strings.Split(string(source), "\n")
			for _, at := range l.lines {
				file, number, _ := strings.Cut(at, ":")
				require.Equal(t, "testclient_contract_test.go", file, at)
				var n int
				_, err := fmt.Sscan(number, &n)
				require.NoError(t, err)
				assert.Contains(t, lines[n-1], "// here")
			}
		})
	}
}

// matching is an app with a rule that is documented as a pattern.
func matching(pattern string, more map[string]any, keeps func(string) bool) *candor.App {
	config := apptest.Unlogged()
	config.Rules = map[string]candor.Rule{"text": {
		Func: func(fl validator.FieldLevel) bool { return keeps(fl.Field().String()) },
		Schema: func(string) map[string]any {
			keywords := map[string]any{"pattern": pattern}
			for name, value := range more {
				keywords[name] = value
			}
			return keywords
		},
	}}
	app := candor.New(config)
	candor.Post(app, "/it", func(context.Context, struct {
		Text string `body:"text" validate:"text"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	return app
}

// Patterns in a document have the syntax of ECMA-262.
func TestTheContractReadsPatternsOfECMA(t *testing.T) {
	t.Parallel()
	all := func(string) bool { return true }
	for _, row := range []struct {
		pattern string
		more    map[string]any
		text    string
		want    string
	}{
		{`^[^\u0000]*$`, nil, `a`, ""},
		{`^[^\u0000]*$`, nil, `\u0000`, "disagree about body.text"},
		{`^\S*$`, nil, `\u00a0`, "disagree about body.text"},
		{`^\s$`, nil, `\u00a0`, ""},
		{`^.$`, nil, `\u2028`, "disagree about body.text"},
		{`^(?!x)`, nil, `x`, "the document's pattern ^(?!x) at /"},
		{`^(?!x)`, map[string]any{"x-validate": "text"}, `x`, ""},
	} {
		got := record(func(tb candor.TB) {
			candor.NewTestClient(tb, matching(row.pattern, row.more, all)).Post("/it", `{"text":"`+row.text+`"}`)
		})
		if row.want == "" {
			assert.Empty(t, got.errors, row)
			continue
		}
		require.Len(t, got.errors, 1, row)
		assert.Contains(t, got.errors[0], row.want)
	}
	assert.Empty(t, record(func(tb candor.TB) { candor.NewTestClient(tb, matching(`^(?!x)`, nil, all), candor.Unchecked()) }).errors)
}

// The media type of a body without one is sniffed as net/http does, in the test client and in process.
func TestSniffedMediaTypes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, media string
		handler     http.HandlerFunc
	}{
		{"a text", "text/plain; charset=utf-8", apptest.Handler(200, "", "some text")},
		{"a page", "text/html; charset=utf-8", apptest.Handler(200, "", "<!DOCTYPE html>")},
		{"bytes that are packed", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "text")
		}},
		{"none by intention", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			_, _ = io.WriteString(w, "text")
		}},
		{"a header that comes late", "text/plain; charset=utf-8", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(200)
			w.Header().Set("Content-Type", "image/png")
			_, _ = io.WriteString(w, "text")
		}},
		{"nothing", "", func(http.ResponseWriter, *http.Request) {}},
	} {
		t.Run(row.name, func(t *testing.T) {
			app := candor.New(apptest.Unlogged())
			candor.HandleHTTP(app, []string{"GET"}, "/it", row.handler, candor.Responds[string](200), candor.EditOperation(func(o *openapi3.Operation) {
				o.Responses.Value("200").Value.Content = nil
				if media, _, _ := strings.Cut(row.media, ";"); media != "" {
					o.Responses.Value("200").Value.Content = openapi3.Content{media: {}}
				}
			}))
			c := candor.NewTestClient(t, app, candor.WithHeader("Accept", "*/*"))
			var options []candor.TestOption
			if row.media == "" {
				options = append(options, candor.Unchecked()) // a body without a media type cannot be declared
			}
			assert.Equal(t, row.media, c.Get("/it", options...).Header.Get("Content-Type"))
			response, err := candor.InProcess(app).HTTP.Get("http://in-process/it")
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, row.media, response.Header.Get("Content-Type"))
		})
	}
}

// An undeclared media type of a request is reported, whether or not the handler reads the body. Types with +json
// count as JSON.
func TestUndeclaredMediaTypes(t *testing.T) {
	t.Parallel()
	for _, reads := range []bool{true, false} {
		for media, want := range map[string]int{
			"application/json": 0, "application/json; charset=utf-8": 0, "application/merge-patch+json": 0,
			"text/plain": 1, "application/xml": 1, "application/x-www-form-urlencoded": 1,
		} {
			app := candor.New(apptest.Unlogged())
			candor.HandleHTTP(app, []string{"POST"}, "/it", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if reads {
					_, _ = io.Copy(io.Discard, r.Body)
				}
				apptest.Handler(200, "application/json", `"x"`)(w, r)
			}), candor.Responds[string](200), candor.EditOperation(func(o *openapi3.Operation) {
				o.RequestBody = &openapi3.RequestBodyRef{Value: &openapi3.RequestBody{Content: openapi3.Content{"application/json": {}}}}
			}))
			got := record(func(tb candor.TB) {
				candor.NewTestClient(tb, app).Post("/it", nil, candor.WithBody(media, bytes.NewReader([]byte(`{}`))))
			})
			assert.Len(t, got.errors, want, "%s, read: %v: %v", media, reads, got.errors)
		}
	}
}

// Numbers that no float64 holds are numbers of the document as well, and are sent back as they came.
func TestTheContractKnowsLargeNumbers(t *testing.T) {
	t.Parallel()
	type In struct {
		Query  json.Number `query:"q"`
		Header json.Number `header:"X-N"`
		Body   []any       `body:""`
	}
	type Out struct {
		Header json.Number `header:"X-N"`
		Cookie json.Number `cookie:"n"`
		Body   []any       `body:""`
	}
	app := candor.New(candor.Config{})
	candor.Post(app, "/numbers", func(_ context.Context, in In) (Out, error) {
		return Out{Header: in.Query, Cookie: in.Header, Body: in.Body}, nil
	})
	got := candor.NewTestClient(t, app).Post("/numbers?q=1e400", json.RawMessage(`[1e400,{"n":-1e999},1.5]`), candor.WithHeader("X-N", "-1e400")).Status(200)
	assert.Equal(t, `[1e400,{"n":-1e999},1.5]`, strings.TrimSpace(string(got.Body)))
	assert.Equal(t, "1e400", got.Header.Get("X-N"))
	assert.Contains(t, got.Header.Get("Set-Cookie"), "n=-1e400;")
}
