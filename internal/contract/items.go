package contract

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/eventstream"
	"github.com/candor-go/candor/internal/mediatype"
)

// Items is what every item of a stream is promised to be: a line, or an
// event.
type Items struct {
	p     *Expected
	lines bool
	n     int
	// schema is that of a line, or of the data of events with any name. It is nil
	// where only events are promised that have a name, or any data are.
	schema *openapi3.SchemaRef
	// named are the schemas of the data of events with a name.
	named map[string]*openapi3.SchemaRef
	// open means that data may be anything.
	open bool
	// every is the schema of the data of all events, nil where the document says
	// nothing about all.
	every *openapi3.SchemaRef
}

// itemsOf reads from the schema of a stream what its items are, nil for a body
// that is no stream, or whose items the document does not describe.
func itemsOf(p *Expected, s *openapi3.SchemaRef) *Items {
	item := itemIn(s)
	if item == nil || item.Value == nil {
		return nil
	}
	if s.Value.ContentMediaType == mediatype.Lines {
		return &Items{p: p, schema: item, lines: true}
	}
	i := &Items{p: p, named: map[string]*openapi3.SchemaRef{}}
	if data := item.Value.Properties["data"]; data != nil {
		i.every = data.Value.ContentSchema
	}
	for _, one := range item.Value.AnyOf {
		i.promise(one)
	}
	return i
}

// promise reads one kind of events.
func (i *Items) promise(kind *openapi3.SchemaRef) {
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
	if i.lines {
		for line := range bytes.Lines(body) {
			i.CheckLine(line)
		}
		return
	}
	for event, err := range eventstream.Read(bytes.NewReader(body), eventstream.ReadOptions{}) {
		if err == nil {
			i.CheckEvent(event.Name, event.Data)
		}
	}
}

// CheckLine judges a line.
func (i *Items) CheckLine(line []byte) {
	i.p.tb.Helper()
	i.n++
	i.p.checkJSON(fmt.Sprintf("line %d", i.n), i.schema, bytes.TrimSuffix(line, []byte("\n")))
}

// CheckEvent judges the name and the data of an event. That of a gap in a topic
// has no data.
func (i *Items) CheckEvent(name string, data []byte) {
	i.p.tb.Helper()
	i.n++
	named := i.named[name]
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
		i.p.broken(fmt.Sprintf("the name of event %d", i.n), "one of "+names, fmt.Sprintf("%q", name))
	}
}

// satisfies reports whether a text is JSON that keeps its schema.
func satisfies(promised *openapi3.SchemaRef, data []byte) bool {
	value, err := readJSON(data)
	return err == nil && breaks(promised, data, value) == nil
}

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

// eventName is the name of all events of a kind, "" for any.
func eventName(kind *openapi3.SchemaRef) string {
	if name := kind.Value.Properties["event"]; name != nil && len(name.Value.Enum) == 1 {
		text, _ := name.Value.Enum[0].(string)
		return text
	}
	return ""
}
