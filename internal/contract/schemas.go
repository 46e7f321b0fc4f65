package contract

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
)

// messageSchemas are the schemas of the messages of a WebSocket.
type messageSchemas struct{ Receives, Sends *openapi3.SchemaRef }

// messagesOf reads the schemas of messages from a document and resolves their references. They are in extensions, which
// the loader does not resolve, so they temporarily become components.
func messagesOf(doc *openapi3.T) (map[*openapi3.Operation]messageSchemas, error) {
	found := map[*openapi3.Operation]messageSchemas{}
	// A copy, because the original document must not get these components.
	extended := &openapi3.T{OpenAPI: doc.OpenAPI, Info: doc.Info, Paths: openapi3.NewPaths(), Components: &openapi3.Components{Schemas: openapi3.Schemas{}}}
	if doc.Components != nil {
		maps.Copy(extended.Components.Schemas, doc.Components.Schemas)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			about, ok := op.Extensions[mediatype.SocketExtension]
			if !ok {
				continue
			}
			schemas, err := decodeMessages(about)
			if err != nil {
				return nil, fmt.Errorf("%s of %s %s: %w", mediatype.SocketExtension, method, path, err)
			}
			// The loader resolves references in place, so these have their targets afterwards.
			found[op] = schemas
			addComponents(extended.Components.Schemas, schemas.Receives, schemas.Sends)
		}
	}
	if len(found) == 0 {
		return found, nil
	}
	return found, openapi3.NewLoader().ResolveRefsIn(extended, nil)
}

func decodeMessages(about any) (schemas messageSchemas, err error) {
	text, err := json.Marshal(about)
	if err != nil {
		return schemas, err
	}
	return schemas, json.Unmarshal(text, &schemas)
}

// addComponents adds schemas under unused names.
func addComponents(components openapi3.Schemas, schemas ...*openapi3.SchemaRef) {
	for _, s := range schemas {
		if s != nil {
			components[fmt.Sprintf("%s.%d", mediatype.SocketExtension, len(components))] = s
		}
	}
}
