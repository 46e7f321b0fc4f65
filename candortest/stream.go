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

// judgeStream checks each item of a stream. The last, incomplete item is ignored if the stream was stopped; an event
// ends with an empty line.
func (e *explorer) judgeStream(media string, declared node, a *response) string {
	item := e.doc.child(declared, "x-itemSchema")
	if item.at == nil {
		return ""
	}
	n := 0
	if media == eventsMedia {
		for name, data := range events(a.body.Bytes()) {
			n++
			if about := e.judgeEvent(item, name, data); about != "" {
				return fmt.Sprintf("has an item, number %d, that %s", n, about)
			}
		}
		return ""
	}
	for line := range bytes.Lines(a.body.Bytes()) {
		n++
		if !bytes.HasSuffix(line, []byte("\n")) && a.left {
			// The stream was stopped in the middle of a line.
			return ""
		}
		if about := e.judgeJSON(item, line); about != "" {
			return fmt.Sprintf("has an item, number %d, that %s", n, about)
		}
	}
	return ""
}

// judgeEvent checks that an event is one of the documented kinds. An event named gap, whose data is null, is always
// allowed: it reports messages that are no longer kept.
func (e *explorer) judgeEvent(item node, name string, data []byte) string {
	about := fmt.Sprintf("has the name %q, which no kind of event has", name)
	if name == "gap" && string(data) == "null" {
		return ""
	}
	if every := e.doc.child(e.doc.child(e.doc.child(item, "properties"), "data"), "contentSchema"); every.at != nil {
		if about := e.judgeJSON(every, data); about != "" {
			return about
		}
	}
	kinds := e.doc.children(item, "anyOf")
	if len(kinds) == 0 {
		return ""
	}
	for _, kind := range kinds {
		properties := e.doc.child(kind, "properties")
		if only := e.doc.child(properties, "event"); only.at != nil && e.doc.refuses(only, name) != nil {
			continue
		}
		schema := e.doc.child(e.doc.child(properties, "data"), "contentSchema")
		if schema.at == nil {
			return ""
		}
		if about = e.judgeJSON(schema, data); about == "" {
			return ""
		}
	}
	return about
}

// events yields the names and the data of complete events.
func events(stream []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		var data []string
		name := ""
		for line := range strings.Lines(string(stream)) {
			line, whole := strings.CutSuffix(line, "\n")
			// An empty line ends an event; the end of the stream does not.
			if line == "" && whole {
				if data != nil && !yield(name, []byte(strings.Join(data, "\n"))) {
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
