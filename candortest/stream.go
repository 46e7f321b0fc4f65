package candortest

import (
	"bytes"
	"fmt"
	"iter"
	"mime"
	"strings"
)

const (
	eventsMedia = "text/event-stream"
	linesMedia  = "application/jsonl"
)

func isStream(contentType string) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	return media == eventsMedia || media == linesMedia
}

// judgeStream holds each item of a stream against the schema of items. What
// comes behind the last whole item is not there when the stream was left, or
// when it is an event, which ends with an empty line.
func (e *explorer) judgeStream(media string, declared node, a *answer) string {
	schema := e.itemSchema(media, declared)
	if schema.at == nil {
		return ""
	}
	split, ending := bytes.Lines, "\n"
	if media == eventsMedia {
		split, ending = events, ""
	}
	n := 0
	for item := range split(a.body.Bytes()) {
		n++
		if !strings.HasSuffix(string(item), ending) && a.left {
			return ""
		}
		if about := e.judgeJSON(schema, item); about != "" {
			return fmt.Sprintf("has an item, number %d, that %s", n, about)
		}
	}
	return ""
}

// itemSchema is that of a line, or of the data of an event.
func (e *explorer) itemSchema(media string, declared node) node {
	item := e.doc.child(declared, "x-itemSchema")
	if media == eventsMedia {
		return e.doc.child(e.doc.child(e.doc.child(item, "properties"), "data"), "contentSchema")
	}
	return item
}

// events yields the data of the whole events of a stream. What Candor says
// itself has no schema: an event named error tells of a failure, and one named
// gap, whose data is null, of messages that are no longer kept.
func events(stream []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var data []string
		name := ""
		for line := range strings.Lines(string(stream)) {
			line, whole := strings.CutSuffix(line, "\n")
			if line == "" && whole {
				text := strings.Join(data, "\n")
				isOwn := name == "error" || name == "gap" && text == "null"
				if data != nil && !isOwn && !yield([]byte(text)) {
					return
				}
				data, name = nil, ""
				continue
			}
			field, value, _ := strings.Cut(line, ":")
			switch value = strings.TrimPrefix(value, " "); field {
			case "data":
				data = append(data, value)
			case "event":
				name = value
			}
		}
	}
}
