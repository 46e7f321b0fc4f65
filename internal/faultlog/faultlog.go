// Package faultlog makes the validation errors of a request available to tests, whatever the format of the response.
//
// The error writer records them if the context asks for it, as the test client, candortest and development mode do.
package faultlog

import (
	"context"
	"slices"

	"github.com/candor-go/candor/internal/fault"
)

// Log has the validation errors of a request.
type Log struct {
	faults []fault.Fault
	// outer is the log of the parent context.
	outer *Log
}

type key struct{}

// In returns a context that records validation errors in the log, and in the log that ctx has already.
func In(ctx context.Context, log *Log) context.Context {
	log.outer = Of(ctx)
	return context.WithValue(ctx, key{}, log)
}

// Out is a context under which nothing is noted.
func Out(ctx context.Context) context.Context {
	if Of(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, key{}, (*Log)(nil))
}

// Of returns the log of a context, nil if there is none.
func Of(ctx context.Context) *Log {
	log, _ := ctx.Value(key{}).(*Log)
	return log
}

// Note records a copy of the validation errors.
func (l *Log) Note(faults []fault.Fault) {
	// A copy, since the request's list is used again.
	l.faults = slices.Clone(faults)
	for i := range l.faults {
		l.faults[i].Loc = slices.Clone(faults[i].Loc)
	}
	if l.outer != nil {
		l.outer.Note(faults)
	}
}

// Faults are those noted last; none of a nil log. The request must be over.
func (l *Log) Faults() []fault.Fault {
	if l == nil {
		return nil
	}
	return l.faults
}
