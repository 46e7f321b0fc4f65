package candor

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/digest"
	"github.com/candor-go/candor/internal/gcra"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/ratelimit"
	"github.com/candor-go/candor/internal/requestinfo"
	"github.com/candor-go/candor/internal/typeinfo"
)

// RateConfig configures a [RateLimit].
type RateConfig struct {
	// Rate is how many requests each key may make.
	Rate Rate
	// Key returns whom a request counts for: [ByClient] if nil, [ByCredential], or your own function. It runs before
	// guards and before the body is read. Requests with an empty key are not limited.
	Key func(r *http.Request) string
	// Name appears in the headers and in the keys of the store. Limits with the same name in one store count together.
	// Without a name each limit counts separately, under a name made from the first route it applies to.
	Name string
	// Store counts the requests; Config.RateStore if nil.
	Store RateStore
	// Budget is how long a request waits for a store outside of the process, 50 ms by default, independent of its
	// client and of a [Timeout]. At most 32 requests query the store at once; the others wait within their budget.
	// After 5 failures in a row the store is bypassed, except for one request every 200 ms.
	Budget time.Duration
	// FailClosed responds with 503 and Retry-After if the store is not available. By default the process then counts in
	// memory, with the same rate and starting from the last known state. Either way the errors of the store are logged.
	FailClosed bool
}

// RateLimit limits how often operations may be called. A request over the limit gets a 429 with Retry-After. The
// headers RateLimit-Policy and RateLimit of every response state the limit and what remains of it. All of this is
// documented.
//
//	app := candor.New(candor.Config{}, candor.RateLimit(candor.RateConfig{Rate: candor.PerMinute(100)}))
//
// In detail:
//
//   - A limit on an app or router counts all of its routes together, on an app including paths without a route. Limits
//     accumulate: each one that applies to a route must allow the request.
//   - Every call of RateLimit makes a separate limit. Routes that are given the same option share it.
//   - It runs among the middleware of [Use], in the order of the options: middleware given before it, such as CORS,
//     wraps it.
//   - The algorithm is GCRA: a burst, then an even rate. There is no fixed window after which everything is allowed
//     again.
//   - With the default store in memory, each process counts separately.
func RateLimit(config RateConfig) Option {
	limit := &rateLimit{config: config, key: config.Key}
	if limit.key == nil {
		limit.key = ByClient
	}
	return everywhere(func(s *settings) error {
		if err := config.check(); err != nil {
			return fmt.Errorf("RateLimit: %w", err)
		}
		s.middleware = append(s.middleware, limit.wrap)
		return nil
	})
}

func (c RateConfig) check() error {
	isOther := func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }
	if len(c.Name) > 64 || strings.ContainsFunc(c.Name, isOther) {
		return fmt.Errorf("the name %q; write at most 64 letters, digits and signs without quotes and spaces", c.Name)
	}
	if c.Budget < 0 {
		return fmt.Errorf("the Budget %s; write how long a request may wait for the store, or 0 for %s", c.Budget, budget.Default)
	}
	return c.Rate.check()
}

// ByClient returns the address that a request comes from; for IPv6 the /64 network, which usually belongs to one
// client. Behind a proxy this is the proxy's address, unless middleware.TrustedProxies wraps the limit.
func ByClient(r *http.Request) string {
	address, ok := requestinfo.Address(r)
	if !ok {
		return r.RemoteAddr
	}
	if address.Is4() {
		return address.String()
	}
	network, _ := address.Prefix(64) // cannot fail: there are 128 bits
	return network.String()
}

// ByCredential returns a key made from the credentials of a request: its Authorization header, and the API keys that
// the operation reads. Without credentials it is [ByClient].
//
// The credentials are taken as sent, before any guard has checked them, so it also limits attempts to guess a password.
// But a client that sends different credentials with each request gets a new limit each time: add a wider limit
// ByClient around it.
func ByCredential(r *http.Request) string {
	var fields []*typeinfo.Field
	if found := routedOf(r); found != nil {
		fields = found.endpoint.security
	}
	if sent := credentials.Joined(r, fields); sent != "" {
		return "credential " + sent
	}
	return ByClient(r)
}

