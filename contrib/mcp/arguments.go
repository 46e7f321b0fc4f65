package mcp

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
)

// argument is an argument of a tool for a parameter of its operation.
type argument struct {
	// name is the name of the argument; in and wire are the location and name of the parameter.
	name, in, wire string
	style          string
	explode, json  bool
	schema         any
	shapes         *inliner
}

// takeInput creates the arguments of the tool and returns their schema.
func (t *tool) takeInput(doc *document) (object, error) {
	in := doc.inliner()
	properties := object{}
	b := doc.resolve(t.op.op["requestBody"])
	taken := func(name string) bool { return properties[name] != nil || name == "body" && b != nil }
	for _, p := range t.op.parameters {
		a := newArgument(p)
		switch {
		case a.in == "cookie" && p["required"] == true:
			return nil, fmt.Errorf("it needs the cookie %q, and cookies are not sent on", a.wire)
		case a.in == "cookie", t.isCredential(a):
			continue
		}
		a.takeName(taken)
		a.schema, a.shapes = in.schema(schemaOf(p)), in
		properties[a.name] = described(a.schema, text(p, "description"), p["deprecated"] == true)
		t.arguments[a.name] = a
		if p["required"] == true {
			t.required = append(t.required, a.name)
		}
	}
	if b != nil {
		t.body = newBody(doc, in, b)
		properties["body"] = described(t.body.schema, text(b, "description"), false)
		if b["required"] == true {
			t.required = append(t.required, "body")
		}
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(t.required) > 0 {
		schema["required"] = t.required
	}
	return in.finish(schema), nil
}

// newArgument reads the location and the notation of a parameter.
func newArgument(p object) *argument {
	a := &argument{wire: text(p, "name"), in: text(p, "in"), style: text(p, "style")}
	form := a.in == "query" || a.in == "cookie"
	if a.style == "" && form {
		a.style = "form"
	}
	a.explode = a.style == "form"
	if explode, ok := p["explode"].(bool); ok {
		a.explode = explode
	}
	content, _ := p["content"].(object)
	a.json = len(content) > 0
	return a
}

// schemaOf returns the schema of a parameter or of its content.
func schemaOf(p object) any {
	content, _ := p["content"].(object)
	for _, media := range content {
		m, _ := media.(object)
		return cmp.Or[any](m["schema"], object{})
	}
	if p["schema"] == nil {
		return object{}
	}
	return p["schema"]
}

// described adds the documentation to a schema.
func described(v any, doc string, deprecated bool) any {
	s, ok := v.(object)
	if !ok || doc == "" && !deprecated {
		return v
	}
	s = maps.Clone(s)
	if doc != "" {
		s["description"] = doc
	}
	if deprecated {
		s["deprecated"] = true
	}
	return s
}

// isCredential reports whether a parameter is a credential, which models must not see.
func (t *tool) isCredential(a *argument) bool {
	switch a.in {
	case "header":
		return slices.ContainsFunc(append([]string{"Cookie", "Proxy-Authorization"}, t.headers...), func(name string) bool { return strings.EqualFold(name, a.wire) })
	case "query":
		return slices.Contains(t.queries, a.wire)
	}
	return false
}

// takeName gives the argument a name that clients accept: the name of the parameter if it is free.
func (a *argument) takeName(taken func(string) bool) {
	base := strings.Trim(notInTool.ReplaceAllString(a.wire, "_"), "_")
	if base == "" {
		base = a.in
	}
	if taken(base) {
		base = a.in + "_" + base
	}
	a.name = unique(base, 64, taken)
}

// appRequest is the request to the app for a tool call.
type appRequest struct {
	path   string
	query  []string
	header http.Header
	body   []byte
}

// request builds the request for a call, and returns errors in its arguments that the app could not report.
func (t *tool) request(arguments map[string]json.RawMessage) (*appRequest, []string) {
	out := &appRequest{path: t.op.path, header: http.Header{}}
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(arguments)) {
		raw := arguments[name]
		a := t.arguments[name]
		var err error
		switch {
		case name == "body" && t.body != nil:
			err = t.body.write(out, raw)
		case a == nil:
			err = fmt.Errorf("%s: Unknown argument; %s", name, t.known())
		case string(raw) == "null" && !a.shapes.allows(a.schema, "null"):
			// Some clients send null for an absent argument.
			continue
		default:
			err = a.write(out, raw)
		}
		if err != nil {
			wrong = append(wrong, strings.Split(err.Error(), "\n")...)
		}
	}
	return out, append(wrong, t.missing(arguments, out, len(wrong) > 0)...)
}

