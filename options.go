package candor

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Option says something about routes: of one route, of all routes of a router,
// of an inclusion, or of the whole app. Where several say the same thing, the
// innermost wins (route, then its router, then the inclusion, then the app);
// tags, responses and middleware add up, the outermost first.
type Option interface {
	RouteOption
	IncludeOption
}

// RouteOption says something about one route.
type RouteOption interface{ applyRoute(*settings) error }

// IncludeOption says something about one inclusion of a router.
type IncludeOption interface{ applyInclude(*includeOptions) error }

// includeOptions is what options say about one inclusion.
type includeOptions struct {
	prefix string
	own    settings
}

// settings is what options say about a route, or about all routes below. Routes
// and endpoints share them: once options have been applied they stay as they
// are, and who needs others makes a copy.
type settings struct {
	tags        []string
	summary     string
	description string
	operationID string
	deprecated  bool
	deprecation *deprecation
	hidden      bool
	status      int
	statusDoc   string
	responses   []declaredBody
	headers     []addedHeader
	// raisedTypes are the types of the user's errors that an OnError answers.
	raisedTypes []reflect.Type
	middleware  []func(http.Handler) http.Handler
	maxBody     int64
	multipart   MultipartLimits
	heartbeat   time.Duration
	// messageLimit, origins and subprotocols are those of WebSockets.
	messageLimit   int
	replyToInvalid bool
	origins        []string
	subprotocols   []string
	aliases        []alias
	looseType      *bool
	// produces are the media types of a response that is sent as it is.
	produces    []string
	forbidExtra bool
	edits       []func(*openapi3.Operation)
	annotations
	scopes []string
	// requirements are the guards, needs and wrappers.
	requirements []requirement
	// public means that the first of the requirements, those inherited, hold
	// only where they ask for no credentials.
	public    bool
	inherited int
	// until is a provider's.
	until Lifetime
	// attempts is how often a provider may call use, 0 where nobody says anything.
	attempts int
	// timeout and cache are nil where nobody says anything.
	timeout *time.Duration
	cache   *CacheConfig
}

// declaredBody is a response declared beside the handler's own.
type declaredBody struct {
	status int
	doc    string
	// body is nil for errors with a detail, which errs are.
	body *typeinfo.Output
	errs []*HTTPError
}

// alias is a further path of a route, with what it says differently.
type alias struct {
	path string
	own  *settings
}

// everywhere is an Option made of a function.
type everywhere func(*settings) error

func (o everywhere) applyRoute(s *settings) error         { return o(s) }
func (o everywhere) applyInclude(p *includeOptions) error { return o(&p.own) }

// Declaration is an option of routes that providers and guards take too: what
// they declare stands in every operation that runs them.
type Declaration interface {
	Option
	ProvideOption
}

// declaration is a Declaration made of a function.
type declaration struct{ everywhere }

func (d declaration) applyProvide(s *settings) error { return d.everywhere(s) }

// onRoute is a RouteOption made of a function.
type onRoute func(*settings) error

func (o onRoute) applyRoute(s *settings) error { return o(s) }

// errNilOption is the configuration error of an option that is nil.
var errNilOption = errors.New("an option is nil; leave it out")

// noSettings are the settings where no option says anything.
var noSettings = &settings{}

// apply gathers what options say.
func apply(options []RouteOption) (*settings, error) {
	if len(options) == 0 {
		// Whatever has no options shares one value, which inherit need not copy.
		return noSettings, nil
	}
	s := &settings{}
	for _, o := range options {
		if o == nil {
			return s, errNilOption
		}
		if err := o.applyRoute(s); err != nil {
			return s, err
		}
	}
	return s, nil
}

// copy is for settings that are to differ.
func (s *settings) copy() *settings {
	// The lists stay shared: whoever appends to one clones or clips it before.
	own := *s
	return &own
}

// unguarded are the settings around what is no operation, such as a mount or a
// page of the document: guards, and the scopes that they check, are those of
// operations.
func (s *settings) unguarded() *settings {
	s = s.copy()
	s.requirements, s.scopes = nil, nil
	return s
}

