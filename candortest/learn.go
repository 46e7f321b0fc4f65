package candortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// knowledge is what responses have revealed about existing resources: values of path parameters. The values of one path
// belong together: order 7 belongs to user 3.
type knowledge struct {
	// tuples are the values by the shape of a path up to its last parameter, such as /users/{}/orders/{}.
	tuples map[string][][]string
	// named are single values by a name that paths and members share.
	named map[string][]string
}

// mostKnown is how many values of a kind are kept: the latest.
const mostKnown = 60

func newKnowledge() *knowledge {
	return &knowledge{tuples: map[string][][]string{}, named: map[string][]string{}}
}

// snapshot does not change while requests of a probe are generated, so that a smaller request is generated from the
// same values.
func (k *knowledge) snapshot() *knowledge {
	return &knowledge{tuples: maps.Clone(k.tuples), named: maps.Clone(k.named)}
}

// add records the values of a path up to a parameter. The last value is also recorded under its other names.
func (k *knowledge) add(at *step, values []string) {
	// With a gap the values identify nothing.
	if len(values) != at.depth || slices.Contains(values, "") {
		return
	}
	key := at.shape
	k.tuples[key] = kept(k.tuples[key], values, slices.Equal[[]string])
	for _, name := range at.names() {
		k.named[name] = kept(k.named[name], values[len(values)-1], func(a, b string) bool { return a == b })
	}
}

// kept returns the list with one more value. The original list does not change.
func kept[V any](list []V, value V, same func(a, b V) bool) []V {
	if slices.ContainsFunc(list, func(v V) bool { return same(v, value) }) {
		return list
	}
	return append(slices.Clone(list[max(0, len(list)-mostKnown+1):]), value)
}

// forget removes a resource that no longer exists.
func (k *knowledge) forget(at *step, values []string) {
	for shape, all := range k.tuples {
		// Everything below the resource is gone as well.
		if strings.HasPrefix(shape, at.shape) {
			k.tuples[shape] = slices.DeleteFunc(slices.Clone(all), func(v []string) bool {
				return slices.Equal(v[:min(len(v), len(values))], values)
			})
		}
	}
}

// step is a path up to one of its parameters.
type step struct {
	parameter string
	// shape has no parameter names, collection is the shape before the parameter, and literal its last literal segment.
	shape, collection, literal string
	// depth is how many parameters there are up to here.
	depth int
}

// stepsOf returns the parameters of a path that are whole segments, in order, up to the first that is not.
func stepsOf(path string) []*step {
	var all []*step
	shape, literal := "", ""
	for _, segment := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		switch {
		case !isWildcard(segment):
			shape, literal = shape+"/"+segment, segment
			continue
		case segment[0] != '{' || segment[len(segment)-1] != '}':
			return all
		}
		all = append(all, &step{parameter: segment[1 : len(segment)-1], shape: shape + "/{}", collection: shape, literal: literal, depth: len(all) + 1})
		shape += "/{}"
	}
	return all
}

