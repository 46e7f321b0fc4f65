// Package errorlog writes errors to the log of an app: those of requests with what they were for, those of background
// tasks, and panics with their stack. Which errors are logged, and at which level, its callers decide.
package errorlog

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/develop"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/requestinfo"
)

// Log is the log of an app.
type Log struct {
	To *slog.Logger
	// Dev is nil unless the app is under development.
	Dev *develop.Mode
}

// Request logs an error of a request. What more has are further attributes.
func (l Log) Request(r *http.Request, level slog.Level, message string, err error, more ...any) {
	attrs := append([]any{"method", r.Method, "route", r.Pattern, "error", err}, more...)
	if l.Dev != nil {
		_, panicked := errors.AsType[*panics.Error](err)
		attrs = append(attrs, l.Dev.Attrs(r, level, panicked)...)
	}
	if id := requestinfo.ID(r.Context()); id != "" {
		attrs = append(attrs, "request_id", id)
	}
	l.record(r.Context(), level, message, err, attrs)
}

// Task logs the error of a background task.
func (l Log) Task(ctx context.Context, err error, attrs []any) {
	l.record(ctx, slog.LevelError, "background task failed", err, append([]any{"error", err}, attrs...))
}

// record logs an error. A panic is one record with its stack; in development mode each line of the stack has a record of
// its own.
func (l Log) record(ctx context.Context, level slog.Level, message string, err error, attrs []any) {
	p, panicked := errors.AsType[*panics.Error](err)
	if panicked && l.Dev == nil {
		attrs = append(attrs, "stack", strings.Join(p.Stack(), "\n"))
	}
	l.To.Log(ctx, level, message, attrs...)
	if panicked && l.Dev != nil {
		l.Dev.LogStack(ctx, level, p)
	}
}

// CacheStore logs an error of a cache store. While a failing store is bypassed, which is logged once, its errors are not
// logged again.
func (l Log) CacheStore(r *http.Request, err error) {
	if errors.Is(err, budget.ErrOpen) {
		return
	}
	l.To.ErrorContext(r.Context(), "the store of a cache fails", "route", r.Pattern, "error", err)
}
