package candor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/candor-go/candor/internal/mediatype"
)

// callPlan is an endpoint from the side of those who call it.
type callPlan struct {
	endpoint *endpoint
	send     *sendPlan
	receive  *receivePlan
	// sendErr and receiveErr say why there is none.
	sendErr, receiveErr error
}

// call is the plan of an endpoint, compiled once.
func (p *endpointList) call(e *endpoint) *callPlan {
	// Two first calls at once store one function, and only that compiles.
	plan, _ := p.calls.LoadOrStore(e, sync.OnceValue(func() *callPlan {
		c := e.programs.otherSide()
		plan := &callPlan{endpoint: e}
		plan.send, plan.sendErr = c.compileCall(e.route)
		plan.receive, plan.receiveErr = c.compileReceiving(e.response)
		return plan
	}))
	return plan.(func() *callPlan)()
}

// At is the route in another of its places: the first whose path is, or begins
// with, the one given. [Route.Places] lists them.
//
//	app.Include(items, candor.Prefix("/v1"))
//	app.Include(items, candor.Prefix("/v2"))
//
//	readItem.At("/v2").URL(in)
func (r *Route[In, Out]) At(path string) *Route[In, Out] {
	return &Route[In, Out]{routeAt{r.at.route, path}}
}

// Places are the paths at which the route is served, in the order in which URL
// and Call prefer them: that of the registrations, a route before its aliases.
// There are none before the app is sealed.
func (r *Route[In, Out]) Places() []string { return r.at.paths() }

func (at routeAt) paths() []string {
	var paths []string
	for _, e := range at.route.endpoints.all() {
		paths = appendNew(paths, []string{e.pattern.String()})
	}
	return paths
}

// endpoint is the endpoint that is meant: the first, of the path that At named, in
// an app if one is given.
func (at routeAt) endpoint(app *App) (*endpoint, error) {
	var of *table
	// InProcess calls this app, while another one may serve the route at other paths.
	if app != nil {
		var err error
		if of, err = app.sealed(); err != nil {
			return nil, err
		}
	}
	all := at.route.endpoints.all()
	for _, e := range all {
		if isAt(e.pattern.String(), at.path) && (of == nil || slices.Contains(of.endpoints, e)) {
			return e, nil
		}
	}
	where := ""
	if at.path != "" {
		where = " at " + at.path
	}
	switch {
	case len(all) == 0:
		return nil, errors.New("the route has no path yet; include its router in an app, and seal the app (Seal, Run, Serve, NewTestClient) first")
	case app != nil:
		return nil, fmt.Errorf("the app does not serve the route%s", where)
	}
	return nil, fmt.Errorf("the route is not served%s, only at %s", where, strings.Join(at.paths(), ", "))
}

// isAt reports whether a pattern is a path or lies below it.
func isAt(pattern, path string) bool {
	rest, ok := strings.CutPrefix(pattern, strings.TrimSuffix(path, "/"))
	// /v1 must not match /v10.
	return ok && (rest == "" || strings.HasPrefix(rest, "/"))
}

// failed says of an error which route it is about.
func (at routeAt) failed(err error) error {
	return fmt.Errorf("candor: %s: %w", at.route.call(), err)
}

// URL is the path of the route with the values of the input in it,
// percent-encoded, and then the query. It leads to the first place of the
// route, or to that of [Route.At].
//
//   - The path is that inside of the app. What stands in front of it, because
//     the app is mounted or behind a proxy, an input of type [RootPath] tells.
//   - A value is there unless it is absent: a nil pointer, an Optional that is
//     not set, what omitempty leaves out. A zero is a value; [Route.Defaults]
//     makes an input with the defaults.
//   - A value that cannot stand in a path is an error, such as an empty one or
//     "..", which clients resolve. So is a route in no sealed app.
func (r *Route[In, Out]) URL(in In) (string, error) { return r.at.url(reflect.ValueOf(&in)) }

