package candor

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/requestinfo"
)

// Deprecated marks operations as deprecated in the document. They still serve.
//
// Dates say since when, and until when:
//
//	candor.Deprecated(since)         // Deprecation: @1767225600 (RFC 9745)
//	candor.Deprecated(since, sunset) // and Sunset: Thu, 31 Dec 2026 ... (RFC 8594)
//
// Every response of the operation then has these headers, which the document
// describes, and the app logs who still calls: address and User-Agent, and never a
// credential, each client of an operation once an hour. After the sunset the
// operation serves on, until it is taken out. Dates of a route count over the
// ones around it. A sunset before the first date, and a third date, panic.
func Deprecated(dates ...time.Time) Option {
	return everywhere(func(s *settings) error {
		s.deprecated = true
		if len(dates) == 0 {
			return nil
		}
		if err := checkDeprecation(dates); err != nil {
			return err
		}
		s.deprecation = &deprecation{since: dates[0]}
		if len(dates) > 1 {
			s.deprecation.sunset = dates[1]
		}
		return nil
	})
}

func checkDeprecation(dates []time.Time) error {
	switch {
	case len(dates) > 2:
		return fmt.Errorf("Deprecated with %d dates; give the day of the deprecation, and the one of the sunset", len(dates))
	case dates[0].IsZero():
		return errors.New("Deprecated since the zero time; give a date, or none")
	case len(dates) == 2 && dates[1].IsZero():
		return errors.New("Deprecated with a sunset at the zero time; give a date, or leave it out")
	case len(dates) == 2 && dates[1].Before(dates[0]):
		return errors.New("Deprecated with a sunset before the deprecation; RFC 9745 forbids that, so give the earlier date first")
	}
	return nil
}

// deprecation says since when an operation is deprecated, and when it is to end; the
// latter is zero where nobody knows.
type deprecation struct{ since, sunset time.Time }

// deprecate gives every response of a deprecated endpoint the dates.
func (e *endpoint) deprecate() {
	d := e.set.deprecation
	if d == nil {
		return
	}
	e.callers = &callers{}
	e.sendAlways("Deprecation", "Since when the operation is deprecated, in seconds since 1970 (RFC 9745)", "@"+strconv.FormatInt(d.since.Unix(), 10))
	if !d.sunset.IsZero() {
		e.sendAlways("Sunset", "When the operation is expected to end (RFC 8594)", d.sunset.UTC().Format(http.TimeFormat))
	}
}

const (
	// callerPause is how long a client is not logged again.
	callerPause = time.Hour
	// mostCallers bounds the memory of one operation, which clients fill.
	mostCallers = 1000
	// longestAgent is how much of a User-Agent is logged.
	longestAgent = 200
)

// callers are the clients of one deprecated endpoint that were logged of late.
type callers struct {
	mu   sync.Mutex
	seen map[caller]time.Time
}

type caller struct{ address, agent string }

// isNew reports whether a client is to be logged now.
func (c *callers) isNew(who caller, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, ok := c.seen[who]; ok && now.Sub(last) < callerPause {
		return false
	}
	// Clients make up agents, so that a full map begins anew.
	if c.seen == nil || len(c.seen) >= mostCallers {
		c.seen = map[caller]time.Time{}
	}
	c.seen[who] = now
	return true
}

// noteCaller logs who calls a deprecated operation.
func (e *endpoint) noteCaller(r *http.Request) {
	if e.callers == nil {
		return
	}
	who := caller{address: r.RemoteAddr, agent: r.UserAgent()}
	if address, ok := requestinfo.Address(r); ok {
		who.address = address.String()
	}
	who.agent = who.agent[:min(len(who.agent), longestAgent)]
	if !e.callers.isNew(who, time.Now()) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", e.method), slog.String("route", e.pattern.String()),
		slog.String("client", who.address), slog.String("user_agent", who.agent),
	}
	if sunset := e.set.deprecation.sunset; !sunset.IsZero() {
		attrs = append(attrs, slog.Time("sunset", sunset))
	}
	e.errors.log.LogAttrs(r.Context(), slog.LevelWarn, "a deprecated operation was called", attrs...)
}

// or is d, or what an outer scope says where it says nothing.
func (d *deprecation) or(outer *deprecation) *deprecation { return cmp.Or(d, outer) }
