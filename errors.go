package candor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/develop"
	"github.com/candor-go/candor/internal/errorlog"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/faultlog"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/transcode"
)

// HTTPError is an error with a status and a detail for the client. Make one with [Error]. It is immutable: declare it
// once, and return it from any goroutine.
//
// If a handler returns one, directly or wrapped, the response has its status, its headers and the body {"detail": ...}.
type HTTPError struct {
	status int
	detail any
	header http.Header
	origin *HTTPError
	cause  error
	// remote means that the error came from a server; such errors are compared by status and detail.
	remote bool
}

// Error returns an error that is sent to the client with the status (300 to 599) and the body {"detail": detail}. The
// detail may be any value that can be encoded as JSON, and is encoded like a response of its type; an error value
// without exported fields is encoded as its text. A nil detail means the reason phrase of the status, such as "Not
// Found". So does a detail that cannot be encoded, such as a channel; the log says why. A status outside of that range
// becomes a 500. A status without a body, such as 304, sends none.
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

// reason returns the reason phrase of a status, or a substitute.
func reason(status int) string { return mediatype.Reason(status) }

// With returns a copy with another detail.
func (e *HTTPError) With(detail any) *HTTPError {
	c := e.refine()
	c.detail = detail
	return c
}

// because returns a copy that wraps a cause, for logs.
func (e *HTTPError) because(err error) *HTTPError {
	c := e.refine()
	c.cause = err
	return c
}

// WithHeader returns a copy that also sends a header. It replaces a header of the same name. Content-Type and
// Content-Length are those of the body in any case. A header that HTTP cannot carry, such as a value with a line break, is
// left out of the response and logged. So is one about the connection, which is the server's: Connection, Keep-Alive,
// Proxy-Connection, TE, Trailer, Transfer-Encoding and Upgrade; a 426 by HTTP/1.1 may have Connection and Upgrade.
func (e *HTTPError) WithHeader(name, value string) *HTTPError {
	c := e.refine()
	c.header = maps.Clone(e.header)
	if c.header == nil {
		c.header = http.Header{}
	}
	// Set makes a new slice of values, so the slices that both errors share do not change.
	c.header.Set(name, value)
	return c
}

func (e *HTTPError) refine() *HTTPError {
	c := *e
	// All copies refer to the first error, so that any of them matches any other.
	c.origin = e.root()
	return &c
}

func (e *HTTPError) root() *HTTPError {
	if e.origin != nil {
		return e.origin
	}
	return e
}

// Status returns the status code of the response.
func (e *HTTPError) Status() int { return e.status }

// Detail returns the value that the client finds under "detail".
func (e *HTTPError) Detail() any { return e.detail }

// Header returns a copy of the headers that are sent with the error.
func (e *HTTPError) Header() http.Header { return e.header.Clone() }

// Error returns the status and the detail, for logs.
func (e *HTTPError) Error() string {
	if e == nil {
		return fault.NilError("HTTPError")
	}
	return fmt.Sprintf("%d: %v", e.status, e.detail)
}

