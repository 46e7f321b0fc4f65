package candor

import (
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/openapi"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/transcode"
)

// apiBuilder describes an API from its compiled endpoints. It writes no schemas: operations refer to Go types.
type apiBuilder struct {
	config *Config
	codecs transcode.Set
	api    *operation.API
	index  *operationIndex
	// format describes errors, and described the error handlers.
	format    operation.ErrorFormat
	described map[*errorHandler]*operation.ErrorHandler
	// edits are the user's functions that change operations.
	edits map[*operation.Operation][]openapi.Edit

	// Parts that operations share are one value, so that the writer encodes each of them once. Without this, a document
	// with a few hundred operations would take many times as long.
	parameters operation.SharedParameters
	bodies     map[bodyKey]*operation.Body
	responses  map[responsesKey]*operation.Responses

	// found are the validation errors of examples, and shown the bodies of the errors that endpoints share.
	found map[faultsKey]*invalidRequest
	shown map[shownKey]string
}

// faultsKey identifies endpoints that find the same in a bad request. Those with dependencies, error handlers or
// forbidden keys have only an endpoint, because what they find depends on more.
type faultsKey struct {
	endpoint *endpoint
	input    *inputPlan
	method   string
	decode   codec.Options
	maxBody  int64
	loose    bool
}

func (e *endpoint) faultsKey() faultsKey {
	if len(e.nodes) != 1 || len(e.errorHandlers) > 0 || e.closed != nil {
		return faultsKey{endpoint: e}
	}
	return faultsKey{input: e.nodes[0].input, method: e.method, decode: e.decode, maxBody: e.maxBody, loose: e.loose}
}

// bodyKey identifies a body whose description depends on nothing else.
type bodyKey struct {
	plan *bodyPlan
	use  operation.Use
}
