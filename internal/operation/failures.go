package operation

import (
	"cmp"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/sorted"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Failure is a response to an error, or to several with one status.
type Failure struct {
	Status      int
	Description string
	// Errors are those that cause it, if they are known.
	Errors []SentError
}

// Declared is a response that an option declares. Without a Reply it is an error in the format of the app.
type Declared struct {
	Failure
	Reply *Reply
}

// ErrorHandler is an error handler of the user.
type ErrorHandler struct {
	// Type is the type of the errors that it handles, nil if it handles those with the Status.
	Type   reflect.Type
	Status int
	Reply  *Reply
	// Statuses are those of its responses, nil for that of the error.
	Statuses    []int
	Description string
	Declared    []Declared
}

// Takes reports whether the handler is for errors of the type and status.
func (h *ErrorHandler) Takes(t reflect.Type, status int) bool {
	if h.Type == nil {
		return h.Status == status
	}
	return t == h.Type || h.Type.Kind() == reflect.Interface && t.Implements(h.Type)
}

// statuses returns the possible statuses of the response to an error with a status.
func (h *ErrorHandler) statuses(status int) []int {
	if h.Statuses == nil {
		return []int{status}
	}
	return h.Statuses
}

// ErrorSources is where the error responses of an operation come from.
type ErrorSources struct {
	// Handlers are the error handlers, in the order in which they are tried.
	Handlers []*ErrorHandler
	// Declared are the responses that options of the operation declare, and Layers those that its middleware declares.
	Declared, Layers []Declared
	// Own are the responses that Candor and middleware send by themselves.
	Own []Failure
	// Types are the declared types of errors of the user.
	Types []reflect.Type
}

// HandlesInvalid reports whether validation errors have another format than that of the app.
func (s *ErrorSources) HandlesInvalid(format *ErrorFormat) bool {
	status := http.StatusUnprocessableEntity
	takes := func(h *ErrorHandler) bool { return h.Takes(format.ValidationError, status) }
	return slices.ContainsFunc(s.Handlers, takes) || s.declares(status)
}

func (s *ErrorSources) declares(status int) bool {
	return slices.ContainsFunc(s.Declared, func(d Declared) bool { return d.Status == status })
}

// ErrorFormat describes how an app writes errors that no error handler takes.
type ErrorFormat struct {
	MediaTypes []string
	// Detail is the type of an error with a detail, Invalid that of a list of validation errors.
	Detail, Invalid *typeinfo.Type
	// Codecs are the media types in which each JSON response of an error handler is available, too.
	Codecs []string
	// HTTPError and ValidationError are the types of the errors themselves.
	HTTPError, ValidationError reflect.Type
}

// Describe adds the error responses of an operation: those that are declared, those that Candor sends by itself, and
// those for the types of its error handlers. The example of a 422 is that of the validation errors, nil for none.
func (f *ErrorFormat) Describe(all *Responses, s *ErrorSources, invalid json.RawMessage) {
	for _, d := range s.Declared {
		if d.Reply == nil {
			f.Add(all, s.Handlers, d.Failure)
		}
	}
	for _, d := range s.Layers {
		f.declared(all, s.Handlers, d)
	}
	for _, own := range s.Own {
		// A response that the operation declares for the status describes it better.
		if !s.declares(own.Status) {
			f.add(all, s.Handlers, f.typeOf(own.Status), own)
		}
	}
	// The example must be added before the responses of error handlers are merged in, whose bodies have another format.
	if r := all.To(http.StatusUnprocessableEntity); r != nil && invalid != nil {
		r.ShowError(invalid)
	}
	f.handledTypes(all, s)
}

// typeOf returns the type of the errors that Candor sends with a status.
func (f *ErrorFormat) typeOf(status int) reflect.Type {
	if status == http.StatusUnprocessableEntity {
		return f.ValidationError
	}
	return f.HTTPError
}

// Add adds the response to an error with a detail.
func (f *ErrorFormat) Add(all *Responses, handlers []*ErrorHandler, failure Failure) {
	f.add(all, handlers, f.HTTPError, failure)
}

// add adds the response to an error of a type: that of the first error handler for it, otherwise one in the app's
// format.
func (f *ErrorFormat) add(all *Responses, handlers []*ErrorHandler, t reflect.Type, failure Failure) {
	for i, h := range handlers {
		if h.Takes(t, failure.Status) {
			f.handled(all, handlers[i:], failure)
			return
		}
	}
	described := f.Detail
	if t == f.ValidationError {
		described = f.Invalid
	}
	all.Merge(f.plain(failure, described))
}

// plain describes an error in the app's format.
func (f *ErrorFormat) plain(failure Failure, described *typeinfo.Type) *Response {
	r := &Response{Status: failure.Status, Description: cmp.Or(failure.Description, mediatype.Reason(failure.Status))}
	if mediatype.BodyAllowed(failure.Status) {
		for _, name := range f.MediaTypes {
			r.Content = append(r.Content, Content{Media: Media{Type: name}, Values: []Value{{Kind: JSON, Use: Out, Type: described}}})
		}
	}
	for _, err := range failure.Errors {
		if err.Body != nil {
			r.ShowError(err.Body)
		}
	}
	r.addErrorHeaders(failure.Errors)
	return r
}

// handled describes the responses of the first error handler for an error with a status. The other handlers see the
// errors that this one returns.
func (f *ErrorFormat) handled(all *Responses, handlers []*ErrorHandler, failure Failure) {
	h := handlers[0]
	for _, status := range h.statuses(failure.Status) {
		all.Merge(f.inEveryCodec(h.Reply.To(status, cmp.Or(h.Description, failure.Description))))
		all.To(status).addErrorHeaders(failure.Errors)
	}
	for _, d := range h.Declared {
		f.declared(all, handlers[1:], d)
	}
}

// declared merges in a response declared by an option.
func (f *ErrorFormat) declared(all *Responses, handlers []*ErrorHandler, d Declared) {
	if d.Reply == nil {
		f.Add(all, handlers, d.Failure)
		return
	}
	all.Merge(d.Reply.To(d.Status, d.Description))
}

// inEveryCodec adds the media types of codecs to a JSON response of an error handler.
func (f *ErrorFormat) inEveryCodec(r *Response) *Response {
	if len(r.Content) != 1 || !mediatype.IsJSON(r.Content[0].Type) {
		return r
	}
	for _, name := range f.Codecs {
		r.Content = append(r.Content, Content{Media: Media{Type: name}, Values: r.Content[0].Values})
	}
	return r
}

// handledTypes describes the responses to errors of the user's types that an operation declares, and to a 500 that an
// error handler turns into another status.
func (f *ErrorFormat) handledTypes(all *Responses, s *ErrorSources) {
	unknown := Failure{Status: http.StatusInternalServerError}
	firstTaking := func(t reflect.Type) int {
		return slices.IndexFunc(s.Handlers, func(h *ErrorHandler) bool { return h.Takes(t, unknown.Status) })
	}
	for _, t := range s.Types {
		if i := firstTaking(t); i >= 0 {
			f.handled(all, s.Handlers[i:], unknown)
		}
	}
	// The document omits the 500 that every operation may respond with, unless an error handler gives it another
	// status.
	i := firstTaking(reflect.TypeFor[error]())
	if i >= 0 && !slices.Equal(s.Handlers[i].statuses(unknown.Status), []int{unknown.Status}) {
		f.handled(all, s.Handlers[i:], unknown)
	}
}

// RepliesToInvalid are the WebSocket messages sent in reply to an invalid one: the bodies of a 422, in the order of
// their statuses and media types.
func (f *ErrorFormat) RepliesToInvalid(handlers []*ErrorHandler) (values []Value) {
	refused := &Responses{}
	f.add(refused, handlers, f.ValidationError, Failure{Status: http.StatusUnprocessableEntity})
	// More than one response may be possible, so the order must not depend on a map.
	bodies := map[string][]Value{}
	for _, r := range refused.All {
		for _, c := range r.Content {
			// WebSocket messages are always JSON.
			if !slices.Contains(f.Codecs, c.Type) {
				bodies[mediatype.StatusKey(r.Status)+" "+c.Type] = c.Values
			}
		}
	}
	for _, key := range sorted.Keys(bodies) {
		values = append(values, bodies[key]...)
	}
	return values
}
