package candor

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/develop"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/faultlog"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/requestinfo"
)

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
	cause  error
	// remote means that it came from a server, which sends no identity.
	remote bool
}

// Error makes an error that answers with the status (300 to 599) and the body
// {"detail": detail}. The detail may be anything that encodes as JSON, and is
// written as a response of its type would be; an error without members is its
// text. nil stands for the reason phrase of the status, such as "Not Found". So
// does a detail that cannot be written, such as a channel; the log says why. A
// status outside that range answers 500. A status without a body, such as 304,
// sends none.
//
// Errors made by With and WithHeader still match the original:
//
//	var ErrItemNotFound = candor.Error(404, "item not found")
//
//	errors.Is(ErrItemNotFound.With("item 3 not found"), ErrItemNotFound) // true
func Error(status int, detail any) *HTTPError {
	if detail == nil {
		detail = reason(status)
	}
	return &HTTPError{status: status, detail: detail}
}

// reason is the reason phrase of a status, or something like it.
func reason(status int) string {
	return cmp.Or(http.StatusText(status), "Status "+strconv.Itoa(status))
}

// With returns a copy with another detail.
func (e *HTTPError) With(detail any) *HTTPError {
	c := e.refine()
	c.detail = detail
	return c
}

// because returns a copy that has a cause, for logs.
func (e *HTTPError) because(err error) *HTTPError {
	c := e.refine()
	c.cause = err
	return c
}

// WithHeader returns a copy that also sends the header. A header of the same
// name set before is replaced. A header that HTTP cannot carry, such as a value
// with a line break, is left out of the response and logged.
func (e *HTTPError) WithHeader(name, value string) *HTTPError {
	c := e.refine()
	c.header = maps.Clone(e.header)
	if c.header == nil {
		c.header = http.Header{}
	}
	// Set makes a new list of values, so the lists that both errors share do not
	// change.
	c.header.Set(name, value)
	return c
}

func (e *HTTPError) refine() *HTTPError {
	c := *e
	// All refinements refer to the first error, so that each of them matches it and
	// the others.
	c.origin = e.root()
	return &c
}

func (e *HTTPError) root() *HTTPError {
	if e.origin != nil {
		return e.origin
	}
	return e
}

// Status is the status code of the response.
func (e *HTTPError) Status() int { return e.status }

// Detail is what the client finds under "detail".
func (e *HTTPError) Detail() any { return e.detail }

// Header returns a copy of the headers sent along.
func (e *HTTPError) Header() http.Header { return e.header.Clone() }

// Error is the status and the detail, for logs.
func (e *HTTPError) Error() string { return fmt.Sprintf("%d: %v", e.status, e.detail) }

// Unwrap is what lies behind an error that Candor made by itself, as handlers
// of [OnStatus] see it: the *[ValidationError] of a 422, the unknown error or
// the panic of a 500. It is nil for errors made by [Error].
func (e *HTTPError) Unwrap() error { return e.cause }

// Is reports whether target is the same error or one refined from the same. One
// that [Route.Call] returns is every error with its status and its detail.
func (e *HTTPError) Is(target error) bool {
	t, ok := target.(*HTTPError)
	return ok && (t.root() == e.root() || e.remote && t.status == e.status && sameJSON(t.detail, e.detail))
}

// sameJSON compares details by how they are written.
func sameJSON(a, b any) bool {
	fault, err := encodeJSON(a)
	other, otherErr := encodeJSON(b)
	return err == nil && otherErr == nil && bytes.Equal(fault, other)
}

// Errors of the framework itself.
var (
	errNotFound   = Error(http.StatusNotFound, nil)
	errInternal   = Error(http.StatusInternalServerError, nil)
	errTooLarge   = Error(http.StatusRequestEntityTooLarge, "the body is too large")
	errUnstarted  = Error(http.StatusServiceUnavailable, nil).WithHeader("Retry-After", "1")
	errDecoded    = Error(http.StatusRequestEntityTooLarge, "the body takes too much memory when decoded: more than about four times its size limit")
	errSlow       = Error(http.StatusRequestTimeout, "the body came too slowly")
	errUnreadable = Error(http.StatusBadRequest, "the body could not be read")
)

