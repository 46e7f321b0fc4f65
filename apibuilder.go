package candor

import (
	"github.com/candor-go/candor/internal/openapi"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// apiBuilder describes an API by what its endpoints were compiled to. It makes
// no schema: operations name the types.
type apiBuilder struct {
	config *Config
	info   Info
	codecs codecSet
	api    *operation.API
	// ids are the operations by their ids, for links.
	ids map[string]*operationEntry
	// edits are what functions of the user's change in operations.
	edits map[*operation.Operation][]openapi.Edit

	// What operations have in common is one value: the writer makes such a part
	// once, without which a document of some hundred operations would take many
	// times as long.
	parameters map[parameterKey]*operation.Parameter
	bodies     map[bodyKey]*operation.Body
	responses  map[responsesKey]*operation.Responses

	// found is the latest endpoint for which faults were looked for, and
	// foundFaults what came of it.
	found       *endpoint
	foundFaults *invalidRequest
}

// parameterKey is what a parameter depends on: the field, and the name it has in
// the path.
type parameterKey struct {
	field  *typeinfo.Field
	name   string
	closed bool
}

// bodyKey is what a body depends on that says all about itself.
type bodyKey struct {
	plan *bodyPlan
	use  operation.Use
}