// shapeOf returns a path without the names of its parameters.
func shapeOf(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if isWildcard(segment) {
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}

// names returns other names for a step's value: its own, and that of a user's id if it follows /users.
func (s *step) names() []string {
	own := plainName(s.parameter)
	if single := singular(plainName(s.literal)); single != "" && strings.HasSuffix(own, "id") {
		return slices.Compact([]string{own, single + "id"})
	}
	return []string{own}
}

// plainName normalizes naming conventions: userID, user_id, user-id.
func plainName(name string) string { return strings.ToLower(separators.Replace(name)) }

var (
	separators = strings.NewReplacer("_", "", "-", "", "...", "")
	unescaped  = strings.NewReplacer("~1", "/", "~0", "~")
)

func singular(name string) string {
	if stem, ok := strings.CutSuffix(name, "ies"); ok {
		return stem + "y"
	}
	return strings.TrimSuffix(name, "s")
}

// isShared reports whether a name says what the id belongs to; "id" alone does not.
func isShared(name string) bool {
	name = plainName(name)
	return len(name) > 2 && strings.HasSuffix(name, "id")
}

// learn records resources that a successful response reveals.
func (e *explorer) learn(o *operation, r *request, a *response) {
	if len(o.steps) == 0 && len(o.following) == 0 && a.header.Get("Location") == "" && !o.links {
		return
	}
	sent := r.valuesOf(o.path)
	steps := o.steps
	if n := len(steps); o.method == http.MethodDelete {
		if n > 0 && shapeOf(o.path) == steps[n-1].shape {
			e.known.forget(steps[n-1], sent)
		}
		return
	}
	for i, at := range steps {
		e.known.add(at, sent[:min(i+1, len(sent))])
	}
	e.learnLocation(a.header.Get("Location"), r.path)
	if len(o.following) == 0 && !o.links {
		return
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body.Bytes()))
	if err != nil {
		return
	}
	e.learnLinks(o, r, a, value)
	objects := objectsIn(value, 0, nil)
	for _, at := range o.following {
		for _, object := range objects {
			if id := idIn(object, at.parameter); id != "" {
				e.known.add(at, append(slices.Clone(sent), id))
			}
		}
	}
}

// stepsAfter returns the parameters that directly follow a path.
func (d *document) stepsAfter(shape string) []*step {
	var all []*step
	for _, o := range d.operations {
		for _, at := range o.steps {
			if at.collection == shape && !slices.ContainsFunc(all, func(s *step) bool { return *s == *at }) {
				all = append(all, at)
			}
		}
	}
	return all
}

// learnLocation reads the path in a Location header, with or without the prefix under which clients know the app.
func (e *explorer) learnLocation(location, base string) {
	target, err := url.Parse(location)
	if location == "" || err != nil {
		return
	}
	path := (&url.URL{Path: base}).ResolveReference(target).EscapedPath()
	for _, o := range e.doc.operations {
		for _, at := range append([]string{""}, e.doc.prefixes...) {
			rest, ok := strings.CutPrefix(path, at)
			if ok && matches(o.path, rest) {
				e.learnPath(o.path, rest)
			}
		}
	}
}

func (e *explorer) learnPath(template, path string) {
	values := (&request{path: path}).valuesOf(template)
	for i, at := range stepsOf(template) {
		e.known.add(at, values[:min(i+1, len(values))])
	}
}

// valuesOf are the values of the parameters that have a step.
func (r *request) valuesOf(template string) []string {
	var values []string
	segments := strings.Split(r.path, "/")
	for i, segment := range strings.Split(template, "/") {
		if isWildcard(segment) && i < len(segments) && len(values) < len(stepsOf(template)) {
			text, _ := url.PathUnescape(segments[i])
			values = append(values, text)
		}
	}
	return values
}

// learnLinks follows the links of a response (OpenAPI 3.1, section 4.8.20) to path parameters of other operations.
func (e *explorer) learnLinks(o *operation, r *request, a *response, body any) {
	links := e.doc.child(e.declared(o, a.status), "links")
	for _, name := range slices.Sorted(maps.Keys(links.at)) {
		link := e.doc.child(links, name)
		to := e.doc.operationNamed(link.text("operationId"))
		if to == nil {
			continue
		}
		given, _ := link.at["parameters"].(map[string]any)
		var values []string
		for _, at := range stepsOf(to.path) {
			expression, ok := given[at.parameter]
			if !ok {
				expression = given["path."+at.parameter]
			}
			values = append(values, evaluate(fmt.Sprint(expression), o, r, a, body))
			e.known.add(at, slices.Clone(values))
		}
	}
}

func (d *document) operationNamed(id string) *operation {
	i := slices.IndexFunc(d.operations, func(o *operation) bool { return o.id == id })
	if id == "" || i < 0 {
		return nil
	}
	return d.operations[i]
}

