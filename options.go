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
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Option configures routes: one route, all routes of a router, an inclusion, or the whole app. If several set the same
// thing, the innermost wins (route, then its router, then the inclusion, then the app); tags, responses and middleware
// accumulate, the outermost first.
type Option interface {
	RouteOption
	IncludeOption
}

// RouteOption configures one route.
type RouteOption interface{ applyRoute(*settings) error }

// IncludeOption configures one inclusion of a router.
type IncludeOption interface{ applyInclude(*includeOptions) error }

// includeOptions is the result of the options of one inclusion.
type includeOptions struct {
	prefix string
	own    settings
}

// settings is the result of the options of a route, or of all routes below. Routes and endpoints share settings: after
// the options have been applied they must not change, and whoever needs different ones makes a copy.
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
	// raisedTypes are the declared types of the user's errors that an OnError handles.
	raisedTypes []reflect.Type
	middleware  []func(http.Handler) http.Handler
	maxBody     int64
	multipart   MultipartLimits
	heartbeat   time.Duration
	// messageLimit, origins and subprotocols apply to WebSockets.
	messageLimit   int
	replyToInvalid bool
	origins        []string
	subprotocols   []string
	aliases        []alias
	looseType      *bool
	// produces are the media types of a raw response.
	produces    []string
	forbidExtra bool
	edits       []func(*openapi3.Operation)
	annotations operation.Annotations
	callbacks   []*webhook
	scopes      []string
	// requirements are the guards, Needs and Around functions.
	requirements []requirement
	// public means that inherited requirements (the first in the list) apply only if they ask for no credentials.
	public    bool
	inherited int
	// until is the lifetime of a provider.
	until Lifetime
	// attempts is how often a provider may call use, 0 if no option sets it.
	attempts int
	// timeout and cache are nil if no option sets them.
	timeout *time.Duration
	cache   *CacheConfig
}

// declaredBody is a response declared in addition to the handler's own.
type declaredBody struct {
	status int
	doc    string
	// body is nil for errors with a detail, which are in errs.
	body *typeinfo.Output
	errs []*HTTPError
}

// alias is a further path of a route, with its own options.
type alias struct {
	path string
	own  *settings
}

// everywhere is an Option made from a function.
type everywhere func(*settings) error

func (o everywhere) applyRoute(s *settings) error         { return o(s) }
func (o everywhere) applyInclude(p *includeOptions) error { return o(&p.own) }

// Declaration is an option that routes, providers and guards take. What a provider or guard declares is documented for
// every operation that runs it.
type Declaration interface {
	Option
	ProvideOption
}

// declaration is a Declaration made from a function.
type declaration struct{ everywhere }

func (d declaration) applyProvide(s *settings) error { return d.everywhere(s) }

// onRoute is a RouteOption made from a function.
type onRoute func(*settings) error

func (o onRoute) applyRoute(s *settings) error { return o(s) }

// errNilOption is the configuration error for a nil option.
var errNilOption = errors.New("an option is nil; leave it out")

// noSettings are the settings without any option.
var noSettings = &settings{}

