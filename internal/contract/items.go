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

// Items is what the document says about every item of a stream, such as a line
// or an event.
type Items struct {
	p *Expected
	// format is what the items are written in, n the number of the item at hand.
	format *mediatype.Sequence
	n      int
	// schema is that of an item, or of the data of events with any name. It is nil
	// where the document has events with names only, or allows any data.
	schema *openapi3.SchemaRef
	// named are the schemas of the data of events with a name.
	named map[string]*openapi3.SchemaRef
	// open means that data may be anything.
	open bool
	// every is the schema of the data of all events, nil where the document says
	// nothing about all.
	every *openapi3.SchemaRef
}

// itemsOf reads from a media type what the items of a stream are, nil for a body
// that is no stream, or whose items the document does not describe.
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

// add reads one kind of events.
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

// checkAll judges the items of a stream that is at its end.
func (i *Items) checkAll(body []byte) {
	i.p.tb.Helper()
	// Pulled, since a loop would put a function between the test and what fails it
	// that is no helper.
	next, stop := iter.Pull2(i.format.Split(bytes.NewReader(body), 0))
	defer stop()
	for item, err, more := next(); more && err == nil; item, err, more = next() {
		i.Check(item)
	}
}

// Check judges the next item.
func (i *Items) Check(item mediatype.Item) {
	i.p.tb.Helper()
	i.n++
	if i.format.Named {
		i.checkNamed(item.Name, item.Data)
		return
	}
	i.p.checkJSON(fmt.Sprintf("%s %d", i.format.Item, i.n), i.schema, item.Data)
}

// checkNamed judges the name and the data of an event. That of a gap in a topic
// has no data.
func (i *Items) checkNamed(name string, data []byte) {
	i.p.tb.Helper()
	named := i.named[name]
	// From what holds for all events to what holds for those without a name. Data of
	// a named event may also be of the schema for any name: the document allows both.
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

// satisfies reports whether a text is JSON that keeps its schema.
func satisfies(documented *openapi3.SchemaRef, data []byte) bool {
	value, err := readJSON(data)
	return err == nil && validate(documented, data, value) == nil
}

// eventName is the name of all events of a kind, "" for any.
func eventName(kind *openapi3.SchemaRef) string {
	if name := kind.Value.Properties["event"]; name != nil && len(name.Value.Enum) == 1 {
		text, _ := name.Value.Enum[0].(string)
		return text
	}
	return ""
}
