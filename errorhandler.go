package candor

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

// errorHandler is one registration by OnError or OnStatus.
type errorHandler struct {
	site *callsite.Site
	// errorType is the type that OnError handles; nil for OnStatus, which handles status.
	errorType reflect.Type
	status    int
	find      func(f *failure, into any) bool
	handler   *function
	output    *typeinfo.Output
	set       *settings
	// plan and checks are set in the copy of an app.
	plan   *responsePlan
	checks ResponseChecks
}

// String names the handler in configuration errors.
func (h *errorHandler) String() string {
	if h.errorType != nil {
		return "OnError[" + h.errorType.String() + "]"
	}
	return fmt.Sprintf("OnStatus(%d)", h.status)
}

func (h *errorHandler) configError(err error) error {
	return fmt.Errorf("candor: %s at %s: %w", h, h.site, err)
}

// same reports whether both handle the same errors.
func (h *errorHandler) same(other *errorHandler) bool {
	return h.errorType == other.errorType && h.status == other.status
}

// check finds what is wrong with the handler itself.
func (h *errorHandler) check() error {
	switch {
	case h.handler.isNil():
		return errors.New("the handler is nil; pass a function")
	case h.errorType == nil && (h.status < 300 || h.status > 599):
		return errors.New("an error has a status between 300 and 599")
	}
	// Everything else must be zero. Options added later are thus refused without a list of them.
	rest := *h.set
	rest.status, rest.statusDoc, rest.responses, rest.produces = 0, "", nil, nil
	if !reflect.ValueOf(rest).IsZero() {
		return errors.New("only Status, Produces, Responds and Raises have an effect on the response to an error; drop the others")
	}
	return nil
}

// compile compiles how the handler's responses are written.
func (h *errorHandler) compile(c *compiler) (*responsePlan, error) {
	status := h.set.status
	if h.output.Status == nil {
		status = cmp.Or(status, h.status)
	}
	return c.compileResponse(h.output, status, h.set.produces)
}

// statuses returns the possible statuses of the response to an error with a status.
func (h *errorHandler) statuses(status int) []int {
	if fixed := h.fixedStatuses(); fixed != nil {
		return fixed
	}
	return []int{status}
}

// fixedStatuses returns the possible statuses if they do not depend on the error, otherwise nil.
func (h *errorHandler) fixedStatuses() []int {
	if h.set.status == 0 && h.output.Status == nil {
		return nil
	}
	return h.plan.statuses
}

// compileErrorHandlers compiles the error handlers of one router for an app, in the order in which they are tried.
func compileErrorHandlers(c *compiler, handlers []*errorHandler, checks ResponseChecks) ([]*errorHandler, error) {
	var all []*errorHandler
	var configErrs []error
	// The last registration is tried first among handlers of a kind.
	for _, h := range slices.Backward(handlers) {
		plan, err := h.compile(c)
		if err != nil {
			configErrs = append(configErrs, h.configError(err))
		}
		// A copy, because apps may share the router.
		bound := *h
		bound.plan, bound.checks = plan, checks
		all = append(all, &bound)
	}
	return inOrder(all, [kinds]int{ofType: 0, ofInterface: 1, ofStatus: 2, ofEveryHTTPError: 3, ofEveryError: 4}), errors.Join(configErrs...)
}

// kind is what an error handler is registered for.
type kind int

const (
	ofType kind = iota
	ofInterface
	ofStatus
	ofEveryHTTPError
	ofEveryError
	kinds
)

// inOrder returns the handlers in the order of their ranks. Those of the same rank stay in their order.
func inOrder(all []*errorHandler, ranks [kinds]int) (ordered []*errorHandler) {
	for rank := range ranks {
		for _, h := range all {
			if ranks[h.kind()] == rank {
				ordered = append(ordered, h)
			}
		}
	}
	return ordered
}

func httpErrorType() reflect.Type  { return reflect.TypeFor[*HTTPError]() }
func validationType() reflect.Type { return reflect.TypeFor[*ValidationError]() }
func anyErrorType() reflect.Type   { return reflect.TypeFor[error]() }

func (h *errorHandler) kind() kind {
	switch {
	case h.errorType == nil:
		return ofStatus
	case h.errorType == httpErrorType():
		return ofEveryHTTPError
	case h.errorType == anyErrorType():
		return ofEveryError
	case h.errorType.Kind() == reflect.Interface:
		return ofInterface
	}
	return ofType
}

// takes reports whether the handler is for errors of the type and status, as far as that is known at registration.
func (h *errorHandler) takes(t reflect.Type, status int) bool {
	described := operation.ErrorHandler{Type: h.errorType, Status: h.status}
	return described.Takes(t, status)
}

// errorHandlers are the error handlers of an endpoint, in the order in which they are tried.
type errorHandlers []*errorHandler

// firstTaking returns the index of the handler for an error type whose status is not known; -1 if there is none.
func (all errorHandlers) firstTaking(t reflect.Type) int {
	return slices.IndexFunc(all, func(c *errorHandler) bool { return c.takes(t, http.StatusInternalServerError) })
}

// checkRaised finds declared error types that no handler handles.
func (all errorHandlers) checkRaised(types []reflect.Type) error {
	for _, t := range types {
		if all.firstTaking(t) < 0 {
			return fmt.Errorf("RaisesType[%s], but no OnError of the route or its routers handles this error, so it is a 500; register one, or drop the declaration", t)
		}
	}
	return nil
}

// asked sorts the error handlers of an endpoint, given with the nearest router's first, into the order in which they
// are tried.
func (all errorHandlers) asked() errorHandlers {
	// A handler for a type comes before one for a status, even if the latter is on a nearer router.
	return inOrder(all, [kinds]int{ofType: 0, ofInterface: 0, ofStatus: 1, ofEveryHTTPError: 2, ofEveryError: 2})
}