// url is the URL for an input, which in points to.
func (at routeAt) url(in reflect.Value) (string, error) {
	e, err := at.endpoint(nil)
	if err != nil {
		return "", at.failed(err)
	}
	var to draft
	plan := at.route.endpoints.call(e)
	if err := plan.sendErr; err != nil {
		return "", at.failed(err)
	}
	if err := plan.send.params.Send(plan.send.input(in.Elem()), &to.Sent); err != nil {
		return "", at.failed(err)
	}
	path, err := e.path(to.Path)
	if err != nil {
		return "", at.failed(err)
	}
	return withQuery(path, to.RawQuery()), nil
}

func withQuery(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// path is the endpoint's path with values for its wildcards.
func (e *endpoint) path(values map[string]string) (string, error) {
	texts := make([]string, len(e.names))
	for i, name := range e.names {
		text, ok := values[name]
		if !ok {
			return "", fmt.Errorf("nothing gives {%s} of %s a value; a provider reads it, so give its input to Client.With", name, e.pattern)
		}
		texts[i] = text
	}
	return e.pattern.Build(texts...)
}

// Defaults is an input in which every field that has a default holds it, and
// the others are zero. It is also a name for an input that has no other:
//
//	in, err := listItems.Defaults()
//	in.Limit = 5
//	items, err := listItems.Call(ctx, client, in)
//
// The error is that of a route in no sealed app.
func (r *Route[In, Out]) Defaults() (in In, err error) {
	err = r.at.fillDefaults(reflect.ValueOf(&in))
	return in, err
}

// fillDefaults fills in the input that into points to.
func (at routeAt) fillDefaults(into reflect.Value) error {
	e, err := at.endpoint(nil)
	if err != nil {
		return at.failed(err)
	}
	input, index := e.route.callInput()
	into = into.Elem().FieldByIndex(index)
	for _, f := range input.Fields() {
		fill, err := e.programs.codec.Filler(f)
		if err != nil {
			return at.failed(err)
		}
		if fill != nil {
			fill(into.FieldByIndex(f.Index))
		}
	}
	return nil
}

// Call sends an input to the route and returns the response: over any
// *http.Client, or in process by [InProcess]. It is the handler from afar.
//
// Both directions are made of the same description as the server, so that what
// it binds is equal to the input. What is different is said here:
//
//   - What is absent is left to the server: nil pointers, Optionals that are not
//     set, nil slices that need not be there, what omitempty leaves out. The
//     server puts defaults in their place. A zero is a value; [Route.Defaults]
//     makes an input with the defaults.
//   - Fields of providers and of the request itself are not sent, credentials
//     are. What guards and providers read beside, [Client.With] sends.
//   - What cannot be sent so that it arrives as it is, is an error before
//     anything is sent, such as a list without elements in a query that is
//     required, a cookie with a semicolon, or text that is not UTF-8. Rules are
//     the server's to judge.
//   - Uploads are sent as they are read, and may be those of another request
//     that still runs, or of [NewUpload]. An io.Reader and JSONLines are sent
//     while they are read, once, and closed; a *multipart.Reader cannot be sent.
//   - A route of several methods is called by the first, one in several places
//     in the first, unless [Route.At] names another.
//
// Of responses:
//
//   - An error of the server is an *[HTTPError] or a *[ValidationError];
//     errors.Is finds declared errors by their status and detail. A handler that
//     returns it as it is passes it on to its own client.
//   - Any other response is an *[ResponseError]: another media type, a body that is
//     cut short, too large or not what the route returns.
//   - [JSONLines] and [Events] read from the connection while they are ranged
//     over, once. Range over them or cancel the context; else the connection
//     stays open. An error of the server in between is the last item.
//   - A [Reader] is the body itself; close it, as an io.Closer. A [File] is in
//     memory: its Content, Name, ModTime and ETag are set.
//   - A [Redirect] is not followed. Others are, by the *http.Client, but for a 301
//     or 302 at which it would send a GET instead of the method of the route.
//   - WebSockets are not called.
func (r *Route[In, Out]) Call(ctx context.Context, client Client, in In) (out Out, err error) {
	if err := r.at.call(ctx, &client, reflect.ValueOf(&in), reflect.ValueOf(&out)); err != nil {
		// out may be filled in part, which is no result.
		return *new(Out), err
	}
	return out, nil
}

// call sends the input that in points to, and reads the response into what out
// points to.
func (at routeAt) call(ctx context.Context, client *Client, in, out reflect.Value) error {
	e, err := at.endpoint(client.app)
	if err != nil {
		return at.failed(err)
	}
	plan := at.route.endpoints.call(e)
	request, err := plan.request(client, in.Elem())
	if err != nil {
		return at.failed(err)
	}
	response, err := client.do(request.WithContext(ctx), plan.keepsRedirects())
	if err != nil {
		return at.failed(err)
	}
	from := &received{Response: response, limit: client.limit(), codec: e.programs.codecs}
	defer func() {
		// A stream is read after Call has returned, and closes the body itself.
		if !from.kept {
			_ = response.Body.Close()
		}
	}()
	return plan.receive.receive(out.Elem(), from)
}

// limit is how much is read of a response.
func (c *Client) limit() int64 {
	if c.MaxBody > 0 {
		return c.MaxBody
	}
	return defaultMaxResponse
}

// keepsRedirects reports whether a redirect is a response of the route's own.
func (p *callPlan) keepsRedirects() bool {
	return slices.ContainsFunc(p.receive.response.statuses, func(status int) bool { return status >= 300 && status <= 399 })
}

// request makes the request of an input.
func (p *callPlan) request(client *Client, in reflect.Value) (*http.Request, error) {
	if err := errors.Join(p.sendErr, p.receiveErr); err != nil {
		return nil, err
	}
	var to draft
	if err := client.sendMore(p.endpoint.programs.otherSide(), &to); err != nil {
		return nil, err
	}
	if err := p.send.send(in, &to); err != nil {
		return nil, err
	}
	path, err := p.endpoint.path(to.Path)
	if err != nil {
		return nil, err
	}
	target, err := client.target(path, to.RawQuery())
	if err != nil {
		return nil, err
	}
	r, err := to.request(p.endpoint.method, target, client.Header.Get("Content-Type"))
	// The client's own Accept is added later, and only where there is none yet.
	if err == nil && client.Header.Get("Accept") == "" {
		p.accept(r.Header)
	}
	return r, err
}

// accept asks for the media types of the route's responses.
func (p *callPlan) accept(header http.Header) {
	if media := p.receive.response.media; len(media) > 0 {
		header.Set("Accept", mediatype.Bare(media[0]))
	}
}

// URL is the path of the operation of that name: its id, or that of its
// handler's function. The params are the values of the wildcards of its path;
// others are the query, in alphabetical order. [Route.URL] is the same for an
// input that is checked by the compiler. It seals the app.
//
//	app.URL("readItem", map[string]string{"item_id": "3"}) // "/items/3"
func (a *App) URL(name string, params map[string]string) (string, error) {
	t, err := a.sealed()
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(t.endpoints, func(e *endpoint) bool { return e.metadata.info.OperationID == name })
	if at < 0 {
		// Second, since an id belongs to one operation, while several may share a function.
		at = slices.IndexFunc(t.endpoints, func(e *endpoint) bool { return name != "" && e.metadata.info.Name == name })
	}
	if at < 0 {
		return "", fmt.Errorf("candor: URL(%q): the app has no operation of that name; App.Routes lists them", name)
	}
	e := t.endpoints[at]
	values := url.Values{}
	for key, value := range params {
		if !slices.Contains(e.names, key) {
			values.Set(key, value)
		}
	}
	path, err := e.path(params)
	if err != nil {
		return "", fmt.Errorf("candor: URL(%q): %w", name, err)
	}
	return withQuery(path, values.Encode()), nil
}
