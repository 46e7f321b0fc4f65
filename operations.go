package candor

import (
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/operationindex"
)

// operationIndex has the operations of a document in order, each with its path and its id, before any schema is made.
// It is built when the app is sealed, so that its configuration errors are reported then.
type operationIndex struct {
	operations, webhooks []*endpoint
	// all has the operations, their callbacks and the webhooks, and at has their positions: those of the index.
	all []*endpoint
	at  map[*endpoint]int
	*operationindex.Index
}

// indexOperations gives every endpoint a path and an id, and collects the configuration errors.
func indexOperations(endpoints, webhooks []*endpoint, choose func(RouteInfo) string) (*operationIndex, []error) {
	x := &operationIndex{operations: endpoints, webhooks: webhooks, at: make(map[*endpoint]int, len(endpoints))}
	index, conflicts := operationindex.New(x.requests(), x.renamed(choose))
	x.Index = index
	configErrs := make([]error, len(conflicts))
	for i, c := range conflicts {
		if e := x.all[c.At]; e.webhook != nil {
			configErrs[i] = e.webhook.configError(c.Err)
		} else {
			configErrs[i] = e.route.configError(c.Err)
		}
	}
	return x, configErrs
}

// requests lists what the index has to name.
func (x *operationIndex) requests() []operationindex.Request {
	x.all = append(make([]*endpoint, 0, len(x.operations)+len(x.webhooks)), x.operations...)
	for _, e := range x.operations {
		x.all = append(x.all, e.callbacks...)
	}
	x.all = append(x.all, x.webhooks...)
	requests := make([]operationindex.Request, len(x.all))
	for at, e := range x.all {
		x.at[e], requests[at] = at, e.request()
	}
	for cause, e := range x.operations {
		for _, c := range e.callbacks {
			requests[x.at[c]].Cause = cause
		}
	}
	return requests
}

// renamed adapts the function of Config.OperationID to the index.
func (x *operationIndex) renamed(choose func(RouteInfo) string) func(at int, id string) string {
	if choose == nil {
		return nil
	}
	return func(at int, id string) string {
		info := x.all[at].info()
		info.OperationID = id
		return choose(info)
	}
}

// request describes the endpoint for the index.
func (e *endpoint) request() operationindex.Request {
	r := operationindex.Request{Method: e.method, Pattern: e.pattern, Documented: e.documented, Site: e.route.site, ID: e.set.operationID}
	if h := e.route.handler; h != nil {
		r.Function = operationindex.Function{ID: h.id, PC: h.pc, In: h.in, Out: h.out}
	}
	if w := e.webhook; w != nil {
		r.Kind, r.Name = operationindex.Webhook, w.name
		if w.url != "" {
			r.Kind = operationindex.Callback
		}
	}
	return r
}

// pathOf returns the path of an endpoint in the document, "" if it is not in it.
func (x *operationIndex) pathOf(e *endpoint) string {
	if at, ok := x.at[e]; ok {
		return x.Paths[at]
	}
	return ""
}

// withID returns the endpoint with an id, nil if there is none.
func (x *operationIndex) withID(id string) *endpoint {
	if at, ok := x.At[id]; ok {
		return x.all[at]
	}
	return nil
}

// summary returns the explicit summary, or the handler's name in words.
func (e *endpoint) summary() string {
	if e.set.summary != "" {
		return e.set.summary
	}
	return operation.InWords(e.name())
}
