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
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/typeinfo"
)

// errorHandler is one registration by OnError or OnStatus.
type errorHandler struct {
	site *callsite.Site
	// errorType is the type OnError takes; nil for OnStatus, which takes status.
	errorType reflect.Type
	status    int
	find      func(f *failure, into any) bool
	handler   *function
	output    *typeinfo.Output
	set       *settings
}

// String names the handler in messages to its author.
func (h *errorHandler) String() string {
	if h.errorType != nil {
		return "OnError[" + h.errorType.String() + "]"
	}
	return fmt.Sprintf("OnStatus(%d)", h.status)
}

func (h *errorHandler) configError(err error) error {
	return fmt.Errorf("candor: %s at %s: %w", h, h.site, err)
}

// same reports whether both take the same errors.
func (h *errorHandler) same(other *errorHandler) bool {
	return h.errorType == other.errorType && h.status == other.status
}

// check finds what is wrong with a handler by itself.
func (h *errorHandler) check() error {
	switch {
	case h.handler == nil:
		return errors.New("the handler is nil; pass a function")
	case h.errorType == nil && (h.status < 300 || h.status > 599):
		return errors.New("an error has a status between 300 and 599")
	}
	// What remains has to be zero, so that options of the future are refused without
	// a list.
	rest := *h.set
	rest.status, rest.statusDoc, rest.responses, rest.produces = 0, "", nil, nil
	if !reflect.ValueOf(rest).IsZero() {
		return errors.New("only Status, Produces, Responds and Raises have an effect on the response to an error; drop the others")
	}
	return nil
}

// compile makes the plan of the handler's answers.
func (h *errorHandler) compile(c *compiler) (*responsePlan, error) {
	status := h.set.status
	if h.output.Status == nil {
		status = cmp.Or(status, h.status)
	}
	return c.compileResponse(h.output, status, h.set.produces)
}

// statuses are those of the responses to an error with a status.
func (c *boundHandler) statuses(status int) []int {
	if c.set.status == 0 && c.output.Status == nil {
		return []int{status}
	}
	return c.plan.statuses
}

// boundHandler is an error handler in its place: compiled for one app.
type boundHandler struct {
	*errorHandler
	plan   *responsePlan
	checks ResponseChecks
}

// compileErrorHandlers makes the error handlers of one router, in the order in which they
// are asked among themselves.
func compileErrorHandlers(c *compiler, handlers []*errorHandler, checks ResponseChecks) ([]*boundHandler, error) {
	var all []*boundHandler
	var configErrs []error
	// The last registration is asked first, which the stable sort keeps among
	// handlers of a kind.
	for _, h := range slices.Backward(handlers) {
		plan, err := h.compile(c)
		if err != nil {
			configErrs = append(configErrs, h.configError(err))
		}
		all = append(all, &boundHandler{errorHandler: h, plan: plan, checks: checks})
	}
	slices.SortStableFunc(all, func(a, b *boundHandler) int { return int(a.kind()) - int(b.kind()) })
	return all, errors.Join(configErrs...)
}

// kind is what an error handler is asked for, the more special first.
type kind int

const (
	ofType kind = iota
	ofInterface
	ofStatus
	ofEveryHTTPError
	ofEveryError
)

var (
	httpErrorType  = reflect.TypeFor[*HTTPError]()
	validationType = reflect.TypeFor[*ValidationError]()
	anyErrorType   = reflect.TypeFor[error]()
)

func (h *errorHandler) kind() kind {
	switch {
	case h.errorType == nil:
		return ofStatus
	case h.errorType == httpErrorType:
		return ofEveryHTTPError
	case h.errorType == anyErrorType:
		return ofEveryError
	case h.errorType.Kind() == reflect.Interface:
		return ofInterface
	}
	return ofType
}

// takes reports whether an error with the type and the status, as Candor knows
// it beforehand, is one for the handler.
func (h *errorHandler) takes(t reflect.Type, status int) bool {
	if h.errorType == nil {
		return h.status == status
	}
	return t == h.errorType || h.errorType.Kind() == reflect.Interface && t.Implements(h.errorType)
}

// errorHandlers are those of an endpoint, in the order in which they are asked.
type errorHandlers []*boundHandler

// firstTaking is the position of the error handler that answers an error of a type, of
// which no status is known; -1 where none does.
func (all errorHandlers) firstTaking(t reflect.Type) int {
	return slices.IndexFunc(all, func(c *boundHandler) bool { return c.takes(t, http.StatusInternalServerError) })
}

// checkRaised finds types that a declaration names and nothing answers.
func (all errorHandlers) checkRaised(types []reflect.Type) error {
	for _, t := range types {
		if all.firstTaking(t) < 0 {
			return fmt.Errorf("RaisesType[%s], but no OnError of the route or its routers handles this error, so it is a 500; register one, or drop the declaration", t)
		}
	}
	return nil
}

