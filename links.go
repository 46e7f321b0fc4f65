package candor

import (
	"fmt"
	"slices"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// addLinks adds the links of an operation to its responses. Links to operations that are not in this document are left
// out.
func (b *apiBuilder) addLinks(op *operation.Operation, e *endpoint) {
	for _, l := range e.set.annotations.Links {
		r, target := op.Responses.To(l.Status), b.index.withID(l.OperationID)
		if r != nil && target != nil {
			r.Links = append(r.Links, l.Public(e.wildcards(), target.wildcards()))
		}
	}
}

// wildcards returns the names of the endpoint's wildcards.
func (e *endpoint) wildcards() operation.Wildcards {
	return operation.Wildcards{Own: e.names(), Documented: e.publicNames()}
}

// values are what links and callbacks of the endpoint can refer to.
func (e *endpoint) values() operation.Values {
	v := operation.Values{Parameters: e.params.Fields, Body: requestMembers(e.route.input)}
	if e.response != nil && e.response.desc.Body != nil {
		v.Response = e.response.desc.Body.Type.Object
	}
	return v
}

// requestMembers returns the members of the request body, nil if they are not known.
func requestMembers(in *typeinfo.Input) *typeinfo.Object {
	switch {
	case in == nil:
		return nil
	case in.Members != nil:
		return in.Members
	case in.Body != nil:
		return in.Body.Type.Object
	}
	return in.Form
}

// checkLinks finds links that lead nowhere in any of the documents.
func checkLinks(documents []*operationIndex) []error {
	checked := map[*endpoint]bool{}
	var configErrs []error
	for _, x := range documents {
		for _, e := range x.operations {
			// An endpoint may be in several documents; its error is reported once.
			if len(e.set.annotations.Links) == 0 || checked[e] {
				continue
			}
			for _, l := range e.set.annotations.Links {
				if err := reach(l.Link, targetIn(documents, l.OperationID)); err != nil {
					configErrs = append(configErrs, e.route.configError(err))
				}
			}
			checked[e] = true
		}
	}
	return configErrs
}

// reach returns why a link cannot lead to an endpoint.
func reach(l operation.Link, target *endpoint) error {
	if target == nil {
		return fmt.Errorf("the link %q refers to the operation %q, which no document has; write the id of one", l.Name, l.OperationID)
	}
	return l.Reaches(target.params.Fields)
}

// targetIn returns the operation with an id. A link may lead to an operation in another document of the app, and the
// last document with that id counts.
func targetIn(documents []*operationIndex, id string) *endpoint {
	for _, x := range slices.Backward(documents) {
		if e := x.withID(id); e != nil {
			return e
		}
	}
	return nil
}
