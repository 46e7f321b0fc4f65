package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/schema"
)

// Body records what an app reads of a body.
type Body struct {
	io.ReadCloser
	data  bytes.Buffer
	ended bool
}

// Keep makes a request record what is read of its body. The copy shows what was sent, because an app may change the
// request.
func Keep(r *http.Request) (sent *http.Request, body *Body) {
	sent, body = r.Clone(r.Context()), &Body{ReadCloser: r.Body}
	// The app compares the body with http.NoBody, so NoBody must not be wrapped.
	if r.Body != http.NoBody {
		r.Body = body
	}
	return sent, body
}

// Read implements io.Reader.
func (b *Body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.data.Write(p[:n])
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}

// requestParts are the parts of a request by key: "query q", "body". A part that cannot be checked is nil. A part that is
// not documented, such as a hidden parameter, has no key.
type requestParts map[string]*requestPart

const (
	bodyKey    = "body"
	messageKey = "message" // the key of a WebSocket message
)

// partKey returns the key of a part. Header names are case-insensitive.
func partKey(in, name string) string {
	if in == openapi3.ParameterInHeader {
		name = strings.ToLower(name)
	}
	return strings.TrimSpace(in + " " + name)
}

// CheckRequest fails the test if the app and the document disagree about a request: the app accepted a part that the
// document rejects, or reported a validation error for a value that the schema allows.
func (p *Expected) CheckRequest(r *http.Request, read *Body, got *Response) {
	p.tb.Helper()
	switch {
	case got.Code < http.StatusBadRequest:
		p.checkAccepted(p.parts(r, read), fmt.Sprintf("%d, ", got.Code))
	case read.data.Len() <= maxJudged:
		if faults := p.faults(got); faults != nil {
			p.checkFaults(p.parts(r, read), faults, fmt.Sprintf("%d, ", got.Code))
		}
	}
}

// faults returns the validation errors of a request: those that the app recorded, else those listed in a 422.
func (p *Expected) faults(got *Response) []reported {
	// The log comes first, because an error handler may have changed the form of the response.
	if noted := p.log.Faults(); len(noted) > 0 {
		return asReported(noted)
	}
	if got.Code == http.StatusUnprocessableEntity {
		return reportedIn(got.Body)
	}
	return nil
}

// reported is a validation error as listed in a response.
type reported struct {
	Type string         `json:"type"`
	Loc  []any          `json:"loc"`
	Ctx  map[string]any `json:"ctx,omitempty"`
}

// asReported converts validation errors to the form of a response. They are encoded and decoded, so that facts have the
// types that a client sees.
func asReported(faults []fault.Fault) []reported {
	list := make([]reported, len(faults))
	for i, f := range faults {
		list[i] = reported{Type: f.Type, Loc: f.Loc, Ctx: f.Ctx}
	}
	text, _ := json.Marshal(map[string]any{"errors": list})
	return reportedIn(text)
}

// reportedIn returns the validation errors listed in the body of a 422, in either error format; nil if there are none, for
// example because the app has its own format.
func reportedIn(body []byte) []reported {
	var lists struct{ Errors, Detail json.RawMessage }
	if json.Unmarshal(body, &lists) != nil {
		return nil
	}
	for _, list := range []json.RawMessage{lists.Errors, lists.Detail} {
		var found []reported
		decoder := json.NewDecoder(bytes.NewReader(list))
		decoder.UseNumber()
		if decoder.Decode(&found) == nil && len(found) > 0 {
			return withNumbers(found)
		}
	}
	return nil
}

// withNumbers converts positions in lists to int, and numbers in facts as in an any; a json.Number remains where no
// float64 holds the number.
func withNumbers(list []reported) []reported {
	for _, f := range list {
		for i, step := range f.Loc {
			if n, ok := step.(json.Number); ok {
				f.Loc[i], _ = strconv.Atoi(n.String())
			}
		}
		for name, fact := range f.Ctx {
			if n, ok := fact.(json.Number); ok {
				f.Ctx[name] = codec.Number(n.String())
			}
		}
	}
	return list
}

// maxJudged is the largest rejected body that is checked. The validator collects all reasons, whose size grows faster than
// the body.
const maxJudged = 64 << 10

