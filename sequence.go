package candor

import (
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/eventstream"
	"github.com/candor-go/candor/internal/mediatype"
)

// sequenceSchema is the schema of a whole body of items, in the way JSON Schema
// has for texts that hold data of their own: a list of them.
func sequenceSchema(doc, media string, item *openapi3.SchemaRef) *openapi3.SchemaRef {
	s, content := openapi3.NewStringSchema(), openapi3.NewArraySchema()
	content.Items = item
	s.Description, s.ContentMediaType, s.ContentSchema = doc, media, openapi3.NewSchemaRef("", content)
	return openapi3.NewSchemaRef("", s)
}

// streamsEvents reports whether a body is a stream of server-sent events.
func streamsEvents(k bodyKind) bool { return k.streams && k.media == mediatype.Events }

// itemIn is the schema of an item in that of a whole body, nil for one that is
// no sequence.
func itemIn(s *openapi3.SchemaRef) *openapi3.SchemaRef {
	if s == nil || s.Value == nil || s.Value.ContentSchema == nil || s.Value.ContentSchema.Value == nil {
		return nil
	}
	switch s.Value.ContentMediaType {
	case mediatype.Lines, mediatype.Bare(mediatype.Events):
		return s.Value.ContentSchema.Value.Items
	}
	return nil
}

// mediaTypeOf documents a body. Of a sequence it shows the text that is sent;
// sample makes values of the items.
func mediaTypeOf(s *openapi3.SchemaRef, sample func(*openapi3.SchemaRef) []byte) *openapi3.MediaType {
	media := &openapi3.MediaType{Schema: s}
	item := itemIn(s)
	if item == nil {
		return media
	}
	media.Extensions = map[string]any{mediatype.ItemExtension: item}
	var text []byte
	if s.Value.ContentMediaType == mediatype.Lines {
		text = sampleLine(item, sample)
	} else {
		text = sampleEvents(item.Value.AnyOf, sample)
	}
	if text != nil {
		media.Example = string(text)
	}
	return media
}

func sampleLine(item *openapi3.SchemaRef, sample func(*openapi3.SchemaRef) []byte) []byte {
	text := sample(item)
	if text == nil {
		return nil
	}
	return append(text, '\n')
}

// sampleEvents is one event of each kind, but for that of an error.
func sampleEvents(kinds openapi3.SchemaRefs, sample func(*openapi3.SchemaRef) []byte) (text []byte) {
	for _, kind := range kinds {
		event := eventstream.Event{Name: eventName(kind), Data: []byte("text"), HasData: true}
		if data := kind.Value.Properties["data"].Value; data.ContentSchema != nil {
			event.Data = sample(data.ContentSchema)
		}
		if event.Name != mediatype.ErrorEvent && event.Data != nil {
			text, _ = eventstream.Append(text, &event) // names are those of types
		}
	}
	return text
}

// eventName is the name of all events of a kind, "" for any.
func eventName(kind *openapi3.SchemaRef) string {
	if name := kind.Value.Properties["event"]; name != nil && len(name.Value.Enum) == 1 {
		text, _ := name.Value.Enum[0].(string)
		return text
	}
	return ""
}
