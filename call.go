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

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/receiving"
	"github.com/candor-go/candor/internal/sending"
)

// callPlan is an endpoint as its clients see it.
type callPlan struct {
	endpoint *endpoint
	send     *sendPlan
	receive  *receiving.Plan
	// sendErr and receiveErr say why calls are not possible.
	sendErr, receiveErr error
}

// call returns the plan of an endpoint, compiled once.
func (p *endpointList) call(e *endpoint) *callPlan {
	return p.calls.Get(e, func() any {
		c := e.programs.compiler.otherSide()
		plan := &callPlan{endpoint: e}
		plan.send, plan.sendErr = c.compileCall(e.route)
		plan.receive, plan.receiveErr = c.compileReceiving(e.response)
		return plan
	}).(*callPlan)
}

// At selects one of the paths at which the route is served: the first that equals the given path or lies below it.
// [Route.Places] lists them.
//
//	app.Include(items, candor.Prefix("/v1"))
//	app.Include(items, candor.Prefix("/v2"))
//
//	readItem.At("/v2").URL(in)
func (r *Route[In, Out]) At(path string) *Route[In, Out] {
	return (*Route[In, Out])((*routeAt)(r).atPath(path))
}

//go:noinline
func (at *routeAt) atPath(path string) *routeAt { return &routeAt{at.route, &path} }

// Places returns the paths at which the route is served, in the order in which URL and Call prefer them: in the order
// of registration, a route before its aliases. It is empty before the app is sealed.
func (r *Route[In, Out]) Places() []string { return (*routeAt)(r).paths() }

func (at *routeAt) paths() []string {
	var paths []string
	for _, e := range at.route.endpoints.all() {
		paths = appendNew(paths, []string{e.pattern.String()})
	}
	return paths
}

// endpoint returns the selected endpoint: the first one below the path given to At, in the given app if there is one.
func (at *routeAt) endpoint(app *App) (*endpoint, error) {
	var of *table
	// InProcess calls this app, but other apps may serve the same route at other paths.
	if app != nil {
		var err error
		if of, err = app.sealed(); err != nil {
			return nil, err
		}
	}
	all, prefix, where := at.route.endpoints.all(), "", ""
	if at.path != nil && *at.path != "" {
		prefix, where = *at.path, " at "+*at.path
	}
	for _, e := range all {
		if isAt(e.pattern.String(), prefix) && (of == nil || slices.Contains(of.endpoints, e)) {
			return e, nil
		}
	}
	switch {
	case len(all) == 0:
		return nil, errors.New("the route has no path yet; include its router in an app, and seal the app (Seal, Run, Serve, NewTestClient) first")
	case app != nil:
		return nil, fmt.Errorf("the app does not serve the route%s", where)
	}
	return nil, fmt.Errorf("the route is not served%s, only at %s", where, strings.Join(at.paths(), ", "))
}

// isAt reports whether a pattern equals a path or lies below it.
func isAt(pattern, path string) bool {
	rest, ok := strings.CutPrefix(pattern, strings.TrimSuffix(path, "/"))
	// /v1 must not match /v10.
	return ok && (rest == "" || strings.HasPrefix(rest, "/"))
}

// failed adds to an error which route it is about.
func (at *routeAt) failed(err error) error {
	return fmt.Errorf("candor: %s: %w", at.route.call(), err)
}

// URL returns the path of the route with the percent-encoded values of the input, followed by the query. It uses the
// first path at which the route is served, unless [Route.At] selects another.
//
//   - The path is relative to the app. If the app is mounted or behind a proxy, an input of type [RootPath] has the
//     prefix.
//   - Absent values are left out: nil pointers, Optionals that are not set, and zero values with omitempty. Any other
//     zero value is sent; [Route.Defaults] returns an input filled with the defaults.
//   - A value that is not possible in a path is an error, such as an empty one or "..", which clients resolve. So is a
//     route that is in no sealed app.
func (r *Route[In, Out]) URL(in In) (string, error) { return (*routeAt)(r).url(&in) }

