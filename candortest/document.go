package candortest

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// document is an OpenAPI document as JSON. Nothing of Candor's own model of it
// is used here, so that both are not wrong in the same way.
type document struct {
	root       map[string]any
	operations []*operation
	compiler   *jsonschema.Compiler
	judges     map[string]*jsonschema.Schema
	known      map[string]*facts
	combined   map[combination]*facts
}

// operation is one method of one path.
type operation struct {
	path, method, id string
	tags             []string
	parameters       []*parameter
	body             *body
	// security are the alternatives, each scheme with its scopes.
	security  []map[string]any
	responses node
	// streams means that an answer may have no end.
	streams bool
}

// parameter is a value beside the body.
type parameter struct {
	name, in string
	required bool
	schema   node
	// isJSON is the form of a parameter that has a content, comma that of a list
	// in one text.
	isJSON, comma bool
}

// body is what a request carries, in the one media type that it is sent in.
type body struct {
	media    string
	others   []string
	required bool
	schema   node
	encoding node
}

// node is a place in the document with what is there, references followed.
type node struct {
	pointer string
	at      map[string]any
}

const location = "https://document.invalid/openapi.json"

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

func readDocument(data []byte) (*document, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	root, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it is no object")
	}
	d := &document{root: root, compiler: jsonschema.NewCompiler(), judges: map[string]*jsonschema.Schema{}, known: map[string]*facts{}, combined: map[combination]*facts{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(location, root); err != nil {
		return nil, err
	}
	paths := d.node("/paths", root["paths"])
	for _, path := range slices.Sorted(maps.Keys(paths.at)) {
		item := d.child(paths, path)
		for _, method := range methods {
			if _, ok := item.at[method]; ok {
				d.operations = append(d.operations, d.operation(path, strings.ToUpper(method), item, d.child(item, method)))
			}
		}
	}
	return d, nil
}

// node follows the references of a value. What stands beside one is kept where
// it is an extension.
func (d *document) node(pointer string, value any) node {
	n := node{pointer: pointer}
	n.at, _ = value.(map[string]any)
	for range 16 {
		ref, ok := n.at["$ref"].(string)
		if !ok || !strings.HasPrefix(ref, "#/") {
			break
		}
		beside := n.at
		n = node{pointer: ref[1:], at: d.find(ref[1:])}
		if note, ok := beside[inexactly]; ok {
			n.at = maps.Clone(n.at)
			n.at[inexactly], n.pointer = note, n.pointer+"\x00"+pointer
		}
	}
	return n
}

// find is what a JSON pointer (RFC 6901) leads to.
func (d *document) find(pointer string) map[string]any {
	var at any = d.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		object, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		token, _ = url.PathUnescape(token)
		at = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
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

// base is the pointer without what distinguishes places that refer to it.
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
	o := &operation{path: path, method: method, id: at.text("operationId"), responses: d.child(at, "responses")}
	for _, tag := range at.list("tags") {
		o.tags = append(o.tags, fmt.Sprint(tag))
	}
	for _, p := range slices.Concat(d.children(item, "parameters"), d.children(at, "parameters")) {
		o.parameters = append(o.parameters, d.parameter(p))
	}
	security := at.list("security")
	if !at.has("security") {
		security, _ = d.root["security"].([]any)
	}
	for _, alternative := range security {
		if schemes, ok := alternative.(map[string]any); ok {
			o.security = append(o.security, schemes)
		}
	}
	if at.has("requestBody") {
		o.body = d.body(d.child(at, "requestBody"))
	}
	for status := range o.responses.at {
		for media := range d.child(d.child(o.responses, status), "content").at {
			o.streams = o.streams || isStream(media)
		}
	}
	return o
}

func (d *document) parameter(at node) *parameter {
	p := &parameter{name: at.text("name"), in: at.text("in"), required: at.flag("required"), schema: d.child(at, "schema")}
	if content := d.child(at, "content"); content.at != nil {
		p.isJSON, p.schema = true, d.child(d.child(content, "application/json"), "schema")
	}
	// In the style of paths and headers a list has commas whether or not it is
	// exploded.
	explode, said := at.at["explode"].(bool)
	p.comma = said && !explode || p.in == "path" || p.in == "header"
	return p
}

// sendable are the media types there are encoders for, the best first.
var sendable = []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "application/octet-stream"}

// body chooses the media type of a body. One that there is no encoder for stays
// without.
func (d *document) body(at node) *body {
	b := &body{required: at.flag("required")}
	content := d.child(at, "content")
	b.others = slices.Sorted(maps.Keys(content.at))
	choices := slices.Clone(sendable)
	for _, name := range b.others {
		if strings.HasSuffix(name, "+json") {
			choices = append(choices, name)
		}
	}
	for _, name := range choices {
		if content.has(name) {
			media := d.child(content, name)
			b.media, b.schema, b.encoding = name, d.child(media, "schema"), d.child(media, "encoding")
			break
		}
	}
	return b
}

func (b *body) isJSON() bool {
	return b.media == "application/json" || strings.HasSuffix(b.media, "+json")
}

func (b *body) isForm() bool {
	return b.media == "application/x-www-form-urlencoded" || b.media == "multipart/form-data"
}

// judge is what decides whether values satisfy a schema.
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

// refuses is why a value does not satisfy a schema, nil if it does. A schema
// that is not there, or cannot be compiled, refuses nothing.
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