// errClientGone is a response that could not be written to its end because
// nobody takes it any more.
var errClientGone = errors.New("the client has disconnected")

// errorWriter turns every error of an app into a response: those of handlers,
// dependencies, binding and middleware, panics, and the 404 and 405 of no
// route. There is no second one; routers with [OnError] and [OnStatus] have a
// copy with their mappings.
type errorWriter struct {
	log *slog.Logger
	// dev is nil unless the app is under development.
	dev *develop.Mode
	// messages makes the sentence of a fault; where it is nil or returns "",
	// the sentence is the default one.
	messages func(*http.Request, Fault) string
	// format is the form of bodies; nil is {"detail": ...}.
	format *errorFormat
	// handlers are asked in this order.
	handlers []handlerFuncs
	// challenges are those of 401 responses.
	challenges []string
	// codecs write errors for clients that do not take JSON.
	codecs codecSet
}

// errorFormat is the form of the body of an error.
type errorFormat struct {
	mediaType string
	body      func(*HTTPError) any
}

// claims reports whether an error that a Validate method returned is a response
// by itself: it holds an HTTPError, or an OnError is there for its type.
func (ew *errorWriter) claims(err error) bool {
	return httpErrorIn(err) != nil || slices.ContainsFunc(ew.handlers, func(m handlerFuncs) bool { return m.claims(err) })
}

// handlerFuncs may answer a failure in its own way. Where it does not, it may have
// put another error in the place of the failure's, and the next one is asked.
type handlerFuncs struct {
	respond func(f *failure) (done bool)
	// claims reports whether it is there for errors of the type of err.
	claims func(err error) bool
}

// failure is an error on its way to its response.
type failure struct {
	writer *errorWriter
	w      http.ResponseWriter
	r      *http.Request
	err    error
	// shown is err as the client may see it, once somebody asked for it.
	shown *HTTPError
	begun bool
}

// write answers r with err. Where the client has left already, it only logs.
// A response that has begun cannot become another: its connection is aborted.
func (ew *errorWriter) write(w http.ResponseWriter, r *http.Request, err error) {
	if log := faultlog.Of(r.Context()); log != nil {
		log.Note(faultsOf(err))
	}
	if ew.format != nil || len(ew.handlers) > 0 {
		// Functions of the user see a *ValidationError and never its internal form.
		err = opened(err)
	}
	f := failure{writer: ew, w: w, r: r, err: err}
	switch {
	case layer.HasBegun(w):
		f.abort()
	case len(ew.handlers) > 0:
		f.handle()
	default:
		f.write()
	}
}

// faultsOf are the validation errors that an error is made of, those of an
// HTTPError and of none other left out.
func faultsOf(err error) []fault.Fault {
	if invalid, ok := err.(*invalidRequest); ok { //nolint:errorlint // nobody has wrapped it yet
		return invalid.faults
	}
	if httpErrorIn(err) != nil {
		return nil
	}
	return fault.Of(err)
}

// handle lets the mappings answer first. They get a failure on the heap; one
// that none of them sees stays off it.
func (f failure) handle() {
	defer f.rescue()
	for _, m := range f.writer.handlers {
		// The handler before may have replaced the error, so this is asked each time.
		if f.clientLeft() || m.respond(&f) {
			break
		}
	}
	f.write()
}

// write answers what nothing has answered yet.
func (f *failure) write() {
	defer f.rescue()
	switch {
	case f.begun:
	case f.clientLeft():
		f.logAt(slog.LevelInfo, "client closed the request", f.err, "status", mediatype.StatusClientClosed)
		f.w.WriteHeader(mediatype.StatusClientClosed)
	default:
		f.respond()
	}
}

// replace goes on with another error.
func (f *failure) replace(err error) { f.err, f.shown = err, nil }

// clientLeft reports whether nobody waits for a response any more and the error
// says no more than that.
func (f *failure) clientLeft() bool {
	// The cancelled context may be one that the handler made, so the request's is
	// asked too.
	return errors.Is(f.err, errClientGone) || errors.Is(f.err, context.Canceled) && errors.Is(f.r.Context().Err(), context.Canceled)
}

// wwwAuthenticate is the name as it stands in a header map.
const wwwAuthenticate = "Www-Authenticate"