// asked brings the error handlers of an endpoint, the nearest router's first, into the
// order in which they are asked.
func (all errorHandlers) asked() errorHandlers {
	// A handler of a type comes before one of a status, even if the latter is on a
	// nearer router.
	class := func(c *boundHandler) int {
		switch c.kind() {
		case ofType, ofInterface:
			return 0
		case ofStatus:
			return 1
		}
		return 2
	}
	ordered := slices.Clone(all)
	slices.SortStableFunc(ordered, func(a, b *boundHandler) int { return class(a) - class(b) })
	return ordered
}

// with is a writer that asks the error handlers.
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

// claims reports whether OnError names the type of err, or of one in it. What
// takes every error is there for those that nobody knows.
func (c *boundHandler) claims(err error) bool {
	switch c.kind() {
	case ofType, ofInterface:
		// The failure needs no writer: find uses one only for *ValidationError and
		// error, which are left out here.
		return c.errorType != validationType && c.find(&failure{err: err}, c.handler.newCallSlot().in)
	}
	return false
}

// respond lets the handler respond to the failure.
func (c *boundHandler) respond(f *failure) bool {
	slot := c.handler.newCallSlot()
	if !c.find(f, slot.in) {
		return false
	}
	var a response
	defer a.close()
	err := c.run(f, slot, &a)
	if err == nil {
		err = f.send(&a)
	}
	if err != nil {
		f.replace(err)
	}
	return err == nil
}

// send writes what a handler made of the failure. An error is one before the
// first byte; later ones abort the connection.
func (f *failure) send(a *response) error {
	f.begin()
	f.challenge(a.status)
	if a.stream == nil {
		if contentType, body := f.inClientsType(a.contentType, a.body); contentType != a.contentType {
			a.contentType, a.borrowed = contentType, body
		}
		a.write(f.w)
		return nil
	}
	watched := layer.Watch(f.w)
	err := a.stream(watched, f.r)
	if err != nil && watched.Begun {
		f.replace(err)
		f.abort()
	}
	// Nothing was sent in case of an error, so another response may follow.
	f.begun = err == nil
	return err
}

// run calls the handler and encodes what it returns. A panic is an error.
func (c *boundHandler) run(f *failure, slot *callSlot, a *response) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panics.Recovered(value)
		}
	}()
	ctx := (*requestContext)(f.r)
	if err := slot.run(ctx); err != nil {
		return err
	}
	// A copy, because other requests use the plan at the same time.
	plan := *c.plan
	plan.statuses = c.statuses(f.status())
	a.leaveOut = func(reason error) {
		f.logAt(slog.LevelError, "a header of an error cannot be sent", reason)
	}
	return plan.encode(ctx, reflect.ValueOf(slot.out).Elem(), c.checks, f.writer.log, a)
}

// findError finds an E in the failure.
func findError[E error](f *failure, into *E) bool {
	found, ok := errors.AsType[E](f.err)
	if !ok {
		return false
	}
	*into = found
	switch found := any(into).(type) {
	case **ValidationError:
		*found = f.writer.rendered(f.r, *found)
	case *error:
		_ = f.known() // for the log
	}
	return true
}

// Problem is the body of an error where Config.ProblemDetails is set: RFC 9457,
// application/problem+json.
//
// By itself, Candor writes the reason phrase as the title and the detail of the
// error as the detail. An error whose detail is a Problem says more:
//
//	candor.Error(403, candor.Problem{
//		Type:   "https://example.com/problems/out-of-credit",
//		Title:  "You do not have enough credit",
//		Detail: "Your balance is 30, but that costs 50",
//	})
type Problem struct {
	// Type is a URI that names the kind of problem; "about:blank", when empty,
	// is one that the status tells.
	Type string `json:"type"`
	// Title is a short text, the same for all problems of the type; the reason
	// phrase when empty.
	Title string `json:"title"`
	// Status is that of the response; it is filled in.
	Status int `json:"status"`
	// Detail is about this occurrence.
	Detail string `json:"detail,omitempty"`
	// Instance is a URI that names this occurrence.
	Instance string `json:"instance,omitempty"`
	// Errors are the faults of a request that is not valid.
	Errors []Fault `json:"errors,omitempty"`
	// Extra is the detail of an error whose detail is not a text.
	Extra any `json:"extra,omitzero"`
}

// problemFormat is the form of errors with Config.ProblemDetails.
func problemFormat() *errorFormat {
	return &errorFormat{mediaType: mediatype.Problem, body: func(e *HTTPError) any { return problemOf(e) }}
}

// problemOf tells an error as a problem.
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