func (p *Expected) checkAccepted(all requestParts, status string) {
	p.tb.Helper()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		part := all[name]
		// A handler may stop before the last line, so lines do not count as accepted.
		if part == nil || part.absent || part.lines != nil {
			continue
		}
		came := status + "the app accepted " + part.shown()
		// The widest reading: it is no disagreement if the app sees a valid value.
		if part.refusal != nil {
			p.disagree(name, part.refusal.Error(), came)
		} else if err := part.refusedFor(part.widest); err != nil {
			p.violates(name, came, err)
		}
	}
}

func (p *Expected) checkFaults(all requestParts, faults []reported, status string) {
	p.tb.Helper()
	for _, f := range faults {
		name, loc := partOf(f)
		if part, rest := all[name].at(loc); part != nil && part.canSay(f) && part.allows(f, rest) {
			p.disagree(under(name, loc), "no "+fault.Keyword(f.Type)+" that refuses this: the document allows it",
				status+"the app refused "+part.shown()+" for "+f.Type+strings.TrimSuffix(" "+asJSONText(f.Ctx), " null"))
		}
	}
}

// partOf returns the key of the part that a validation error refers to, and the location within that part.
func partOf(f reported) (name string, loc []any) {
	switch {
	case len(f.Loc) == 0:
		return "", nil
	case f.Loc[0] == bodyKey, f.Loc[0] == messageKey:
		return fmt.Sprint(f.Loc[0]), f.Loc[1:]
	case len(f.Loc) == 1:
		return "", nil
	}
	return partKey(fmt.Sprint(f.Loc[0]), fmt.Sprint(f.Loc[1])), f.Loc[2:]
}

// canSay reports whether a schema can express the validation error: there is a keyword for its type, and all its numbers
// are exact as float64, which schemas use. Text inside JSON is never a number for a schema, so an error about text that
// the app converts to a number cannot be expressed.
func (part *requestPart) canSay(f reported) bool {
	for _, fact := range f.Ctx {
		switch x := fact.(type) {
		case float64:
			// From 2^53 on, float64 does not hold every integer.
			if math.Abs(x) >= 1<<53 {
				return false
			}
		case json.Number:
			return false
		}
	}
	isTextInJSON := part.data != nil && strings.HasSuffix(f.Type, "_parsing")
	return fault.Keyword(f.Type) != "" && !isTextInJSON
}

// allows reports whether the document allows the value that a validation error refers to.
func (part *requestPart) allows(f reported, loc []any) bool {
	loc = part.inForm(loc)
	switch {
	case part.refusal != nil:
		return false
	case f.Type == fault.ExtraForbidden && schema.IsReadOnlyAt(part.schema, loc, part.sent):
		return false // read-only members may be rejected, too
	case part.absent:
		return f.Type == fault.Missing && !schema.IsInexact(part.schema, loc)
	case len(loc) == 0 && (part.isForm || part.schema == nil):
		return false // a limit for all fields together, or a duplicate parameter
	case part.refusedFor(part.sent) == nil:
		return !schema.IsInexact(part.schema, loc)
	case schema.IsInexact(part.schema, loc), schema.IsKey(loc):
		return false
	}
	// The part is invalid for some reason; only a schema at this location shows whether this error is one of the reasons.
	met, refused := false, false
	schema.Follow(part.schema, loc, part.sent, func(s *openapi3.SchemaRef, value any, rest []any) {
		switch {
		case len(rest) == 1 && f.Type == fault.Missing:
			met = true
			refused = refused || schema.Demands(s, value, fmt.Sprint(rest[0]))
		case len(rest) == 1 && f.Type == fault.ExtraForbidden, len(rest) == 0 && f.Type != fault.Missing:
			met = true
			refused = refused || schema.Check(s, value) != nil
		}
	})
	return met && !refused
}

// inForm converts a location to one in the schema of a form, which lists the names that are sent: address.street,
// items[0].name.
func (part *requestPart) inForm(loc []any) []any {
	if !part.isForm || len(loc) < 2 {
		return loc
	}
	for n := len(loc); n > 1; n-- {
		if name := sentName(loc[:n]); schema.Inner(part.schema, name) != nil {
			return append([]any{name}, loc[n:]...)
		}
	}
	return loc
}