// inherit returns what s says inside a scope about which outer says something.
// Aliases stay with their route.
func (s *settings) inherit(outer *settings) *settings {
	switch {
	case s == noSettings:
		return outer
	case outer == noSettings:
		return s
	}
	s = s.copy()
	s.tags = appendNew(slices.Clone(outer.tags), s.tags)
	s.deprecated = s.deprecated || outer.deprecated
	s.deprecation = s.deprecation.or(outer.deprecation)
	s.hidden = s.hidden || outer.hidden
	// Outer middleware runs first, and so do outer guards.
	s.middleware = slices.Concat(outer.middleware, s.middleware)
	s.responses = overlay(outer.responses, s.responses)
	s.headers = slices.Concat(outer.headers, s.headers)
	s.raisedTypes = appendNew(slices.Clone(outer.raisedTypes), s.raisedTypes)
	switch {
	case s.public:
		// A public route drops the scopes of its routers, too: it asks for no
		// credentials that could have them.
		s.inherited = len(outer.requirements)
	default:
		s.public, s.inherited = outer.public, outer.inherited
		s.scopes = appendNew(slices.Clone(outer.scopes), s.scopes)
	}
	s.requirements = slices.Concat(outer.requirements, s.requirements)
	s.summary = cmp.Or(s.summary, outer.summary)
	s.description = cmp.Or(s.description, outer.description)
	s.operationID = cmp.Or(s.operationID, outer.operationID)
	s.status = cmp.Or(s.status, outer.status)
	s.statusDoc = cmp.Or(s.statusDoc, outer.statusDoc)
	s.maxBody = cmp.Or(s.maxBody, outer.maxBody)
	s.multipart = s.multipart.or(outer.multipart)
	s.heartbeat = cmp.Or(s.heartbeat, outer.heartbeat)
	s.messageLimit = cmp.Or(s.messageLimit, outer.messageLimit)
	s.replyToInvalid = s.replyToInvalid || outer.replyToInvalid
	if s.origins == nil {
		s.origins = outer.origins
	}
	if s.subprotocols == nil {
		s.subprotocols = outer.subprotocols
	}
	s.forbidExtra = s.forbidExtra || outer.forbidExtra
	if s.looseType == nil {
		s.looseType = outer.looseType
	}
	if s.timeout == nil {
		s.timeout = outer.timeout
	}
	if s.cache == nil {
		s.cache = outer.cache
	}
	if len(s.produces) == 0 {
		s.produces = outer.produces
	}
	s.edits = slices.Concat(outer.edits, s.edits)
	s.annotations = s.annotations.inherit(outer.annotations)
	return s
}

