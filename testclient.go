package candor

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/contract"
	"github.com/candor-go/candor/internal/faultlog"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/recorder"
	"github.com/candor-go/candor/internal/testclient"
)

// TestClient sends requests to an app in process, without a network, and compares every exchange with the app's own
// document. It fails the test if
//
//   - a response is not as documented: its status, headers, media type, body, or the items of a stream;
//   - the app accepts what the document forbids: a parameter or body that is missing or violates its schema;
//   - the app reports a validation error for which JSON Schema has a keyword that the schema does not use;
//   - a WebSocket message, in either direction, is not as documented.
//
// The 404 and 405 of no route are exempt; an undeclared 500 fails the test unless Status(500) expects it. What a schema
// cannot express is not compared: formats, duplicate names, numbers beyond 2⁵³, and values whose schema says under
// x-validate that it is not exact. [Unchecked] turns the comparison off.
//
// A request returns after its background tasks have ended. Redirects are not followed. Cookies are kept from one
// request to the next. A client is safe for concurrent use.
type TestClient struct {
	tb       TB
	app      *App
	contract *contract.Contract
	jar      *cookiejar.Jar
	defaults []TestOption
}

// TestOption configures the requests of a TestClient, one or all.
type TestOption func(*testRequest)

// testRequest is a request that is being built.
type testRequest struct {
	draft     testclient.Draft
	unchecked bool
	log       faultlog.Log
}

func newTestRequest() *testRequest { return &testRequest{draft: testclient.NewDraft()} }

// WithHeader sets a header. It replaces one of the same name. Host is the host of the request, as on a connection. The
// test fails for headers that the client writes itself: Content-Length, Transfer-Encoding and Trailer, and those of the
// handshake of a WebSocket.
func WithHeader(name, value string) TestOption {
	return func(r *testRequest) { r.draft.Header.Set(name, value) }
}

// WithCookie sends a cookie in addition to those kept. A handler reads the value exactly as given here, including JSON
// and UTF-8 text.
func WithCookie(name, value string) TestOption {
	return func(r *testRequest) {
		r.draft.Cookies = append(r.draft.Cookies, bind.Cookie{Name: name, Value: value})
	}
}

// WithQuery adds a query parameter, escaped as needed.
func WithQuery(name, value string) TestOption {
	return func(r *testRequest) { r.draft.Query.Add(name, value) }
}

// WithBody sends a body as it is. If mediaType is empty, no Content-Type is sent.
func WithBody(mediaType string, body io.Reader) TestOption {
	return func(r *testRequest) { r.draft.Media, r.draft.Body = mediaType, body }
}

// WithForm sends the values as a form: URL-encoded or, together with [WithFile], as multipart.
func WithForm(values url.Values) TestOption {
	return func(r *testRequest) { r.draft.AddForm(values) }
}

// WithFile adds a file to a multipart form. It may be given several times.
func WithFile(field, filename string, content []byte) TestOption {
	return func(r *testRequest) {
		r.draft.Files = append(r.draft.Files, testclient.File{Field: field, Name: filename, Content: content})
	}
}

// WithContext sends requests with a context, for cancellation and values.
func WithContext(ctx context.Context) TestOption {
	return func(r *testRequest) { r.draft.Context = ctx }
}

// Unchecked turns off the comparison with the document.
func Unchecked() TestOption {
	return func(r *testRequest) { r.unchecked = true }
}

// NewTestClient returns a client for the app and starts the app; configuration errors fail the test immediately. The
// app stops when the test ends. The options apply to every request.
func NewTestClient(tb TB, app *App, options ...TestOption) *TestClient {
	tb.Helper()
	stop, err := app.Start(context.Background())
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		tb.Helper()
		if err := stop(); err != nil {
			tb.Errorf("the app did not stop well: %v", err)
		}
	})
	judge, err := newContract(app)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	// Without options New cannot fail.
	jar, _ := cookiejar.New(nil)
	c := &TestClient{tb: tb, app: app, contract: judge, jar: jar, defaults: options}
	c.checkPatterns()
	return c
}

// newContract compares with the document of an app. The app itself only says which operation a request belongs to.
func newContract(app *App) (*contract.Contract, error) {
	t, err := app.sealed()
	if err != nil {
		return nil, err
	}
	form, err := t.document.form(OpenAPI32)
	if err != nil {
		return nil, err
	}
	return contract.New(form.Bytes(), func(r *http.Request) (path, method string, captured []string, ok bool) {
		e, captured := t.match(r, nil)
		if e == nil {
			return "", "", nil, false
		}
		return t.document.operations.pathOf(e), e.method, captured, true
	})
}

// checkPatterns reports the patterns that the contract cannot evaluate, unless the comparison is off.
func (c *TestClient) checkPatterns() {
	c.tb.Helper()
	made := newTestRequest()
	for _, option := range c.defaults {
		option(made)
	}
	if made.unchecked {
		return
	}
	for _, u := range c.contract.Unread() {
		c.tb.Errorf("the document's pattern %s at %s cannot be judged: %v; \"x-validate\" next to it says that values may be refused for more than the schema says",
			u.Pattern, u.Pointer, u.Reason)
	}
}

// Get sends a GET request. The target is a path, optionally with a query.
func (c *TestClient) Get(target string, options ...TestOption) *TestResponse {
	c.tb.Helper()
	return c.Do(http.MethodGet, target, nil, options...)
}

// Head sends a HEAD request.
func (c *TestClient) Head(target string, options ...TestOption) *TestResponse {
	c.tb.Helper()
	return c.Do(http.MethodHead, target, nil, options...)
}

