package candor

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/contract"
	"github.com/candor-go/candor/internal/faultlog"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/recorder"
	"github.com/candor-go/candor/internal/sorted"
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
	header    http.Header
	cookies   []bind.Cookie
	query     url.Values
	media     string
	body      io.Reader
	form      url.Values
	files     []testFile
	unchecked bool
	ctx       context.Context
	log       faultlog.Log
}

func newTestRequest() *testRequest {
	return &testRequest{header: http.Header{}, query: url.Values{}, form: url.Values{}, ctx: context.Background()}
}

// WithHeader sets a header. It replaces one of the same name. Host is the host of the request, as on a connection. The
// test fails for headers that the client writes itself: Content-Length, Transfer-Encoding and Trailer, and those of the
// handshake of a WebSocket.
func WithHeader(name, value string) TestOption {
	return func(r *testRequest) { r.header.Set(name, value) }
}

// WithCookie sends a cookie in addition to those kept. A handler reads the value exactly as given here, including JSON
// and UTF-8 text.
func WithCookie(name, value string) TestOption {
	return func(r *testRequest) { r.cookies = append(r.cookies, bind.Cookie{Name: name, Value: value}) }
}

// WithQuery adds a query parameter, escaped as needed.
func WithQuery(name, value string) TestOption {
	return func(r *testRequest) { r.query.Add(name, value) }
}

// WithBody sends a body as it is. If mediaType is empty, no Content-Type is sent.
func WithBody(mediaType string, body io.Reader) TestOption {
	return func(r *testRequest) { r.media, r.body = mediaType, body }
}

// WithForm sends the values as a form: URL-encoded or, together with [WithFile], as multipart.
func WithForm(values url.Values) TestOption {
	return func(r *testRequest) {
		for name, texts := range values {
			r.form[name] = append(r.form[name], texts...)
		}
	}
}

// WithFile adds a file to a multipart form. It may be given several times.
func WithFile(field, filename string, content []byte) TestOption {
	return func(r *testRequest) { r.files = append(r.files, testFile{field, filename, content}) }
}

// testFile is a file to be sent.
type testFile struct {
	field, filename string
	content         []byte
}

// writeForm makes the body from the form and the files, if there are any.
func (r *testRequest) writeForm() {
	switch {
	case len(r.files) > 0:
		var body bytes.Buffer
		parts := multipart.NewWriter(&body)
		// Sorted, so that a test sends the same bytes each time.
		for _, name := range sorted.Keys(r.form) {
			for _, text := range r.form[name] {
				_ = parts.WriteField(name, text) // writing to a bytes.Buffer cannot fail
			}
		}
		for _, file := range r.files {
			part, _ := parts.CreateFormFile(file.field, file.filename)
			_, _ = part.Write(file.content)
		}
		_ = parts.Close()
		r.media, r.body = parts.FormDataContentType(), &body
	case len(r.form) > 0:
		r.media, r.body = mediatype.Form, strings.NewReader(r.form.Encode())
	}
}

// WithContext sends requests with a context, for cancellation and values.
func WithContext(ctx context.Context) TestOption {
	return func(r *testRequest) { r.ctx = ctx }
}

// Unchecked turns off the comparison with the document.
func Unchecked() TestOption {
	return func(r *testRequest) { r.unchecked = true }
}

// testOrigin is the origin under which a TestClient sends requests.
const testOrigin = "http://testserver"

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
	if body != nil {
		made.media, made.body = "application/json", bytes.NewReader(c.encode(body))
	}
	for _, option := range slices.Concat(c.defaults, options) {
		option(made)
	}
	// After all options, because the parts of WithForm and WithFile are one body.
	made.writeForm()
	made.ctx = faultlog.In(made.ctx, &made.log)
	r, err := http.NewRequestWithContext(made.ctx, method, testOrigin+target, made.body)
	if err != nil {
		c.tb.Fatalf("%s %s: %v", method, target, err)
	}
	if len(made.query) > 0 {
		r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&"+made.query.Encode(), "&")
	}
	if r.Body == nil {
		r.Body = http.NoBody // as a server does for a request without a body
	}
	if r.ContentLength == 0 && r.Body != nil && r.Body != http.NoBody {
		r.ContentLength = -1 // as a server does if the client does not send a length
	}
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "192.0.2.1:1234"
	if made.media != "" {
		r.Header.Set("Content-Type", made.media)
	}
	if name := writtenByClient(made.header, bodyHeaders); name != "" {
		c.tb.Fatalf("%s %s: WithHeader(%q, ...): the client writes this header itself", method, target, name)
	}
	maps.Copy(r.Header, made.header)
	if host := r.Header.Get("Host"); host != "" {
		r.Header.Del("Host") // a server keeps it apart from the header
		r.Host = host
	}
	for _, cookie := range c.jar.Cookies(r.URL) {
		r.AddCookie(cookie)
	}
	for _, cookie := range made.cookies {
		if err := cookie.Check(); err != nil {
			c.tb.Fatalf("%s %s: WithCookie(%q, ...): %v", method, target, cookie.Name, err)
		}
		cookie.AddTo(r)
	}
	return r, made
}

// writtenByClient returns a header that is among those of the client, "" if there is none.
func writtenByClient(header http.Header, names []string) string {
	i := slices.IndexFunc(names, func(name string) bool { return header[name] != nil })
	if i < 0 {
		return ""
	}
	return names[i]
}

func (c *TestClient) encode(body any) []byte {
	c.tb.Helper()
	switch b := body.(type) {
	case string:
		return []byte(b)
	case []byte:
		return b
	}
	data, err := json.Marshal(body)
	if err != nil {
		c.tb.Fatalf("the body cannot be encoded: %v", err)
	}
	return data
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
