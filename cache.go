package candor

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// A cached response is stored as it was encoded, together with the versions that its tags had before its handler ran.
// The version of a tag is a value in the same store; Invalidate replaces it by one that the tag never had. A cache
// entry is valid only while all of its tags still have the versions stored in it. So a response that was being made
// while a tag was invalidated is never used, and a version that the store has lost is replaced by a new one, which no
// entry has. Losing any value is therefore safe, and a store needs to know nothing about tags.
//
// Requests wait for another request's response only if they saw the same versions. So a client that has seen a tag
// invalidated never gets a response that was begun before.

// Cache caches the responses to GET requests:
//
//	candor.Get(app, "/items/{id}", readItem,
//		candor.Cache(candor.CacheConfig{TTL: time.Minute, Tags: []string{"items", "item:{id}"}}))
//
// In detail:
//
//   - Responses with status 200, at most 1 MiB and without cookies are cached. Set on an app or router, the option
//     ignores streams, files, WebSockets and plain handlers; set on such a route, it is a configuration error.
//   - The cache key consists of the path, the query, the negotiated media type, and all headers and cookies that inputs
//     of the operation read. Headers that a handler reads from an *http.Request or a context are not known: name them
//     in Vary.
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
			if !mediatype.ValidHeader(name, nil) {
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
	caches *caches
	store  *sharedCache
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
func (e *endpoint) compileCache(c *caches) error {
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
	p := &cachePlan{CacheConfig: *config, caches: c, store: c.byDefault}
	if config.Store != nil {
		p.store = c.shared(config.Store)
	}
	p.store.use(config)
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
		i := slices.Index(e.names, name)
		if !closed || i < 0 {
			return "", fmt.Errorf("the tag of a Cache names the wildcard {%s}, which the path %s does not have", name, e.pattern)
		}
		if captured != nil {
			b.WriteString(captured[i])
		}
		tag = after
	}
}

// key is the key of a cached response. The length in front of each text keeps two lists apart whose concatenations are
// equal.
func (p *cachePlan) key(x *exchange) string {
	r := x.scope.r
	sum := sha256.New()
	add := func(text string) {
		_, _ = fmt.Fprintf(sum, "%d:", len(text))
		_, _ = io.WriteString(sum, text)
	}
	add(p.caches.space)
	add(x.endpoint.pattern.String())
	for _, value := range x.scope.captured {
		add(value)
	}
	add(r.URL.RawQuery)
	if x.endpoint.method == mediatype.MethodQuery {
		add(r.Header.Get("Content-Type"))
		add(string(x.body))
	}
	add(x.response.accepted)
	for _, name := range p.headers {
		add(strings.Join(headerLines(r, name), "\n"))
	}
	for _, name := range p.cookies {
		for _, text := range bind.CookieTexts(r.Header, name) {
			add(text)
		}
		add("")
	}
	if !p.Shared {
		add(strings.Join(r.Header.Values("Cookie"), "\n"))
		add(lastHeader(r, "Authorization"))
		for _, f := range x.endpoint.security {
			add(apiKeyOf(r, f))
		}
	}
	return "answer:" + base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
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
	h := x.scope.w.Header()
	if p.Control != "" {
		h["Cache-Control"] = []string{p.Control}
	}
	if p.vary != "" {
		h["Vary"] = append(h["Vary"], p.vary)
	}
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
	// The versions are part of the call's key: a request that saw newer ones must not wait for a response that was
	// begun under older ones.
	callKey := key + " " + strings.Join(versions, " ")
	call, own := p.caches.calls.begin(callKey)
	if !own {
		return x.wait(key, call, rest)
	}
	defer p.caches.calls.finish(callKey, call) // also if the handler panics
	before := maps.Clone(h)
	if err := x.from(rest); err != nil || !x.canKeep() {
		return err
	}
	call.value = x.record(key, before, versions)
	if call.value == nil {
		return nil
	}
	if err := p.store.set(context.WithoutCancel(x.ctx), p.Budget, key, call.value, p.TTL); err != nil {
		x.endpoint.errors.logCache(x.scope.r, err)
	}
	return nil
}

// wait waits for the response of another request.
func (x *exchange) wait(key string, call *sharedCall, rest int) error {
	select {
	case <-call.done:
		if kept := readCachedResponse(key, call.value); kept != nil {
			x.replay(kept)
			return nil
		}
		return x.from(rest)
	case <-x.ctx.Done():
		return context.Cause(x.ctx)
	}
}

