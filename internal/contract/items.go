package contract

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
)

// Items is what the document says about the items of a stream, such as lines or events.
type Items struct {
	p *Expected
	// format is the format of the items, n the number of the current item.
	format *mediatype.Sequence
	n      int
	// schema is the schema of an item, or of the data of events with any name. It is nil if the document has only named
	// events or allows any data.
	schema *openapi3.SchemaRef
	// named are the schemas for the data of events with a name.
	named map[string]*openapi3.SchemaRef
	// open means that any data is allowed.
	open bool
	// every is the schema for the data of all events, nil if there is none.
	every *openapi3.SchemaRef
}

// itemsOf returns the documented items of a media type, nil for a body that is not a stream or whose items are not
// described.
func itemsOf(p *Expected, contentType string, media *openapi3.MediaType) *Items {
	format, item := mediatype.SequenceOf(contentType), media.ItemSchema
	if format == nil || item == nil || item.Value == nil {
		return nil
	}
	if !format.Named {
		return &Items{p: p, format: format, schema: item}
	}
	i := &Items{p: p, format: format, named: map[string]*openapi3.SchemaRef{}}
	if data := item.Value.Properties["data"]; data != nil {
		// Keywords beside anyOf apply to events of all kinds.
		i.every = data.Value.ContentSchema
	}
	for _, kind := range item.Value.AnyOf {
		i.add(kind)
	}
	return i
}

// add adds one kind of event.
func (i *Items) add(kind *openapi3.SchemaRef) {
	properties := kind.Value.Properties
	if properties["data"] == nil {
		return
	}
	data := properties["data"].Value.ContentSchema
	if name := eventName(kind); name != "" {
		i.named[name] = data
		return
	}
	i.schema, i.open = data, data == nil
}

// checkAll checks the items of a complete stream.
func (i *Items) checkAll(body []byte) {
	i.p.tb.Helper()
	// Pulled, because the body of a range-over-func loop would be a stack frame without Helper between the test and the
	// failure.
	next, stop := iter.Pull2(i.format.Split(bytes.NewReader(body), 0))
	defer stop()
	for item, err, more := next(); more && err == nil; item, err, more = next() {
		i.Check(item)
	}
}

// Check checks the next item.
func (i *Items) Check(item mediatype.Item) {
	i.p.tb.Helper()
	i.n++
	if i.format.Named {
		i.checkNamed(item.Name, item.Data)
		return
	}
	i.p.checkJSON(fmt.Sprintf("%s %d", i.format.Item, i.n), i.schema, item.Data)
}

// checkNamed checks the name and the data of an event. An event for a gap in a topic has no data.
func (i *Items) checkNamed(name string, data []byte) {
	i.p.tb.Helper()
	named := i.named[name]
	// From the schema for all events to the one for events without a known name. The data of a named event may also match the
	// schema for any name, because the document allows both.
	switch {
	case name == mediatype.GapEvent && string(data) == "null":
	case i.every != nil && !satisfies(i.every, data):
		i.p.checkJSON(fmt.Sprintf("the data of event %d", i.n), i.every, data)
	case i.open:
	case named != nil && (i.schema == nil || !satisfies(i.schema, data)):
		i.p.checkJSON(fmt.Sprintf("the data of event %d, named %q", i.n, name), named, data)
	case named == nil && i.schema != nil:
		i.p.checkJSON(fmt.Sprintf("the data of event %d", i.n), i.schema, data)
	case named == nil && len(i.named) > 0:
		names := strings.Join(slices.Sorted(maps.Keys(i.named)), ", ")
		i.p.disagree(fmt.Sprintf("the name of event %d", i.n), "one of "+names, fmt.Sprintf("%q", name))
	}
}

// satisfies reports whether a text is JSON that matches the schema.
func satisfies(documented *openapi3.SchemaRef, data []byte) bool {
	value, err := readJSON(data)
	return err == nil && validate(documented, data, value) == nil
}

// eventName returns the name of all events of a kind, "" for any name.
func eventName(kind *openapi3.SchemaRef) string {
	if name := kind.Value.Properties["event"]; name != nil && len(name.Value.Enum) == 1 {
		text, _ := name.Value.Enum[0].(string)
		return text
	}
	return ""
}