func sentName(loc []any) string {
	var name strings.Builder
	for i, step := range loc {
		switch _, isIndex := step.(int); {
		case isIndex:
			fmt.Fprintf(&name, "[%d]", step)
		case i > 0:
			fmt.Fprintf(&name, ".%s", step)
		default:
			fmt.Fprint(&name, step)
		}
	}
	return name.String()
}

// parts splits a request into its documented parts.
func (p *Expected) parts(r *http.Request, read *Body) requestParts {
	all := requestParts{}
	for _, ref := range p.op.Parameters {
		all[partKey(ref.Value.In, ref.Value.Name)] = p.parameter(ref.Value, r)
	}
	if p.op.RequestBody != nil {
		all[bodyKey] = p.body(p.op.RequestBody.Value, r, read)
	}
	return all
}

// parameter returns one parameter, nil if no schema can check it.
func (p *Expected) parameter(described *openapi3.Parameter, r *http.Request) *requestPart {
	if described.Style == openapi3.SerializationDeepObject {
		return deepPart(described, r.URL.RawQuery)
	}
	texts := p.textsOf(described, r)
	part := &requestPart{schema: described.Schema, text: fmt.Sprintf("%q", texts)}
	switch {
	case len(texts) == 0 && described.Required:
		return &requestPart{refusal: errNotThere}
	case len(texts) == 0:
		return &requestPart{absent: true, schema: described.Schema}
	case described.Schema != nil:
		part.sent, part.widest = readTexts(described.Schema, splitTexts(described, texts))
		return part
	}
	// In OpenAPI a parameter has either a schema or content.
	media := described.Content.Get(mediatype.JSON)
	if media == nil || media.Schema == nil {
		return nil
	}
	return jsonPart(media.Schema, []byte(texts[len(texts)-1]))
}

// textsOf returns the texts sent for a parameter. Texts of a query stay escaped if a comma in a value must be
// distinguished from a comma between values.
func (p *Expected) textsOf(described *openapi3.Parameter, r *http.Request) (texts []string) {
	switch described.In {
	case openapi3.ParameterInPath:
		if text, ok := p.path[described.Name]; ok {
			return []string{text}
		}
	case openapi3.ParameterInQuery:
		return pairsOf(r.URL.RawQuery, isSplit(described))[described.Name]
	case openapi3.ParameterInHeader:
		if strings.EqualFold(described.Name, "host") {
			return []string{r.Host}
		}
		return r.Header.Values(described.Name)
	case openapi3.ParameterInCookie:
		texts = bind.CookieTexts(r.Header, described.Name)
		if len(texts) > 1 && !hasItems(described.Schema, 0) {
			// If there are several cookies with one name the first counts, as in net/http.
			texts = texts[:1]
		}
	}
	return texts
}

// body returns the body, nil if no schema can check it or the app did not read it to its end.
func (p *Expected) body(described *openapi3.RequestBody, r *http.Request, read *Body) *requestPart {
	data := read.data.Bytes()
	switch {
	case r.Body == http.NoBody && described.Required:
		return &requestPart{refusal: errNotThere}
	case r.Body == http.NoBody:
		return &requestPart{absent: true}
	}
	contentType := mediatype.TypeOf(r.Header)
	media := mediaOf(described.Content, contentType)
	// The app may stop before the end, and an incomplete body cannot be checked.
	isComplete := read.ended || int64(len(data)) == r.ContentLength
	switch {
	case r.ContentLength == 0 || len(data) == 0 && read.ended:
		return nil // an empty body needs no media type
	case media == nil && contentType != "":
		documented := strings.Join(slices.Sorted(maps.Keys(described.Content)), " or ")
		return &requestPart{refusal: errors.New(documented), text: contentType}
	case len(data) == 0 || !isComplete && !isItems(mediatype.Bare(contentType)):
		return nil
	case media == nil || media.Schema == nil && media.ItemSchema == nil:
		return nil
	}
	return bodyOf(media, contentType, data)
}
