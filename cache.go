package candor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/digest"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/response"
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

// cachePlan says how the responses of one endpoint are cached.
type cachePlan struct {
	CacheConfig
	caches *responsecache.Caches
	store  *responsecache.Cache
	// headers and cookies are those that are part of the key.
	headers, cookies []string
	vary             string
}

// canCache reports whether responses of the endpoint can be cached.
func (e *endpoint) canCache() bool {
	isQuery := e.method == mediatype.MethodQuery
	if e.method != http.MethodGet && !isQuery || e.plain != nil || e.route.upgrade != nil || e.route.output == nil {
		return false
	}
	// The body of a QUERY request is part of the key, so it must be available as a whole.
	if isQuery && e.body != nil && !e.body.isHeld() {
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
	p := &cachePlan{CacheConfig: *config, caches: c, store: c.Of(config.Store)}
	p.store.Use(config.TTL, config.Budget, config.Strict)
	for _, tag := range config.Tags {
		if _, err := e.expand(tag, nil); err != nil {
			return err
		}
	}
	p.headers = slices.Clone(config.Vary)
	for _, f := range e.params.fields {
		switch f.Source {
		case typeinfo.Header:
			p.headers = appendNew(p.headers, []string{http.CanonicalHeaderKey(f.Name)})
		case typeinfo.Cookie:
			p.cookies = appendNew(p.cookies, []string{f.Name})
		}
	}
	vary := slices.Clone(p.headers)
	if len(p.cookies) > 0 {
		vary = appendNew(vary, []string{"Cookie"})
	}
	p.vary = strings.Join(vary, ", ")
	e.cache = p
	e.added = append(e.added, p.documented()...)
	return nil
}

func (p *cachePlan) documented() []addedHeader {
	whole := func(status int) bool { return status == http.StatusOK }
	headers := []addedHeader{{
		Header: operation.Header{Name: "Age", Description: "For how many seconds the response has been kept", Type: "integer"},
		to:     whole,
	}}
	if p.Control != "" {
		headers = append(headers, addedHeader{
			Header: operation.Header{Name: "Cache-Control", Description: "How long the response may be kept"},
			to:     whole,
		})
	}
	return headers
}

// expand replaces wildcards in a tag by their values.
func (e *endpoint) expand(tag string, captured []string) (string, error) {
	var b strings.Builder
	for {
		text, rest, open := strings.Cut(tag, "{")
		b.WriteString(text)
		if !open {
			return b.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		i := slices.Index(e.names(), name)
		if !closed || i < 0 {
			return "", fmt.Errorf("the tag of a Cache names the wildcard {%s}, which the path %s does not have", name, e.pattern)
		}
		if captured != nil {
			b.WriteString(captured[i])
		}
		tag = after
	}
}

// key is the key of a cached response.
func (p *cachePlan) key(x *exchange) string {
	r := x.scope.r
	list := digest.NewList()
	list.Add(p.caches.Space())
	list.Add(x.endpoint.pattern.String())
	for _, value := range x.scope.captured {
		list.Add(value)
	}
	list.Add(r.URL.RawQuery)
	if x.endpoint.method == mediatype.MethodQuery {
		list.Add(r.Header.Get("Content-Type"))
		list.Add(string(x.body))
	}
	list.Add(x.response.Accepted)
	for _, name := range p.headers {
		list.Add(strings.Join(headerLines(r, name), "\n"))
	}
	for _, name := range p.cookies {
		for _, text := range bind.CookieTexts(r.Header, name) {
			list.Add(text)
		}
		list.Add("")
	}
	if !p.Shared {
		list.Add(strings.Join(r.Header.Values("Cookie"), "\n"))
		list.Add(credentials.Authorization(r))
		for _, f := range x.endpoint.security {
			list.Add(credentials.Key(r, f))
		}
	}
	return "answer:" + list.String()
}

// headerLines returns the values of a header, including Host, which net/http removes from the header map.
func headerLines(r *http.Request, name string) []string {
	if name == "Host" {
		return []string{r.Host}
	}
	return r.Header.Values(name)
}

// freshKey is the context key that marks requests which must bypass the cache.
type freshKey struct{}

// cached is the step that responds from the cache, or runs the rest of the request.
func (x *exchange) cached(rest int) error {
	p := x.endpoint.cache
	if x.ctx.Value(freshKey{}) != nil { // an AutoPatch reads the current resource
		return x.from(rest)
	}
	p.setHeaders(x.scope.w.Header())
	key := p.key(x)
	versions, kept, err := p.find(x, key)
	if err != nil {
		x.endpoint.errors.logCache(x.scope.r, err)
		return x.from(rest)
	}
	if kept != nil {
		x.replay(kept)
		return nil
	}
	making, own := p.store.Make(key, versions)
	if !own {
		return x.wait(&making, rest)
	}
	return x.make(&making, rest)
}

// setHeaders sets the headers that responses have whether they come from the cache or not.
func (p *cachePlan) setHeaders(h http.Header) {
	if p.Control != "" {
		h["Cache-Control"] = []string{p.Control}
	}
	if p.vary != "" {
		h["Vary"] = append(h["Vary"], p.vary)
	}
}

// make runs the rest of the request, and keeps its response if others may receive it.
func (x *exchange) make(making *responsecache.Making, rest int) error {
	defer making.Finish() // also if the handler panics
	before := maps.Clone(x.scope.w.Header())
	if err := x.from(rest); err != nil || !x.canKeep() || x.forbidsKeeping(before) {
		return err
	}
	made := x.made(before)
	if made == nil {
		return nil
	}
	if err := making.Keep(x.ctx, x.endpoint.cache.Budget, x.endpoint.cache.TTL, made); err != nil {
		x.endpoint.errors.logCache(x.scope.r, err)
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

// find looks up a cached response and the versions of its tags.
func (p *cachePlan) find(x *exchange, key string) (versions []string, kept *responsecache.Response, err error) {
	keys := make([]string, 1, 2+len(p.Tags))
	keys[0] = key
	for _, tag := range p.Tags {
		tag, _ = x.endpoint.expand(tag, x.scope.captured) // cannot fail: checked at registration
		keys = append(keys, p.caches.TagKey(tag))
	}
	return p.store.Find(x.ctx, p.Budget, keys)
}

// maxCached is the size of the largest body that is cached, in bytes.
const maxCached = 1 << 20

// canKeep reports whether the response may be cached and given to other clients.
func (x *exchange) canKeep() bool {
	a := &x.response
	return a.Stream == nil && a.Status == http.StatusOK && len(a.Body)+len(a.Borrowed) <= maxCached &&
		!slices.ContainsFunc(a.Header, func(l response.Line) bool { return l.Name == "Set-Cookie" })
}

// made returns the response in a form that others may receive, nil for one that sets a cookie. before is the header
// before the response was made.
func (x *exchange) made(before http.Header) *responsecache.Response {
	made := &responsecache.Response{At: time.Now().Unix(), ContentType: x.response.ContentType, Body: x.response.Content()}
	for _, line := range x.response.Header {
		made.Header = append(made.Header, responsecache.Line{Name: line.Name, Value: line.Value})
	}
	if !made.Note(before, x.scope.w.Header()) {
		return nil
	}
	return made
}

// forbidsKeeping reports whether this response has a Cache-Control of its own that forbids a cache to keep it (RFC 9111,
// section 5.2.2). The one of the configuration is for other caches.
func (x *exchange) forbidsKeeping(before http.Header) bool {
	header := http.Header{}
	if after := x.scope.w.Header()["Cache-Control"]; !slices.Equal(before["Cache-Control"], after) {
		header["Cache-Control"] = slices.Clone(after)
	}
	for _, line := range x.response.Header {
		if line.Name == "Cache-Control" {
			header.Add(line.Name, line.Value)
		}
	}
	return slices.ContainsFunc(mediatype.Tokens(header, "Cache-Control"), func(directive string) bool {
		return strings.EqualFold(directive, "no-store") || x.endpoint.cache.Shared && strings.EqualFold(directive, "private")
	})
}

// replay responds with a kept response.
func (x *exchange) replay(kept *responsecache.Response) {
	kept.Replay(x.scope.w.Header())
	x.response.Status, x.response.ContentType = http.StatusOK, kept.ContentType
	x.response.Header, x.response.Borrowed = x.response.Header[:0], kept.Body
	for _, line := range kept.Header {
		x.response.Add(line.Name, line.Value)
	}
}

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
		x.endpoint.errors.logCache(x.scope.r, err)
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
