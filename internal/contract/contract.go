// Package contract compares what an app does with its document: requests, responses, the items of streams and the
// messages of WebSockets. The test client checks everything it sends.
//
// It reads only the finished document and nothing else of the app, so it also finds errors in the code that wrote the
// document.
package contract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/candor-go/candor/internal/digits"
	"github.com/candor-go/candor/internal/ecma"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/faultlog"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/schema"
)

// TB is the part of testing.TB that is needed here.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
}

// Response is a response of the app.
type Response struct {
	Code   int
	Header http.Header
	Body   []byte
	// Label names the request in messages.
	Label string
	// Expected reports, at the end of the test, whether the test read the status.
	Expected func() bool
}

// Find returns the operation of the document that a request belongs to, by its path and method there, and the values of
// the path's wildcards in the request. ok is false for a route that is not in the document.
type Find func(r *http.Request) (path, method string, captured []string, ok bool)

// Contract checks requests and responses against the document of an app.
type Contract struct {
	find Find
	doc  *openapi3.T
	// messages are the schemas of the operations that are WebSockets.
	messages map[*openapi3.Operation]messageSchemas
	// unread are the patterns that cannot be checked.
	unread []ecma.Unread
}

// New reads a document of version 3.2, which describes the items of streams and operations with any method.
func New(document []byte, find Find) (*Contract, error) {
	data, unread, err := forJudge(document)
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, errors.Join(errors.New("the document cannot be read back"), err)
	}
	messages, err := messagesOf(doc)
	if err != nil {
		return nil, err
	}
	return &Contract{find: find, doc: doc, messages: messages, unread: unread}, nil
}

// Unread returns the patterns of the document that cannot be checked.
func (c *Contract) Unread() []ecma.Unread { return c.unread }

// forJudge converts a document for the schema validator, which has no references to media types and treats patterns as
// Go regular expressions, while patterns in the document are ECMA-262.
func forJudge(data []byte) ([]byte, []ecma.Unread, error) {
	// Most documents have neither, and are decoded only once.
	if !bytes.Contains(data, []byte(`"pattern":`)) && !bytes.Contains(data, []byte(mediaTypes)) {
		return data, nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return nil, nil, err
	}
	unread := ecma.Rewrite(document)
	components, _ := document.(map[string]any)["components"].(map[string]any)
	shared, _ := components["mediaTypes"].(map[string]any)
	data, err := json.Marshal(inlined(document, shared))
	return data, unread, err
}

// mediaTypes is the prefix of references to media type components.
const mediaTypes = "#/components/mediaTypes/"

// inlined replaces references to media types by their targets.
func inlined(value any, shared map[string]any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = inlined(v[i], shared)
		}
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && strings.HasPrefix(ref, mediaTypes) {
			return shared[strings.TrimPrefix(ref, mediaTypes)]
		}
		for name := range v {
			v[name] = inlined(v[name], shared)
		}
	}
	return value
}

// Expected is what the document says about the operation of a request.
type Expected struct {
	tb    TB
	label string
	op    *openapi3.Operation
	// path holds the values of the wildcards in the path.
	path map[string]string
	// messages are the schemas of a WebSocket; refusals is how many messages the app has rejected and not yet replied
	// to.
	messages messageSchemas
	refusals atomic.Int32
	// log holds the validation errors of the request, independent of the form of its response.
	log *faultlog.Log
}

// Of returns what the document says about a request, nil for a hidden route or no route at all. log holds the validation
// errors of the request.
func (c *Contract) Of(tb TB, r *http.Request, log *faultlog.Log) *Expected {
	path, method, captured, ok := c.find(r)
	if !ok {
		return nil
	}
	item := c.doc.Paths.Value(path)
	if item == nil {
		return nil
	}
	op := item.GetOperation(method)
	if op == nil {
		return nil
	}
	p := &Expected{tb: tb, label: r.Method + " " + r.URL.RequestURI(), op: op, path: map[string]string{}, messages: c.messages[op], log: log}
	for i, name := range wildcardsOf(path) {
		if i < len(captured) {
			p.path[name] = captured[i]
		}
	}
	return p
}

// wildcardsOf returns the wildcard names in a path of the document.
func wildcardsOf(path string) (names []string) {
	for _, part := range strings.Split(path, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		names = append(names, name)
	}
	return names
}

// disagree fails the test with the location, what the document says, and what the app did.
func (p *Expected) disagree(at, documented, came string) {
	p.tb.Helper()
	p.tb.Errorf("%s (%s): the app and its document disagree about %s\n\tpromised: %s\n\tcame:     %s",
		p.label, p.op.OperationID, at, documented, excerpt(came))
}

