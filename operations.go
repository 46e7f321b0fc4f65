package candor

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
)

// operationIndex lists the operations of a document, in order, each with its path and its id, before any schema is
// made. It is built when the app is sealed, so that its configuration errors are reported then.
type operationIndex struct {
	operations []*operationEntry
	of         map[*endpoint]*operationEntry
	// paths are in the order of registration; shapes finds a path, whatever its wildcards are called.
	paths  []*documentedPath
	shapes map[string]*documentedPath
	ids    map[string]*operationEntry
	// webhooks are requests that the API sends, so they have no path.
	webhooks []*operationEntry
}

// operationEntry is an endpoint in a document.
type operationEntry struct {
	endpoint *endpoint
	path     *documentedPath
	id       string
	// callbacks are the callbacks of the operation.
	callbacks []*operationEntry
}

// documentedPath is one path of a document, with the names of its wildcards.
type documentedPath struct {
	path       string
	operations []*operationEntry
}

// operation returns the operation of a method, nil if there is none.
func (p *documentedPath) operation(method string) *operationEntry {
	for _, op := range p.operations {
		if op.endpoint.method == method {
			return op
		}
	}
	return nil
}

// indexOperations gives every endpoint a path and an id, and collects the configuration errors.
func indexOperations(endpoints, webhooks []*endpoint, rename func(RouteInfo) string) (*operationIndex, []error) {
	x := &operationIndex{
		of: make(map[*endpoint]*operationEntry, len(endpoints)), ids: make(map[string]*operationEntry, len(endpoints)),
		shapes: make(map[string]*documentedPath, len(endpoints)/2), operations: make([]*operationEntry, 0, len(endpoints)),
	}
	var configErrs []error
	note := func(op *operationEntry, err error) {
		if err != nil {
			configErrs = append(configErrs, op.endpoint.route.configError(err))
		}
	}
	// One allocation for all entries; pointers into it stay valid, because it does not grow.
	operations := make([]operationEntry, len(endpoints))
	for i, e := range endpoints {
		op := &operations[i]
		op.endpoint = e
		note(op, x.addToPath(op))
		x.operations = append(x.operations, op)
		x.of[e] = op
	}
	for _, op := range x.operations {
		// Explicit ids are taken before any is made up, whatever the order of registration.
		note(op, x.takeExplicitID(op))
	}
	x.makeIDs()
	if rename != nil {
		configErrs = append(configErrs, x.rename(rename)...)
	}
	for _, op := range x.operations {
		for _, e := range op.endpoint.callbacks {
			made, err := x.indexWebhook(e, op.id)
			note(op, err)
			op.callbacks = append(op.callbacks, made)
		}
	}
	for _, e := range webhooks {
		if err := x.addWebhook(e); err != nil {
			configErrs = append(configErrs, fmt.Errorf("candor: Webhook(%q) at %s: %w", e.webhook.name, e.route.site, err))
		}
	}
	x.shapes = nil // an app keeps its index, and shapes are needed only to add paths
	return x, configErrs
}

// pathOf returns the path of an endpoint in the document, "" if it is not in it.
func (x *operationIndex) pathOf(e *endpoint) string {
	if op := x.of[e]; op != nil {
		return op.path.path
	}
	return ""
}

func withoutRemainder(pattern string) string { return strings.ReplaceAll(pattern, remainder, "}") }

// addToPath adds an operation to its path. Paths that differ only in the names of wildcards are the same path.
func (x *operationIndex) addToPath(op *operationEntry) error {
	e := op.endpoint
	shape := withoutRemainder(e.pattern.Shape())
	p, ok := x.shapes[shape]
	if !ok {
		p = &documentedPath{path: withoutRemainder(e.documented.String()), operations: make([]*operationEntry, 0, 2)}
		x.shapes[shape] = p
		x.paths = append(x.paths, p)
	}
	op.path = p
	// Two routes of an app may be the same path in a document: {path...} and {path} look alike there.
	if other := p.operation(e.method); other != nil {
		return fmt.Errorf("the document, which has no syntax for wildcards of several segments, would have %s %s twice: as %s, and as %s; keep one of them out of it with candor.Hidden()",
			e.method, p.path, e.pattern, other.endpoint)
	}
	p.operations = append(p.operations, op)
	return nil
}

// takeExplicitID gives an operation the id that was set for it. If several operations belong to the route, the first
// takes it.
func (x *operationIndex) takeExplicitID(op *operationEntry) error {
	id := op.endpoint.set.operationID
	if id == "" {
		return nil
	}
	if other := x.ids[id]; other != nil {
		if other.endpoint.route == op.endpoint.route {
			return nil
		}
		e := other.endpoint
		return fmt.Errorf("the operation id %q belongs to %s %s, registered at %s; choose another", id, e.method, e.pattern, e.route.site)
	}
	op.id = id
	x.ids[id] = op
	return nil
}