// apply applies options to new settings.
func apply(options []RouteOption) (*settings, error) {
	if len(options) == 0 {
		// Everything without options shares one value, which inherit need not copy.
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

// copy returns settings that may be changed.
func (s *settings) copy() *settings {
	// The slices stay shared: whoever appends to one clones or clips it first.
	own := *s
	return &own
}

// unguarded returns the settings of routes that are not operations, such as a mount or a documentation page: guards and
// scopes apply only to operations.
func (s *settings) unguarded() *settings {
	s = s.copy()
	s.requirements, s.scopes = nil, nil
	return s
}

// inherit returns the settings s inside the scope of outer. Aliases are not inherited.
func (s *settings) inherit(outer *settings) *settings {
	switch {
	case s == noSettings:
		return outer
	case outer == noSettings:
		return s
	}
	s = s.copy()
	s.tags = appendNew(slices.Clip(outer.tags), s.tags)
	s.deprecated = s.deprecated || outer.deprecated
	s.deprecation = s.deprecation.or(outer.deprecation)
	s.hidden = s.hidden || outer.hidden
	// Outer middleware runs first, and so do outer guards.
	s.middleware = append(slices.Clip(outer.middleware), s.middleware...)
	s.responses = overlay(outer.responses, s.responses)
	s.headers = append(slices.Clip(outer.headers), s.headers...)
	s.raisedTypes = appendNew(slices.Clip(outer.raisedTypes), s.raisedTypes)
	switch {
	case s.public:
		// A public route drops the scopes of its routers too: it asks for no credentials that could have them.
		s.inherited = len(outer.requirements)
	default:
		s.public, s.inherited = outer.public, outer.inherited
		s.scopes = appendNew(slices.Clip(outer.scopes), s.scopes)
	}
	s.requirements = append(slices.Clip(outer.requirements), s.requirements...)
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
	s.edits = append(slices.Clip(outer.edits), s.edits...)
	s.annotations.Inherit(&outer.annotations)
	s.callbacks = append(slices.Clip(outer.callbacks), s.callbacks...)
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

// overlay replaces outer responses by inner ones of the same status. Errors of the same status are combined.
func overlay(outer, inner []declaredBody) []declaredBody {
	// Cloned, because other routes inherit the outer list.
	all := slices.Clone(outer)
	for _, r := range inner {
		i := slices.IndexFunc(all, func(o declaredBody) bool { return o.status == r.status })
		switch {
		case i < 0:
			all = append(all, r)
		case r.body == nil && all[i].body == nil:
			// Any of the errors may occur, while the body has one format.
			all[i].doc = mergeDetails(all[i].doc, r.doc)
			all[i].errs = append(slices.Clip(all[i].errs), r.errs...)
		default:
			all[i] = r
		}
	}
	return all
}

// betweenDetails separates the details of errors of one status.
const betweenDetails = "; "

// mergeDetails joins descriptions; a detail that is not text has an empty one.
func mergeDetails(doc, more string) string {
	details := appendNew(strings.Split(doc, betweenDetails), strings.Split(more, betweenDetails))
	return strings.Join(slices.DeleteFunc(details, func(text string) bool { return text == "" }), betweenDetails)
}

// Tags groups operations under these names in the document.
func Tags(names ...string) Option {
	return everywhere(func(s *settings) error {
		s.tags = appendNew(s.tags, names)
		return nil
	})
}

// Description sets the longer description of an operation, in Markdown.
func Description(text string) Option {
	return everywhere(func(s *settings) error {
		s.description = text
		return nil
	})
}

// Hidden removes operations from the document. They are still served.
func Hidden() Option {
	return everywhere(func(s *settings) error {
		s.hidden = true
		return nil
	})
}

// Responds declares a further response of operations, with a status and a body of type T; [None] declares a response
// without a body. It only documents the response, which an error, a guard or middleware sends. The text is the
// description of the response; the default is the reason phrase of the status. [Status4XX] and similar constants stand
// for a range; a declaration of a single status takes precedence.
func Responds[T any](status int, doc ...string) Declaration {
	return responds(reflect.TypeFor[T](), status, doc)
}

//go:noinline
func responds(t reflect.Type, status int, doc []string) Declaration {
	return declaration{func(s *settings) error {
		if err := validDeclared("Responds", status); err != nil {
			return err
		}
		out, err := describeResponse(t)
		if err != nil {
			return fmt.Errorf("Responds(%d): %w", status, err)
		}
		// Only the error matters here; the document compiles the response again.
		if _, err := declaredResponse(out, status); err != nil {
			return err
		}
		s.responses = overlay(s.responses, []declaredBody{{status: status, doc: strings.Join(doc, "\n"), body: out}})
		return nil
	}}
}

// Raises declares errors that operations may respond with, with their statuses and headers. A detail that is a string
// describes the response; details of the same status are joined. Any other detail is described by the reason phrase.
// The document shows the body as an example. A status below 300, or one that has no body, is a configuration error: use
// [Responds] with [None] for such responses.
//
//go:noinline
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

// RaisesType declares that operations may fail with an error of type E for which an [OnError] is registered. The
// document lists the response of that handler for these operations, and for no others. It is a configuration error,
// found when the app is sealed, if no OnError that applies to an operation handles the type.
//
//	candor.OnError(app, func(ctx context.Context, err *StockError) (Stock, error) { ... }, candor.Status(409))
//	candor.Post(app, "/orders", order, candor.RaisesType[*StockError]())
//
// OnError for *[ValidationError], *[HTTPError] or error, and [OnStatus], need no declaration: they replace responses
// that any operation may have.
func RaisesType[E error]() Declaration { return raisesType(reflect.TypeFor[E]()) }

func raisesType(t reflect.Type) Declaration {
	return declaration{func(s *settings) error {
		s.raisedTypes = appendNew(s.raisedTypes, []reflect.Type{t})
		return nil
	}}
}

// RespondsHeader declares a header of responses with these statuses, or with any status if none is given, such as one
// that middleware adds. It only documents the header, which is optional: whoever sends the response sets it.
func RespondsHeader(name, doc string, statuses ...int) Declaration {
	return declaration{func(s *settings) error {
		// OpenAPI ignores a header Content-Type, because media types are part of the content.
		if !mediatype.IsToken(name) || strings.EqualFold(name, "Content-Type") {
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

// MaxBody limits the size of request bodies, in bytes; the default is 1 MiB. A larger body is a 413, before it is read
// if there is a Content-Length. So is a body whose decoded value would take more than about four times the limit, as
// many small or empty elements do.
func MaxBody(bytes int64) Option {
	return everywhere(func(s *settings) error {
		if bytes <= 0 {
			return fmt.Errorf("MaxBody(%d); the limit is a positive number of bytes", bytes)
		}
		s.maxBody = bytes
		return nil
	})
}

// LimitMultipart limits multipart forms of operations. A zero field means the limit of the enclosing router, of
// Config.Limits, or the default.
//
//	candor.Post(app, "/album", upload, candor.MaxBody(200<<20), candor.LimitMultipart(candor.MultipartLimits{Parts: 500}))
//
// To limit the files of one field, use its tag `validate:"max=10"`.
func LimitMultipart(limits MultipartLimits) Option {
	return everywhere(func(s *settings) error {
		if err := limits.check(); err != nil {
			return fmt.Errorf("LimitMultipart: %w", err)
		}
		// A later option changes only the limits that it sets.
		s.multipart = limits.or(s.multipart)
		return nil
	})
}

// StrictContentType says whether a JSON body must have a Content-Type header. By default it must, otherwise the
// response is a 415; with false, a body without one is read as application/json. Other media types are refused in any
// case.
func StrictContentType(strict bool) Option {
	return everywhere(func(s *settings) error {
		// A pointer distinguishes false from an option that was not given.
		loose := !strict
		s.looseType = &loose
		return nil
	})
}

// ForbidExtra refuses unknown input: members that a struct in the body does not declare, and query keys that no input
// of the operation, its guards and its providers reads. Each is a validation error of type "extra_forbidden". By
// default unknown input is ignored, except where [Strict] is embedded. Headers and cookies are never refused. The
// document says so with additionalProperties and, for query keys, with the extension "x-forbid-extra".
func ForbidExtra() Option {
	return everywhere(func(s *settings) error {
		s.forbidExtra = true
		return nil
	})
}

// Use adds middleware to operations; the first is the outermost. Middleware of the app also wraps the responses for
// paths without a route. The route is matched before any middleware runs, so r.Pattern has its template and r.PathValue
// the values of its wildcards.
func Use(middleware ...func(http.Handler) http.Handler) Option {
	return everywhere(func(s *settings) error {
		if slices.ContainsFunc(middleware, func(m func(http.Handler) http.Handler) bool { return m == nil }) {
			return fmt.Errorf("Use(nil); leave the middleware out")
		}
		s.middleware = append(s.middleware, middleware...)
		return nil
	})
}

// Summary sets the operation's title in the document. The default is made from the handler's name: readItem becomes
// "Read Item".
func Summary(text string) RouteOption {
	return onRoute(func(s *settings) error {
		s.summary = text
		return nil
	})
}

// OperationID sets the operation's id, which names it in generated clients. Two operations of one app with the same
// explicit id are a configuration error.
//
// By default the id is the name of the handler function; a method's includes the receiver, usersList for users.List,
// and a generic function's the type arguments, createItem for create[Item]. For aliases and further inclusions, and for
// function literals, path and method are added. If a function handles several routes, the one with the shortest path
// gets the plain id; if the ids of two functions would be the same, path and method are added to both. So names in
// generated clients do not depend on the order of registration, which may change with any commit.
//
// [Config.OperationID] chooses the ids of all operations.
func OperationID(id string) RouteOption {
	return onRoute(func(s *settings) error {
		s.operationID = id
		return nil
	})
}

// Status sets the status of a successful response; the default is 200, or 204 for [None]. The text describes the
// response in the document.
func Status(status int, doc ...string) RouteOption {
	return onRoute(func(s *settings) error {
		if err := validStatus("Status", status); err != nil {
			return err
		}
		s.status, s.statusDoc = status, strings.Join(doc, "\n")
		return nil
	})
}

// EditOperation changes the finished operation in the document. The function is called once for each document that
// contains the operation, when that document is first needed.
//
// You are responsible for what it writes: the test client compares responses with it as with the rest of the document.
func EditOperation(edit func(op *openapi3.Operation)) RouteOption {
	return onRoute(func(s *settings) error {
		if edit == nil {
			return errors.New("EditOperation(nil); leave it out")
		}
		s.edits = append(s.edits, edit)
		return nil
	})
}

// Produces sets the media type of raw responses (Text, HTML, []byte, Reader and File), in the document and on the wire.
// For JSON responses it may be a type that ends in +json, or application/json, which excludes the codecs of the app.
// Several types, and ranges such as image/*, are for responses that choose one: a File by its extension, others with a
// field `header:"Content-Type"` of their envelope.
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

// Alias serves the route at a further path of the same router. The options apply to that path only, in addition to the
// route's own:
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

// Prefix is the path prefix of everything in the included router. It begins with a slash, does not end with one, and
// may contain wildcards.
func Prefix(path string) IncludeOption { return prefixOption(path) }

type prefixOption string

func (p prefixOption) applyInclude(to *includeOptions) error {
	if err := checkPrefix(string(p)); err != nil {
		return fmt.Errorf("Prefix(%q): %w", string(p), err)
	}
	to.prefix = string(p)
	return nil
}

// checkPrefix returns what is wrong with a prefix.
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

// Statuses that stand for a range, in [Responds] and the other options that document responses.
const (
	StatusDefault = mediatype.StatusDefault // every status that is not declared otherwise
	Status2XX     = mediatype.Status2XX     // 200 to 299
	Status3XX     = mediatype.Status3XX     // 300 to 399
	Status4XX     = mediatype.Status4XX     // 400 to 499
	Status5XX     = mediatype.Status5XX     // 500 to 599
)

// validDeclared is validStatus, but accepts ranges too.
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

// remainder marks a wildcard for the rest of the path in a pattern; the document has no such mark.
const remainder = "...}"

// limit returns how long a request may take; 0 if no option says.
func (s *settings) limit() time.Duration {
	if s.timeout == nil {
		return 0
	}
	return *s.timeout
}

func (s *settings) addExample(status int, name string, value any, summary []string) (err error) {
	x := operation.StatusExample{Status: status, Given: value}
	x.Name, x.Summary = name, strings.Join(summary, "\n")
	if err := s.annotations.CheckExample(&x); err != nil {
		return err
	}
	encode := encodeJSON
	if status == 0 {
		encode = encodeRequestJSON
	}
	if x.Value, err = encode(value); err != nil {
		return fmt.Errorf("%s cannot be written as JSON: %w", &x, err)
	}
	s.annotations.Examples = append(s.annotations.Examples, x)
	return nil
}
