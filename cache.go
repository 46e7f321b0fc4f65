package candor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/responsecache"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Cache caches the responses to GET and QUERY requests:
//
//	candor.Get(app, "/items/{id}", readItem,
//		candor.Cache(candor.CacheConfig{TTL: time.Minute, Tags: []string{"items", "item:{id}"}}))
//
// In detail:
//
//   - Responses with status 200, at most 1 MiB and without cookies are cached, except those to which the handler or a
//     provider gives a Cache-Control with no-store or, if Shared is set, private. Set on an app or router, the option
//     ignores streams, files, WebSockets and plain handlers; set on such a route, it is a configuration error.
//   - The cache key consists of the path, the query, the negotiated media type, and all headers and cookies that inputs
//     of the operation read; for QUERY also of the body and its media type. Headers that a handler reads from an
//     *http.Request or a context are not known: name them in Vary.
//   - Middleware, rate limits, guards and functions of [Around] run for every request, and the input is validated. On a
//     hit, other providers, the handler and its tasks do not run, and the response has an Age header.
//   - Of several concurrent requests that miss, one runs and the others wait for its response. If that cannot be
//     cached, each runs by itself.
//   - If the store fails, the failure is logged and requests run without the cache.
//
// The innermost Cache (route, then router, then app) applies.
func Cache(config CacheConfig) Option {
	return everywhere(func(s *settings) error {
		switch {
		case config.TTL <= 0:
			return fmt.Errorf("Cache: the TTL is %s; write how long a response may be kept", config.TTL)
		case config.Budget < 0:
			return fmt.Errorf("Cache: the Budget is %s; write how long a request may wait for the store, or 0 for %s", config.Budget, budget.Default)
		case !mediatype.ValidHeader("Cache-Control", []string{config.Control}):
			return fmt.Errorf("Cache: HTTP cannot carry Control %q", config.Control)
		}
		for _, name := range config.Vary {
			if !mediatype.IsToken(name) {
				return fmt.Errorf("Cache: Vary %q; write the name of a header", name)
			}
		}
		s.cache = &config
		return nil
	})
}

// canCache reports whether responses of the endpoint can be cached.
func (e *endpoint) canCache() bool {
	isQuery := e.method == mediatype.MethodQuery
	if e.method != http.MethodGet && !isQuery || e.plain != nil || e.route.upgrade != nil || e.route.output == nil {
		return false
	}
	// The body of a QUERY request is part of the key, so it must be available as a whole.
	if isQuery && e.body != nil && !e.body.plan.IsHeld() {
		return false
	}
	kind := planResponse(e.route.output).kind
	return kind.media != "" && !kind.streams && kind.additional == nil
}

// compileCache compiles the option; the step that uses it is compiled with the other steps.
func (e *endpoint) compileCache(c *responsecache.Caches) error {
	config := e.set.cache
	if config == nil {
		return nil
	}
	if !e.canCache() {
		if e.route.set.cache != nil {
			return errors.New("Cache is for complete responses to GET and QUERY, not for streams, files, sockets, plain handlers and other methods; drop the option")
		}
		return nil
	}
	plan, err := e.cachePlan(config).Compile(c)
	if err != nil {
		return err
	}
	e.cache = plan
	e.added = append(e.added, cacheHeaders(plan)...)
	return nil
}

// cachePlan describes how the responses of the endpoint are cached.
func (e *endpoint) cachePlan(config *CacheConfig) responsecache.Plan {
	p := responsecache.Plan{
		Store: config.Store, TTL: config.TTL, Budget: config.Budget, Strict: config.Strict, Tags: config.Tags, Shared: config.Shared,
		Control: config.Control, Path: e.pattern.String(), Wildcards: e.names(), Headers: slices.Clone(config.Vary),
	}
	for _, f := range e.params.Fields {
		switch f.Source {
		case typeinfo.Header:
			p.Headers = appendNew(p.Headers, []string{http.CanonicalHeaderKey(f.Name)})
		case typeinfo.Cookie:
			p.Cookies = appendNew(p.Cookies, []string{f.Name})
		}
	}
	return p
}