// makeIDs gives the remaining operations ids that do not depend on the order of registration: for each function, one
// operation gets the function's id, and all others an id made of path and method.
func (x *operationIndex) makeIDs() {
	// Only named functions are in the maps. Many apps have none.
	first := map[*route]bool{}
	wanted := map[string][]*operationEntry{}
	others := make([]*operationEntry, 0, len(x.operations))
	for _, op := range x.operations {
		rt, id := op.endpoint.route, op.endpoint.functionID()
		switch {
		case op.id != "":
		case id != "" && !first[rt] && op.endpoint.set.operationID == "" && x.ids[id] == nil:
			wanted[id] = append(wanted[id], op)
			first[rt] = true
		default:
			others = append(others, op)
		}
	}
	// The order of the map does not matter: the ids here are distinct, and the long ids are made in sorted order.
	for id, rivals := range wanted {
		// The shortest path gets the short id, so that ids do not depend on the order of registration.
		slices.SortFunc(rivals, byPath)
		if areOneFunction(rivals) {
			x.takeID(rivals[0], id)
			rivals = rivals[1:]
		}
		others = append(others, rivals...)
	}
	x.makeLongIDs(others)
}

// byPath orders operations by the length of their paths: the shortest is most often that of a first version, or of a
// whole collection.
func byPath(a, b *operationEntry) int {
	left, right := a.endpoint.pattern.String(), b.endpoint.pattern.String()
	switch {
	case len(left) != len(right):
		return cmp.Compare(len(left), len(right))
	case left != right:
		return strings.Compare(left, right)
	}
	return strings.Compare(a.endpoint.method, b.endpoint.method)
}

// areOneFunction reports whether one function handles all of the operations.
func areOneFunction(operations []*operationEntry) bool {
	handler := operations[0].endpoint.route.handler
	return !slices.ContainsFunc(operations, func(op *operationEntry) bool {
		other := op.endpoint.route.handler
		return other.pc != handler.pc || other.in != handler.in || other.out != handler.out
	})
}

// makeLongIDs makes ids from path and method. Paths with the same words, such as /a-b and /a/b, are numbered in order.
func (x *operationIndex) makeLongIDs(operations []*operationEntry) {
	for _, op := range operations {
		op.id = op.endpoint.longID(cmp.Or(op.endpoint.set.operationID, op.endpoint.functionID()))
	}
	slices.SortFunc(operations, byIDAndPath)
	for _, op := range operations {
		x.takeID(op, op.id)
	}
}

// byIDAndPath orders operations by id, and those with equal ids by path.
func byIDAndPath(a, b *operationEntry) int {
	if a.id != b.id {
		return strings.Compare(a.id, b.id)
	}
	return byPath(a, b)
}

// rename gives the operations the ids that Config.OperationID chooses. Ids set by the option OperationID are kept.
func (x *operationIndex) rename(choose func(RouteInfo) string) []error {
	made := x.ids
	x.ids = make(map[string]*operationEntry, len(made))
	// Explicit ids are taken first, so that the user's function cannot take them away.
	for _, op := range x.operations {
		if op.id == op.endpoint.set.operationID {
			x.ids[op.id] = op
		}
	}
	var configErrs []error
	for _, op := range x.operations {
		if x.ids[op.id] == op {
			continue
		}
		info := op.endpoint.info()
		info.OperationID = op.id
		op.id = cmp.Or(choose(info), op.id)
		if other := x.ids[op.id]; other != nil {
			configErrs = append(configErrs, op.endpoint.route.configError(fmt.Errorf(
				"Config.OperationID gives %s %s the id %q, which %s %s, registered at %s, already has; make it return different ids",
				info.Method, info.Pattern, op.id, other.endpoint.method, other.endpoint.pattern, other.endpoint.route.site)))
		}
		x.ids[op.id] = op
	}
	return configErrs
}

// takeID gives an operation an id, with a number if it is taken.
func (x *operationIndex) takeID(op *operationEntry, base string) {
	id := base
	for n := 2; x.ids[id] != nil; n++ {
		id = base + "_" + strconv.Itoa(n)
	}
	op.id = id
	x.ids[id] = op
}

// functionID returns the id derived from the handler's function, "" for a handler without a name.
func (e *endpoint) functionID() string {
	if e.route.handler == nil {
		return ""
	}
	return e.route.handler.id
}

// longID makes an id from a name, the path and the method.
func (e *endpoint) longID(name string) string {
	path := operation.Words(e.pattern.String())
	method := mediatype.Lower(e.method)
	if name == "" {
		return strings.TrimSuffix(method+"_"+path, "_")
	}
	return strings.TrimSuffix(name+"_"+path, "_") + "_" + method
}

// summary returns the explicit summary, or the handler's name in words.
func (e *endpoint) summary() string {
	if e.set.summary != "" {
		return e.set.summary
	}
	return operation.InWords(e.name())
}

// addWebhook adds a webhook to the document.
func (x *operationIndex) addWebhook(e *endpoint) error {
	for _, other := range x.webhooks {
		if other.endpoint.webhook.name == e.webhook.name && other.endpoint.method == e.method {
			return fmt.Errorf("there is another webhook of this name and the method %s, at %s; change one of them", e.method, other.endpoint.route.site)
		}
	}
	op, err := x.indexWebhook(e, "")
	x.webhooks = append(x.webhooks, op)
	return err
}

// indexWebhook gives a webhook or callback its id: an explicit one, or its name, prefixed by the id of the operation
// that causes it.
func (x *operationIndex) indexWebhook(e *endpoint, before string) (*operationEntry, error) {
	op := &operationEntry{endpoint: e, path: &documentedPath{}}
	if err := x.takeExplicitID(op); err != nil || op.id != "" {
		return op, err
	}
	name := operation.Words(e.webhook.name)
	if before != "" {
		name = before + "_" + name
	}
	x.takeID(op, name)
	return op, nil
}