// excerpt returns the beginning of a long text.
func excerpt(text string) string {
	const most = 1000
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// asJSONText returns the JSON of a value.
func asJSONText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// response returns the documented response for a status. The default response does not cover a 500, which is a defect of
// the app.
func (p *Expected) response(status int) *openapi3.Response {
	ref := p.op.Responses.Status(status)
	// Otherwise a default would make every panic a documented response.
	if status != http.StatusInternalServerError {
		ref = cmp.Or(ref, p.op.Responses.Default())
	}
	if ref == nil {
		return nil
	}
	return ref.Value
}

// mediaOf returns the documented media type of a body, by its name or by a range that includes it.
func mediaOf(content openapi3.Content, mediaType string) *openapi3.MediaType {
	// The app also reads a body such as application/merge-patch+json as JSON.
	if media := content.Get(mediaType); media != nil || !mediatype.IsJSON(mediaType) {
		return media
	}
	return content.Get(mediatype.JSON)
}

var (
	errNotJSON  = errors.New("JSON (RFC 8259)")
	errUnjudged = errors.New("not judged")
	errNotThere = errors.New("it is required")
)

// readJSON decodes a text like encoding/json; a number that no float64 holds is a json.Number. Duplicate members and
// invalid UTF-8 are not a matter of schemas: if the text is valid JSON otherwise, the error is errUnjudged.
func readJSON(data []byte) (value any, err error) {
	switch {
	case !json.Valid(data):
		return nil, errNotJSON
	// Now that the text is known to be JSON: the stricter decoder rejects duplicate members and invalid UTF-8.
	case jsonv2.Unmarshal(data, new(jsontext.Value)) != nil:
		return nil, errUnjudged
	case json.Unmarshal(data, &value) == nil:
		return value, nil
	}
	// The only error left is a number such as 1e400.
	if err := digits.Unmarshal(data, &value); err != nil {
		return nil, errUnjudged
	}
	return digits.Replace(value, asFloat), nil
}

// asFloat returns a number as a float64 if its range allows it.
func asFloat(text string) any {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n
	}
	return json.Number(text)
}

// validate returns why a JSON text does not match its schema. The validator stores the numbers of a schema as float64, so
// a 64-bit integer may differ from itself or equal another one. So a value is invalid only if it is invalid both with
// exact numbers and with float64.
func validate(documented *openapi3.SchemaRef, data []byte, value any) error {
	return validateSeen(documented, data, value, func(value any) any { return value })
}

// validateSeen is like validate, but for the value as the app sees it.
func validateSeen(documented *openapi3.SchemaRef, data []byte, value any, seen func(any) any) error {
	err := schema.Check(documented, seen(value))
	if err == nil {
		return nil
	}
	var exact any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	// It is enough to be valid with exact numbers, since float64 may have rounded them.
	if decoder.Decode(&exact) == nil && schema.Check(documented, seen(exact)) == nil {
		return nil
	}
	return err
}

// reasons returns why a value violates its schema: the location of the first reason, as in "lines.3.qty", and the first
// few reasons.
func reasons(err error) (at []any, text string) {
	leaves := leavesOf(err, nil)
	if len(leaves) == 0 {
		return nil, err.Error()
	}
	var texts []string
	for i, leaf := range leaves {
		if i == 3 {
			texts = append(texts, fmt.Sprintf("and %d more", len(leaves)-i))
			break
		}
		text := leaf.Reason
		// The caller reports the location, so the library's own is removed.
		if _, rest, found := strings.Cut(text, "': "); found && strings.Contains(text, "at '") {
			text = rest
		}
		if i > 0 {
			text = strings.TrimPrefix(fault.Dotted(locationOf(leaf))+": ", ": ") + text
		}
		texts = append(texts, text)
	}
	return locationOf(leaves[0]), strings.Join(texts, "; ")
}

func locationOf(leaf *openapi3.SchemaError) (at []any) {
	for _, step := range leaf.JSONPointer() {
		at = append(at, step)
	}
	return at
}

// leavesOf returns the innermost errors of a validation error.
func leavesOf(err error, found []*openapi3.SchemaError) []*openapi3.SchemaError {
	if all, ok := errors.AsType[openapi3.MultiError](err); ok && !isSchemaError(err) {
		for _, each := range all {
			found = leavesOf(each, found)
		}
		return found
	}
	failure, ok := errors.AsType[*openapi3.SchemaError](err)
	if !ok {
		return found
	}
	// The inner error says more than that no alternative matches.
	if inner := leavesOf(failure.Origin, nil); len(inner) > 0 {
		return append(found, inner...)
	}
	return append(found, failure)
}

func isSchemaError(err error) bool {
	_, ok := err.(*openapi3.SchemaError) //nolint:errorlint // not a wrapped one
	return ok
}

// under returns a location below another.
func under(location string, path []any) string {
	return strings.TrimSuffix(location+"."+fault.Dotted(path), ".")
}

// violates reports that a value violates its schema.
func (p *Expected) violates(at, came string, err error) {
	p.tb.Helper()
	path, documented := reasons(err)
	p.disagree(under(at, path), documented, came)
}

// shown returns a body as it is shown in messages.
func shown(data []byte) string {
	if !utf8.Valid(data) {
		return fmt.Sprintf("%q", excerpt(string(data)))
	}
	return string(data)
}
