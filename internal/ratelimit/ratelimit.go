// Package ratelimit counts the requests of one rate limit and states it in headers. It asks a store outside of the
// process within a budget, and counts in memory, by gcra, when that is not available. Whom a request counts for is the
// root's question.
package ratelimit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/digest"
	"github.com/candor-go/candor/internal/gcra"
)

// Limit is one limit where it applies. Its fields are set before the first request.
type Limit struct {
	// Name appears in headers, Key in the log and before the keys of requests.
	Name, Key string
	// Requests are allowed in each period Per; Rate is the same for gcra.
	Requests int
	Per      time.Duration
	Rate     gcra.Rate
	// Space counts in memory: all requests if Ask is nil, else those for which the store is not available.
	Space *gcra.Space
	// Ask counts a request in a store outside of the process, behind Gate, within Budget or its default.
	Ask    func(ctx context.Context, key string) (gcra.Taken, error)
	Gate   *budget.Gate
	Budget time.Duration
	// FailClosed refuses requests instead of counting them in memory.
	FailClosed bool
	Log        *slog.Logger
	// Logged is when an error of the store was last logged; the handlers of one limit share it.
	Logged *atomic.Int64

	// prefix is the prefix of all keys.
	prefix string
	// policy and state are the first parts of the header values.
	policy, state string
}

// Compile computes what all requests have in common.
func (l *Limit) Compile() {
	l.prefix = l.Key + ":"
	l.state = fmt.Sprintf("%q", cmp.Or(l.Name, "default"))
	l.policy = fmt.Sprintf("%s;q=%d;w=%d", l.state, l.Requests, seconds(l.Per))
}

// seconds rounds up.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// ErrUnavailable refuses a request because the store is not available.
var ErrUnavailable = errors.New("the store of the rate limit is not available")

// Take counts a request for whom it is made, and adds the state of the limit to the header of the response. It returns
// the value of Retry-After if the request is over the limit, and "" if it is allowed. The error is ErrUnavailable.
func (l *Limit) Take(r *http.Request, h http.Header, whom string) (retryAfter string, err error) {
	taken, err := l.count(r, l.prefix+digest.Of(whom))
	if err != nil {
		return "", err
	}
	h["Ratelimit-Policy"] = append(h["Ratelimit-Policy"], l.policy)
	h["Ratelimit"] = append(h["Ratelimit"], l.state+";r="+strconv.Itoa(taken.Remaining)+";t="+strconv.FormatInt(seconds(taken.Reset), 10))
	if taken.Allowed {
		return "", nil
	}
	return strconv.FormatInt(max(seconds(taken.Retry), 1), 10), nil
}

// count asks the store. If that is not available, it counts in memory or refuses the request.
func (l *Limit) count(r *http.Request, key string) (gcra.Taken, error) {
	if l.Ask == nil {
		return l.Space.Take(key, l.Rate), nil
	}
	taken, err := budget.Call(r.Context(), l.Gate, cmp.Or(l.Budget, budget.Default), func(ctx context.Context) (gcra.Taken, error) {
		return l.Ask(ctx, key)
	})
	if err == nil {
		if !l.FailClosed {
			l.Space.Note(key, taken.Reset)
		}
		return taken, nil
	}
	l.logError(r, err)
	if l.FailClosed {
		return gcra.Taken{}, ErrUnavailable
	}
	return l.Space.Take(key, l.Rate), nil
}

// logError logs an error of the store, at most one a second. While the store is bypassed, which is logged once, its
// errors are not logged.
func (l *Limit) logError(r *http.Request, err error) {
	if errors.Is(err, budget.ErrOpen) || r.Context().Err() != nil && errors.Is(err, context.Cause(r.Context())) {
		return // the client may also have left
	}
	// Of several requests that fail at once, one wins the exchange and logs.
	now, last := time.Now().UnixNano(), l.Logged.Load()
	if now-last < int64(time.Second) || !l.Logged.CompareAndSwap(last, now) {
		return
	}
	l.Log.ErrorContext(r.Context(), "the store of a rate limit fails", "limit", l.Key, "error", err)
}
