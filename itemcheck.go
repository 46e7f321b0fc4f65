package candor

import (
	"bytes"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/eventstream"
)

// itemPromise is what every item of a stream is promised to be.
type itemPromise struct {
	mediaType string
	schema    *openapi3.SchemaRef
	n         int
}

// itemsOf reads from the schema of a stream what its items are, nil for a body
// that is no stream, or whose items the document does not describe.
func itemsOf(mediaType string, s *openapi3.SchemaRef) *itemPromise {
	if s == nil || s.Value == nil || s.Value.ContentSchema == nil {
		return nil
	}
	content := s.Value.ContentSchema
	switch mediaType {
	case linesMedia:
		if content.Value != nil && content.Value.Items != nil {
			return &itemPromise{mediaType: mediaType, schema: content.Value.Items}
		}
	case bareMedia(eventsMedia):
		return &itemPromise{mediaType: mediaType, schema: content}
	}
	return nil
}

// checkAll judges the items of a stream that is at its end.
func (i *itemPromise) checkAll(p *promise, body []byte) {
	p.tb.Helper()
	if i.mediaType == linesMedia {
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