// with returns a writer that tries the error handlers.
func (ew *errorWriter) with(ordered errorHandlers) *errorWriter {
	if len(ordered) == 0 {
		return ew
	}
	c := *ew
	c.handlers = nil
	for _, handler := range ordered {
		c.handlers = append(c.handlers, handlerFuncs{respond: handler.respond, claims: handler.claims})
	}
	return &c
}

// claims reports whether OnError is registered for the type of err, or of an error it wraps. Handlers for every error
// do not count.
func (h *errorHandler) claims(err error) bool {
	switch h.kind() {
	case ofType, ofInterface:
		// The failure needs no writer: find uses one only for *ValidationError and error, which are excluded here.
		return h.errorType != validationType() && h.find(&failure{err: err}, h.handler.newCallSlot().in)
	}
	return false
}

// respond lets the handler respond to the failure.
func (h *errorHandler) respond(f *failure) bool {
	slot := h.handler.newCallSlot()
	if !h.find(f, slot.in) {
		return false
	}
	var a response.Response
	defer a.Close()
	err := h.run(f, slot, &a)
	if err == nil {
		err = f.send(&a)
	}
	if err != nil {
		f.replace(err)
	}
	return err == nil
}

// send writes the response that a handler made. It returns errors that occur before the first byte; later ones abort
// the connection.
func (f *failure) send(resp *response.Response) error {
	f.begin()
	f.challenge(resp.Status)
	if resp.Stream == nil {
		if contentType, body := f.inClientsType(resp.ContentType, resp.Body); contentType != resp.ContentType {
			resp.ContentType, resp.Borrowed = contentType, body
		}
		resp.Write(f.w, false)
		return nil
	}
	watched := layer.Watch(f.w)
	err := resp.Stream(watched, f.r)
	if err != nil && watched.Begun {
		f.replace(err)
		f.abort()
	}
	// If there was an error, nothing was sent, and another response may follow.
	f.begun = err == nil
	return err
}

// run calls the handler and encodes its result. A panic becomes an error.
func (h *errorHandler) run(f *failure, slot *callSlot, resp *response.Response) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panics.Recovered(value)
		}
	}()
	ctx := (*requestContext)(f.r)
	if err := slot.run(ctx); err != nil {
		return err
	}
	// Copied, because concurrent requests use the plan.
	plan := *h.plan
	plan.statuses = h.statuses(f.status())
	resp.LeaveOut = func(reason error) {
		f.logAt(slog.LevelError, "a header of an error cannot be sent", reason)
	}
	err = plan.encode(slot.outValue, h.checks != ChecksOff, resp)
	return refusal(ctx, resp, err, h.checks, f.writer.log)
}

// findError finds an error of the type that into points to in the failure.
func findError(f *failure, into any) bool {
	if !errors.As(f.err, into) {
		return false
	}
	switch found := into.(type) {
	case **ValidationError:
		if *found == nil {
			return false
		}
		*found = f.writer.rendered(f.r, *found)
	case *error:
		_ = f.known() // for the log
	}
	return true
}

// findStatus finds the error of a failure that has the status.
func findStatus(status int) func(f *failure, into any) bool {
	return func(f *failure, into any) bool {
		// known logs unknown errors, so it is called only if the error is for this handler.
		if f.status() != status {
			return false
		}
		*into.(**HTTPError) = f.known()
		return true
	}
}

// Problem is the body of errors if Config.ProblemDetails is set: RFC 9457, application/problem+json.
//
// By default the title is the reason phrase, and the detail that of the error. To set more members, use a Problem as
// the detail of an error:
//
//	candor.Error(403, candor.Problem{
//		Type:   "https://example.com/problems/out-of-credit",
//		Title:  "You do not have enough credit",
//		Detail: "Your balance is 30, but that costs 50",
//	})
//
// What Type, Title and Status say below holds for such a detail. A Problem that a handler returns as its response is
// encoded like any struct, with the members that the handler set; [OnError] handlers return an [Error] instead.
type Problem struct {
	// Type is a URI that identifies the kind of problem. Empty means "about:blank": the status says it all.
	Type string `json:"type"`
	// Title is a short text, the same for all problems of the type; if empty, it is the reason phrase.
	Title string `json:"title"`
	// Status is the status code of the response; it is filled in.
	Status int `json:"status"`
	// Detail explains this occurrence.
	Detail string `json:"detail,omitempty"`
	// Instance is a URI that identifies this occurrence.
	Instance string `json:"instance,omitempty"`
	// Errors are the validation errors of the request.
	Errors []Fault `json:"errors,omitempty"`
	// Extra is the detail of an error if that is not a string.
	Extra any `json:"extra,omitzero"`
}

// problemFormat is the format of errors with Config.ProblemDetails.
func problemFormat() *errorFormat {
	return &errorFormat{mediaType: mediatype.Problem, body: func(e *HTTPError) any { return problemOf(e) }}
}

// problemOf converts an error to a problem.
func problemOf(e *HTTPError) Problem {
	var p Problem
	switch detail := e.detail.(type) {
	case Problem:
		p = detail
	case *Problem:
		p = *detail
	case string:
		p.Detail = detail
	case []Fault:
		p.Detail, p.Errors = "the request is not valid", detail
	default:
		p.Extra = detail
	}
	if p.Type == "" {
		p.Type = "about:blank"
	}
	if p.Title == "" {
		p.Title = reason(e.status)
	}
	p.Status = e.status
	return p
}
