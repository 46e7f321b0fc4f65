package candor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/digest"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/requestinfo"
	"github.com/candor-go/candor/internal/typeinfo"
)

// RateConfig is what a [RateLimit] is made of.
type RateConfig struct {
	// Rate is what each key may ask.
	Rate Rate
	// Key tells whose request it is: [ByClient] when nil, [ByCredential], or a
	// function of yours. It runs before guards and before the body is read. An
	// empty key is not limited.
	Key func(r *http.Request) string
	// Name stands in the headers and in the keys of the store. Limits of one name
	// in one store count together; without one, each counts by itself, under a
	// name that is made of the first route it holds for.
	Name string
	// Store counts; Config.RateStore when nil.
	Store RateStore
	// Budget is how long a request waits for a store that is not in the memory of
	// the process, 50 ms by default, whatever its client does and inside of a
	// [Timeout] as outside. At most 32 requests ask it at once; the others wait
	// within their budget. After 5 failures in a row the store is left alone, but
	// for one request in 200 ms.
	Budget time.Duration
	// FailClosed responds with 503 and Retry-After where the store cannot tell.
	// Without it, the requests of a key are counted in the memory of the process
	// meanwhile, by the same rate and from where the store was. Either way the
	// store's errors are logged.
	FailClosed bool
}

