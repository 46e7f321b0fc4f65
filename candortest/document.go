package candortest

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/ecma"
	"github.com/candor-go/candor/internal/mediatype"
)

// document is an OpenAPI document as JSON. It deliberately does not use Candor's own model of documents, so that the
// two cannot share a bug.
type document struct {
	root       map[string]any
	codecs     map[string]candor.Codec
	operations []*operation
	compiler   *jsonschema.Compiler
	judges     map[string]*jsonschema.Schema
	known      map[string]*facts
	combined   map[combination]*facts
	// prefixes are the paths of its servers, below which clients reach the app.
	prefixes []string
	// unread are the patterns that cannot be checked.
	unread []ecma.Unread
}

// operation is one method of one path.
type operation struct {
	path, method, id string
	tags             []string
	parameters       []*parameter
	// bodies are the supported encodings of the body; hasBody says that there is a body, needsBody that it is required.
	bodies             []*body
	hasBody, needsBody bool
	// media are all media types of the body.
	media []string
	// offers are the media types among which a client chooses by Accept.
	offers []string
	// security are the alternatives: schemes with their scopes.
	security  []map[string]any
	responses node
	// steps are the parameters of the path, and following those that come directly after it in other paths; links says
	// that a response has links; rivals are templates that could match the same path.
	steps, following []*step
	links            bool
	rivals           []string
	// streams means that a response may be endless.
	streams bool
}

// parameter is a documented parameter.
type parameter struct {
	name, in string
	required bool
	schema   node
	// isJSON means that the parameter has a content instead of a schema.
	isJSON bool
	// separator separates the elements of a list in one text; "" if each element is a text of its own.
	separator string
	// deep means that each member of an object is sent under its own name, as in filter[price].
	deep bool
}

// body is a request body in one of its media types.
type body struct {
	media    string
	notation notation
	schema   node
	encoding node
}

// notation is how a body is encoded.
type notation uint8

const (
	unknownNotation notation = iota
	jsonNotation
	codecNotation
	urlencodedNotation
	multipartNotation
	linesNotation // JSON Lines; the schema is that of a line
	plainNotation // text or bytes, as they are
)

// node is an object of the document with its pointer, after following references.
type node struct {
	pointer string
	at      map[string]any
}

const location = "https://document.invalid/openapi.json"

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query", mediatype.QueryExtension}

func readDocument(data []byte, codecs map[string]candor.Codec) (*document, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	root, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it is not an object")
	}
	d := &document{root: root, codecs: codecs, compiler: jsonschema.NewCompiler(), judges: map[string]*jsonschema.Schema{}, known: map[string]*facts{}, combined: map[combination]*facts{}}
	// Must come before compiling, because the compiler only knows Go's regular expressions.
	d.unread = ecma.Rewrite(root)
	for _, server := range d.children(node{at: root}, "servers") {
		if base, err := url.Parse(server.text("url")); err == nil && strings.Trim(base.Path, "/") != "" {
			d.prefixes = append(d.prefixes, strings.TrimSuffix(base.Path, "/"))
		}
	}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	// In JSON Schema 2020-12 a format is an annotation; here it is enforced.
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(location, root); err != nil {
		return nil, err
	}
	paths := d.node("/paths", root["paths"])
	for _, path := range slices.Sorted(maps.Keys(paths.at)) {
		item := d.child(paths, path)
		for _, method := range methods {
			if _, ok := item.at[method]; ok {
				d.operations = append(d.operations, d.operation(path, strings.ToUpper(strings.TrimPrefix(method, "x-")), item, d.child(item, method)))
			}
		}
		for _, field := range []string{"additionalOperations", mediatype.MethodsExtension} {
			others := d.child(item, field)
			for _, method := range slices.Sorted(maps.Keys(others.at)) {
				d.operations = append(d.operations, d.operation(path, method, item, d.child(others, method)))
			}
		}
	}
	// All paths are known only now.
	for _, o := range d.operations {
		o.following, o.rivals = d.stepsAfter(shapeOf(o.path)), d.rivalsOf(o)
	}
	return d, nil
}

// node follows references. Keywords beside a reference are kept if they restrict values.
func (d *document) node(pointer string, value any) node {
	n := node{pointer: pointer}
	n.at, _ = value.(map[string]any)
	// References may form a cycle.
	for range 16 {
		ref, ok := n.at["$ref"].(string)
		if !ok || !strings.HasPrefix(ref, "#/") {
			break
		}
		beside := n.at
		n = node{pointer: ref[1:], at: d.find(ref[1:])}
		at := n
		for _, name := range []string{inexactly, "readOnly", "writeOnly"} {
			said, ok := beside[name]
			if !ok {
				continue
			}
			// Facts are cached by pointer, so such a reference needs a pointer of its own.
			if n.pointer == at.pointer {
				n = node{pointer: at.pointer + "\x00" + pointer, at: maps.Clone(at.at)}
			}
			n.at[name] = said
		}
	}
	return n
}

// find returns what a JSON pointer (RFC 6901) refers to.
func (d *document) find(pointer string) map[string]any {
	var at any = d.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		object, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		token, _ = url.PathUnescape(token)
		at = object[unescaped.Replace(token)]
	}
	found, _ := at.(map[string]any)
	return found
}

func escape(token string) string {
	if strings.ContainsAny(token, "~/") {
		token = strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
	}
	return url.PathEscape(token)
}

func (d *document) child(n node, name string) node {
	return d.node(n.base()+"/"+escape(name), n.at[name])
}

// base returns the pointer without the suffix that distinguishes references.
func (n node) base() string {
	pointer, _, _ := strings.Cut(n.pointer, "\x00")
	return pointer
}

