package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/schema"
)

// requestPart is a parameter or the body of a request as it was sent, together with its documentation.
type requestPart struct {
	schema *openapi3.SchemaRef
	// sent is the value in the notation of the document. widest is the value as an app may also read it: 007 as an integer,
	// "yes" as a boolean.
	sent, widest any
	text         string
	// data is the JSON text, lines are the items of a sequence.
	data  []byte
	lines [][]byte
	// refusal is why the document rejects the part independent of its schema. absent means that the part was not sent and is
	// not required.
	refusal        error
	absent, isForm bool
}

// shown returns the part as it is shown in messages.
func (part *requestPart) shown() string {
	if part == nil || part.text == "" {
		return "a request without it"
	}
	return part.text
}

// refusedFor returns why the document does not allow a value of the part.
func (part *requestPart) refusedFor(value any) error {
	switch {
	case part.refusal != nil:
		return part.refusal
	case part.schema == nil:
		return nil
	case part.data != nil:
		return validateSeen(part.schema, part.data, value, func(value any) any { return schema.WithoutReadOnly(part.schema, value) })
	}
	return schema.Check(part.schema, value)
}

// jsonPart returns a part with JSON, nil if no schema can check it.
func jsonPart(s *openapi3.SchemaRef, data []byte) *requestPart {
	// The app ignores a byte order mark as well.
	data = bytes.TrimPrefix(data, []byte(mediatype.ByteOrderMark))
	value, err := readJSON(data)
	part := &requestPart{schema: s, sent: value, widest: value, data: data, text: shown(data)}
	switch {
	case errors.Is(err, errNotJSON):
		part.refusal = err
	case err != nil:
		return nil
	}
	return part
}

// bodyOf returns the body as a part, nil for a kind that no schema can check.
func bodyOf(media *openapi3.MediaType, contentType string, data []byte) *requestPart {
	mediaType, params, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return nil
	case mediatype.IsJSON(mediaType):
		return jsonPart(media.Schema, data)
	case isItems(mediaType):
		return itemsPart(media, mediaType, data)
	case mediaType == mediatype.Form:
		return formPart(media, pairsOf(strings.TrimPrefix(string(data), mediatype.ByteOrderMark), false), shown(data))
	case mediaType == mediatype.Multipart:
		// A form that cannot be parsed is not checked.
		if sent, err := multipartForm(media, data, params["boundary"]); err == nil {
			return formPart(media, sent, shown(data))
		}
	case strings.HasPrefix(mediaType, "text/"):
		text := string(data)
		return &requestPart{schema: media.Schema, sent: text, widest: text, text: shown(data)}
	}
	return nil
}

// isItems reports whether a body is a sequence of JSON items.
func isItems(mediaType string) bool {
	format := mediatype.SequenceOf(mediaType)
	return format != nil && !format.Named
}

// itemsPart returns a body of items, such as JSON Lines. The handler reads them one by one and may ignore invalid ones, so
// only an item with a reported error is checked.
func itemsPart(media *openapi3.MediaType, mediaType string, data []byte) *requestPart {
	items := itemsOf(nil, mediaType, media)
	if items == nil {
		return nil
	}
	part := &requestPart{schema: items.schema, lines: [][]byte{}}
	for item, err := range items.format.Split(bytes.NewReader(data), 0) {
		if err != nil {
			break // the app reports no later item
		}
		part.lines = append(part.lines, bytes.Clone(item.Data))
	}
	return part
}

// at returns the part that a location refers to: for lines, the single line whose number comes first.
func (part *requestPart) at(loc []any) (*requestPart, []any) {
	if part == nil || part.lines == nil {
		return part, loc
	}
	if len(loc) > 0 {
		// Lines are numbered from 1 in locations.
		if n, ok := loc[0].(int); ok && n >= 1 && n <= len(part.lines) {
			return jsonPart(part.schema, part.lines[n-1]), loc[1:]
		}
	}
	return nil, nil
}

// OpenAPI specifies how lists and objects are written in a parameter, but not how a number or a boolean is. So a text is
// read twice: as the value that every reader would see in it, and as any value that the schema allows and an app may see
// in it. An app contradicts its document if it rejects the first although the document allows it, or if it accepts what
// even the second reading does not allow.

// readTexts reads the texts sent for a parameter or a field: as a list if the schema has one, else the last text.
func readTexts(s *openapi3.SchemaRef, texts []string) (plain, widest any) {
	if !hasItems(s, 0) {
		if len(texts) == 0 {
			return "", ""
		}
		// Like the app, which uses the last of several values.
		return readText(s, texts[len(texts)-1])
	}
	plains, widests := make([]any, len(texts)), make([]any, len(texts))
	for i, text := range texts {
		plains[i], widests[i] = readText(itemsIn(s, 0), text)
	}
	return plains, widests
}