// missing returns the missing arguments. The app reports them itself, except for path parameters, and except if the
// request is not sent.
func (t *tool) missing(arguments map[string]json.RawMessage, out *appRequest, isWrong bool) []string {
	var names []string
	inPath := false
	for _, name := range t.required {
		if given := arguments[name]; given == nil || string(given) == "null" && name != "body" {
			names = append(names, name+": Field required (missing)")
			inPath = inPath || t.arguments[name] != nil && t.arguments[name].in == "path"
		}
	}
	if !isWrong && !inPath {
		return nil
	}
	return names
}

// known returns the names of the tool's arguments.
func (t *tool) known() string {
	names := slices.Sorted(maps.Keys(t.arguments))
	if t.body != nil {
		names = append(names, "body")
	}
	if len(names) == 0 {
		return "the tool has none"
	}
	return "there are " + strings.Join(names, ", ")
}

// write adds an argument to the request.
func (a *argument) write(out *appRequest, raw json.RawMessage) error {
	value, err := readValue(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	value = a.shapes.opened(a.schema, value)
	if a.json {
		return a.put(out, []string{string(written(value))})
	}
	switch value := value.(type) {
	case object:
		if !a.shapes.allows(a.schema, "object") {
			return fmt.Errorf("%s: Expected a single value, and no object", a.name)
		}
		return a.putObject(out, value)
	case []any:
		if !a.shapes.allows(a.schema, "array") {
			return fmt.Errorf("%s: Expected a single value, and no list", a.name)
		}
		texts, err := scalars(a.name, value)
		if err != nil {
			return err
		}
		return a.put(out, texts)
	}
	return a.put(out, []string{scalar(value)})
}

// separators are the separators of lists by style.
var separators = map[string]string{"spaceDelimited": "%20", "pipeDelimited": "%7C"}

// put adds the values of a parameter at its location.
func (a *argument) put(out *appRequest, texts []string) error {
	switch a.in {
	case "path":
		value := strings.Join(texts, ",")
		if value == "" || value == "." || value == ".." {
			return fmt.Errorf("%s: Must be neither empty nor \".\" or \"..\", since it is a segment of a path", a.name)
		}
		out.path = strings.ReplaceAll(out.path, "{"+a.wire+"}", url.PathEscape(value))
	case "header":
		for _, value := range texts {
			if err := mediatype.CheckHeader(a.wire, []string{value}); err != nil {
				return fmt.Errorf("%s: %w", a.name, err)
			}
		}
		out.header[textproto.CanonicalMIMEHeaderKey(a.wire)] = []string{strings.Join(texts, ",")}
	default:
		out.putQuery(a.wire, a.style, a.explode || len(texts) == 1, texts)
	}
	return nil
}

// putQuery adds the values of a name, repeated with the name or in one text.
func (out *appRequest) putQuery(name, style string, explode bool, texts []string) {
	escaped := make([]string, len(texts))
	for i, value := range texts {
		escaped[i] = url.QueryEscape(value)
		if explode {
			out.query = append(out.query, url.QueryEscape(name)+"="+escaped[i])
		}
	}
	if !explode && len(texts) > 0 {
		out.query = append(out.query, url.QueryEscape(name)+"="+strings.Join(escaped, cmp.Or(separators[style], ",")))
	}
}

// putObject adds the members of an object in the style of the parameter.
func (a *argument) putObject(out *appRequest, members object) error {
	if a.style == "deepObject" {
		return a.putDeep(out, a.wire, a.name, members)
	}
	var flat []string
	for _, key := range slices.Sorted(maps.Keys(members)) {
		texts, err := scalars(a.name+"."+key, asList(members[key]))
		if err != nil {
			return err
		}
		if a.in == "query" && a.explode {
			out.putQuery(key, "form", true, texts)
			continue
		}
		flat = append(flat, key, strings.Join(texts, ","))
	}
	if flat == nil {
		return nil
	}
	return a.put(out, flat)
}

// putDeep adds each member, also of inner objects, under its own name.
func (a *argument) putDeep(out *appRequest, wire, name string, members object) error {
	for _, key := range slices.Sorted(maps.Keys(members)) {
		step, path := wire+"["+key+"]", name+"."+key
		if inside, ok := members[key].(object); ok {
			if err := a.putDeep(out, step, path, inside); err != nil {
				return err
			}
			continue
		}
		if members[key] == nil {
			continue
		}
		texts, err := scalars(path, asList(members[key]))
		if err != nil {
			return err
		}
		out.putQuery(step, "form", true, texts)
	}
	return nil
}

func asList(v any) []any {
	if all, ok := v.([]any); ok {
		return all
	}
	return []any{v}
}

// scalars returns the texts of values that are not lists or objects.
func scalars(name string, values []any) ([]string, error) {
	texts := make([]string, 0, len(values))
	for i, value := range values {
		switch value.(type) {
		case object, []any:
			return nil, fmt.Errorf("%s[%d]: Expected a single value", name, i)
		case nil:
			return nil, fmt.Errorf("%s[%d]: Must not be null", name, i)
		}
		texts = append(texts, scalar(value))
	}
	return texts, nil
}

// scalar returns the text of a value: a string itself, or JSON.
func scalar(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(written(v))
}

// readValue decodes JSON without rounding numbers.
func readValue(raw []byte) (value any, err error) {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

func written(v any) []byte {
	text, _ := json.Marshal(v) // cannot fail: it was decoded from JSON
	return text
}

// opened decodes a list or an object that was sent as a JSON string, as some clients do, unless a string is allowed.
func (in *inliner) opened(schema, value any) any {
	s, ok := value.(string)
	if !ok || in.allows(schema, "string") || !in.allows(schema, "object") && !in.allows(schema, "array") {
		return value
	}
	inside, err := readValue([]byte(s))
	switch inside.(type) {
	case object, []any:
		if err == nil {
			return inside
		}
	}
	return value
}

// file is an argument for a file.
type file struct {
	name, mediaType string
	content         []byte
}

// fileSchema returns the schema of a file argument.
func fileSchema() object {
	return object{
		"type": "object", "required": []any{"content"}, "additionalProperties": false, "description": "A file",
		"properties": object{
			"filename":     object{"type": "string"},
			"content":      object{"type": "string", "contentEncoding": "base64", "description": "Its bytes, in base64"},
			"content_type": object{"type": "string", "description": "Its media type"},
		},
	}
}

// readFile reads a file from the argument at the path name.
func readFile(name string, value any) (*file, error) {
	o, ok := value.(object)
	if !ok {
		return nil, fmt.Errorf("%s: Expected a file: an object with \"filename\" and \"content\" in base64", name)
	}
	f := &file{}
	for _, member := range slices.Sorted(maps.Keys(o)) {
		s, ok := o[member].(string)
		switch member {
		case "filename":
			f.name = s
		case "content_type":
			f.mediaType = s
		case "content":
			content, err := base64.StdEncoding.DecodeString(s)
			if ok = ok && err == nil; !ok {
				return nil, fmt.Errorf("%s.content: Expected base64", name)
			}
			f.content = content
		default:
			return nil, fmt.Errorf("%s.%s: A file has \"filename\", \"content\" and \"content_type\" only", name, member)
		}
		if !ok || mediatype.HasControl(s) {
			return nil, fmt.Errorf("%s.%s: Expected a string of one line", name, member)
		}
	}
	if o["content"] == nil {
		return nil, fmt.Errorf("%s.content: Field required (missing)", name)
	}
	return f, nil
}
