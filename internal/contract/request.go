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

// Body keeps what an app reads of a body.
type Body struct {
	io.ReadCloser
	data  bytes.Buffer
	ended bool
}

// Keep makes a request keep what is read of its body. The copy is for those who
// want to know what was sent: an app may change the request.
func Keep(r *http.Request) (sent *http.Request, body *Body) {
	sent, body = r.Clone(r.Context()), &Body{ReadCloser: r.Body}
	if r.Body != http.NoBody {
		r.Body = body
	}
	return sent, body
}

// Read reads on.
func (b *Body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.data.Write(p[:n])
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}

// sentParts are those of one request by their place: "query q", "body". What
// cannot be judged is nil, and what the document does not mention, such as a
// hidden parameter, is not among them.
type sentParts map[string]*sentPart

const (
	bodyPart    = "body"
	messagePart = "message" // of a WebSocket
)

// partNamed is the key of a part. The names of headers know no case.
func partNamed(in, name string) string {
	if in == openapi3.ParameterInHeader {
		name = strings.ToLower(name)
	}
	return strings.TrimSpace(in + " " + name)
}

// CheckRequest fails the test where the app and the document disagree about a
// request: the app took a part that the document refuses, or names a fault that
// a keyword has and the schema has no such.
func (p *Expected) CheckRequest(r *http.Request, read *Body, got *Response) {
	p.tb.Helper()
	switch {
	case got.Code < http.StatusBadRequest:
		p.checkAccepted(p.partsOf(r, read), fmt.Sprintf("%d, ", got.Code))
	case read.data.Len() <= maxJudged:
		if faults := p.faults(got); faults != nil {
			p.checkFaults(p.partsOf(r, read), faults, fmt.Sprintf("%d, ", got.Code))
		}
	}
}

// faults are what a request was refused for: those of its error, in whatever
// form the response tells of them, else those that a 422 lists.
func (p *Expected) faults(got *Response) []reported {
	if noted := p.log.Faults(); len(noted) > 0 {
		return asReported(noted)
	}
	if got.Code == http.StatusUnprocessableEntity {
		return reportedIn(got.Body)
	}
	return nil
}

// reported is a fault as a response tells of it.
type reported struct {
	Type string         `json:"type"`
	Loc  []any          `json:"loc"`
	Ctx  map[string]any `json:"ctx,omitempty"`
}

// asReported are faults the way a response would have them.
func asReported(faults []fault.Fault) []reported {
	list := make([]reported, len(faults))
	for i, f := range faults {
		list[i] = reported{Type: f.Type, Loc: f.Loc, Ctx: f.Ctx}
	}
	text, _ := json.Marshal(map[string]any{"errors": list})
	return reportedIn(text)
}

// reportedIn are the faults that the body of a 422 lists, in either form of an
// error; nil if it lists none, such as one of the app's own form.
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

// withNumbers gives positions in lists the type int, and facts the type that
// numbers have in an any: a json.Number is then one that no float64 holds.
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

// maxJudged is how large a refused body may be for its faults to be judged:
// the judge writes down every reason there is, which grows faster than the
// body.
const maxJudged = 64 << 10

func (p *Expected) checkAccepted(all sentParts, answer string) {
	p.tb.Helper()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		one := all[name]
		if one == nil || one.absent || one.lines != nil {
			continue
		}
		came := answer + "the app accepted " + one.shown()
		if one.refusal != nil {
			p.broken(name, one.refusal.Error(), came)
		} else if err := one.refusedFor(one.widest); err != nil {
			p.refused(name, came, err)
		}
	}
}

func (p *Expected) checkFaults(all sentParts, faults []reported, answer string) {
	p.tb.Helper()
	for _, f := range faults {
		name, loc := placeIn(f)
		if one, within := all[name].at(loc); one != nil && one.canSay(f) && one.allows(f, within) {
			p.broken(under(name, loc), "no "+fault.Keyword(f.Type)+" that refuses this: the document allows it",
				answer+"the app refused "+one.shown()+" for "+f.Type+strings.TrimSuffix(" "+asJSONText(f.Ctx), " null"))
		}
	}
}

// placeIn is the part that a fault is about, and where in it.
func placeIn(f reported) (name string, loc []any) {
	switch {
	case len(f.Loc) == 0:
		return "", nil
	case f.Loc[0] == bodyPart, f.Loc[0] == messagePart:
		return fmt.Sprint(f.Loc[0]), f.Loc[1:]
	case len(f.Loc) == 1:
		return "", nil
	}
	return partNamed(fmt.Sprint(f.Loc[0]), fmt.Sprint(f.Loc[1])), f.Loc[2:]
}