// hasItems reports whether a schema or one of its alternatives allows lists.
func hasItems(s *openapi3.SchemaRef, depth int) bool {
	// Limited, because a schema may refer to itself.
	if s == nil || s.Value == nil || depth > schema.MaxNesting {
		return false
	}
	return s.Value.Type.Includes(openapi3.TypeArray) || slices.ContainsFunc(schema.Alternatives(s), func(alternative *openapi3.SchemaRef) bool {
		return hasItems(alternative, depth+1)
	})
}

// itemsIn returns the schema of items from a schema or one of its alternatives.
func itemsIn(s *openapi3.SchemaRef, depth int) *openapi3.SchemaRef {
	if s == nil || s.Value == nil || depth > schema.MaxNesting {
		return nil
	}
	if s.Value.Items != nil {
		return s.Value.Items
	}
	for _, alternative := range schema.Alternatives(s) {
		if items := itemsIn(alternative, depth+1); items != nil {
			return items
		}
	}
	return nil
}

// readText converts a text in the first way that the schema allows. If there is none it remains text, unless the schema
// does not allow text.
func readText(s *openapi3.SchemaRef, text string) (plain, widest any) {
	plain, ok := firstAllowed(s, plainReadings(text))
	if ok {
		return plain, plain
	}
	// Only if no plain reading is valid; otherwise a wider reading could hide errors of the app.
	widest, ok = firstAllowed(s, wideReadings(text))
	if !ok {
		widest = plain
	}
	return plain, widest
}

func firstAllowed(s *openapi3.SchemaRef, values []any) (value any, ok bool) {
	for _, value := range values {
		if s == nil || schema.Check(s, value) == nil {
			return value, true
		}
	}
	if len(values) == 0 {
		return nil, false
	}
	// No reading is valid. The reading that fits the type gives the better reason.
	if isText(s) {
		return values[0], false
	}
	return values[len(values)-1], false
}

var (
	// plainInteger and plainDecimal are numbers as programs write them.
	plainInteger = lazy.Regexp{Text: `^(0|-?[1-9][0-9]*)$`}
	plainDecimal = lazy.Regexp{Text: `^-?(0|[1-9][0-9]*)\.[0-9]*[1-9]$`}
)

// plainReadings returns the text itself and the other values that every reader would see in it.
func plainReadings(text string) []any {
	values := []any{text}
	switch {
	case plainInteger.Get().MatchString(text):
		values = append(values, json.Number(text))
	case plainDecimal.Get().MatchString(text):
		x, _ := strconv.ParseFloat(text, 64)
		values = append(values, x)
	case text == "true" || text == "false":
		values = append(values, text == "true")
	}
	return values
}

// wideReadings returns the other values that an app may see in a text.
func wideReadings(text string) []any {
	var values []any
	if x, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
		values = append(values, x)
	}
	// Quotes are not removed, because apps use a parameter unchanged.
	if value, err := readJSON([]byte(text)); err == nil && !strings.HasPrefix(text, `"`) {
		values = append(values, value)
	}
	switch strings.ToLower(text) {
	case "1", "t", "true", "y", "yes", "on":
		values = append(values, true)
	case "0", "f", "false", "n", "no", "off":
		values = append(values, false)
	}
	return values
}

// isSplit reports whether the elements of a list share one text. In a header they always may.
func isSplit(p *openapi3.Parameter) bool {
	return p.Explode != nil && !*p.Explode || p.In == openapi3.ParameterInHeader
}

// splitTexts splits what was sent for a parameter into the values of its list.
func splitTexts(p *openapi3.Parameter, texts []string) []string {
	if !isSplit(p) || !hasItems(p.Schema, 0) {
		return texts
	}
	// Elements of a query are decoded after the split, because an escaped comma is not a separator.
	if p.In != openapi3.ParameterInHeader {
		return splitOn(separatorOf(p.Style), texts, p.In == openapi3.ParameterInQuery)
	}
	var elements []string
	for _, line := range texts {
		elements = bind.SplitHeader(elements, line)
	}
	return elements
}

// separatorOf matches the separator of list elements in a style, in all of its notations in a query.
func separatorOf(style string) *regexp.Regexp {
	switch style {
	case openapi3.SerializationPipeDelimited:
		return pipe.Get()
	case openapi3.SerializationSpaceDelimited:
		return space.Get()
	}
	return comma.Get()
}

