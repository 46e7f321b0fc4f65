package candor_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

type line struct {
	N int `json:"n" validate:"gte=0"`
}

func TestJSONLines(t *testing.T) {
	closed := 0
	app := candor.New(candor.Config{})
	candor.Get(app, "/lines", func(_ context.Context, in struct {
		Upto  int  `query:"upto"`
		Early bool `query:"early,omitempty"`
		First bool `query:"first,omitempty"`
	},
	) (candor.JSONLines[line], error) {
		if in.Early {
			return nil, candor.Error(404, "nothing")
		}
		return func(yield func(line, error) bool) {
			defer func() { closed++ }()
			if in.First {
				yield(line{}, candor.Error(404, "not one"))
				return
			}
			for n := range in.Upto {
				if !yield(line{n}, nil) {
					return
				}
			}
		}, nil
	}, candor.Raises(candor.Error(404, nil)))
	candor.Get(app, "/plain", func(context.Context, candor.None) (candor.JSONLines[int], error) {
		return candor.LinesOf(slices.Values([]int{1, 2})), nil
	})
	c := candor.NewTestClient(t, app)
	got := c.Get("/lines?upto=3").Status(200)
	assert.Equal(t, "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n", got.Text())
	assert.Equal(t, "application/jsonl", got.Header.Get("Content-Type"))
	assert.Equal(t, 1, closed)
	assert.Empty(t, c.Get("/lines?upto=0").Status(200).Text())
	assert.JSONEq(t, `{"detail":"nothing"}`, c.Get("/lines?upto=3&early=true").Status(404).Text())
	assert.JSONEq(t, `{"detail":"not one"}`, c.Get("/lines?upto=3&first=true").Status(404).Text(), "an error before the first line is a normal answer")
	assert.Equal(t, "1\n2\n", c.Get("/plain").Status(200).Text())
	before := closed
	assert.Equal(t, "application/jsonl", c.Head("/lines?upto=3").Status(200).Header.Get("Content-Type"))
	assert.Equal(t, before, closed, "HEAD does not start the producer")
}

func TestJSONLinesAreCutShort(t *testing.T) {
	for name, produce := range map[string]candor.JSONLines[line]{
		"an error": func(yield func(line, error) bool) {
			_ = yield(line{1}, nil) && yield(line{}, errors.New("disk on fire"))
		},
		"a value that breaks its rules": func(yield func(line, error) bool) {
			_ = yield(line{1}, nil) && yield(line{-1}, nil)
		},
		"a panic": func(yield func(line, error) bool) {
			yield(line{1}, nil)
			panic("on fire")
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			wait := make(chan struct{})
			candor.Get(app, "/", func(context.Context, candor.None) (candor.JSONLines[line], error) {
				return func(yield func(line, error) bool) {
					produce(func(l line, err error) bool {
						ok := yield(l, err)
						if l.N == 1 {
							<-wait // until the first line was flushed
						}
						return ok
					})
				}, nil
			})
			w := &signalWriter{header: http.Header{}, flushed: func() { close(wait) }}
			assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
				app.ServeHTTP(w, newRequest(t, "/"))
			})
			assert.Equal(t, "{\"n\":1}\n", string(w.body))
		})
	}
}

// signalWriter calls flushed at the first flush.
type signalWriter struct {
	header  http.Header
	body    []byte
	flushed func()
}

func (w *signalWriter) Header() http.Header { return w.header }
func (w *signalWriter) WriteHeader(int)     {}
func (w *signalWriter) Write(p []byte) (int, error) {
	w.body = append(w.body, p...)
	return len(p), nil
}

func (w *signalWriter) Flush() {
	if w.flushed != nil && len(w.body) > 0 {
		w.flushed()
		w.flushed = nil
	}
}

func newRequest(t *testing.T, target string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://testserver"+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