// find looks up a cached response and the versions of its tags. A tag without a version gets one.
func (p *cachePlan) find(x *exchange, key string) (versions []string, kept *cachedResponse, err error) {
	keys := make([]string, 1, 2+len(p.Tags))
	keys[0] = key
	for _, tag := range p.Tags {
		tag, _ = x.endpoint.expand(tag, x.scope.captured) // cannot fail: checked at registration
		keys = append(keys, p.caches.tagKey(tag))
	}
	if p.store.gate != nil {
		keys = append(keys, p.store.everything)
	}
	values, err := p.store.get(x.ctx, p.Budget, keys...)
	if err != nil {
		return nil, nil, err
	}
	versions = make([]string, len(keys)-1)
	for i := range versions {
		if len(values[i+1]) == 0 {
			if values[i+1], err = p.newVersion(x.ctx, keys[i+1]); err != nil {
				return nil, nil, err
			}
		}
		versions[i] = p.store.stale.version(keys[i+1], values[i+1])
	}
	kept = readCachedResponse(key, values[0])
	if kept != nil && (!slices.Equal(kept.versions, versions) || p.store.isReturning()) {
		kept = nil
	}
	return versions, kept, nil
}

// newVersion gives a tag a version. Concurrent requests share one call, so that they agree on the version and only one
// of them runs the handler.
func (p *cachePlan) newVersion(ctx context.Context, key string) ([]byte, error) {
	call, own := p.caches.calls.begin(key)
	if !own {
		select {
		case <-call.done:
			return call.value, call.failed
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	defer p.caches.calls.finish(key, call)
	ctx = context.WithoutCancel(ctx)               // other requests wait for this too
	values, err := p.store.get(ctx, p.Budget, key) // another process may have been faster
	if err == nil && len(values[0]) == 0 {
		values, err = p.store.renew(ctx, p.Budget, tagTime, []string{key})
	}
	if call.failed = err; err == nil {
		call.value = values[0]
	}
	return call.value, call.failed
}

// maxCached is the size of the largest body that is cached, in bytes.
const maxCached = 1 << 20

// canKeep reports whether the response may be cached and given to other clients.
func (x *exchange) canKeep() bool {
	a := &x.response
	return a.stream == nil && a.status == http.StatusOK && len(a.body)+len(a.borrowed) <= maxCached &&
		!slices.ContainsFunc(a.header, func(l headerLine) bool { return l.name == "Set-Cookie" })
}

// record encodes the response for the cache; nil if it sets a cookie.
func (x *exchange) record(key string, before http.Header, versions []string) []byte {
	kept := cachedResponse{at: time.Now().Unix(), contentType: x.response.contentType, versions: versions, header: x.response.header, body: x.response.body}
	if x.response.borrowed != nil {
		kept.body = x.response.borrowed
	}
	// Middleware sets its headers again when a response is replayed, so only later changes are stored: replaced values,
	// and those that were added.
	for name, values := range x.scope.w.Header() {
		old := before[name]
		switch {
		case slices.Equal(old, values):
			continue
		case name == "Set-Cookie":
			return nil
		case len(old) > 0 && len(values) > len(old) && slices.Equal(old, values[:len(old)]):
			name, values = "+"+name, values[len(old):]
		}
		for _, value := range values {
			kept.set = append(kept.set, headerLine{name, value})
		}
	}
	return kept.encode(key)
}

// replay responds with a cached response.
func (x *exchange) replay(kept *cachedResponse) {
	h := x.scope.w.Header()
	replaced := map[string]bool{}
	for _, line := range kept.set {
		name, isAdded := strings.CutPrefix(line.name, "+")
		if !isAdded && !replaced[name] {
			replaced[name] = true
			delete(h, name)
		}
		h[name] = append(h[name], line.value)
	}
	// Clocks of processes that share a store may differ, but Age must not be negative.
	h["Age"] = []string{strconv.FormatInt(max(time.Now().Unix()-kept.at, 0), 10)}
	x.response.status, x.response.contentType = http.StatusOK, kept.contentType
	x.response.header, x.response.borrowed = append(x.response.header[:0], kept.header...), kept.body
}

// invalidate drops the cached responses that this request made stale.
func (x *exchange) invalidate() {
	if x.scope.tags != nil && len(x.scope.tags.tags) > 0 {
		x.dropStale()
	}
}

func (x *exchange) dropStale() {
	// A client that disconnects must not prevent others from seeing the change.
	err := x.endpoint.caches.invalidate(context.WithoutCancel(x.ctx), x.scope.tags.tags)
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
	if err := x.endpoint.caches.announce(x.ctx, x.scope.tags.tags); err != nil {
		return errNoCache.because(err)
	}
	return nil
}
