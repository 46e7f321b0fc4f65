package layer_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/lazy"
)

type middleware = func(http.Handler) http.Handler

// named is middleware that knows its operation.
type named struct {
	layer.Layer
	name string
}

func (n *named) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = n.IsKnown(r, n.name, "it is not found")
	n.Next.ServeHTTP(w, r)
}

func known(name string) middleware {
	return func(next http.Handler) http.Handler {
		return layer.Attach(&named{Layer: layer.Layer{Next: next}, name: name}, next)
	}
}

// around is known middleware that consists of another one.
func around(name string, m middleware) middleware {
	return func(next http.Handler) http.Handler {
		made := m(next)
		return layer.Attach(&named{Layer: layer.Layer{Next: next, Made: made}, name: name}, next)
	}
}

func opaque(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) })
}

func late(m middleware) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m(next).ServeHTTP(w, r) })
	}
}

func chain(all ...middleware) middleware {
	return func(next http.Handler) http.Handler {
		for i := len(all) - 1; i >= 0; i-- {
			next = all[i](next)
		}
		return next
	}
}

var end = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })

func TestInnerFinds(t *testing.T) {
	tests := map[string]struct {
		element middleware
		want    string
	}{
		"nothing":                      {opaque, ""},
		"alone":                        {known("a"), "a"},
		"outermost":                    {chain(known("a"), opaque), "a"},
		"innermost":                    {chain(opaque, known("a")), "a"},
		"the inside before the inner":  {chain(known("a"), known("b")), "b a"},
		"on both sides of a function":  {chain(known("a"), opaque, known("b")), "b a"},
		"between two functions":        {chain(opaque, known("a"), opaque), ""},
		"a row on the outside":         {chain(known("a"), known("b"), opaque), "a b"},
		"inside of other middleware":   {around("a", chain(known("b"), opaque)), "a b"},
		"made while a request is here": {late(known("a")), ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			in := layer.NewInner(end, &layer.Operation{}, nil)
			h := tc.element(in)
			var names []string
			for _, found := range in.Seal(h) {
				names = append(names, found.(*named).name)
			}
			assert.Equal(t, tc.want, strings.Join(names, " "))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/", http.NoBody))
			assert.Equal(t, 204, w.Code)
		})
	}
}

// TestInnerFindsOnceForEachOperation: a plain handler may serve several operations, and each finds it once.
func TestInnerFindsOnceForEachOperation(t *testing.T) {
	var get, post layer.Operation
	h := known("a")(end)
	for _, op := range []*layer.Operation{&get, &post} {
		assert.Len(t, layer.NewInner(nil, op, nil).Seal(h), 1)
		assert.Empty(t, layer.NewInner(nil, op, nil).Seal(h))
	}
}

func TestInnerLeadsOptionsAside(t *testing.T) {
	aside := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	for _, tc := range []struct {
		options http.Handler
		method  string
		want    int
	}{{aside, "OPTIONS", 202}, {aside, "GET", 204}, {nil, "OPTIONS", 204}} {
		w := httptest.NewRecorder()
		layer.NewInner(end, &layer.Operation{}, tc.options).ServeHTTP(w, httptest.NewRequest(tc.method, "/", http.NoBody))
		assert.Equal(t, tc.want, w.Code, tc.method)
	}
}

// routed returns a request that was routed to an operation.
func routed(op *layer.Operation) *http.Request {
	r := httptest.NewRequest("GET", "/", http.NoBody)
	if op != nil {
		r = r.WithContext(context.WithValue(r.Context(), layer.OperationKey{}, op))
	}
	return r
}

func TestUnknownMiddlewareIsReportedOnce(t *testing.T) {
	var out bytes.Buffer
	op := func(unlisted bool) *layer.Operation {
		return &layer.Operation{Unlisted: unlisted, Log: slog.New(slog.NewTextHandler(&out, nil)), Reported: new(lazy.Seen)}
	}
	one := op(false)
	sibling := &layer.Operation{Log: one.Log, Reported: one.Reported}
	tests := []struct {
		name  string
		op    *layer.Operation
		calls string
		known bool
		logs  int
	}{
		{"outside of an app", nil, "a", true, 0},
		{"an operation of no document", op(true), "a", true, 0},
		{"an operation", one, "a", false, 1},
		{"again", one, "a", false, 0},
		{"another operation of the app", sibling, "a", false, 0},
		{"other middleware", sibling, "b", false, 1},
	}
	for _, tc := range tests {
		out.Reset()
		var l layer.Layer
		assert.Equal(t, tc.known, l.IsKnown(routed(tc.op), tc.calls, "it does nothing"), tc.name)
		assert.Equal(t, tc.logs, strings.Count(out.String(), "middleware="+tc.calls), tc.name)
	}
}

func TestIsUnguarded(t *testing.T) {
	health := &layer.Operation{Unguarded: true}
	var l named
	assert.False(t, l.IsUnguarded(routed(nil)))
	assert.False(t, l.IsUnguarded(routed(&layer.Operation{})))
	assert.True(t, l.IsUnguarded(routed(health)))
	layer.NewInner(nil, health, nil).Seal(&l)
	assert.True(t, l.IsUnguarded(routed(nil)), "what it is part of counts, wherever the request was routed")
}
