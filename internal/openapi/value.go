package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
)

// value returns the schema of a body or a message. A body without a type is named after the operation's id. No other
// function of the writer distinguishes kinds.
func (w *writer) value(v operation.Value, id string) *openapi3.SchemaRef {
	switch v.Kind {
	case operation.JSON:
		if v.Field != nil {
			return w.components.Field(v.Field, uses[v.Use])
		}
		return w.components.Value(v.Type, nil, uses[v.Use])
	case operation.Members:
		return w.components.Object(id+"Body", v.Object, uses[v.Use])
	case operation.Form:
		return w.form(id+"Form", v)
	case operation.Items:
		return titled(w.items(v), v.Title)
	case operation.Events:
		return w.events(v)
	}
	return titled(openapi3.NewSchemaRef("", sentAsIs(v.Kind)), v.Title)
}

// sentAsIs returns the schema of a body that is not encoded.
func sentAsIs(kind operation.Kind) *openapi3.Schema {
	switch kind {
	case operation.Text:
		return openapi3.NewStringSchema()
	case operation.Bytes:
		return bytesSchema()
	case operation.Parts:
		return openapi3.NewObjectSchema()
	case operation.Frame:
		return openapi3.NewAnyOfSchema(messageText(), bytesSchema())
	}
	return openapi3.NewSchema()
}

// bytesSchema returns the schema by which client generators recognize bytes.
func bytesSchema() *openapi3.Schema { return openapi3.NewStringSchema().WithFormat("binary") }

// messageText returns the schema of text that is a whole message and therefore not JSON.
func messageText() *openapi3.Schema {
	text := openapi3.NewStringSchema()
	text.ContentMediaType = mediatype.Text
	return text
}

func titled(s *openapi3.SchemaRef, title string) *openapi3.SchemaRef {
	s.Value.Title = title
	return s
}

// socket returns the description of a WebSocket's messages.
func (w *writer) socket(s *operation.Socket) map[string]any {
	about := map[string]any{"receives": w.message(s.Receives), "sends": w.message(s.Sends)}
	if len(s.Subprotocols) > 0 {
		about["subprotocols"] = s.Subprotocols
	}
	// The app may reply in one of several formats, so the schema allows any of them.
	var invalid *openapi3.SchemaRef
	for _, v := range s.Invalid {
		if more := w.value(v, ""); invalid == nil {
			invalid = more
		} else {
			invalid = either(invalid, more)
		}
	}
	if invalid != nil {
		about["answersInvalid"] = invalid
	}
	return about
}

func (w *writer) message(v operation.Value) *openapi3.SchemaRef {
	if v.Kind == operation.Text {
		// Without a media type, the schema of a text would mean a JSON string.
		return openapi3.NewSchemaRef("", messageText())
	}
	return w.value(v, "")
}
