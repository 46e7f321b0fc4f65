package candor

import "github.com/getkin/kin-openapi/openapi3"

// The media types that OpenAPI calls sequential: a body of them is one item
// after the other.
const (
	// linesMedia is the media type of JSON Lines, and ndjsonMedia its older name.
	linesMedia  = "application/jsonl"
	ndjsonMedia = "application/x-ndjson"
	// eventsMedia is the media type of server-sent events.
	eventsMedia = "text/event-stream; charset=utf-8"
)

// itemExtension holds, in a media type of the document, the schema of an item:
// what OpenAPI 3.2 calls itemSchema, a name that 3.1 refuses.
const itemExtension = "x-itemSchema"

// sequenceSchema is the schema of a whole body of items, in the way JSON Schema
// has for texts that hold data of their own: a list of them.
func sequenceSchema(doc, media string, item *openapi3.SchemaRef) *openapi3.SchemaRef {
	s, content := openapi3.NewStringSchema(), openapi3.NewArraySchema()
	content.Items = item
	s.Description, s.ContentMediaType, s.ContentSchema = doc, media, openapi3.NewSchemaRef("", content)
	return openapi3.NewSchemaRef("", s)
}

// itemIn is the schema of an item in that of a whole body, nil for one that is
// no sequence.
func itemIn(s *openapi3.SchemaRef) *openapi3.SchemaRef {
	if s == nil || s.Value == nil || s.Value.ContentSchema == nil || s.Value.ContentSchema.Value == nil {
		return nil
	}
	switch s.Value.ContentMediaType {
	case linesMedia, bareMedia(eventsMedia):
		return s.Value.ContentSchema.Value.Items
	}
	return nil
}

// mediaTypeOf documents a body.
func mediaTypeOf(s *openapi3.SchemaRef) *openapi3.MediaType {
	media := &openapi3.MediaType{Schema: s}
	if item := itemIn(s); item != nil {
		media.Extensions = map[string]any{itemExtension: item}
	}
	return media
}