// RateLimit bounds how often operations may be asked: over it the response is
// 429 with Retry-After. The limit, and what is left of it, is in the
// headers RateLimit-Policy and RateLimit of every response; the document lists
// all of this.
//
//	app := candor.New(candor.Config{}, candor.RateLimit(candor.RateConfig{Rate: candor.PerMinute(100)}))
//
// In detail:
//
//   - It counts where it stands: one limit on an app or router counts all of its
//     routes together, on an app those for paths without a route too. Limits add
//     up: each that is around a route must allow the request.
//   - Every call makes a limit. Routes that are given the same one share it.
//   - It takes its place among the middleware of [Use], in the order of the
//     options: what stands before it, such as CORS, is around it.
//   - Counting is by GCRA: a burst, and then an even pace. There is no window at
//     whose end everything is allowed again.
//   - In memory, each process counts by itself.
func RateLimit(config RateConfig) Option {
	limit := &rateLimit{RateConfig: config, key: config.Key}
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

// ByClient is the address a request comes from, of IPv6 the network of 64 bits,
// which one client has to itself. Behind a proxy it is the proxy's, unless
// middleware.TrustedProxies is around the limit.
func ByClient(r *http.Request) string {
	address, ok := requestinfo.Address(r)
	if !ok {
		return r.RemoteAddr
	}
	if address.Is4() {
		return address.String()
	}
	network, _ := address.Prefix(64) // 64 bits are there
	return network.String()
}

// ByCredential is what a request proves its identity with: its Authorization
// header, and the API keys that the operation reads. Without any it is
// [ByClient].
//
// It is what was sent, before any guard looked at it, so that guessing
// passwords is limited too. But whoever sends other credentials with each
// request has another limit each time: put a wider limit by client around it.
func ByCredential(r *http.Request) string {
	var fields []*typeinfo.Field
	if found := routedOf(r); found != nil {
		fields = found.endpoint.security
	}
	if sent := credentialsOf(r, fields); sent != "" {
		return "credential " + sent
	}
	return ByClient(r)
}

// rateLimit is one limit, wherever it holds.
type rateLimit struct {
	RateConfig
	key   func(*http.Request) string
	named sync.Once
	name  string
	// logged is when an error of the store was logged last.
	logged atomic.Int64
}

func (l *rateLimit) wrap(next http.Handler) http.Handler {
	return layer.Attach(&limitHandler{limit: l, Layer: layer.Layer{Next: next}}, next)
}

// nameFor names the limit after the first route that has it: the name is part of
// the keys, and must be the same in all processes.
func (l *rateLimit) nameFor(e *endpoint, at int) string {
	l.named.Do(func() {
		route := "unrouted"
		if e.pattern != nil {
			route = e.method + " " + e.pattern.String()
		}
		l.name = cmp.Or(l.Name, digest.Of(route+" "+strconv.Itoa(at)))
	})
	return l.name
}

// limitHandler is a limit around a handler.
type limitHandler struct {
	layer.Layer
	limit *rateLimit
	store RateStore
	// gate bounds the calls of the store, and local counts where that one cannot
	// tell; a store in memory needs neither.
	gate  *budget.Gate
	local memoryRates
	// prefix begins the keys.
	prefix string
	// policy and state are the starts of the headers.
	policy, state string
	log           *slog.Logger
}

func (l *limitHandler) describe(e *endpoint, at int) {
	c := l.limit.RateConfig
	l.log = e.errors.log
	l.prefix = l.limit.nameFor(e, at) + ":"
	if l.store = c.Store; l.store == nil {
		l.store = e.rates.byDefault
	}
	// In memory each limit has keys of its own, so that clients of one cannot
	// drive out those of another.
	if memory, ok := l.store.(memoryRates); ok {
		l.store = memory.space(l.prefix)
	} else {
		l.gate, l.local = e.rates.gates.To(l.store), e.rates.memory.space("meanwhile "+l.prefix)
	}
	l.state = fmt.Sprintf("%q", cmp.Or(c.Name, "default"))
	l.policy = fmt.Sprintf("%s;q=%d;w=%d", l.state, c.Rate.Requests, seconds(c.Rate.Per))
	if e.route.unguarded {
		return
	}
	e.raises(http.StatusTooManyRequests, "Too many requests: the rate limit is reached", errTooManyRequests)
	if c.FailClosed {
		e.raises(http.StatusServiceUnavailable, "The rate limit is not available", errNoLimit)
	}
	e.added = append(e.added, rateHeaders...)
}

// rateHeaders are what a limit adds to the responses.
var rateHeaders = []addedHeader{
	{Header: operation.Header{Name: "RateLimit-Policy", Description: "Each limit by name: q requests in w seconds"}},
	{Header: operation.Header{Name: "RateLimit", Description: "What is left of each limit: r requests, and all of them in t seconds"}},
	{
		Header: retryAfter,
		to:     func(status int) bool { return status == http.StatusTooManyRequests },
	},
}

// seconds rounds up.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

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

// take counts a request, and is the error of one that is refused.
func (l *limitHandler) take(w http.ResponseWriter, r *http.Request) error {
	if l.IsUnguarded(r) {
		return nil
	}
	key := l.limit.key(r)
	if key == "" {
		return nil
	}
	taken, err := l.ask(r, l.prefix+digest.Of(key))
	if err != nil {
		return err
	}
	h := w.Header()
	h["Ratelimit-Policy"] = append(h["Ratelimit-Policy"], l.policy)
	h["Ratelimit"] = append(h["Ratelimit"], l.state+";r="+strconv.Itoa(taken.Remaining)+";t="+strconv.FormatInt(seconds(taken.Reset), 10))
	if taken.Allowed {
		return nil
	}
	return errTooManyRequests.WithHeader("Retry-After", strconv.FormatInt(max(seconds(taken.Retry), 1), 10))
}

// ask asks the store, and where it cannot tell the memory of the process, or it
// refuses the request.
func (l *limitHandler) ask(r *http.Request, key string) (Taken, error) {
	rate := l.limit.Rate
	if l.gate == nil {
		return l.store.Take(r.Context(), key, rate)
	}
	taken, err := budget.Call(r.Context(), l.gate, cmp.Or(l.limit.Budget, budget.Default), func(ctx context.Context) (Taken, error) {
		return l.store.Take(ctx, key, rate)
	})
	if err == nil {
		if !l.limit.FailClosed {
			l.local.Note(key, taken.Reset)
		}
		return taken, nil
	}
	l.logError(r, err)
	if l.limit.FailClosed {
		return Taken{}, errNoLimit
	}
	return l.local.Take(r.Context(), key, rate)
}

// logError logs an error of the store, one a second. While the store is left
// alone, which is logged once, its errors are no news.
func (l *limitHandler) logError(r *http.Request, err error) {
	if errors.Is(err, budget.ErrOpen) || r.Context().Err() != nil && errors.Is(err, context.Cause(r.Context())) {
		return // or the client left
	}
	// Of several requests that fail at once, one wins the exchange and logs.
	now, last := time.Now().UnixNano(), l.limit.logged.Load()
	if now-last < int64(time.Second) || !l.limit.logged.CompareAndSwap(last, now) {
		return
	}
	l.log.ErrorContext(r.Context(), "the store of a rate limit fails", "limit", l.limit.name, "error", err)
}
