package candor

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	jsonv2 "github.com/go-json-experiment/json"

	"github.com/candor-go/candor/internal/schema"
)

// contract judges exchanges by an app's document.
type contract struct {
	table  *table
	doc    *openapi3.T
	places map[*endpoint]string
}

func newContract(a *App) (*contract, error) {
	t, err := a.sealed()
	if err != nil {
		return nil, err
	}
	built, err := t.document.build()
	if err != nil {
		return nil, err
	}
	doc, err := loadDocument(built.data)
	if err != nil {
		return nil, err
	}
	return &contract{table: t, doc: doc, places: built.places}, nil
}

// operation finds the operation a request belongs to, nil for one without: a
// hidden route, or none.
func (c *contract) operation(r *http.Request) *openapi3.Operation {
	e, _ := c.table.match(r, nil)
	if e == nil {
		return nil
	}
	item := c.doc.Paths.Value(c.places[e])
	if item == nil {
		return nil
	}
	return item.GetOperation(e.method)
}

// check fails the test where the answer is not one the document promises.
func (c *contract) check(tb TB, r *http.Request, got *TestResponse) {
	tb.Helper()
	op := c.operation(r)
	if op == nil {
		return
	}
	promised := cmp.Or(op.Responses.Status(got.Code), op.Responses.Default())
	switch {
	case got.Code == statusClientClosed: // nobody receives it
	case promised == nil && got.Code == http.StatusInternalServerError:
		tb.Cleanup(func() {
			if !got.wasExpected() {
				tb.Errorf("%s: status 500, which the test did not expect; ask for it by Status(500) if it should be", got.label)
			}
		})
	case promised == nil:
		tb.Errorf("%s (%s): the status %d is not declared, declared are %s; declare it with candor.Raises or candor.Responds\n%s",
			got.label, op.OperationID, got.Code, strings.Join(statuses(op), ", "), got.Body)
	default:
		c.checkHeaders(tb, op, promised.Value, got)
		c.checkBody(tb, op, promised.Value, r, got)
	}
}

// checkHeaders holds the headers an answer promises against those it has.
func (c *contract) checkHeaders(tb TB, op *openapi3.Operation, promised *openapi3.Response, got *TestResponse) {
	tb.Helper()
	for _, name := range slices.Sorted(maps.Keys(promised.Headers)) {
		header, lines := promised.Headers[name].Value, got.Header.Values(name)
		if len(lines) == 0 {
			if header.Required {
				tb.Errorf("%s (%s): status %d promises the header %s, which is missing", got.label, op.OperationID, got.Code, name)
			}
			continue
		}
		if err := schema.Check(header.Schema, headerValue(header.Schema.Value, lines)); err != nil {
			tb.Errorf("%s (%s): the header %s of status %d breaks its schema: %v\n%q", got.label, op.OperationID, name, got.Code, err, lines)
		}
	}
}

// headerValue reads the lines of a header the way its schema has it. What
// cannot be read stays text, which the schema then refuses.
func headerValue(s *openapi3.Schema, lines []string) any {
	if !s.Type.Includes(openapi3.TypeArray) {
		return scalarValue(s, strings.Join(lines, ", "))
	}
	if len(lines) == 1 {
		lines = strings.Split(lines[0], ",")
	}
	values := make([]any, len(lines))
	for i, text := range lines {
		values[i] = scalarValue(s.Items.Value, strings.TrimSpace(text))
	}
	return values
}

func scalarValue(s *openapi3.Schema, text string) any {
	isNumber := s.Type.Includes(openapi3.TypeInteger) || s.Type.Includes(openapi3.TypeNumber)
	if n, err := strconv.ParseFloat(text, 64); isNumber && err == nil && json.Valid([]byte(text)) {
		return n
	}
	if s.Type.Includes(openapi3.TypeBoolean) && (text == "true" || text == "false") {
		return text == "true"
	}
	return text
}

func statuses(op *openapi3.Operation) []string {
	return op.Responses.Keys()
}

func (c *contract) checkBody(tb TB, op *openapi3.Operation, promised *openapi3.Response, r *http.Request, got *TestResponse) {
	tb.Helper()
	if len(promised.Content) == 0 {
		if len(got.Body) > 0 {
			tb.Errorf("%s (%s): status %d promises no body, got %q", got.label, op.OperationID, got.Code, got.Body)
		}
		return
	}
	if r.Method == http.MethodHead || !bodyAllowed(got.Code) {
		return
	}
	mediaType, _, _ := mime.ParseMediaType(got.Header.Get("Content-Type"))
	media := promised.Content.Get(mediaType)
	if media == nil {
		tb.Errorf("%s (%s): status %d promises another media type than %q", got.label, op.OperationID, got.Code, got.Header.Get("Content-Type"))
		return
	}
	if media.Schema != nil && isJSON(mediaType) {
		c.checkJSON(tb, op, media.Schema, got)
	}
}

func (c *contract) checkJSON(tb TB, op *openapi3.Operation, promised *openapi3.SchemaRef, got *TestResponse) {
	tb.Helper()
	var value any
	if err := jsonv2.Unmarshal(got.Body, &value); err != nil {
		tb.Errorf("%s (%s): the body is not JSON: %v\n%s", got.label, op.OperationID, err, got.Body)
		return
	}
	if err := breaks(promised, got.Body, value); err != nil {
		tb.Errorf("%s (%s): the body of status %d breaks its schema: %v\n%s", got.label, op.OperationID, got.Code, err, got.Body)
	}
}

// breaks is why a body does not satisfy its schema. The judge knows the numbers
// of a schema as float64, so that an integer of 64 bits can be unequal to
// itself, and as float64 two of them can be the same: only what is wrong either
// way is wrong.
func breaks(promised *openapi3.SchemaRef, body []byte, value any) error {
	err := schema.Check(promised, value)
	if err == nil {
		return nil
	}
	var exact any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&exact) == nil && schema.Check(promised, exact) == nil {
		return nil
	}
	return err
}
