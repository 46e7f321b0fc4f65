package openapi32

import (
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/doctree"
)

// position is a member of a body's content.
type position struct {
	content *doctree.Value
	index   int
}

// leastShared is the smallest size of a shared component, in bytes of JSON: a reference takes half of it.
const leastShared = 96

// shareContent makes components of media types that occur several times, in order of their first occurrence.
func (c *converter) shareContent(doc *doctree.Value) {
	texts, times := make([]string, len(c.content)), map[string]int{}
	for i, p := range c.content {
		texts[i] = string(p.content.Members[p.index].Value.AppendJSON(nil))
		times[texts[i]]++
	}
	shared, references := doctree.Object(), map[string]*doctree.Value{}
	for i, p := range c.content {
		text := texts[i]
		media := &p.content.Members[p.index].Value
		if times[text] < 2 || len(text) < leastShared || isReference(*media) {
			continue
		}
		if references[text] == nil {
			name := unusedName(shared, nameOf(*media))
			shared.Set(name, *media)
			references[text] = doctree.Object(doctree.Member{Name: "$ref", Value: doctree.String("#/components/mediaTypes/" + name)})
		}
		*media = references[text]
	}
	if len(shared.Members) == 0 {
		return
	}
	components := doc.Get("components")
	if components == nil {
		components = doctree.Object()
		doc.Set("components", components)
	}
	components.Set("mediaTypes", shared)
}

// isReference reports whether a media type is only a reference.
func isReference(media *doctree.Value) bool {
	schema := media.Get("schema")
	return len(media.Members) == 1 && schema != nil && len(schema.Members) == 1 && schema.Get("$ref") != nil
}

// nameOf returns a name for a media type, from its schema or its items.
func nameOf(media *doctree.Value) string {
	if examples := media.Get("examples"); examples != nil && len(examples.Members) > 0 && media.Get("itemSchema") == nil {
		return examples.Members[0].Name
	}
	for _, field := range []string{"itemSchema", "schema"} {
		if ref := media.Get(field).Get("$ref"); ref != nil {
			return ref.Text[strings.LastIndexByte(ref.Text, '/')+1:]
		}
	}
	return "content"
}

// unusedName returns a valid component name that is not taken yet.
func unusedName(taken *doctree.Value, wanted string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, wanted)
	for name, n := plain, 2; ; n++ {
		if name != "" && taken.Get(name) == nil {
			return name
		}
		name = plain + "_" + strconv.Itoa(n)
	}
}