// challenging is a writer whose 401 responses have these challenges, unless an
// error has its own.
func (ew *errorWriter) challenging(challenges []string) *errorWriter {
	c := *ew
	c.challenges = challenges
	return &c
}

// challenge adds the challenges to the header of a response with the status.
func (f *failure) challenge(status int) {
	if status != http.StatusUnauthorized || len(f.writer.challenges) == 0 {
		return
	}
	if header := f.w.Header(); header[wwwAuthenticate] == nil {
		header[wwwAuthenticate] = slices.Clone(f.writer.challenges)
	}
}

// known is the error as the client may see it: the *HTTPError it holds, or a
// 422. Every other error is logged, and the client learns only that it was one.
func (f *failure) known() *HTTPError {
	if f.shown == nil {
		// Kept, because classify logs an error that nobody knows.
		f.shown = f.classify()
	}
	return f.shown
}

func (f *failure) classify() *HTTPError {
	if known := httpErrorIn(f.err); known != nil {
		return known
	}
	if invalid, ok := errors.AsType[*ValidationError](opened(f.err)); ok {
		invalid = f.writer.rendered(f.r, invalid)
		return &HTTPError{status: http.StatusUnprocessableEntity, detail: invalid.Faults, cause: invalid}
	}
	f.logAt(slog.LevelError, "request failed", f.err)
	return &HTTPError{status: errInternal.status, detail: errInternal.detail, cause: f.err}
}

// httpErrorIn finds the HTTPError in err, nil if there is none with a status an
// error can have.
func httpErrorIn(err error) *HTTPError {
	known, ok := errors.AsType[*HTTPError](err)
	if !ok || known.status < 300 || known.status > 599 {
		return nil
	}
	return known
}

// status is that of known, found without a word in the log.
func (f *failure) status() int {
	if f.shown != nil {
		return f.shown.status
	}
	if known := httpErrorIn(f.err); known != nil {
		return known.status
	}
	if _, ok := errors.AsType[*ValidationError](f.err); ok || f.untouched() != nil {
		return http.StatusUnprocessableEntity
	}
	return http.StatusInternalServerError
}

// untouched are the faults of a request that nobody but the writer has seen;
// nil for any other failure.
func (f *failure) untouched() *invalidRequest {
	invalid, _ := f.err.(*invalidRequest) //nolint:errorlint // nobody has wrapped it yet
	return invalid
}

// respond writes the failure in the app's format.
func (f *failure) respond() {
	slot := spareBodies.Get().(*[]byte)
	status, mediaType, body := f.encode((*slot)[:0])
	f.begin()
	f.challenge(status)
	sentType, sent := f.inClientsType(mediaType, body)
	writeBody(f.w, status, sentType, sent)
	// One large body must not keep its memory in the pool.
	if cap(body) <= maxKept {
		*slot = body
		spareBodies.Put(slot)
	}
}

// maxKept is the largest buffer kept for the next answer, in bytes.
const maxKept = 64 << 10

// spareBodies keeps the buffers of bodies that have been written.
var spareBodies = sync.Pool{New: func() any { return new([]byte) }}

func (f *failure) encode(dst []byte) (status int, mediaType string, body []byte) {
	// The usual 422 needs no *ValidationError. Where a value in it cannot be written,
	// the long way below logs why.
	if invalid := f.untouched(); invalid != nil {
		if body, err := f.writer.appendFaults(dst, f.r, invalid.faults); err == nil {
			return http.StatusUnprocessableEntity, mediatype.JSON, body
		}
	}
	known := f.known()
	mediaType, body, err := f.writer.tryEncode(dst, f.r, known)
	if err != nil {
		f.logAt(slog.LevelError, "the detail of an error cannot be written", err)
		mediaType, body = f.writer.reasonAlone(dst, known)
	}
	return known.status, mediaType, body
}

// reasonAlone is the body of an error whose detail cannot be written: what is
// left is what its status says. Where not even that has the app's form, such as
// one with another member that cannot be written, it is that of a detail.
func (ew *errorWriter) reasonAlone(dst []byte, e *HTTPError) (mediaType string, body []byte) {
	plain := *e
	plain.detail = reason(e.status)
	mediaType, body, err := ew.encode(dst[:0], nil, &plain)
	if err != nil {
		mediaType, body, _ = (&errorWriter{}).encode(dst[:0], nil, &plain)
	}
	return mediaType, body
}

