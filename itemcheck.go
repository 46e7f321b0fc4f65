package candor

import (
	"bytes"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/eventstream"
)

// itemPromise is what every item of a stream is promised to be: a line, or the
// data of an event.
type itemPromise struct {
	schema *openapi3.SchemaRef
	lines  bool
	n      int
}

// itemsOf reads from the schema of a stream what its items are, nil for a body
// that is no stream, or whose items the document does not describe.
func itemsOf(s *openapi3.SchemaRef) *itemPromise {
	item := itemIn(s)
	if item == nil || item.Value == nil {
		return nil
	}
	if s.Value.ContentMediaType == linesMedia {
		return &itemPromise{schema: item, lines: true}
	}
	data := item.Value.Properties["data"]
	if data == nil || data.Value == nil || data.Value.ContentSchema == nil {
		return nil
	}
	return &itemPromise{schema: data.Value.ContentSchema}
}

// checkAll judges the items of a stream that is at its end.
func (i *itemPromise) checkAll(p *promise, body []byte) {
	p.tb.Helper()
	if i.lines {
		for line := range bytes.Lines(body) {
			i.checkLine(p, line)
		}
		return
	}
	for event, err := range eventstream.Read(bytes.NewReader(body), eventstream.ReadOptions{}) {
		if err == nil {
			i.checkEvent(p, event.Name, event.Data)
		}
	}
}

func (i *itemPromise) checkLine(p *promise, line []byte) {
	p.tb.Helper()
	i.n++
	p.checkJSON(fmt.Sprintf("line %d", i.n), i.schema, bytes.TrimSuffix(line, []byte("\n")))
}

// checkEvent judges the data of an event. Events that Candor sends by itself
// have data of their own.
func (i *itemPromise) checkEvent(p *promise, name string, data []byte) {
	p.tb.Helper()
	i.n++
	if name != errorEvent && name != gapEvent {
		p.checkJSON(fmt.Sprintf("the data of event %d", i.n), i.schema, data)
	}
}
