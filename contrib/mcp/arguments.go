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

// argument is an argument of a tool that is a parameter of its operation.
type argument struct {
	// name is that of the argument, in and wire where and how it is sent.
	name, in, wire string
	style          string
	explode, json  bool
	schema         any
	shapes         *inliner
}

// takeInput makes the arguments of the tool, and their schema.
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

// newArgument reads where a parameter stands and how it is written.
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

// schemaOf is the schema of a parameter, by itself or of its content.
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

// described is a schema with what the document says beside it.
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

// isCredential reports whether a parameter is what the caller proves itself by, which
// no model is to see.
func (t *tool) isCredential(a *argument) bool {
	switch a.in {
	case "header":
		return slices.ContainsFunc(append([]string{"Cookie", "Proxy-Authorization"}, t.headers...), func(name string) bool { return strings.EqualFold(name, a.wire) })
	case "query":
		return slices.Contains(t.queries, a.wire)
	}
	return false
}

// takeName gives the argument a name that clients take: that of the parameter, where
// it has one of its own.
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

// appRequest is the request that a call of a tool becomes.
type appRequest struct {
	path   string
	query  []string
	header http.Header
	body   []byte
}

// request makes the request of a call, and finds what is wrong with its arguments that
// the app could not say.
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
			// Some clients send null for what is not given.
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

// missing names what has to be given. The app says so itself, but for a path, and for a
// request that is not sent.
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

// known lists the arguments of the tool.
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

// write puts an argument into the request.
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

// separators are those of lists by their style.
var separators = map[string]string{"spaceDelimited": "%20", "pipeDelimited": "%7C"}

// put writes the values of a parameter in its place.
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

// putQuery writes the values of a name: each with the name, or all after one.
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

// putObject writes the members of an object by the style of the parameter.
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

// putDeep writes each member under a name of its own, those of objects inside too.
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

// scalars are the texts of values that have one.
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

// scalar is the text of a value: a text itself, or its JSON.
func scalar(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(written(v))
}

// readValue reads JSON without a loss of digits.
func readValue(raw []byte) (value any, err error) {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

func written(v any) []byte {
	text, _ := json.Marshal(v) // it was read from JSON
	return text
}

// opened is a value, or what it says: some clients send a list or an object as a text of
// JSON, where no text is allowed.
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

// file is what an argument says about a file.
type file struct {
	name, mediaType string
	content         []byte
}

// fileSchema is that of a file in an argument.
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

// readFile reads a file from an argument, of which name is the path.
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