// begin gets the header ready for a response of this failure: that of the
// abandoned answer does not describe it, that of the error is added.
func (f *failure) begin() {
	// Set first: whatever fails from here on must not begin a second response.
	f.begun = true
	header := f.w.Header()
	known := httpErrorIn(f.err)
	if f.status() >= http.StatusBadRequest {
		// The handler may have set these for a body that is not sent. A 304 keeps
		// them: they describe what the client has.
		for _, name := range []string{"Content-Disposition", "Content-Encoding", "Content-Range", "Etag", "Last-Modified"} {
			delete(header, name)
		}
	}
	for name, values := range header {
		if f.leavesOut(name, values) {
			delete(header, name)
		}
	}
	if known == nil {
		return
	}
	for name, values := range known.header {
		if !f.leavesOut(name, values) {
			header[name] = slices.Clone(values)
		}
	}
}

// leavesOut reports whether HTTP cannot carry a header of the response, and logs
// why.
func (f *failure) leavesOut(name string, values []string) bool {
	err := mediatype.CheckHeader(name, values)
	if err != nil {
		f.logAt(slog.LevelError, "a header of an error cannot be sent", err)
	}
	return err != nil
}

// rescue answers with a plain 500 when what the user gave for writing errors
// panics itself.
func (f *failure) rescue() {
	value := recover()
	if value == nil {
		return
	}
	f.logAt(slog.LevelError, "an error cannot be written", panics.Recovered(value))
	if f.begun {
		panic(http.ErrAbortHandler)
	}
	mediaType, body, _ := f.writer.encode(nil, f.r, errInternal)
	writeBody(f.w, errInternal.status, mediaType, body)
}

// abort ends the connection of a response that has begun, so that the client
// sees that it is cut short.
func (f *failure) abort() {
	level := slog.LevelError
	if f.clientLeft() || errors.Is(f.err, errDraining) {
		level = slog.LevelInfo
	}
	f.logAt(level, "the response was cut short", f.err)
	panic(http.ErrAbortHandler)
}

func (f *failure) logAt(level slog.Level, message string, err error, more ...any) {
	attrs := append([]any{"method", f.r.Method, "route", f.r.Pattern, "error", opened(err)}, more...)
	if dev := f.writer.dev; dev != nil {
		_, panicked := errors.AsType[*panics.Error](err)
		attrs = append(attrs, dev.Attrs(f.r, level, panicked)...)
	}
	if id := requestinfo.ID(f.r.Context()); id != "" {
		attrs = append(attrs, "request_id", id)
	}
	f.writer.logError(f.r.Context(), level, message, err, attrs)
}

// logError logs an error. A panic is one record with its stack, or, while
// developing, has a record for each line of it.
func (ew *errorWriter) logError(ctx context.Context, level slog.Level, message string, err error, attrs []any) {
	p, panicked := errors.AsType[*panics.Error](err)
	if panicked && ew.dev == nil {
		attrs = append(attrs, "stack", strings.Join(p.Stack(), "\n"))
	}
	ew.log.Log(ctx, level, message, attrs...)
	if panicked && ew.dev != nil {
		ew.dev.LogStack(ctx, level, p)
	}
}

// logLate logs an error that came after the response was written.
func (ew *errorWriter) logLate(r *http.Request, err error) {
	f := &failure{writer: ew, r: r, err: err}
	if f.clientLeft() {
		f.logAt(slog.LevelInfo, "client left before the end of the response", err)
		return
	}
	level := slog.LevelError
	if errors.Is(err, errDraining) {
		level = slog.LevelInfo
	}
	f.logAt(level, "failed after the response", err)
}

// late is the body for an error that came in the middle of a response.
func (ew *errorWriter) late(r *http.Request, err error) []byte {
	f := &failure{writer: ew, r: r, err: err}
	if !mediatype.BodyAllowed(f.known().status) {
		// The stream has to end with a body, and this status has none.
		f.shown = errInternal
	}
	_, _, body := f.encode(nil)
	return body
}