func appendNew[E comparable](tags, more []E) []E {
	for _, tag := range more {
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// overlay puts inner responses in the place of outer ones of the same status.
// Errors of one status stand beside each other.
func overlay(outer, inner []declaredBody) []declaredBody {
	// Other routes inherit the outer list.
	all := slices.Clone(outer)
	for _, r := range inner {
		i := slices.IndexFunc(all, func(o declaredBody) bool { return o.status == r.status })
		switch {
		case i < 0:
			all = append(all, r)
		case r.body == nil && all[i].body == nil:
			// Any of the errors of a status may come, while a body has one form.
			all[i].doc = mergeDetails(all[i].doc, r.doc)
			all[i].errs = slices.Concat(all[i].errs, r.errs)
		default:
			all[i] = r
		}
	}
	return all
}

// betweenDetails stands between the details of errors of one status.
const betweenDetails = "; "

// mergeDetails joins texts, of which those of details that are no text are empty.
func mergeDetails(doc, more string) string {
	details := appendNew(strings.Split(doc, betweenDetails), strings.Split(more, betweenDetails))
	return strings.Join(slices.DeleteFunc(details, func(text string) bool { return text == "" }), betweenDetails)
}

// Tags groups operations in the document under these names.
func Tags(names ...string) Option {
	return everywhere(func(s *settings) error {
		s.tags = appendNew(s.tags, names)
		return nil
	})
}

// Description is the operation's longer text, in Markdown.
func Description(text string) Option {
	return everywhere(func(s *settings) error {
		s.description = text
		return nil
	})
}

// Hidden keeps operations out of the document. They still serve.
func Hidden() Option {
	return everywhere(func(s *settings) error {
		s.hidden = true
		return nil
	})
}

// Responds declares that operations may also answer with the status and a body
// of type T; candor.None declares no body. It documents: the response itself
// comes from an error, a guard or a middleware. The text is the description of
// the response, the status's reason phrase by default. [Status4XX] and the like
// stand for many statuses; one that is declared by itself comes before them.
func Responds[T any](status int, doc ...string) Declaration {
	return declaration{func(s *settings) error {
		if err := validDeclared("Responds", status); err != nil {
			return err
		}
		out, err := describeResponse(reflect.TypeFor[T]())
		if err != nil {
			return fmt.Errorf("Responds(%d): %w", status, err)
		}
		// Only the error is wanted; the document compiles the response again.
		if _, err := declaredResponse(out, status); err != nil {
			return err
		}
		s.responses = overlay(s.responses, []declaredBody{{status: status, doc: strings.Join(doc, "\n"), body: out}})
		return nil
	}}
}

// Raises declares the errors that operations may answer with, each with its
// status and headers. A detail that is a text describes the response, beside
// others of the status; of any other the description is the reason phrase. The
// body with the detail is an example. Errors below 300, and of statuses without a
// body, are configuration errors: [Responds] with [None] declares such responses.
func Raises(errs ...*HTTPError) Declaration {
	return declaration{func(s *settings) error {
		for _, e := range errs {
			if e == nil {
				return fmt.Errorf("Raises(nil); declare the error with candor.Error first")
			}
			if e.status < 300 || e.status > 599 || !mediatype.BodyAllowed(e.status) {
				return fmt.Errorf("Raises(Error(%d)); an error has a status between 300 and 599, and a body; declare another response with Responds", e.status)
			}
			if _, err := encodeJSON(e.detail); err != nil {
				return fmt.Errorf("Raises(Error(%d)): the detail, a %T, cannot be written as JSON; give it one that can (%w)", e.status, e.detail, err)
			}
			text, _ := e.detail.(string)
			s.responses = overlay(s.responses, []declaredBody{{status: e.status, doc: text, errs: []*HTTPError{e}}})
		}
		return nil
	}}
}

// RaisesType declares that operations may fail with an error of type E, which an
// [OnError] around them answers: the response of that one stands in the document
// of each, and in that of no other operation. A type that no OnError around an
// operation takes is a configuration error when the app is sealed.
//
//	candor.OnError(app, func(ctx context.Context, err *StockError) (Stock, error) { ... }, candor.Status(409))
//	candor.Post(app, "/orders", order, candor.RaisesType[*StockError]())
//
// OnError for *[ValidationError], *[HTTPError] or error, and [OnStatus], need no
// declaration: they replace responses that every operation can give.
func RaisesType[E error]() Declaration {
	return declaration{func(s *settings) error {
		s.raisedTypes = appendNew(s.raisedTypes, []reflect.Type{reflect.TypeFor[E]()})
		return nil
	}}
}

// RespondsHeader declares a header that answers of these statuses have beside
// those of their type, such as one that middleware adds; of all statuses where
// none is named. It documents: the header is set elsewhere, and is not missed
// where it is not there.
func RespondsHeader(name, doc string, statuses ...int) Declaration {
	return declaration{func(s *settings) error {
		// OpenAPI ignores a header Content-Type, as the content has media types.
		if !mediatype.ValidHeader(name, nil) || strings.EqualFold(name, "Content-Type") {
			return fmt.Errorf("RespondsHeader(%q); write the name of a header other than Content-Type", name)
		}
		for _, status := range statuses {
			if err := validStatus("RespondsHeader", status); err != nil {
				return err
			}
		}
		s.headers = append(s.headers, addedTo(http.CanonicalHeaderKey(name), doc, statuses))
		return nil
	}}
}

// MaxBody limits the size of request bodies, in bytes: 1 MiB by default. A
// larger body is answered with 413, before it is read where Content-Length
// tells. So is one whose value, decoded, would take more than about four times
// the limit, as that of many small or empty elements does.
func MaxBody(bytes int64) Option {
	return everywhere(func(s *settings) error {
		if bytes <= 0 {
			return fmt.Errorf("MaxBody(%d); the limit is a positive number of bytes", bytes)
		}
		s.maxBody = bytes
		return nil
	})
}

// LimitMultipart bounds multipart forms of operations; a field that is zero
// means the limit of the router around, of Config.Limits, or else the default.
//
//	candor.Post(app, "/album", upload, candor.MaxBody(200<<20), candor.LimitMultipart(candor.MultipartLimits{Parts: 500}))
//
// The number of files of one field is bounded by its tag `validate:"max=10"`.
func LimitMultipart(limits MultipartLimits) Option {
	return everywhere(func(s *settings) error {
		if err := limits.check(); err != nil {
			return fmt.Errorf("LimitMultipart: %w", err)
		}
		// A later option changes only the limits that it has.
		s.multipart = limits.or(s.multipart)
		return nil
	})
}

// StrictContentType says whether a JSON body must come with a Content-Type
// header. It must by default, or the response is 415; with false it is read as
// application/json. Another media type is refused either way.
func StrictContentType(strict bool) Option {
	return everywhere(func(s *settings) error {
		// A pointer tells false from an option that is not there.
		loose := !strict
		s.looseType = &loose
		return nil
	})
}

// ForbidExtra refuses what nobody asked for: members that the struct of a body,
// or one inside of it, does not list, and query keys that no field of the
// operation, of its guards and of its providers reads. Each is a fault of type
// "extra_forbidden". Without it such things are ignored, but where [Strict] is
// embedded. Headers and cookies are never refused by it. The document says so by
// additionalProperties and, of query keys, by the extension "x-forbid-extra".
func ForbidExtra() Option {
	return everywhere(func(s *settings) error {
		s.forbidExtra = true
		return nil
	})
}

// Use puts middleware around operations; the first is the outermost. That of
// the app also runs around the answers for paths without a route. The route
// has been found before any middleware runs, so r.Pattern holds its template;
// r.PathValue gives what its wildcards matched.
func Use(middleware ...func(http.Handler) http.Handler) Option {
	return everywhere(func(s *settings) error {
		if slices.ContainsFunc(middleware, func(m func(http.Handler) http.Handler) bool { return m == nil }) {
			return fmt.Errorf("Use(nil); leave the middleware out")
		}
		s.middleware = append(s.middleware, middleware...)
		return nil
	})
}

// Summary is the operation's title in the document. Without one it is made of
// the handler's name: readItem becomes "Read Item".
func Summary(text string) RouteOption {
	return onRoute(func(s *settings) error {
		s.summary = text
		return nil
	})
}

// OperationID names the operation for generated clients. Two operations of one
// app with the same explicit id are a configuration error.
//
// Without it the id is the name of the handler's function: that of a method with
// its receiver, usersList for users.List, that of a generic function with its
// type arguments, createItem for create[Item]. Aliases and further inclusions
// add path and method, and so do all operations of function literals. Of several
// routes of one function that with the shortest path has the id alone; where the
// ids of two functions would be the same, both have path and method. So the order
// of registrations, which may change with any commit, decides nothing about the
// names in a generated client.
//
// See also [Config.OperationID], which chooses the ids of all operations.
func OperationID(id string) RouteOption {
	return onRoute(func(s *settings) error {
		s.operationID = id
		return nil
	})
}

// Status is the status of a successful answer, 200 by default, 204 for None.
// The text describes it in the document.
func Status(status int, doc ...string) RouteOption {
	return onRoute(func(s *settings) error {
		if err := validStatus("Status", status); err != nil {
			return err
		}
		s.status, s.statusDoc = status, strings.Join(doc, "\n")
		return nil
	})
}

// EditOperation changes the operation in the document by hand, after
// everything else was put into it. The function is called once for each
// document with the operation, when the document is first needed.
//
// What it writes is the author's promise: the test client holds the responses
// against it like against the rest.
func EditOperation(edit func(op *openapi3.Operation)) RouteOption {
	return onRoute(func(s *settings) error {
		if edit == nil {
			return errors.New("EditOperation(nil); leave it out")
		}
		s.edits = append(s.edits, edit)
		return nil
	})
}

// Produces names the media type of a response that is sent as it is: of Text,
// HTML, []byte, Reader and File, in the document and on the wire. A value
// written as JSON takes types that end in +json, and application/json, which keeps
// the codecs of the app out. Several types, and ranges such
// as image/*, are for responses that choose: a File does by its extension, others
// by a field `header:"Content-Type"` of their envelope.
func Produces(mediaTypes ...string) RouteOption {
	return onRoute(func(s *settings) error {
		for _, m := range mediaTypes {
			if _, _, err := mime.ParseMediaType(m); err != nil || !strings.Contains(m, "/") {
				return fmt.Errorf("Produces(%q); write a media type such as \"text/csv\"", m)
			}
		}
		s.produces = mediaTypes
		return nil
	})
}

// Alias serves the route at a further path, under the same router. The options
// hold for that path only, on top of the route's own:
//
//	candor.Get(app, "/items/{id}", readItem,
//		candor.Alias("/things/{id}", candor.Hidden()))
func Alias(path string, options ...RouteOption) RouteOption {
	return onRoute(func(s *settings) error {
		own, err := apply(options)
		if err != nil {
			return fmt.Errorf("alias %s: %w", path, err)
		}
		if len(own.aliases) > 0 {
			return fmt.Errorf("alias %s has an alias of its own; list both for the field itself", path)
		}
		s.aliases = append(s.aliases, alias{path: path, own: own})
		return nil
	})
}

// Prefix puts a path in front of everything in the included router. It begins
// with a slash and does not end with one; it may hold wildcards.
func Prefix(path string) IncludeOption { return prefixOption(path) }

type prefixOption string

func (p prefixOption) applyInclude(to *includeOptions) error {
	if err := checkPrefix(string(p)); err != nil {
		return fmt.Errorf("Prefix(%q): %w", string(p), err)
	}
	to.prefix = string(p)
	return nil
}

// checkPrefix reports why a prefix cannot stand in front of paths.
func checkPrefix(prefix string) error {
	switch {
	case prefix == "":
		return nil
	case prefix == "/":
		return errors.New(`a prefix does not end with a slash; for no prefix write ""`)
	case strings.HasSuffix(prefix, "/"):
		return fmt.Errorf("a prefix does not end with a slash; write %q", strings.TrimRight(prefix, "/"))
	case strings.HasSuffix(prefix, remainder):
		return errors.New("nothing can follow a wildcard for the rest of the path; put it into the paths of the routes")
	}
	_, err := pathtree.Parse(prefix)
	return err
}

// The statuses that stand for many, in [Responds] and the other options that
// document answers.
const (
	StatusDefault = mediatype.StatusDefault // every status that nothing else is declared for
	Status2XX     = mediatype.Status2XX     // 200 to 299
	Status3XX     = mediatype.Status3XX     // 300 to 399
	Status4XX     = mediatype.Status4XX     // 400 to 499
	Status5XX     = mediatype.Status5XX     // 500 to 599
)

// validDeclared is validStatus where one can stand for many.
func validDeclared(where string, status int) error {
	switch status {
	case StatusDefault, Status2XX, Status3XX, Status4XX, Status5XX:
		return nil
	}
	return validStatus(where, status)
}

func validStatus(where string, status int) error {
	if status < 200 || status > 599 {
		return fmt.Errorf("%s(%d); a final status is between 200 and 599", where, status)
	}
	return nil
}

// remainder is how a pattern marks a wildcard for the rest of the path; the
// document knows no such mark.
const remainder = "...}"

// limit is how long a request may take; 0 means that nothing says.
func (s *settings) limit() time.Duration {
	if s.timeout == nil {
		return 0
	}
	return *s.timeout
}

func (s *settings) addExample(status int, name string, value any, summary []string) (err error) {
	x := namedExample{status: status, name: name, value: value, summary: strings.Join(summary, "\n")}
	same := func(o namedExample) bool { return o.status == status && o.name == name }
	switch {
	case !componentName.Get().MatchString(name):
		return fmt.Errorf("%s; the name consists of letters, digits, dots, dashes and underscores", x)
	case slices.ContainsFunc(s.examples, same):
		return fmt.Errorf("%s is listed twice; give one of them another name", x)
	}
	encode := encodeJSON
	if status == 0 {
		encode = encodeRequestJSON
	}
	if x.data, err = encode(value); err != nil {
		return fmt.Errorf("%s cannot be written as JSON: %w", x, err)
	}
	s.examples = append(s.examples, x)
	return nil
}
