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

// object is an object in a document, decoded by encoding/json with UseNumber.
type object = map[string]any

// document is a decoded OpenAPI document.
type document struct {
	root object
	// recursive are the references to schemas that contain themselves.
	recursive map[string]bool
}

// readDocument reads the document of an app.
func readDocument(app *candor.App) (*document, error) {
	var written bytes.Buffer
	if err := app.WriteOpenAPI(&written); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(&written)
	decoder.UseNumber() // keeps 64-bit limits exact
	doc := &document{recursive: map[string]bool{}}
	if err := decoder.Decode(&doc.root); err != nil {
		return nil, err
	}
	doc.findRecursive()
	return doc, nil
}

// at returns the target of a reference, nil if there is none.
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

// resolve follows the references of any object except a schema.
func (d *document) resolve(v any) object {
	for range 10 { // limited, because references may form a cycle
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

// fixedMethods are the members of a path item that are operations. Those with "x-" are used by 3.1 where 3.2 has a field.
var fixedMethods = map[string]string{
	"get": "GET", "put": "PUT", "post": "POST", "delete": "DELETE", "options": "OPTIONS", "head": "HEAD", "patch": "PATCH", "trace": "TRACE",
	"query": "QUERY", "x-query": "QUERY",
}

// operations returns the operations, sorted by path and method.
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

// methodsOf returns the operations of a path item.
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

// parameters returns the parameters of an operation, and those of its path that it does not override.
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

// readMark reads the extensions written by [Tool] and [NoTool].
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

// tags returns the tags of the operation.
func (o *documented) tags() []string {
	var names []string
	for _, tag := range list(o.op["tags"]) {
		if name, ok := tag.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

// text returns a string member, "" if there is none.
func text(o object, member string) string {
	s, _ := o[member].(string)
	return s
}

// list returns a value as a list, nil for any other value.
func list(v any) []any {
	all, _ := v.([]any)
	return all
}