// cacheHeaders are the headers that a cache adds to responses, for the document.
func cacheHeaders(p *responsecache.Plan) []addedHeader {
	headers := []addedHeader{addedTo("Age", "For how many seconds the response has been kept", []int{http.StatusOK})}
	headers[0].Type = "integer"
	if p.Control != "" {
		headers = append(headers, addedTo("Cache-Control", "How long the response may be kept", []int{http.StatusOK}))
	}
	return headers
}

// freshKey is the context key that marks requests which must bypass the cache.
type freshKey struct{}

// cached is the step that responds from the cache, or runs the rest of the request.
func (x *exchange) cached(rest int) error {
	p := x.endpoint.cache
	if x.ctx.Value(freshKey{}) != nil { // an AutoPatch reads the current resource
		return x.from(rest)
	}
	p.SetHeaders(x.scope.w.Header())
	key := p.Key(responsecache.Request{
		Request: x.scope.r, Captured: x.scope.captured, Body: x.body, Accepted: x.response.Accepted, APIKeys: x.endpoint.security,
	})
	versions, kept, err := p.Find(x.ctx, key, x.scope.captured)
	if err != nil {
		x.endpoint.errors.logs().CacheStore(x.scope.r, err)
		return x.from(rest)
	}
	if kept != nil {
		x.replay(kept)
		return nil
	}
	making, own := p.Make(key, versions)
	if !own {
		return x.wait(&making, rest)
	}
	return x.make(&making, rest)
}

// make runs the rest of the request, and keeps its response if others may receive it.
func (x *exchange) make(making *responsecache.Making, rest int) error {
	defer making.Finish() // also if the handler panics
	before := maps.Clone(x.scope.w.Header())
	if err := x.from(rest); err != nil {
		return err
	}
	if err := x.endpoint.cache.Keep(x.ctx, making, &x.response, before, x.scope.w.Header()); err != nil {
		x.endpoint.errors.logs().CacheStore(x.scope.r, err)
	}
	return nil
}

// wait waits for the response of another request. If that cannot be shared, the request makes its own.
func (x *exchange) wait(making *responsecache.Making, rest int) error {
	kept, err := making.Wait(x.ctx)
	switch {
	case err != nil:
		return err
	case kept == nil:
		return x.from(rest)
	}
	x.replay(kept)
	return nil
}

// replay responds with a kept response.
func (x *exchange) replay(kept *responsecache.Response) { kept.Replay(&x.response, x.scope.w.Header()) }

// invalidate drops the cached responses that this request made stale.
func (x *exchange) invalidate() {
	if x.scope.tags != nil && len(x.scope.tags.tags) > 0 {
		x.dropStale()
	}
}

func (x *exchange) dropStale() {
	// A client that disconnects must not prevent others from seeing the change.
	err := x.endpoint.caches.Invalidate(context.WithoutCancel(x.ctx), x.scope.tags.tags)
	if err != nil {
		x.endpoint.errors.logs().CacheStore(x.scope.r, err)
	}
}

// dropsTags reports whether a request may invalidate tags.
func (e *endpoint) dropsTags() bool {
	return slices.ContainsFunc(e.nodes, func(n *node) bool { return n.input != nil && n.input.dropsTags })
}

// announce tells strict stores which tags the request is about to invalidate, before its transaction is committed. If
// the process dies between the commit and the invalidation, stale responses disappear soon anyway.
func (x *exchange) announce() error {
	if x.scope.tags == nil || len(x.scope.tags.tags) == 0 {
		return nil
	}
	if err := x.endpoint.caches.Announce(x.ctx, x.scope.tags.tags); err != nil {
		return errNoCache.because(err)
	}
	return nil
}