// Unwrap returns the cause of an error that Candor made itself, as handlers of [OnStatus] see it: the
// *[ValidationError] of a 422, the unknown error or the panic of a 500. It is nil for errors made by [Error].
func (e *HTTPError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// Is reports whether target is the same error, or both were derived from the same error by With or WithHeader. An error
// returned by [Route.Call] matches every error with its status and its detail.
func (e *HTTPError) Is(target error) bool {
	t, ok := target.(*HTTPError)
	if !ok || t == nil || e == nil {
		return ok && t == e
	}
	return t.root() == e.root() || e.remote && t.status == e.status && sameJSON(t.detail, e.detail)
}

// sameJSON compares details by their encoding.
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

// errorWriter turns every error of an app into a response: errors of handlers, dependencies, binding and middleware,
// panics, and the 404 and 405 of no route. It is the only writer of errors; routers with [OnError] and [OnStatus] have
// a copy with their handlers.
type errorWriter struct {
	log *slog.Logger
	// dev is nil unless the app is under development.
	dev *develop.Mode
	// messages makes the message of a validation error; if it is nil or returns "", the default message is used.
	messages func(*http.Request, Fault) string
	// format is the format of error bodies; nil is {"detail": ...}.
	format *errorFormat
	// handlers are tried in this order.
	handlers []handlerFuncs
	// challenges are the challenges of 401 responses.
	challenges []string
	// codecs encode errors for clients that do not accept JSON.
	codecs transcode.Set
}

// errorFormat is a format of error bodies.
type errorFormat struct {
	mediaType string
	body      func(*HTTPError) any
}

// claims reports whether an error returned by a Validate method is sent as it is, and not as a validation error: it
// wraps an HTTPError, or an OnError handles its type.
func (ew *errorWriter) claims(err error) bool {
	return httpErrorIn(err) != nil || slices.ContainsFunc(ew.handlers, func(m handlerFuncs) bool { return m.claims(err) })
}

// handlerFuncs is an error handler. It responds to a failure, or it declines. Before it declines it may replace the
// failure's error, which the next handler then sees.
type handlerFuncs struct {
	respond func(f *failure) (done bool)
	// claims reports whether the handler is for errors of the type of err.
	claims func(err error) bool
}

// failure is an error that is being turned into a response.
type failure struct {
	writer *errorWriter
	w      http.ResponseWriter
	r      *http.Request
	err    error
	// shown is the error as the client may see it, computed when first needed.
	shown *HTTPError
	begun bool
}

// write responds to r with err. If the client has already disconnected, it only logs. If a response has already begun,
// the connection is aborted.
func (ew *errorWriter) write(w http.ResponseWriter, r *http.Request, err error) {
	if log := faultlog.Of(r.Context()); log != nil {
		log.Note(faultsOf(err))
	}
	if ew.format != nil || len(ew.handlers) > 0 {
		// Functions of the user see a *ValidationError, never its internal form.
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

// faultsOf returns the validation errors in err, except those of an HTTPError.
func faultsOf(err error) []fault.Fault {
	if invalid, ok := err.(*invalidRequest); ok { //nolint:errorlint // nobody has wrapped it yet
		return invalid.faults
	}
	if httpErrorIn(err) != nil {
		return nil
	}
	return fault.Of(err)
}

// handle tries the error handlers first. They get a failure on the heap; without error handlers it stays on the stack.
func (f failure) handle() {
	defer f.rescue()
	for _, m := range f.writer.handlers {
		// Checked for each handler, because the one before may have replaced the error.
		if f.clientLeft() || m.respond(&f) {
			break
		}
	}
	f.write()
}

// write responds to a failure that no handler has responded to.
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

// replace continues with another error.
func (f *failure) replace(err error) { f.err, f.shown = err, nil }

// clientLeft reports whether the client has disconnected and the error says no more than that.
func (f *failure) clientLeft() bool {
	// The handler may have cancelled a context of its own, so the request's context is checked too.
	return errors.Is(f.err, response.ErrClientGone) || errors.Is(f.err, context.Canceled) && errors.Is(f.r.Context().Err(), context.Canceled)
}

// wwwAuthenticate is the canonical header name, as in a header map.
const wwwAuthenticate = "Www-Authenticate"

// challenging returns a writer whose 401 responses have these challenges, unless an error has its own.
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

// known returns the error as the client may see it: the *HTTPError it wraps, or a 422. Any other error is logged, and
// the client only gets a 500.
func (f *failure) known() *HTTPError {
	if f.shown == nil {
		// Kept, because classify logs unknown errors and must not log one twice.
		f.shown = f.classify()
	}
	return f.shown
}

func (f *failure) classify() *HTTPError {
	if known := httpErrorIn(f.err); known != nil {
		return known
	}
	if invalid := invalidIn(opened(f.err)); invalid != nil {
		invalid = f.writer.rendered(f.r, invalid)
		return &HTTPError{status: http.StatusUnprocessableEntity, detail: invalid.Faults, cause: invalid}
	}
	f.logAt(slog.LevelError, "request failed", f.err)
	return &HTTPError{status: errInternal.status, detail: errInternal.detail, cause: f.err}
}

// httpErrorIn returns the HTTPError in err, nil if there is none with a valid status.
func httpErrorIn(err error) *HTTPError {
	known, ok := errors.AsType[*HTTPError](err)
	if !ok || known == nil || known.status < 300 || known.status > 599 {
		return nil
	}
	return known
}

// invalidIn returns the ValidationError in err, nil if there is none.
func invalidIn(err error) *ValidationError {
	invalid, _ := errors.AsType[*ValidationError](err)
	return invalid
}

// status returns the status of known, without logging.
func (f *failure) status() int {
	if f.shown != nil {
		return f.shown.status
	}
	if known := httpErrorIn(f.err); known != nil {
		return known.status
	}
	if invalidIn(f.err) != nil || f.untouched() != nil {
		return http.StatusUnprocessableEntity
	}
	return http.StatusInternalServerError
}

// untouched returns the validation errors of a request that no user function has seen; nil for any other failure.
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
	response.WriteBody(f.w, status, sentType, sent)
	// A single large body must not stay in the pool.
	if cap(body) <= response.MaxKept {
		*slot = body
		spareBodies.Put(slot)
	}
}

// spareBodies is a pool of buffers for bodies.
var spareBodies = sync.Pool{New: func() any { return new([]byte) }}

func (f *failure) encode(dst []byte) (status int, mediaType string, body []byte) {
	// The usual 422 needs no *ValidationError. If a value in it cannot be encoded, the slow path below logs why.
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

// reasonAlone encodes an error whose detail cannot be encoded, with the reason phrase as its detail. If even that fails
// in the app's format, such as with another member that cannot be encoded, it falls back to {"detail": ...}.
func (ew *errorWriter) reasonAlone(dst []byte, e *HTTPError) (mediaType string, body []byte) {
	plain := *e
	plain.detail = reason(e.status)
	mediaType, body, err := ew.encode(dst[:0], nil, &plain)
	if err != nil {
		mediaType, body, _ = (&errorWriter{}).encode(dst[:0], nil, &plain)
	}
	return mediaType, body
}

// begin prepares the header for a response to this failure: it removes headers that describe the abandoned response,
// and adds those of the error.
func (f *failure) begin() {
	// Set first: if something fails from here on, no second response may be started.
	f.begun = true
	header := f.w.Header()
	known := httpErrorIn(f.err)
	if f.status() >= http.StatusBadRequest {
		// The handler may have set these for a body that is not sent. A 304 keeps them: they describe the
		// representation that the client has.
		for _, name := range []string{"Content-Disposition", "Content-Encoding", "Content-Range", "Etag", "Last-Modified"} {
			delete(header, name)
		}
	}
	for name, values := range header {
		if f.leavesOut(mediatype.CheckHeader(name, values)) {
			delete(header, name)
		}
	}
	if known == nil {
		return
	}
	for name, values := range known.header {
		if !f.leavesOut(f.checkOwn(known, name, values)) {
			header[name] = slices.Clone(values)
		}
	}
}

// checkOwn finds a header of the error itself that the response cannot have.
func (f *failure) checkOwn(known *HTTPError, name string, values []string) error {
	status := known.status
	if f.r.ProtoMajor > 1 {
		status = 0 // HTTP/2 has no header of the connection, not even in a 426 (RFC 9113, section 8.2.2)
	}
	return mediatype.CheckResponse(status, name, values)
}

// leavesOut reports whether a header of the response cannot be sent, and logs why.
func (f *failure) leavesOut(reason error) bool {
	if reason != nil {
		f.logAt(slog.LevelError, "a header of an error cannot be sent", reason)
	}
	return reason != nil
}

// rescue responds with a plain 500 if a user function for writing errors panics.
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
	response.WriteBody(f.w, errInternal.status, mediaType, body)
}

// abort aborts the connection of a response that has begun, so that the client sees that it is truncated.
func (f *failure) abort() {
	level := slog.LevelError
	if f.clientLeft() || errors.Is(f.err, errDraining) {
		level = slog.LevelInfo
	}
	f.logAt(level, "the response was cut short", f.err)
	panic(http.ErrAbortHandler)
}

// logAt logs an error of the request that is being turned into a response.
func (f *failure) logAt(level slog.Level, message string, err error, more ...any) {
	f.writer.logs().Request(f.r, level, message, opened(err), more...)
}

// logs returns the log for errors.
func (ew *errorWriter) logs() errorlog.Log { return errorlog.Log{To: ew.log, Dev: ew.dev} }

// logTask logs the error of a background task.
func (ew *errorWriter) logTask(ctx context.Context, err error, attrs []any) {
	ew.logs().Task(ctx, err, attrs)
}

// logLate logs an error that occurred after the response was written.
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

// late encodes an error that occurred in the middle of a stream.
func (ew *errorWriter) late(r *http.Request, err error) []byte {
	f := &failure{writer: ew, r: r, err: err}
	if !mediatype.BodyAllowed(f.known().status) {
		// The stream must end with an error body, and this status has none.
		f.shown = errInternal
	}
	_, _, body := f.encode(nil)
	return body
}

// errorsKey is the context key for whatever serves the request, which knows its error writer.
type errorsKey struct{}

// errorsOf returns the error writer of the app that serves r, or one with the defaults.
func errorsOf(r *http.Request) *errorWriter {
	if found, ok := r.Context().Value(errorsKey{}).(interface{ errorWriter() *errorWriter }); ok {
		return found.errorWriter()
	}
	return &errorWriter{log: slog.Default()}
}

// tryEncode is encode for details of the user, whose methods may panic.
func (ew *errorWriter) tryEncode(dst []byte, r *http.Request, e *HTTPError) (mediaType string, body []byte, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panics.Recovered(value)
		}
	}()
	return ew.encode(dst, r, e)
}