// Delete sends a DELETE request.
func (c *TestClient) Delete(target string, options ...TestOption) *TestResponse {
	c.tb.Helper()
	return c.Do(http.MethodDelete, target, nil, options...)
}

// Post sends a POST request with the body as JSON. For a form, pass nil and [WithForm] or [WithFile]. See [TestClient.Do].
func (c *TestClient) Post(target string, body any, options ...TestOption) *TestResponse {
	c.tb.Helper()
	return c.Do(http.MethodPost, target, body, options...)
}

// Query sends a QUERY request with the body as JSON. See [TestClient.Do].
func (c *TestClient) Query(target string, body any, options ...TestOption) *TestResponse {
	c.tb.Helper()
	return c.Do(mediatype.MethodQuery, target, body, options...)
}

// Put sends a PUT request with the body as JSON. See [TestClient.Do].
func (c *TestClient) Put(target string, body any, options ...TestOption) *TestResponse {
	c.tb.Helper()
	return c.Do(http.MethodPut, target, body, options...)
}

// Patch sends a PATCH request with the body as JSON. See [TestClient.Do].
func (c *TestClient) Patch(target string, body any, options ...TestOption) *TestResponse {
	c.tb.Helper()
	return c.Do(http.MethodPatch, target, body, options...)
}

// Do sends a request. The body is sent as application/json: a string, []byte or json.RawMessage as it is, anything else
// encoded with encoding/json; nil sends none. [WithBody] sends other media types.
func (c *TestClient) Do(method, target string, body any, options ...TestOption) *TestResponse {
	c.tb.Helper()
	request, made := c.request(method, target, body, options)
	var written bytes.Buffer
	rec := recorder.New(method, &written)
	// The app may change the request, and the comparison needs what was sent.
	sent, read := contract.Keep(request)
	if failure := rec.Serve(c.app, request); failure != nil {
		c.tb.Fatalf("%s %s: the response was aborted: %v", method, target, failure)
	}
	// Waits, so that the test sees the effects of background tasks.
	c.app.waitForTasks()
	response := recordedResponse(c.tb, sent, rec, written.Bytes())
	c.jar.SetCookies(sent.URL, (&http.Response{Header: response.Header}).Cookies())
	if p := c.expected(sent, made); p != nil {
		p.CheckResponse(sent, response.judged())
		p.CheckRequest(sent, read, response.judged())
	}
	return response
}

// expected returns what the document says about a request, nil if nothing, or if the comparison is off.
func (c *TestClient) expected(r *http.Request, made *testRequest) *contract.Expected {
	if made.unchecked {
		return nil
	}
	return c.contract.Of(c.tb, r, &made.log)
}

func (c *TestClient) request(method, target string, body any, options []TestOption) (*http.Request, *testRequest) {
	c.tb.Helper()
	made := newTestRequest()
	if err := made.draft.SetJSON(body); err != nil {
		c.tb.Fatalf("%v", err)
	}
	for _, options := range [][]TestOption{c.defaults, options} {
		for _, option := range options {
			option(made)
		}
	}
	made.draft.Context = faultlog.In(made.draft.Context, &made.log)
	r, err := made.draft.Request(method, target, c.jar)
	if err != nil {
		c.tb.Fatalf("%s %s: %v", method, target, err)
	}
	return r, made
}

// recordedResponse converts a recorded response.
func recordedResponse(tb TB, r *http.Request, rec *recorder.Recorder, body []byte) *TestResponse {
	return &TestResponse{tb: tb, Code: rec.Status, Header: rec.Sent, Body: body, label: r.Method + " " + r.URL.RequestURI()}
}

// TB is the part of testing.TB that a TestClient needs, so that programs do not link the package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// TestResponse is a response that was read completely.
type TestResponse struct {
	// Code is the status code, Header the header, and Body the body as it was sent.
	Code   int
	Header http.Header
	Body   []byte

	tb       TB
	label    string
	mutex    sync.Mutex
	expected bool
}

// Status fails the test immediately unless the response has the status.
func (r *TestResponse) Status(want int) *TestResponse {
	r.tb.Helper()
	r.expect()
	if r.Code != want {
		r.tb.Fatalf("%s: status %d, want %d\n%s", r.label, r.Code, want, r.Body)
	}
	return r
}

// expect records that the test has compared the status. The lock is for tests that do so in a goroutine, because the
// cleanup looks at all responses.
func (r *TestResponse) expect() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.expected = true
}

// judged converts the response for the comparison.
func (r *TestResponse) judged() *contract.Response {
	return &contract.Response{Code: r.Code, Header: r.Header, Body: r.Body, Label: r.label, Expected: r.wasExpected}
}

// wasExpected reports whether the test called Status. With another status the test has failed already, once.
func (r *TestResponse) wasExpected() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.expected
}

// JSON decodes the body with encoding/json. It fails the test immediately if that is not possible.
func (r *TestResponse) JSON(into any) *TestResponse {
	r.tb.Helper()
	if err := json.Unmarshal(r.Body, into); err != nil {
		r.tb.Fatalf("%s: the body is not what was expected: %v\n%s", r.label, err, r.Body)
	}
	return r
}

// Text returns the body as a string.
func (r *TestResponse) Text() string { return string(r.Body) }

// Faults returns the validation errors of a 422, also of one that is a [Problem]. It fails the test immediately if
// there are none.
func (r *TestResponse) Faults() []Fault {
	r.tb.Helper()
	r.Status(http.StatusUnprocessableEntity)
	faults := faultsIn(r.Body)
	if faults == nil {
		r.tb.Fatalf("%s: the body has no validation errors\n%s", r.label, r.Body)
	}
	return faults
}
