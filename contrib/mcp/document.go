package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/candor-go/candor"
)

// object is an object of a document, as encoding/json reads it with UseNumber.
type object = map[string]any

// document is an OpenAPI document as it is written.
type document struct {
	root object
	// recursive are the references to schemas that contain themselves.
	recursive map[string]bool
}

// readDocument reads the document that an app writes.
func readDocument(app *candor.App) (*document, error) {
	var written bytes.Buffer
	if err := app.WriteOpenAPI(&written); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(&written)
	decoder.UseNumber() // limits of 64 bits stay what they are
	doc := &document{recursive: map[string]bool{}}
	if err := decoder.Decode(&doc.root); err != nil {
		return nil, err
	}
	doc.findRecursive()
	return doc, nil
}

// at is what a reference leads to, nil for nothing.
func (d *document) at(ref string) any {
	pointer, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	var at any = d.root
	for _, step := range strings.Split(pointer, "/") {
		inside, ok := at.(object)
		if !ok {
			return nil
		}
		at = inside[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
	}
	return at
}

// resolve follows the references of anything but a schema.
func (d *document) resolve(v any) object {
	for range 10 { // a reference to itself leads nowhere
		o, ok := v.(object)
		if !ok {
			return nil
		}
		ref := text(o, "$ref")
		if ref == "" {
			return o
		}
		v = d.at(ref)
	}
	return nil
}

// documented is an operation of the document.
type documented struct {
	method, path string
	op           object
	parameters   []object
	mark         *mark
	excluded     bool
}

func (o *documented) String() string { return o.method + " " + o.path }

// fixedMethods are the members of a path that are operations; those with "x-" are
// how 3.1 carries what 3.2 has a member for.
var fixedMethods = map[string]string{
	"get": "GET", "put": "PUT", "post": "POST", "delete": "DELETE", "options": "OPTIONS", "head": "HEAD", "patch": "PATCH", "trace": "TRACE",
	"query": "QUERY", "x-query": "QUERY",
}

// operations are those of the paths, sorted by path and method.
func (d *document) operations() ([]*documented, error) {
	var all []*documented
	var errs []error
	paths, _ := d.root["paths"].(object)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := d.resolve(paths[path])
		for method, op := range methodsOf(item) {
			o := &documented{method: method, path: path, op: op, parameters: d.parameters(item, op)}
			errs = append(errs, o.readMark())
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b *documented) int { return strings.Compare(a.path+" "+a.method, b.path+" "+b.method) })
	return all, errors.Join(errs...)
}

// methodsOf are the operations of a path.
func methodsOf(item object) map[string]object {
	found := map[string]object{}
	for member, value := range item {
		op, isObject := value.(object)
		switch {
		case !isObject:
		case fixedMethods[member] != "":
			found[fixedMethods[member]] = op
		case member == "additionalOperations" || member == "x-additionalOperations":
			for method, value := range op {
				if additional, ok := value.(object); ok {
					found[method] = additional
				}
			}
		}
	}
	return found
}

// parameters are those of an operation, and of its path where it has none of that
// name.
func (d *document) parameters(item, op object) []object {
	var all []object
	for _, value := range slices.Concat(list(op["parameters"]), list(item["parameters"])) {
		p := d.resolve(value)
		same := func(o object) bool { return text(o, "name") == text(p, "name") && text(o, "in") == text(p, "in") }
		if p != nil && !slices.ContainsFunc(all, same) {
			all = append(all, p)
		}
	}
	return all
}

// readMark reads what [Tool] and [NoTool] have written.
func (o *documented) readMark() error {
	o.excluded = o.op[excludeExtension] == true
	value, ok := o.op[toolExtension]
	if !ok {
		return nil
	}
	written, err := json.Marshal(value)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(written))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(&o.mark)
	}
	if err != nil || o.mark == nil {
		return fmt.Errorf("%s: the extension %s of the document is %s; write it by mcp.Tool", o, toolExtension, written)
	}
	if err := checkName(o.mark.Name); err != nil {
		return fmt.Errorf("%s: mcp.Tool: %w", o, err)
	}
	return nil
}

// tags are those of the operation.
func (o *documented) tags() []string {
	var names []string
	for _, tag := range list(o.op["tags"]) {
		if name, ok := tag.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

// text is a member that is a text, "" without.
func text(o object, member string) string {
	s, _ := o[member].(string)
	return s
}

// list is a value that is a list, nil for any other.
func list(v any) []any {
	all, _ := v.([]any)
	return all
}