var (
	pipe  = lazy.Regexp{Text: `\||%7[Cc]`}
	space = lazy.Regexp{Text: ` |\+|%20`}
	comma = lazy.Regexp{Text: `,`}
)

// splitOn splits each text; elements of a query are decoded afterwards.
func splitOn(separator *regexp.Regexp, texts []string, escaped bool) (elements []string) {
	for _, text := range texts {
		if text == "" {
			continue
		}
		for _, element := range separator.Split(text, -1) {
			if escaped {
				element, _ = url.QueryUnescape(element)
			}
			elements = append(elements, element)
		}
	}
	return elements
}

// pairsOf returns the values in a query or a form by name, still escaped if raw is set. A name that cannot be decoded is
// used as it was sent.
func pairsOf(query string, raw bool) map[string][]string {
	pairs := map[string][]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, text, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if plain, err := url.QueryUnescape(text); !raw && err == nil {
			text = plain
		}
		if pair != "" {
			pairs[name] = append(pairs[name], text)
		}
	}
	return pairs
}

// formTexts is a form before conversion: the texts of each field. Files are treated as texts.
type formTexts map[string][]string

// multipartForm parses a multipart form. A file without name and content is an empty file input.
func multipartForm(media *openapi3.MediaType, body []byte, boundary string) (formTexts, error) {
	form := formTexts{}
	if len(body) == 0 {
		return form, nil
	}
	for parts := formdata.NewParts(bytes.NewReader(body), boundary, formdata.CutShort); ; {
		part, err := parts.NextPart()
		if err == io.EOF { //nolint:errorlint // NextPart returns it bare after the last part
			return form, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		_, isFile := params["filename"]
		if isFile = isFile || holdsFiles(media, part.FormName()); !isFile || params["filename"] != "" || len(data) > 0 {
			form[part.FormName()] = append(form[part.FormName()], string(data))
		}
	}
}

// holdsFiles reports whether a form field consists of files.
func holdsFiles(media *openapi3.MediaType, name string) bool {
	s := schema.Inner(media.Schema, name)
	if items := itemsIn(s, 0); items != nil {
		s = items
	}
	return s != nil && s.Value != nil && s.Value.Format == "binary"
}

// formPart converts the fields of a form as its schema says. It returns nil if no schema can check one of the fields.
func formPart(media *openapi3.MediaType, form formTexts, shown string) *requestPart {
	plain, widest := map[string]any{}, map[string]any{}
	for name, texts := range form {
		if !readField(media, name, texts, plain, widest) {
			return nil
		}
	}
	return &requestPart{schema: media.Schema, sent: plain, widest: widest, text: shown, isForm: true}
}

// readField adds a field to both readings. Browsers send an empty text for an empty input, so an empty text that is not
// a valid value counts as absent.
func readField(media *openapi3.MediaType, name string, texts []string, plain, widest map[string]any) bool {
	s, encoding := schema.Inner(media.Schema, name), media.Encoding[name]
	if encoding != nil && mediatype.IsJSON(encoding.ContentType) {
		part := jsonPart(s, []byte(texts[len(texts)-1]))
		if part == nil || part.refusal != nil {
			return false
		}
		plain[name], widest[name] = part.sent, part.widest
		return true
	}
	if encoding != nil && encoding.Explode != nil && !*encoding.Explode {
		plain[name], widest[name] = readTexts(s, splitOn(comma.Get(), texts, false))
		// An empty text is an empty list; if the schema does not allow an empty list, the field counts as absent.
		if elements, ok := widest[name].([]any); ok && len(elements) == 0 && schema.Check(s, elements) != nil {
			delete(widest, name)
		}
		return true
	}
	item := s
	if hasItems(s, 0) {
		item = itemsIn(s, 0)
	}
	if kept := withoutEmpty(texts, !isText(item)); len(kept) > 0 {
		plain[name], _ = readTexts(s, kept)
	}
	if kept := withoutEmpty(texts, item != nil && schema.Check(item, "") != nil); len(kept) > 0 {
		_, widest[name] = readTexts(s, kept)
	}
	return true
}

func withoutEmpty(texts []string, drop bool) []string {
	if !drop {
		return texts
	}
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return text == "" })
}

// isText reports whether values of a schema are texts, in any format.
func isText(s *openapi3.SchemaRef) bool {
	return s == nil || s.Value == nil || s.Value.Type == nil || s.Value.Type.Includes(openapi3.TypeString)
}