func (n node) has(name string) bool { _, ok := n.at[name]; return ok }

func (n node) text(name string) string { s, _ := n.at[name].(string); return s }

func (n node) flag(name string) bool { b, _ := n.at[name].(bool); return b }

func (n node) list(name string) []any { l, _ := n.at[name].([]any); return l }

// children are the elements of a list of objects.
func (d *document) children(n node, name string) []node {
	var all []node
	for i, value := range n.list(name) {
		all = append(all, d.node(fmt.Sprintf("%s/%s/%d", n.base(), escape(name), i), value))
	}
	return all
}

func (d *document) operation(path, method string, item, at node) *operation {
	o := &operation{path: path, method: method, id: at.text("operationId"), responses: d.child(at, "responses"), steps: stepsOf(path)}
	for _, tag := range at.list("tags") {
		o.tags = append(o.tags, fmt.Sprint(tag))
	}
	for _, p := range slices.Concat(d.children(item, "parameters"), d.children(at, "parameters")) {
		o.parameters = append(o.parameters, d.parameter(p))
	}
	security := at.list("security")
	// An operation without security of its own has that of the document.
	if !at.has("security") {
		security, _ = d.root["security"].([]any)
	}
	for _, alternative := range security {
		if schemes, ok := alternative.(map[string]any); ok {
			o.security = append(o.security, schemes)
		}
	}
	if at.has("requestBody") {
		d.readBodies(o, d.child(at, "requestBody"))
	}
	for _, status := range slices.Sorted(maps.Keys(o.responses.at)) {
		response := d.child(o.responses, status)
		o.links = o.links || response.has("links")
		content := slices.Sorted(maps.Keys(d.child(response, "content").at))
		o.streams = o.streams || slices.ContainsFunc(content, isStream)
		// Several media types and a 406 mean that the client chooses with Accept.
		if strings.HasPrefix(status, "2") && len(content) > 1 && o.responses.has("406") {
			o.offers = content
		}
	}
	return o
}

func (d *document) parameter(at node) *parameter {
	p := &parameter{name: at.text("name"), in: at.text("in"), required: at.flag("required"), schema: d.child(at, "schema")}
	if content := d.child(at, "content"); content.at != nil {
		p.isJSON, p.schema = true, d.child(d.child(content, "application/json"), "schema")
	}
	// In the style of paths and headers lists are separated by commas whether or not they are exploded.
	explode, said := at.at["explode"].(bool)
	switch style := at.text("style"); {
	case style == "deepObject":
		p.deep = true
	case style == "pipeDelimited" && !explode:
		p.separator = "|"
	case style == "spaceDelimited" && !explode:
		p.separator = " "
	case said && !explode, p.in == "path", p.in == "header":
		p.separator = ","
	}
	return p
}

// readBodies reads the media types of a body, JSON first.
func (d *document) readBodies(o *operation, at node) {
	o.hasBody, o.needsBody = true, at.flag("required")
	content := d.child(at, "content")
	o.media = slices.Sorted(maps.Keys(content.at))
	for _, name := range o.media {
		media := d.child(content, name)
		b := &body{media: name, schema: d.child(media, "schema"), encoding: d.child(media, "encoding")}
		if line := d.child(media, "x-itemSchema"); line.at != nil {
			b.schema, b.notation = line, linesNotation
		} else {
			b.notation = d.notationOf(b)
		}
		if b.notation != unknownNotation {
			o.bodies = append(o.bodies, b)
		}
	}
	slices.SortStableFunc(o.bodies, func(a, b *body) int { return cmp.Compare(a.notation, b.notation) })
}

func (d *document) notationOf(b *body) notation {
	_, hasCodec := d.codecs[b.media]
	f := d.facts(b.schema)
	switch {
	case isJSON(b.media):
		return jsonNotation
	case hasCodec:
		return codecNotation
	case b.media == "application/x-www-form-urlencoded":
		return urlencodedNotation
	case b.media == "multipart/form-data":
		return multipartNotation
	case b.media == "text/plain", b.media == "application/octet-stream", f.allows("string") && len(f.choices) == 0:
		return plainNotation
	}
	return unknownNotation
}

func isJSON(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// isStructured means that the body is a JSON value, whatever its encoding.
func (b *body) isStructured() bool {
	return b.notation == jsonNotation || b.notation == codecNotation
}

func (b *body) isForm() bool {
	return b.notation == urlencodedNotation || b.notation == multipartNotation
}

// inside returns what a location in the body says of its schema, which for lines is that of one of them.
func (b *body) inside(loc []any) []any {
	if b.notation == linesNotation && len(loc) > 1 {
		return loc[2:]
	}
	return loc[1:]
}

// contentType returns the media type to send: any type of a range.
func (b *body) contentType() string {
	kind, of, _ := strings.Cut(b.media, "/")
	if of == "*" {
		of = "x-candortest"
	}
	if kind == "*" {
		kind = "application"
	}
	return kind + "/" + of
}

// judge returns the compiled schema that checks values.
func (d *document) judge(n node) (*jsonschema.Schema, error) {
	pointer := n.base()
	if judge := d.judges[pointer]; judge != nil {
		return judge, nil
	}
	judge, err := d.compiler.Compile(location + "#" + pointer)
	if err != nil {
		return nil, err
	}
	d.judges[pointer] = judge
	return judge, nil
}

// refuses returns why a value does not match a schema, nil if it does. A schema that is missing or cannot be compiled
// accepts everything.
func (d *document) refuses(n node, value any) error {
	if n.at == nil {
		return nil
	}
	judge, err := d.judge(n)
	if err != nil {
		return nil
	}
	return judge.Validate(value)
}
