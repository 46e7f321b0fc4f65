// Package operationindex gives the operations of a document their paths and their ids. It needs only what is known when
// an app is sealed, so that its configuration errors are reported then, before any schema is made.
//
// Ids do not depend on the order of registration:
//
//   - Ids that are set explicitly come first.
//   - For each function, the operation with the shortest path gets the id of the function.
//   - All others get an id made of name, path and method, with a number if two are the same.
package operationindex

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/pathtree"
)

// Kind says who sends a request.
type Kind uint8

// The kinds. Operations are requests that the API serves; it sends the others itself.
const (
	Served Kind = iota
	Callback
	Webhook
)

// Request is an operation, or a request that the API sends.
type Request struct {
	Kind   Kind
	Method string
	// Pattern is the path of the route, and Documented the same with the names that wildcards have in the document.
	Pattern, Documented *pathtree.Pattern
	// Site is the registration. Several operations may come from one.
	Site *callsite.Site
	// ID is the id that was set explicitly, "" if none was.
	ID       string
	Function Function
	// Name is the name of a webhook or callback, and Cause the position of the operation that causes the callback.
	Name  string
	Cause int
}

// Function is the function that serves an operation. All but its ID tell functions of one name apart.
type Function struct {
	// ID is the id that its name makes, "" for a function literal.
	ID      string
	PC      uintptr
	In, Out reflect.Type
}

// Index has the paths and the ids of requests, by their positions.
type Index struct {
	// Paths are "" for webhooks and callbacks.
	Paths, IDs []string
	// At has the position of an id.
	At map[string]int
}

// Conflict is a configuration error about the request at a position. Errors of a callback are those of its cause.
type Conflict struct {
	At  int
	Err error
}

// New gives all requests a path and an id: the served ones, their callbacks in the same order, and webhooks. If rename
// is not nil, it may replace the id of the operation at a position, unless that is explicit.
func New(requests []Request, rename func(at int, id string) string) (*Index, []Conflict) {
	x := &indexer{requests: requests, served: len(requests), Index: Index{
		Paths: make([]string, len(requests)), IDs: make([]string, len(requests)), At: make(map[string]int, len(requests)),
	}}
	if i := slices.IndexFunc(requests, func(r Request) bool { return r.Kind != Served }); i >= 0 {
		x.served = i
	}
	x.addPaths()
	for i := range x.served {
		// Explicit ids are taken before any is made up, whatever the order of registration.
		x.note(i, x.takeExplicitID(i))
	}
	x.makeIDs()
	if rename != nil {
		x.rename(rename)
	}
	for i := x.served; i < len(requests); i++ {
		x.addSent(i)
	}
	// Copied: a pointer into the indexer would keep all requests in memory, as long as there is the app.
	index := x.Index
	return &index, x.conflicts
}

// indexer builds an index.
type indexer struct {
	Index
	requests []Request
	// served is the number of operations; callbacks and webhooks follow them.
	served    int
	conflicts []Conflict
}

func (x *indexer) note(at int, err error) {
	if err != nil {
		x.conflicts = append(x.conflicts, Conflict{At: at, Err: err})
	}
}

// registered says where a request comes from, for errors.
func (r *Request) registered() string { return fmt.Sprintf("%s, registered at %s", r.Pattern, r.Site) }

// path is one path of a document.
type path struct {
	text string
	// operations are positions, one for each method.
	operations []int
}

// addPaths gives the operations their paths. Paths that differ only in the names of wildcards are the same path.
func (x *indexer) addPaths() {
	paths := make(map[string]*path, x.served/2)
	for i := range x.served {
		r := &x.requests[i]
		shape := WithoutRemainder(r.Pattern.Shape())
		p, ok := paths[shape]
		if !ok {
			p = &path{text: WithoutRemainder(r.Documented.String()), operations: make([]int, 0, 2)}
			paths[shape] = p
		}
		x.Paths[i] = p.text
		isSame := func(other int) bool { return x.requests[other].Method == r.Method }
		// Two routes of an app may be the same path in a document: {path...} and {path} look alike there.
		if other := slices.IndexFunc(p.operations, isSame); other >= 0 {
			x.note(i, fmt.Errorf("the document, which has no syntax for wildcards of several segments, would have %s %s twice: as %s, and as %s; keep one of them out of it with candor.Hidden()",
				r.Method, p.text, r.Pattern, x.requests[p.operations[other]].registered()))
			continue
		}
		p.operations = append(p.operations, i)
	}
}

// WithoutRemainder returns a pattern as a document writes it: OpenAPI has no mark for a wildcard of several segments.
func WithoutRemainder(pattern string) string { return strings.ReplaceAll(pattern, "...}", "}") }

// takeExplicitID gives a request the id that was set for it. If several operations belong to the route, the first takes
// it.
func (x *indexer) takeExplicitID(at int) error {
	r := &x.requests[at]
	if r.ID == "" {
		return nil
	}
	if i, taken := x.At[r.ID]; taken {
		other := &x.requests[i]
		if other.Site == r.Site && r.Kind == Served {
			return nil
		}
		return fmt.Errorf("the operation id %q belongs to %s %s; choose another", r.ID, other.Method, other.registered())
	}
	x.give(at, r.ID)
	return nil
}

func (x *indexer) give(at int, id string) { x.IDs[at], x.At[id] = id, at }

