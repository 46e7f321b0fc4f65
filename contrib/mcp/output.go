package mcp

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
)

// output describes how a response becomes a structured result.
type output struct {
	// wrapped means that the value becomes the member "result" of an object, because the protocol requires an object.
	wrapped bool
	// events are the kinds of events if the response is an event stream.
	events *eventKinds
}

// takeOutput determines what the tool returns. There is no schema if there are several successful responses, or if the
// response is not JSON.
func (t *tool) takeOutput(doc *document) object {
	responses, _ := t.op.op["responses"].(object)
	var success []object
	shown := map[string]bool{}
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		r := doc.resolve(responses[status])
		headers, _ := r["headers"].(object)
		for name := range headers {
			shown[name] = true
		}
		// 206 is only sent for range requests.
		if strings.HasPrefix(status, "2") && status != "206" {
			success = append(success, r)
		}
	}
	t.showHeaders(shown)
	t.succeeds = len(success) > 0
	if len(success) == 0 {
		return nil
	}
	content, _ := success[0]["content"].(object)
	t.accept = preferred(content)
	if len(success) > 1 || t.accept == "" {
		return nil
	}
	media, _ := content[t.accept].(object)
	return t.outputSchema(doc, media)
}

// hiddenHeaders are documented headers that are useless or too revealing for a model.
var hiddenHeaders = []string{"Set-Cookie", "Www-Authenticate", "Cache-Control", "Vary", "Accept-Ranges", "Accept-Query", "Content-Disposition"}

// showHeaders chooses the headers that are shown with a result.
func (t *tool) showHeaders(documented map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(documented)) {
		if !slices.ContainsFunc(hiddenHeaders, func(hidden string) bool { return strings.EqualFold(hidden, name) }) {
			t.shown = append(t.shown, name)
		}
	}
}

// preferred returns the media type that becomes structured, otherwise any.
func preferred(content object) string {
	best, rank := "", -1
	for _, name := range slices.Sorted(maps.Keys(content)) {
		r := 0
		switch {
		case mediatype.IsJSON(name):
			r = 3
		case mediatype.SequenceOf(mediatype.Bare(name)) != nil:
			r = 2
		case strings.HasPrefix(name, "text/"):
			r = 1
		}
		if r > rank {
			best, rank = name, r
		}
	}
	return best
}

// outputSchema returns the schema of the structured result, nil if there is none.
func (t *tool) outputSchema(doc *document, media object) object {
	in := doc.inliner()
	if format := mediatype.SequenceOf(mediatype.Bare(t.accept)); format != nil {
		t.output = &output{}
		item := itemSchema(media)
		var items any = object{}
		switch {
		case format.Named:
			t.output.events = newEventKinds(doc.resolve(item))
			items = t.output.events.schema(in)
		case item != nil:
			items = in.schema(item)
		}
		return in.finish(object{
			"type": "object", "required": []any{"items"}, "properties": object{
				"items": object{"type": "array", "items": items},
				"more":  object{"type": "boolean", "description": "The stream was truncated; there may be more"},
			},
		})
	}
	if !mediatype.IsJSON(t.accept) {
		return nil
	}
	schema := in.schema(orAny(doc.top(media["schema"])))
	if s, ok := schema.(object); ok && s["type"] == "object" {
		t.output = &output{}
		return in.finish(s)
	}
	t.output = &output{wrapped: true}
	return in.finish(object{"type": "object", "required": []any{"result"}, "properties": object{"result": schema}})
}

// structured converts a JSON response to the form of the protocol.
func (o *output) structured(body []byte) json.RawMessage {
	if o.wrapped {
		return slices.Concat([]byte(`{"result":`), body, []byte("}"))
	}
	return body
}

// eventKinds are the documented kinds of events of a stream.
type eventKinds struct{ kinds []eventKind }

type eventKind struct {
	// name is "" for events with any name.
	name   string
	isJSON bool
	data   any
}

func newEventKinds(item object) *eventKinds {
	e := &eventKinds{}
	alternatives := list(item["anyOf"])
	if len(alternatives) == 0 {
		alternatives = []any{item}
	}
	for _, alternative := range alternatives {
		kind, _ := alternative.(object)
		properties, _ := kind["properties"].(object)
		data, _ := properties["data"].(object)
		k := eventKind{name: eventName(properties["event"]), isJSON: mediatype.IsJSON(text(data, "contentMediaType")), data: data["contentSchema"]}
		// An error event ends the stream with an error.
		if k.name != mediatype.ErrorEvent {
			e.kinds = append(e.kinds, k)
		}
	}
	return e
}

// eventName returns the name of all events of a kind, "" for any name.
func eventName(v any) string {
	s, _ := v.(object)
	if name := text(s, "const"); name != "" {
		return name
	}
	if names := list(s["enum"]); len(names) == 1 {
		name, _ := names[0].(string)
		return name
	}
	return ""
}

// of returns the kind of an event with a name.
func (e *eventKinds) of(name string) *eventKind {
	var unnamed *eventKind
	for i := range e.kinds {
		switch e.kinds[i].name {
		case name:
			return &e.kinds[i]
		case "":
			unnamed = &e.kinds[i]
		}
	}
	return unnamed
}

// schema returns the schema of an event in a result.
func (e *eventKinds) schema(in *inliner) any {
	var all []any
	for _, k := range e.kinds {
		properties := object{"id": object{"type": "string"}, "event": object{"type": "string"}, "data": object{"type": "string"}}
		required := []any{"data"}
		if k.isJSON {
			properties["data"] = in.schema(orAny(k.data))
		}
		if k.name != "" {
			properties["event"], required = object{"const": k.name}, []any{"event", "data"}
		}
		all = append(all, object{"type": "object", "required": required, "properties": properties})
	}
	gap := object{"event": object{"const": mediatype.GapEvent}, "data": object{"type": "null"}}
	return object{"anyOf": append(all, object{
		"type": "object", "required": []any{"event", "data"}, "properties": gap, "description": "Events before this one are missing",
	})}
}

// value returns an event as an item of a result.
func (e *eventKinds) value(item mediatype.Item) json.RawMessage {
	event := struct {
		Event string `json:"event,omitempty"`
		ID    string `json:"id,omitempty"`
		Data  any    `json:"data"`
	}{Event: item.Name, ID: item.ID, Data: string(item.Data)}
	kind := e.of(item.Name)
	isGap := item.Name == mediatype.GapEvent && string(item.Data) == "null"
	if (isGap || kind != nil && kind.isJSON) && json.Valid(item.Data) {
		event.Data = json.RawMessage(item.Data)
	}
	text, _ := json.Marshal(event) // cannot fail: strings and valid JSON
	return text
}