// rateLimit is one limit, wherever it applies.
type rateLimit struct {
	config RateConfig
	key    func(*http.Request) string
	named  sync.Once
	name   string
	// logged is when an error of the store was last logged.
	logged atomic.Int64
}

func (l *rateLimit) wrap(next http.Handler) http.Handler {
	return layer.Attach(&limitHandler{limit: l, Layer: layer.Layer{Next: next}}, next)
}

// nameFor names the limit after the first route that has it. The name is part of the keys, so it must be the same in
// all processes.
func (l *rateLimit) nameFor(e *endpoint, at int) string {
	l.named.Do(func() {
		route := "unrouted"
		if e.pattern != nil {
			route = e.method + " " + e.pattern.String()
		}
		l.name = cmp.Or(l.config.Name, digest.Of(route+" "+strconv.Itoa(at)))
	})
	return l.name
}

// limitHandler applies a limit to a handler.
type limitHandler struct {
	layer.Layer
	limit *rateLimit
	// here is the limit as it applies to this handler.
	here ratelimit.Limit
}

func (l *limitHandler) describe(e *endpoint, at int) {
	l.here = l.limit.at(e, at)
	l.here.Compile()
	if e.route.unguarded {
		return
	}
	e.raises(http.StatusTooManyRequests, "Too many requests: the rate limit is reached", errTooManyRequests)
	if l.here.FailClosed {
		e.raises(http.StatusServiceUnavailable, "The rate limit is not available", errNoLimit)
	}
	e.added = append(e.added, rateHeaders...)
}

// at returns the limit as it applies to an endpoint.
func (l *rateLimit) at(e *endpoint, at int) ratelimit.Limit {
	c := &l.config
	here := ratelimit.Limit{
		Name: c.Name, Key: l.nameFor(e, at), Requests: c.Rate.Requests, Per: c.Rate.Per, Rate: c.Rate.gcra(),
		Budget: c.Budget, FailClosed: c.FailClosed, Log: e.errors.log, Logged: &l.logged,
	}
	store := c.Store
	if store == nil {
		store = e.rates.byDefault
	}
	// In memory each limit has its own key space, so that clients of one limit cannot evict those of another.
	if memory, ok := store.(memoryRates); ok {
		here.Space = memory.memory.Space(here.Key + ":")
		return here
	}
	here.Gate, here.Space = e.rates.gates.To(store), e.rates.memory.Space("meanwhile "+here.Key+":")
	here.Ask = func(ctx context.Context, key string) (gcra.Taken, error) {
		taken, err := store.Take(ctx, key, c.Rate)
		return gcra.Taken(taken), err
	}
	return here
}

// rateHeaders are the headers that a limit adds to responses.
var rateHeaders = []addedHeader{
	{Header: operation.Header{Name: "RateLimit-Policy", Description: "Each limit by name: q requests in w seconds"}},
	{Header: operation.Header{Name: "RateLimit", Description: "What is left of each limit: r requests, and all of them in t seconds"}},
	{
		Header: operation.RetryAfter(),
		to:     func(status int) bool { return status == http.StatusTooManyRequests },
	},
}

var (
	errTooManyRequests = Error(http.StatusTooManyRequests, "too many requests")
	errNoLimit         = Error(http.StatusServiceUnavailable, "the rate limit is not available").WithHeader("Retry-After", "1")
)

// ServeHTTP implements http.Handler.
func (l *limitHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := l.take(w, r); err != nil {
		WriteError(w, r, err)
		return
	}
	l.Next.ServeHTTP(w, r)
}

// take counts a request, and returns an error if it is refused.
func (l *limitHandler) take(w http.ResponseWriter, r *http.Request) error {
	if l.IsUnguarded(r) {
		return nil
	}
	key := l.limit.key(r)
	if key == "" {
		return nil
	}
	after, err := l.here.Take(r, w.Header(), key)
	switch {
	case err != nil:
		return errNoLimit
	case after != "":
		return errTooManyRequests.WithHeader("Retry-After", after)
	}
	return nil
}