// isTaken reports whether a request has the id.
func (x *indexer) isTaken(id string) bool {
	_, taken := x.At[id]
	return taken
}

// takeID gives a request an id, with a number if it is taken.
func (x *indexer) takeID(at int, base string) {
	id := base
	for n := 2; x.isTaken(id); n++ {
		id = base + "_" + strconv.Itoa(n)
	}
	x.give(at, id)
}

// makeIDs gives the remaining operations ids: for each function, one operation gets the function's id, and all others an
// id made of path and method.
func (x *indexer) makeIDs() {
	// Only named functions are in the maps. Many apps have none.
	first := map[*callsite.Site]bool{}
	wanted := map[string][]int{}
	others := make([]int, 0, x.served)
	for i := range x.served {
		r := &x.requests[i]
		id := r.Function.ID
		switch {
		case x.IDs[i] != "":
		case id != "" && !first[r.Site] && r.ID == "" && !x.isTaken(id):
			wanted[id] = append(wanted[id], i)
			first[r.Site] = true
		default:
			others = append(others, i)
		}
	}
	// The order of the map does not matter: the ids here are distinct, and the long ids are made in sorted order.
	for id, rivals := range wanted {
		// The shortest path gets the short id, so that ids do not depend on the order of registration.
		sort.Slice(rivals, func(i, j int) bool { return x.byPath(rivals[i], rivals[j]) < 0 })
		if x.areOneFunction(rivals) {
			x.takeID(rivals[0], id)
			rivals = rivals[1:]
		}
		others = append(others, rivals...)
	}
	x.makeLongIDs(others)
}

// byPath orders operations by the length of their paths: the shortest is most often that of a first version, or of a
// whole collection.
func (x *indexer) byPath(a, b int) int {
	left, right := x.requests[a].Pattern.String(), x.requests[b].Pattern.String()
	switch {
	case len(left) != len(right):
		return cmp.Compare(len(left), len(right))
	case left != right:
		return strings.Compare(left, right)
	}
	return strings.Compare(x.requests[a].Method, x.requests[b].Method)
}

// areOneFunction reports whether one function handles all of the operations.
func (x *indexer) areOneFunction(operations []int) bool {
	function := x.requests[operations[0]].Function
	return !slices.ContainsFunc(operations, func(at int) bool { return x.requests[at].Function != function })
}

// makeLongIDs makes ids from path and method. Paths with the same words, such as /a-b and /a/b, are numbered in order.
func (x *indexer) makeLongIDs(operations []int) {
	for _, i := range operations {
		x.IDs[i] = x.requests[i].longID()
	}
	sort.Slice(operations, func(i, j int) bool {
		a, b := operations[i], operations[j]
		if x.IDs[a] != x.IDs[b] {
			return x.IDs[a] < x.IDs[b]
		}
		return x.byPath(a, b) < 0
	})
	for _, i := range operations {
		x.takeID(i, x.IDs[i])
	}
}

// longID makes an id from the explicit id or that of the function, the path and the method.
func (r *Request) longID() string {
	name, words, method := cmp.Or(r.ID, r.Function.ID), operation.Words(r.Pattern.String()), mediatype.Lower(r.Method)
	if name == "" {
		return strings.TrimSuffix(method+"_"+words, "_")
	}
	return strings.TrimSuffix(name+"_"+words, "_") + "_" + method
}

// rename gives the operations the ids that the user's function chooses. Explicit ids are kept.
func (x *indexer) rename(choose func(at int, id string) string) {
	x.At = make(map[string]int, len(x.requests))
	// Explicit ids are taken first, so that the user's function cannot take them away.
	for i := range x.served {
		if x.IDs[i] == x.requests[i].ID {
			x.give(i, x.IDs[i])
		}
	}
	for i := range x.served {
		if at, taken := x.At[x.IDs[i]]; taken && at == i {
			continue
		}
		r, id := &x.requests[i], cmp.Or(choose(i, x.IDs[i]), x.IDs[i])
		if at, taken := x.At[id]; taken {
			other := &x.requests[at]
			x.note(i, fmt.Errorf("Config.OperationID gives %s %s the id %q, which %s %s, already has; make it return different ids",
				r.Method, r.Pattern, id, other.Method, other.registered()))
		}
		x.give(i, id)
	}
}

// addSent gives a webhook or callback its id: an explicit one, or its name, prefixed by the id of the operation that
// causes it.
func (x *indexer) addSent(at int) {
	r := &x.requests[at]
	name, blamed := operation.Words(r.Name), at
	if r.Kind == Callback {
		name, blamed = x.IDs[r.Cause]+"_"+name, r.Cause
	} else if err := x.checkName(at); err != nil {
		x.note(at, err)
		return
	}
	if err := x.takeExplicitID(at); err != nil {
		x.note(blamed, err)
	} else if r.ID == "" {
		x.takeID(at, name)
	}
}

// checkName finds a webhook with the name and the method of another.
func (x *indexer) checkName(at int) error {
	r := &x.requests[at]
	for _, other := range x.requests[x.served:at] {
		if other.Kind == Webhook && other.Name == r.Name && other.Method == r.Method {
			return fmt.Errorf("there is another webhook of this name and the method %s, at %s; change one of them", r.Method, other.Site)
		}
	}
	return nil
}