// canSay reports whether a schema can have the fault: its type has a keyword,
// and no number in it is beyond what a schema, whose numbers are float64, holds
// exactly. A text inside of JSON is no number whatever it holds, so that what
// makes one of it goes by rules of its own.
func (one *sentPart) canSay(f reported) bool {
	for _, fact := range f.Ctx {
		switch x := fact.(type) {
		case float64:
			if math.Abs(x) >= 1<<53 {
				return false
			}
		case json.Number:
			return false
		}
	}
	isTextInJSON := one.data != nil && strings.HasSuffix(f.Type, "_parsing")
	return fault.Keyword(f.Type) != "" && !isTextInJSON
}

// allows reports whether the document has nothing against what a fault is
// about.
func (one *sentPart) allows(f reported, loc []any) bool {
	switch {
	case one.refusal != nil:
		return false
	case one.absent:
		return f.Type == fault.Missing && !schema.IsInexact(one.schema, loc)
	case len(loc) == 0 && (one.isForm || one.schema == nil):
		return false // a limit of all fields together, or a parameter twice
	case one.refusedFor(one.sent) == nil:
		return !schema.IsInexact(one.schema, loc)
	case schema.IsInexact(one.schema, loc), schema.IsKey(loc):
		return false
	}
	met, refused := false, false
	schema.Follow(one.schema, loc, one.sent, func(s *openapi3.SchemaRef, value any, rest []any) {
		switch {
		case len(rest) == 1 && f.Type == fault.Missing:
			met = true
			refused = refused || slices.Contains(s.Value.Required, fmt.Sprint(rest[0]))
		case len(rest) == 1 && f.Type == fault.ExtraForbidden, len(rest) == 0 && f.Type != fault.Missing:
			met = true
			refused = refused || schema.Check(s, value) != nil
		}
	})
	return met && !refused
}

// partsOf takes a request apart the way the document has it.
func (p *Expected) partsOf(r *http.Request, read *Body) sentParts {
	all := sentParts{}
	for _, ref := range p.op.Parameters {
		all[partNamed(ref.Value.In, ref.Value.Name)] = p.parameter(ref.Value, r)
	}
	if p.op.RequestBody != nil {
		all[bodyPart] = p.body(p.op.RequestBody.Value, r, read)
	}
	return all
}

// parameter reads one parameter, nil for one that no schema judges.
func (p *Expected) parameter(described *openapi3.Parameter, r *http.Request) *sentPart {
	texts := p.textsOf(described, r)
	one := &sentPart{schema: described.Schema, text: fmt.Sprintf("%q", texts)}
	switch {
	case len(texts) == 0 && described.Required:
		return &sentPart{refusal: errNotThere}
	case len(texts) == 0:
		return &sentPart{absent: true, schema: described.Schema}
	case described.Schema != nil:
		one.sent, one.widest = readTexts(described.Schema, splitTexts(described, texts))
		return one
	}
	media := described.Content.Get(mediatype.JSON)
	if media == nil || media.Schema == nil {
		return nil
	}
	return jsonPart(media.Schema, []byte(texts[len(texts)-1]))
}

// textsOf are what was sent as a parameter. Those of a query are as sent where
// commas inside of them are yet to be told from commas between them.
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
			texts = texts[:1]
		}
	}
	return texts
}

// body reads the body, nil for one that no schema judges, or that the app did
// not read to its end.
func (p *Expected) body(described *openapi3.RequestBody, r *http.Request, read *Body) *sentPart {
	data := read.data.Bytes()
	switch {
	case r.Body == http.NoBody && described.Required:
		return &sentPart{refusal: errNotThere}
	case r.Body == http.NoBody:
		return &sentPart{absent: true}
	}
	contentType := r.Header.Get("Content-Type")
	media := mediaOf(described.Content, contentType)
	isComplete := read.ended || int64(len(data)) == r.ContentLength
	switch {
	case r.ContentLength == 0 || len(data) == 0 && read.ended:
		return nil // an empty body needs no media type
	case media == nil && contentType != "":
		promised := strings.Join(slices.Sorted(maps.Keys(described.Content)), " or ")
		return &sentPart{refusal: errors.New(promised), text: contentType}
	case len(data) == 0 || !isComplete && !isItems(mediatype.Bare(contentType)):
		return nil
	case media == nil || media.Schema == nil:
		return nil
	}
	return bodyOf(media, contentType, data)
}
