package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// items returns the schema of a body of JSON items.
func (w *writer) items(v operation.Value) *openapi3.SchemaRef {
	return sequence(mediatype.SequenceOf(v.Sequence), w.components.Value(v.Type, nil, uses[v.Use]))
}

// events returns the schema of an event stream.
func (w *writer) events(v operation.Value) *openapi3.SchemaRef {
	event := openapi3.NewObjectSchema().WithProperty("data", openapi3.NewStringSchema())
	event.WithProperty("event", openapi3.NewStringSchema()).WithProperty("id", openapi3.NewStringSchema())
	event.WithProperty("retry", openapi3.NewIntegerSchema().WithMin(0))
	event.AnyOf = w.eventKinds(v)
	stream := sequence(mediatype.ServerSentEvents, openapi3.NewSchemaRef("", event))
	failed := eventNamed(mediatype.ErrorEvent, mediatype.JSON, w.components.Value(v.Failure, nil, schema.Out))
	failed.Value.Description = "The stream failed, and ends with this"
	// Any stream may end with an error event.
	event.AnyOf = append(event.AnyOf, failed)
	return stream
}

// eventKinds returns the kinds of events other than failures. A union may name its events; then each is its own kind.
func (w *writer) eventKinds(v operation.Value) openapi3.SchemaRefs {
	t := v.Type
	switch {
	case v.Data == operation.Text:
		return openapi3.SchemaRefs{eventNamed("", mediatype.Text, nil)}
	case v.Data == operation.Any:
		return openapi3.SchemaRefs{eventNamed("", "", nil)}
	case t != nil && t.Kind == typeinfo.Union && t.Object.NamesEvents:
		var kinds openapi3.SchemaRefs
		for i, data := range w.components.Variants(t, schema.Out) {
			if t.Object.Cases[i].IsDefault() {
				kinds = append(kinds, eventNamedOtherwise(t.Object.OtherCases(), data))
				continue
			}
			kinds = append(kinds, eventNamed(t.Object.Cases[i].Name, mediatype.JSON, data))
		}
		return kinds
	}
	return openapi3.SchemaRefs{eventNamed("", mediatype.JSON, w.components.Value(t, nil, schema.Out))}
}

// eventNamed returns the schema of events with a name, or with any name.
func eventNamed(name, media string, data *openapi3.SchemaRef) *openapi3.SchemaRef {
	text := openapi3.NewStringSchema()
	text.ContentMediaType, text.ContentSchema = media, data
	s := openapi3.NewSchema().WithProperty("data", text)
	if name != "" {
		s.WithProperty("event", openapi3.NewStringSchema().WithEnum(name))
		s.Required = []string{"data", "event"}
	}
	return openapi3.NewSchemaRef("", s)
}

// eventNamedOtherwise returns the schema of events with none of the names.
func eventNamedOtherwise(names []string, data *openapi3.SchemaRef) *openapi3.SchemaRef {
	s, not := eventNamed("", mediatype.JSON, data), openapi3.NewSchema()
	for _, name := range names {
		not.Enum = append(not.Enum, name)
	}
	name := openapi3.NewStringSchema()
	name.Not = openapi3.NewSchemaRef("", not)
	s.Value.WithProperty("event", name)
	return s
}

// sequence returns the schema of a whole body of items: a string whose content is a list, as JSON Schema describes text
// that contains data.
func sequence(format *mediatype.Sequence, item *openapi3.SchemaRef) *openapi3.SchemaRef {
	s, content := openapi3.NewStringSchema(), openapi3.NewArraySchema()
	content.Items = item
	s.Description, s.ContentMediaType, s.ContentSchema = format.Doc, format.MediaType, openapi3.NewSchemaRef("", content)
	return openapi3.NewSchemaRef("", s)
}

// itemIn returns the schema of an item from the schema of a whole body, nil if that is not a sequence.
func itemIn(s *openapi3.SchemaRef) *openapi3.SchemaRef {
	if s == nil || s.Value == nil || s.Value.ContentSchema == nil || s.Value.ContentSchema.Value == nil {
		return nil
	}
	if mediatype.SequenceOf(s.Value.ContentMediaType) == nil {
		return nil
	}
	return s.Value.ContentSchema.Value.Items
}

// mediaType returns a body in one media type. For a sequence its example is the text that is sent.
func (w *writer) mediaType(s *openapi3.SchemaRef, use schema.Use) *openapi3.MediaType {
	media := &openapi3.MediaType{Schema: s}
	item := itemIn(s)
	if item == nil {
		return media
	}
	media.Extensions = map[string]any{mediatype.ItemExtension: inExtension(item)}
	if text := w.sample(mediatype.SequenceOf(s.Value.ContentMediaType), item, use); text != nil {
		media.Example = string(text)
	}
	return media
}

// inExtension returns a schema for use in an extension: there linters reject a lone reference.
func inExtension(s *openapi3.SchemaRef) *openapi3.SchemaRef {
	if s.Ref == "" {
		return s
	}
	return openapi3.NewSchemaRef("", &openapi3.Schema{AllOf: openapi3.SchemaRefs{s}})
}

// sample returns an example body with one item, or with one item of each named kind except failures.
func (w *writer) sample(format *mediatype.Sequence, item *openapi3.SchemaRef, use schema.Use) (text []byte) {
	if !format.Named {
		return appendSample(nil, format, mediatype.Item{Data: w.components.Sample(item, use)})
	}
	for _, kind := range item.Value.AnyOf {
		one := mediatype.Item{Name: eventName(kind), Data: []byte("text")}
		// Without a schema the data is any text, such as "text".
		if data := kind.Value.Properties["data"].Value; data.ContentSchema != nil {
			one.Data = w.components.Sample(data.ContentSchema, use)
		}
		if one.Name != mediatype.ErrorEvent {
			text = appendSample(text, format, one)
		}
	}
	return text
}

// appendSample appends an item unless nothing is known about it.
func appendSample(text []byte, format *mediatype.Sequence, one mediatype.Item) []byte {
	if one.Data != nil {
		text, _ = format.Write(text, one) // fails only for an invalid event name, and these are valid
	}
	return text
}

// eventName returns the name of all events of a kind, "" for any name.
func eventName(kind *openapi3.SchemaRef) string {
	if name := kind.Value.Properties["event"]; name != nil && len(name.Value.Enum) == 1 {
		text, _ := name.Value.Enum[0].(string)
		return text
	}
	return ""
}
