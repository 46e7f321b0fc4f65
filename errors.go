package candor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"
)

// statusClientClosed is what the log says of a client that left before its
// answer; nobody receives it.
const statusClientClosed = 499

// HTTPError is an error with a status and a detail for the client. Make one
// with [Error]; it is immutable, so one value may be declared once and
// returned from many goroutines.
//
// Returned from a handler, alone or wrapped, it answers with its status, its
// headers and the body {"detail": ...}.
type HTTPError struct {
	status int
	detail any
	header http.Header
	origin *HTTPError
}

// Error makes an error that answers with the status (300 to 599) and the body
// {"detail": detail}. The detail may be anything that encodes as JSON; nil
// stands for the reason phrase of the status, such as "Not Found". A status
// outside that range answers 500. A status without a body, such as 304, sends
// none.
//
// Errors made by With and WithHeader still match the original:
//
//	var ErrItemNotFound = candor.Error(404, "item not found")
//
//	errors.Is(ErrItemNotFound.With("item 3 not found"), ErrItemNotFound) // true
func Error(status int, detail any) *HTTPError {
	if detail == nil {
		detail = http.StatusText(status)
	}
	return &HTTPError{status: status, detail: detail}
}

// With returns a copy with another detail.
func (e *HTTPError) With(detail any) *HTTPError {
	c := e.refine()
	c.detail = detail
	return c
}

// WithHeader returns a copy that also sends the header. A header of the same
// name set before is replaced.
func (e *HTTPError) WithHeader(name, value string) *HTTPError {
	c := e.refine()
	c.header = maps.Clone(e.header)
	if c.header == nil {
		c.header = http.Header{}
	}
	c.header.Set(name, value)
	return c
}

func (e *HTTPError) refine() *HTTPError {
	c := *e
	c.origin = e.root()
	return &c
}

func (e *HTTPError) root() *HTTPError {
	if e.origin != nil {
		return e.origin
	}
	return e
}

// Status is the status code of the answer.
func (e *HTTPError) Status() int { return e.status }

// Detail is what the client finds under "detail".
func (e *HTTPError) Detail() any { return e.detail }

// Header returns a copy of the headers sent along.
func (e *HTTPError) Header() http.Header { return e.header.Clone() }

// Error is the status and the detail, for logs.
func (e *HTTPError) Error() string { return fmt.Sprintf("%d: %v", e.status, e.detail) }

// Is reports whether target is the same error or one refined from the same.
func (e *HTTPError) Is(target error) bool {
	t, ok := target.(*HTTPError)
	return ok && t.root() == e.root()
}

// Errors of the framework itself.
var (
	errNotFound   = Error(http.StatusNotFound, nil)
	errInternal   = Error(http.StatusInternalServerError, nil)
	errTooLarge   = Error(http.StatusRequestEntityTooLarge, "the body is too large")
	errSlow       = Error(http.StatusRequestTimeout, "the body came too slowly")
	errUnreadable = Error(http.StatusBadRequest, "the body could not be read")
)

// errorWriter turns every error of an app into an answer: those of handlers,
// dependencies, binding and middleware, panics, and the 404 and 405 of no
// route. There is no second one.
type errorWriter struct {
	log      *slog.Logger
	messages func(Fault) string
}

// write answers r with err. Where the client has left already, it only logs.
func (ew *errorWriter) write(w http.ResponseWriter, r *http.Request, err error) {
	if clientLeft(r, err) {
		ew.log.InfoContext(r.Context(), "client closed the request", "method", r.Method, "route", r.Pattern, "status", statusClientClosed)
		w.WriteHeader(statusClientClosed)
		return
	}
	known := ew.known(r, err)
	body, encodeErr := ew.body(known)
	if encodeErr != nil {
		ew.log.ErrorContext(r.Context(), "the detail of an error cannot be written", "method", r.Method, "route", r.Pattern, "error", encodeErr)
		known = errInternal
		body, _ = ew.body(known)
	}
	h := w.Header()
	maps.Copy(h, known.header)
	writeBody(w, known.status, "application/json", body)
}

// known finds the error that is meant for the client. Every other error is
// logged, and the client learns only that it was one.
func (ew *errorWriter) known(r *http.Request, err error) *HTTPError {
	if invalid, ok := errors.AsType[*ValidationError](err); ok {
		return Error(http.StatusUnprocessableEntity, ew.detail(invalid))
	}
	if known, ok := errors.AsType[*HTTPError](err); ok && known.status >= 300 && known.status < 600 {
		return known
	}
	attrs := []any{"method", r.Method, "route", r.Pattern, "error", err}
	if p, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, "stack", string(p.stack))
	}
	ew.log.ErrorContext(r.Context(), "request failed", attrs...)
	return errInternal
}

// logLate logs an error that came after the answer was written.
func (ew *errorWriter) logLate(r *http.Request, err error) {
	ew.log.ErrorContext(r.Context(), "failed after the answer", "method", r.Method, "route", r.Pattern, "error", err)
}

func (ew *errorWriter) body(e *HTTPError) ([]byte, error) {
	if !bodyAllowed(e.status) {
		return nil, nil
	}
	return encodeJSON(struct {
		Detail any `json:"detail"`
	}{e.detail})
}

// detail gives every fault its sentence.
func (ew *errorWriter) detail(invalid *ValidationError) []Fault {
	faults := slices.Clone(invalid.Faults)
	for i := range faults {
		if faults[i].Msg == "" {
			faults[i].Msg = ew.messages(faults[i])
		}
	}
	return faults
}

func clientLeft(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && errors.Is(r.Context().Err(), context.Canceled)
}

// writeBody sends an answer whose body is complete.
func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	if !bodyAllowed(status) {
		h.Del("Content-Type")
		w.WriteHeader(status)
		return
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// bodyAllowed reports whether an answer with the status may have a body
// (RFC 9110, sections 15.2, 15.3.5, 15.3.6 and 15.4.5).
func bodyAllowed(status int) bool {
	switch {
	case status < 200, status == http.StatusNoContent, status == http.StatusResetContent, status == http.StatusNotModified:
		return false
	}
	return true
}

// encodeJSON is the form of everything Candor writes whose type it does not
// compile: details of errors and the parts of its own documents.
func encodeJSON(v any) ([]byte, error) {
	return jsonv2.Marshal(v, jsonv2.Deterministic(true))
}

// panicError is a panic on its way to the error writer.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// Unwrap is the error panicked with, if it was one.
func (p *panicError) Unwrap() error {
	err, _ := p.value.(error)
	return err
}

// recovered turns what recover returned into an error. It must be called in
// the deferred function itself. http.ErrAbortHandler goes on its way.
func recovered(value any) error {
	if value == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(value)
	}
	return newPanicError(value)
}

func newPanicError(value any) *panicError { return &panicError{value: value, stack: debug.Stack()} }
