package contract

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/schema"
)

// sentObject is what was sent for an object by the names of its members, or the texts of a value that is not an object.
type sentObject struct {
	texts   []string
	members map[string]*sentObject
}

// deepPart reads a parameter in the style deepObject: filter[price][gte]=10.
func deepPart(described *openapi3.Parameter, query string) *requestPart {
	sent := &sentObject{}
	for pair := range strings.SplitSeq(query, "&") {
		name, text, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			sent.take(strings.TrimPrefix(plain, described.Name), text, strings.HasPrefix(plain, described.Name))
		}
	}
	if sent.texts == nil && sent.members == nil {
		if described.Required {
			return &requestPart{refusal: errNotThere}
		}
		return &requestPart{absent: true, schema: described.Schema}
	}
	part := &requestPart{schema: described.Schema}
	part.sent, part.widest = sent.read(described.Schema)
	part.text = fmt.Sprint(part.sent)
	return part
}

// take adds a text if the rest of its name leads into this object.
func (o *sentObject) take(path, text string, isOf bool) {
	if !isOf {
		return
	}
	var steps []string
	for path != "" {
		step, rest, closed := strings.Cut(path, "]")
		name, opened := strings.CutPrefix(step, "[")
		if !closed || !opened || name == "" || strings.Contains(name, "[") {
			return
		}
		steps, path = append(steps, name), rest
	}
	for _, step := range steps {
		if o.members == nil {
			o.members = map[string]*sentObject{}
		}
		if o.members[step] == nil {
			o.members[step] = &sentObject{}
		}
		o = o.members[step]
	}
	if plain, err := url.QueryUnescape(text); err == nil {
		text = plain
	}
	o.texts = append(o.texts, text)
}

// read returns both readings of an object, whose texts are converted as its schema says.
func (o *sentObject) read(s *openapi3.SchemaRef) (plain, widest any) {
	if o.members == nil || o.texts != nil {
		return readTexts(s, o.texts)
	}
	plains, widests := map[string]any{}, map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(o.members)) {
		plains[name], widests[name] = o.members[name].read(memberIn(s, name, 0))
	}
	return plains, widests
}

// memberIn returns the schema of a member, from a schema or one of its alternatives.
func memberIn(s *openapi3.SchemaRef, name string, depth int) *openapi3.SchemaRef {
	if s == nil || s.Value == nil || depth > schema.MaxNesting {
		return nil
	}
	if member := schema.Inner(s, name); member != nil {
		return member
	}
	for _, alternative := range schema.Alternatives(s) {
		if member := memberIn(alternative, name, depth+1); member != nil {
			return member
		}
	}
	return nil
}
