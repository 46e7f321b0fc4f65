package openapi32

import (
	"strings"

	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/mediatype"
)

// contentOf converts the media types of a body.
func (c *converter) contentOf(v *doctree.Value) *doctree.Value {
	out := doctree.Object()
	for _, m := range v.Members {
		media := m.Value
		if media.Kind == '{' && media.Get("$ref") == nil {
			media = c.mediaType(m.Name, media)
		}
		out.Members = append(out.Members, doctree.Member{Name: m.Name, Value: media})
		c.content = append(c.content, position{out, len(out.Members) - 1})
	}
	return out
}

func (c *converter) mediaType(name string, v *doctree.Value) *doctree.Value {
	out := c.object(v, "mediaType")
	format := mediatype.SequenceOf(name)
	if format == nil {
		showContent(out, name)
		return out
	}
	// The schema comes first: in 3.1 it holds the items, and users may have edited it.
	item := itemsIn(out.Get("schema"))
	if item == nil {
		item = out.Get("itemSchema")
	}
	out.Delete("itemSchema")
	out.Delete("schema")
	if item != nil {
		out.Members = append([]doctree.Member{{Name: "itemSchema", Value: itemSchema(format, item)}}, out.Members...)
	}
	showItems(out, format)
	return out
}

// itemsIn returns the schema of an item in the schema of a whole body, nil if it describes no items.
func itemsIn(schema *doctree.Value) *doctree.Value {
	if alternatives := schema.Get("anyOf"); alternatives != nil {
		var all []*doctree.Value
		for _, one := range alternatives.Items {
			item := itemsIn(one)
			// If the body may be anything else, its items are unknown.
			if item == nil {
				return nil
			}
			all = append(all, item)
		}
		return doctree.Object(doctree.Member{Name: "anyOf", Value: doctree.Array(all...)})
	}
	if media := schema.Get("contentMediaType"); media == nil || mediatype.SequenceOf(media.Text) == nil {
		return nil
	}
	return schema.Get("contentSchema").Get("items")
}

// itemSchema returns the schema of a single item. An event always has data: clients ignore one without.
func itemSchema(format *mediatype.Sequence, item *doctree.Value) *doctree.Value {
	// In 3.1 a lone reference is wrapped in a list, because linters do not expect references in extensions.
	if all := item.Get("allOf"); all != nil && len(all.Items) == 1 && len(item.Members) == 1 {
		item = all.Items[0]
	}
	if !format.Named || item.Get("properties") == nil || item.Get("required") != nil {
		return item
	}
	out := doctree.Object()
	for _, m := range item.Members {
		if m.Name == "properties" {
			out.Set("required", doctree.Array(doctree.String("data")))
		}
		out.Members = append(out.Members, m)
	}
	return out
}

// showItems replaces the text of an example by its items and the text that is sent.
func showItems(out *doctree.Value, format *mediatype.Sequence) {
	text := out.Get("example")
	if text == nil || text.Kind != '"' {
		return
	}
	items := doctree.Array()
	for item, err := range format.Split(strings.NewReader(text.Text), 0) {
		value := event(item)
		if !format.Named {
			value, err = doctree.Parse(item.Data)
		}
		if err != nil {
			return // the text is the user's
		}
		items.Items = append(items.Items, value)
	}
	out.Delete("example")
	out.Set("examples", doctree.Object(doctree.Member{Name: "example", Value: exampleOf(items, text.Text)}))
}

// event returns an event in the form of the specification: an object of its fields.
func event(item mediatype.Item) *doctree.Value {
	out := doctree.Object()
	for _, m := range []struct{ name, text string }{{"event", item.Name}, {"id", item.ID}, {"data", string(item.Data)}} {
		if m.text != "" || m.name == "data" {
			out.Set(m.name, doctree.String(m.text))
		}
	}
	return out
}