// errorsKey finds in a request's context what serves it. The value has a
// method that tells its error writer.
type errorsKey struct{}

// errorsOf is the error writer of the app that serves r, or one with the
// defaults.
func errorsOf(r *http.Request) *errorWriter {
	if found, ok := r.Context().Value(errorsKey{}).(interface{ errorWriter() *errorWriter }); ok {
		return found.errorWriter()
	}
	return &errorWriter{log: slog.Default()}
}

// tryEncode is encode for a detail of the user's, which may panic while it is
// written.
func (ew *errorWriter) tryEncode(dst []byte, r *http.Request, e *HTTPError) (mediaType string, body []byte, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panics.Recovered(value)
		}
	}()
	return ew.encode(dst, r, e)
}

// encode appends the body of an error to dst, nothing where its status has none.
func (ew *errorWriter) encode(dst []byte, r *http.Request, e *HTTPError) (mediaType string, body []byte, err error) {
	if !mediatype.BodyAllowed(e.status) {
		return "", dst, nil
	}
	if ew.format != nil {
		body, err = codec.AppendAny(dst, ew.format.body(e))
		return ew.format.mediaType, body, err
	}
	if faults, ok := e.detail.([]Fault); ok {
		body, err = ew.appendFaults(dst, r, broughtFaults{&ValidationError{Faults: faults}}.CandorFaults())
		return mediatype.JSON, body, err
	}
	body, err = codec.AppendAny(append(dst, `{"detail":`...), e.detail)
	return mediatype.JSON, append(body, '}'), err
}

// appendFaults writes the body of a 422.
func (ew *errorWriter) appendFaults(dst []byte, r *http.Request, faults []fault.Fault) ([]byte, error) {
	dst = append(dst, `{"detail":`...)
	dst, err := appendFaults(dst, faults, func(f *fault.Fault) string {
		if f.Msg != "" || ew.messages == nil {
			return f.Msg
		}
		return ew.messages(r, openFault(f))
	})
	return append(dst, '}'), err
}

// rendered is a copy in which every fault has its sentence.
func (ew *errorWriter) rendered(r *http.Request, invalid *ValidationError) *ValidationError {
	// Requests may share the error, and the messages depend on the request.
	c := *invalid
	c.Faults = slices.Clone(invalid.Faults)
	for i := range c.Faults {
		if c.Faults[i].Msg == "" {
			c.Faults[i].Msg = ew.message(r, c.Faults[i])
		}
	}
	return &c
}

func (ew *errorWriter) message(r *http.Request, f Fault) string {
	if ew.messages != nil {
		if message := ew.messages(r, f); message != "" {
			return message
		}
	}
	return defaultMessage(f)
}

// writeBody sends a response whose body is complete.
func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	if !mediatype.BodyAllowed(status) {
		delete(h, "Content-Type")
		w.WriteHeader(status)
		return
	}
	// The keys are canonical and the lines are shared, which saves what Set would
	// allocate.
	h["Content-Type"], h["Content-Length"] = mediatype.TypeLine(contentType), mediatype.LengthLine(len(body))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// encodeJSON writes what no registration knows the type of, such as the detail of
// an error or an example, as a response of its type would be written.
func encodeJSON(v any) ([]byte, error) { return codec.AppendAny(nil, v) }

// encodeRequestJSON is encodeJSON for what a client sends: with the members that
// are writeonly, and without those that are readonly.
func encodeRequestJSON(v any) ([]byte, error) { return codec.AppendExact(nil, v) }

// timedOut is the response to an error of a late operation, which is logged.
func (ew *errorWriter) timedOut(r *http.Request, err error) error {
	f := &failure{writer: ew, r: r}
	f.logAt(slog.LevelWarn, "request timed out", err)
	return &HTTPError{status: http.StatusGatewayTimeout, detail: reason(http.StatusGatewayTimeout), cause: err}
}

// logCache logs an error of a store. While that is left alone, which is logged
// once, its errors are no news.
func (ew *errorWriter) logCache(r *http.Request, err error) {
	if errors.Is(err, budget.ErrOpen) {
		return
	}
	ew.log.ErrorContext(r.Context(), "the store of a cache fails", "route", r.Pattern, "error", err)
}