// evaluate evaluates a runtime expression (section 4.8.20.3); "" if there is no value.
func evaluate(expression string, o *operation, r *request, a *response, body any) string {
	if pointer, ok := strings.CutPrefix(expression, "$response.body#"); ok {
		for _, token := range strings.Split(pointer, "/")[1:] {
			object, _ := body.(map[string]any)
			body = object[unescaped.Replace(token)]
		}
		return scalar(body)
	}
	if name, ok := strings.CutPrefix(expression, "$response.header."); ok {
		return a.header.Get(name)
	}
	if name, ok := strings.CutPrefix(expression, "$request.path."); ok {
		for i, at := range stepsOf(o.path) {
			if values := r.valuesOf(o.path); at.parameter == name && i < len(values) {
				return values[i]
			}
		}
		return ""
	}
	if strings.HasPrefix(expression, "$") {
		return ""
	}
	return expression
}

// objectsIn returns the objects that a body is about: itself, its elements, and those of lists in it.
func objectsIn(value any, depth int, found []map[string]any) []map[string]any {
	const most, deepest = 20, 2
	switch v := value.(type) {
	case map[string]any:
		found = append(found, v)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if list, ok := v[name].([]any); ok && depth < deepest {
				found = objectsIn(list, depth+1, found)
			}
		}
	case []any:
		for _, item := range v {
			if len(found) < most {
				found = objectsIn(item, depth, found)
			}
		}
	}
	return found
}

// idIn returns the member of an object that a path parameter most likely stands for: the one with its name, or with the
// end of its name ({book_id} is "id", {bookSlug} is "slug"), otherwise "id".
func idIn(object map[string]any, parameter string) string {
	wanted, best, found := plainName(parameter), 0, ""
	for _, name := range slices.Sorted(maps.Keys(object)) {
		plain, text := plainName(name), scalar(object[name])
		if text != "" && len(plain) > max(best, 1) && strings.HasSuffix(wanted, plain) {
			best, found = len(plain), text
		}
	}
	if found == "" {
		return scalar(object["id"])
	}
	return found
}

func scalar(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// bound returns known values for the parameters of a path, empty if there are none: those of the longest known prefix,
// and for the rest values known under the same name.
func (g *generator) bound(steps []*step) map[string]string {
	all := map[string]string{}
	for i := len(steps) - 1; i >= 0; i-- {
		tuples := g.known.tuples[steps[i].shape]
		if len(tuples) == 0 {
			continue
		}
		for j, text := range pick(g, tuples) {
			all[steps[j].parameter] = text
		}
		break
	}
	for _, at := range steps {
		if all[at.parameter] == "" {
			if text := g.shared(at.names()...); text != "" {
				all[at.parameter] = text
			}
		}
	}
	return all
}

// shared returns a value known under one of the names, the most specific first.
func (g *generator) shared(names ...string) string {
	for _, name := range slices.Backward(names) {
		if values := g.known.named[name]; len(values) > 0 {
			return pick(g, values)
		}
	}
	return ""
}

// knownAs returns a known value for a schema and a name, nil if there is none.
func (g *generator) knownAs(name string, n node) any {
	if len(g.known.named) == 0 || !isShared(name) || len(g.known.named[plainName(name)]) == 0 {
		return nil
	}
	return g.asValue(n, g.shared(plainName(name)))
}

// asValue converts a text to a value of a schema, nil if the schema refuses it.
func (g *generator) asValue(n node, text string) any {
	// Most ids are strings, so that is tried first.
	for _, value := range []any{text, json.Number(text)} {
		if number, ok := value.(json.Number); ok && (!json.Valid([]byte(number)) || strings.ContainsAny(text, "eE")) {
			continue // an integer may be written as 1e2 in JSON only
		}
		if text != "" && g.doc.refuses(n, value) == nil {
			return value
		}
	}
	return nil
}