// url returns the URL for the input that in points to.
func (at *routeAt) url(in any) (string, error) {
	e, err := at.endpoint(nil)
	if err != nil {
		return "", at.failed(err)
	}
	var to sending.Draft
	plan := at.route.endpoints.call(e)
	if err := plan.sendErr; err != nil {
		return "", at.failed(err)
	}
	if err := plan.send.params.Send(plan.send.input(reflect.ValueOf(in).Elem()), &to.Sent); err != nil {
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

// path returns the endpoint's path with values for its wildcards.
func (e *endpoint) path(values map[string]string) (string, error) {
	texts := make([]string, len(e.names()))
	for i, name := range e.names() {
		text, ok := values[name]
		if !ok {
			return "", fmt.Errorf("nothing gives {%s} of %s a value; a provider reads it, so give its input to Client.With", name, e.pattern)
		}
		texts[i] = text
	}
	return e.pattern.Build(texts...)
}

// Defaults returns an input whose fields have their defaults, or are zero without one. It is also handy for inputs of
// unnamed types:
//
//	in, err := listItems.Defaults()
//	in.Limit = 5
//	items, err := listItems.Call(ctx, client, in)
//
// It returns an error for a route that is in no sealed app.
func (r *Route[In, Out]) Defaults() (in In, err error) {
	err = (*routeAt)(r).fillDefaults(&in)
	return in, err
}

// fillDefaults fills in the input that in points to.
func (at *routeAt) fillDefaults(in any) error {
	e, err := at.endpoint(nil)
	if err != nil {
		return at.failed(err)
	}
	input, index := e.route.callInput()
	err = e.programs.compiler.codec.Fill(input.Fields(), reflect.ValueOf(in).Elem().FieldByIndex(index))
	if err != nil {
		return at.failed(err)
	}
	return nil
}

// Call sends an input to the route and returns the result: over any *http.Client, or in process with [InProcess]. It is
// a remote call of the handler.
//
// Requests and responses are encoded from the same description that the server uses, so the input it binds equals the
// one sent. The exceptions are:
//
//   - Absent values are not sent: nil pointers, Optionals that are not set, nil slices that are not required, and zero
//     values with omitempty. The server fills in defaults for them. Any other zero value is sent; [Route.Defaults]
//     returns an input filled with the defaults.
//   - Dependencies and fields such as *http.Request are not sent; credentials are. Use [Client.With] for inputs that
//     only guards and providers read.
//   - A value that would not arrive unchanged is an error before anything is sent, such as an empty list for a required
//     query parameter, a cookie with a semicolon, or text that is not UTF-8. Validation rules are left to the server.
//   - Uploads are streamed. They may come from [NewUpload], or from another request that is still running. An io.Reader
//     and JSONLines are streamed, once, and then closed; a *multipart.Reader cannot be sent.
//   - A route with several methods is called with the first; a route that is served at several paths is called at the
//     first, unless [Route.At] selects another.
//
// For responses:
//
//   - An error of the server is an *[HTTPError] or a *[ValidationError]; errors.Is finds declared errors by their
//     status and detail. A handler that returns such an error passes it on to its own client.
//   - Any other response is a *[ResponseError]: an unexpected media type, or a body that is truncated, too large or not
//     what the route returns.
//   - [JSONLines] and [Events] read from the connection while you range over them, once. Range over them or cancel the
//     context; otherwise the connection stays open. An error that the server reports in the stream is the last item.
//   - A [Reader] is the body itself, and is an io.Closer: close it. A [File] is held in memory, with Content, Name,
//     ModTime and ETag set.
//   - If the route returns a [Redirect], it is not followed. The *http.Client follows any other, except for a 301 or
//     302 that would turn the method of the route into GET.
//   - WebSocket routes cannot be called.
func (r *Route[In, Out]) Call(ctx context.Context, client Client, in In) (out Out, err error) {
	err = (*routeAt)(r).call(ctx, client, &in, &out)
	return out, err
}

// call sends the input that in points to, and stores the result in what out points to.
func (at *routeAt) call(ctx context.Context, client Client, in, out any) error {
	result := reflect.ValueOf(out).Elem()
	err := at.exchange(ctx, &client, reflect.ValueOf(in).Elem(), result)
	if err != nil {
		// The result may be filled in partially.
		result.SetZero()
	}
	return err
}

// exchange sends an input, and decodes the response into out.
func (at *routeAt) exchange(ctx context.Context, client *Client, in, out reflect.Value) error {
	e, err := at.endpoint(client.app)
	if err != nil {
		return at.failed(err)
	}
	plan := at.route.endpoints.call(e)
	request, err := plan.request(client, in)
	if err != nil {
		return at.failed(err)
	}
	response, err := sending.Do(client.HTTP, request.WithContext(ctx), client.Header, plan.receive.Redirects())
	if err != nil {
		return at.failed(err)
	}
	from := &receiving.Response{HTTP: response, Limit: client.limit(), ToJSON: toJSON(e.programs.compiler.codecs, response.Header)}
	// A stream is read after Call has returned; its reader closes the body.
	defer from.Close()
	return receive(plan.receive, out, from)
}

// limit is how many bytes of a response are read at most.
func (c *Client) limit() int64 {
	if c.MaxBody > 0 {
		return c.MaxBody
	}
	return defaultMaxResponse
}

// request makes the request for an input.
func (p *callPlan) request(client *Client, in reflect.Value) (*http.Request, error) {
	if err := errors.Join(p.sendErr, p.receiveErr); err != nil {
		return nil, err
	}
	var to sending.Draft
	if err := client.sendMore(p.endpoint.programs.compiler.otherSide(), &to); err != nil {
		return nil, err
	}
	if err := p.send.send(in, &to); err != nil {
		return nil, err
	}
	path, err := p.endpoint.path(to.Path)
	if err != nil {
		return nil, err
	}
	target, err := sending.Target(client.Base, path, to.RawQuery())
	if err != nil {
		return nil, err
	}
	r, err := to.Request(p.endpoint.method, target, client.Header.Get("Content-Type"))
	// Client.Header is applied later, and only where the request has no such header.
	if err == nil && client.Header.Get("Accept") == "" {
		p.accept(r.Header)
	}
	return r, err
}

// accept asks for the media types of the route's responses.
func (p *callPlan) accept(header http.Header) {
	if media := p.receive.Media; len(media) > 0 {
		header.Set("Accept", mediatype.Bare(media[0]))
	}
}

// URL returns the path of an operation, given its id or the name of its handler function. params has the values of the
// path's wildcards; other entries become the query, in alphabetical order. It seals the app. [Route.URL] does the same
// for a typed input.
//
//	app.URL("readItem", map[string]string{"item_id": "3"}) // "/items/3"
func (a *App) URL(name string, params map[string]string) (string, error) {
	t, err := a.sealed()
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(t.endpoints, func(e *endpoint) bool { return e.operationID == name })
	if at < 0 {
		// Ids come first: an id belongs to one operation, while several may share a function.
		at = slices.IndexFunc(t.endpoints, func(e *endpoint) bool { return name != "" && e.name() == name })
	}
	if at < 0 {
		return "", fmt.Errorf("candor: URL(%q): the app has no operation of that name; App.Routes lists them", name)
	}
	e := t.endpoints[at]
	values := url.Values{}
	for key, value := range params {
		if !slices.Contains(e.names(), key) {
			values.Set(key, value)
		}
	}
	path, err := e.path(params)
	if err != nil {
		return "", fmt.Errorf("candor: URL(%q): %w", name, err)
	}
	return withQuery(path, values.Encode()), nil
}