// encode appends the body of an error to dst, or nothing if its status has none.
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

// appendFaults encodes the body of a 422.
func (ew *errorWriter) appendFaults(dst []byte, r *http.Request, faults []fault.Fault) ([]byte, error) {
	dst = append(dst, `{"detail":`...)
	dst, err := codec.AppendFaults(dst, faults, func(f *fault.Fault) string {
		if f.Msg != "" || ew.messages == nil {
			return f.Msg
		}
		return ew.messages(r, openFault(f))
	})
	return append(dst, '}'), err
}

// rendered returns a copy in which every validation error has its message.
func (ew *errorWriter) rendered(r *http.Request, invalid *ValidationError) *ValidationError {
	// Copied: requests may share the error, and the messages depend on the request.
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

// encodeJSON encodes a value whose type was not known at registration, such as the detail of an error or an example,
// like a response of its type.
func encodeJSON(v any) ([]byte, error) { return codec.AppendAny(nil, v) }

// encodeRequestJSON is encodeJSON for what a client sends: with members that are writeonly, and without those that are
// readonly.
func encodeRequestJSON(v any) ([]byte, error) { return codec.AppendExact(nil, v) }

// timedOut returns the 504 for an error of an operation that exceeded its Timeout, and logs the error.
func (ew *errorWriter) timedOut(r *http.Request, err error) error {
	f := &failure{writer: ew, r: r}
	f.logAt(slog.LevelWarn, "request timed out", err)
	return &HTTPError{status: http.StatusGatewayTimeout, detail: reason(http.StatusGatewayTimeout), cause: err}
}
