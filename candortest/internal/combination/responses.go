package combination

import (
	"context"
	"io"
	"iter"
	"strings"
	"testing/fstest"
	"time"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

type (
	reading struct {
		N    int     `json:"n" validate:"gte=0"`
		Note *string `json:"note"`
	}
	counted struct {
		N int `query:"n" default:"2" validate:"gte=0,lte=5"`
	}
)

var (
	errEmpty = candor.Error(410, map[string]any{"why": "nothing left"})
	disk     = fstest.MapFS{"a.txt": {Data: []byte("some text")}}
)

func readings(n int) iter.Seq[reading] {
	return func(yield func(reading) bool) {
		for i := range n {
			if !yield(reading{N: i}) {
				return
			}
		}
	}
}

// Inputs of handlers with dependencies that run before, around or after the handler.
type (
	alone struct{ counted }
	inTx  struct {
		counted
		Tx *transaction `dep:""`
	}
	lazily struct {
		counted
		Tx candor.Lazy[*transaction] `dep:""`
	}
	withTasks struct {
		counted
		Tasks *candor.Tasks
	}
	withAll struct {
		counted
		Tx     *transaction `dep:""`
		Caller *caller      `dep:""`
		Tasks  *candor.Tasks
	}
)

// n is the number of items. A transaction must be open while the handler runs, and tasks can be added.
func (in alone) n() int { return in.N }

func (in inTx) n() int {
	must(in.Tx.open, "the transaction is over")
	return in.N
}

func (in lazily) n() int {
	tx, err := in.Tx.Get(context.Background())
	must(err == nil && tx.open, "the transaction is not open: %v", err)
	return in.N
}

func (in withTasks) n() int {
	in.Tasks.Add(func(context.Context) error { return nil })
	return in.N
}

func (in withAll) n() int {
	must(in.Tx.open, "the transaction is over")
	in.Tasks.Add(func(context.Context) error {
		must(!in.Tx.open, "the transaction is open after the response")
		return nil
	})
	return in.N
}

// surrounding is an input with a number of items.
type surrounding interface{ n() int }

// layers are options that wrap a route.
var layers = []named[candor.RouteOption]{
	{"bare", candor.Tags("bare")},
	{"timeout", candor.Timeout(time.Minute)},
	{"conditional", candor.Use(middleware.ConditionalGET())},
}

// responds registers every kind of response, with one input and all layers.
func responds[In surrounding](app *candor.App, name string) {
	for _, l := range layers {
		route := func(kind string) (string, []candor.RouteOption) {
			return at("responses", name, l.name, kind), []candor.RouteOption{l.it, id(kind, name, l.name)}
		}
		get(app, route, "json", func(_ context.Context, in In) (reading, error) {
			if in.n() == 0 {
				return reading{}, errEmpty
			}
			return reading{N: in.n()}, nil
		}, candor.Raises(errEmpty))
		get(app, route, "list", func(_ context.Context, in In) ([]reading, error) { return make([]reading, in.n()), nil })
		get(app, route, "lines", func(_ context.Context, in In) (candor.JSONLines[reading], error) {
			if in.n() == 0 {
				return nil, errEmpty
			}
			return candor.LinesOf(readings(in.n())), nil
		}, candor.Raises(errEmpty))
		get(app, route, "events", func(_ context.Context, in In) (candor.Events[reading], error) {
			return candor.EventsOf(readings(in.n())), nil
		})
		get(app, route, "reader", func(_ context.Context, in In) (candor.Reader, error) {
			return io.NopCloser(strings.NewReader(strings.Repeat("a,b\n", in.n()))), nil
		}, candor.Produces("text/csv"))
		get(app, route, "file", func(_ context.Context, in In) (candor.File, error) {
			_ = in.n()
			return candor.File{FS: disk, Path: "a.txt"}, nil
		}, candor.Produces("text/plain"))
		get(app, route, "page", func(_ context.Context, in In) (candor.HTML, error) { return "<p></p>", nil })
		get(app, route, "moved", func(_ context.Context, in In) (candor.Redirect, error) {
			_ = in.n()
			return "/elsewhere", nil
		}, candor.Status(303))
		get(app, route, "none", func(_ context.Context, in In) (candor.None, error) {
			_ = in.n()
			return candor.None{}, nil
		})
	}
}

func get[In, Out any](app *candor.App, route func(string) (string, []candor.RouteOption), kind string, h func(context.Context, In) (Out, error), more ...candor.RouteOption) {
	path, options := route(kind)
	candor.Get(app, path, h, append(options, more...)...)
}

func addResponses(app *candor.App) {
	responds[alone](app, "alone")
	responds[inTx](app, "scoped")
	responds[lazily](app, "lazily")
	responds[withTasks](app, "tasks")
	responds[withAll](app, "all")
	candor.Get(app, "/responses/cached", func(_ context.Context, in counted) (reading, error) {
		if in.N == 5 {
			return reading{}, errEmpty
		}
		return reading{N: in.N}, nil
	}, id("cached"), candor.Raises(errEmpty), candor.Cache(candor.CacheConfig{TTL: time.Minute, Tags: []string{"readings"}}))
}

// addEnvelopes registers envelopes with each media type that can be negotiated.
func addEnvelopes(app *candor.App) {
	type envelope[B any] struct {
		Status  int         `status:"200,203"`
		Total   int         `header:"X-Total"`
		Tags    []string    `header:"X-Tags"`
		Since   candor.Date `header:"X-Since"`
		Session string      `cookie:"session"`
		Body    B           `body:""`
	}
	media := []named[[]candor.RouteOption]{
		{"all", nil},
		{"json", []candor.RouteOption{candor.Produces("application/json")}},
		{"vendor", []candor.RouteOption{candor.Produces("application/vnd.combination+json")}},
	}
	for _, m := range media {
		candor.Post(app, at("envelopes", "person", m.name), func(_ context.Context, in beside[person]) (envelope[person], error) {
			e := envelope[person]{Total: in.Page, Tags: []string{"a", "b"}, Session: "s", Since: candor.DateOf(time.Unix(0, 0)), Body: in.Body}
			if in.Page == 1 {
				e.Status = 203
			}
			return e, nil
		}, append(m.it, id("envelope", "person", m.name))...)
		candor.Post(app, at("envelopes", "union", m.name), func(_ context.Context, in beside[pet]) (envelope[pet], error) {
			return envelope[pet]{Total: in.Page, Since: candor.DateOf(time.Unix(0, 0)), Body: in.Body}, nil
		}, append(m.it, id("envelope", "union", m.name))...)
		candor.Post(app, at("envelopes", "plain", m.name), echo[[]person], append(m.it, id("plain", m.name))...)
	}
}
