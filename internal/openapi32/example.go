package openapi32

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/mediatype"
)

// exampleOf returns an example with data and, unless that is JSON, the text that is sent for it.
func exampleOf(data *doctree.Value, text string) *doctree.Value {
	out := doctree.Object(doctree.Member{Name: "dataValue", Value: data})
	if text != "" {
		out.Set("serializedValue", doctree.String(text))
	}
	return out
}

// showContent converts the values in the examples of a body to data. A single example stays, because for JSON both are the
// same.
func showContent(out *doctree.Value, name string) {
	examples := out.Get("examples")
	isForm := strings.HasPrefix(name, mediatype.Form)
	if examples == nil || !isForm && !mediatype.IsJSON(mediatype.Bare(name)) && !strings.HasPrefix(name, mediatype.Multipart) {
		return
	}
	shown := doctree.Object()
	for _, m := range examples.Members {
		m.Value = showValue(m.Value, func(data *doctree.Value) string {
			if !isForm {
				return ""
			}
			return formText(data, out.Get("encoding"))
		})
		shown.Members = append(shown.Members, m)
	}
	out.Set("examples", shown)
}

// showValue converts the value of an example to data.
func showValue(example *doctree.Value, text func(data *doctree.Value) string) *doctree.Value {
	out := doctree.Object()
	for _, m := range example.Members {
		if m.Name != "value" {
			out.Members = append(out.Members, m)
			continue
		}
		out.Members = append(out.Members, exampleOf(m.Value, text(m.Value)).Members...)
	}
	return out
}

// showParameter adds the first example of a parameter's schema, with the text that is sent for it.
func showParameter(out *doctree.Value) {
	in, name := out.Get("in"), out.Get("name")
	if in == nil || name == nil {
		return
	}
	show(out, func(data *doctree.Value) string {
		pair := styled(name.Text, out, in.Text == "query" || in.Text == "cookie")
		switch in.Text {
		case "query":
			pair.escape = escapeQuery
			if pair.deep {
				return pair.deepText(data)
			}
			return pair.text(data, "&")
		case "cookie":
			return pair.text(data, "; ")
		case "path":
			pair.escape = url.PathEscape
		}
		return pair.value(data)
	})
}

// showHeader is like showParameter, for a response header.
func showHeader(out *doctree.Value) {
	show(out, func(data *doctree.Value) string { return styled("", out, false).value(data) })
}

// show adds the example of the schema to an object that has no examples of its own.
func show(out *doctree.Value, text func(data *doctree.Value) string) {
	examples := out.Get("schema").Get("examples")
	if examples == nil || len(examples.Items) == 0 || out.Get("examples") != nil || out.Get("example") != nil {
		return
	}
	data := examples.Items[0]
	// No style defines how objects or lists of lists are written here.
	if sent := text(data); sent != "" {
		out.Set("examples", doctree.Object(doctree.Member{Name: "example", Value: exampleOf(data, sent)}))
	}
}

// pair is a name with its values, in a form or a parameter.
type pair struct {
	name string
	// explode repeats the name for each element of a list; otherwise elements are separated by separator. deep writes
	// the members of an object in brackets after the name.
	explode, deep bool
	separator     string
	escape        func(string) string
}

// separators are the escaped separators of list elements, by style; a comma for other styles.
var separators = map[string]string{"spaceDelimited": "%20", "pipeDelimited": "%7C"}

// styled returns a pair for a parameter or an encoding.
func styled(name string, described *doctree.Value, explode bool) pair {
	p := pair{name: name, explode: explode, separator: ",", escape: asIs}
	if own := described.Get("explode"); own != nil {
		p.explode = own.Kind == 't'
	}
	if style := described.Get("style"); style != nil {
		p.separator, p.deep = cmp.Or(separators[style.Text], ","), style.Text == "deepObject"
	}
	return p
}

func asIs(text string) string { return text }

// escapeQuery writes a space as %20, which every reader understands.
func escapeQuery(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// text returns the pair as it is sent, "" if it cannot be written as text.
func (p pair) text(data *doctree.Value, between string) string {
	if data.Kind != '[' || !p.explode {
		if value := p.value(data); value != "" {
			return p.escape(p.name) + "=" + value
		}
		return ""
	}
	var all []string
	for _, item := range data.Items {
		single, ok := scalar(item)
		if !ok {
			return ""
		}
		all = append(all, p.escape(p.name)+"="+p.escape(single))
	}
	return strings.Join(all, between)
}

// value returns the text of a scalar or a list.
func (p pair) value(data *doctree.Value) string {
	items := data.Items
	if data.Kind != '[' {
		items = []*doctree.Value{data}
	}
	var all []string
	for _, item := range items {
		single, ok := scalar(item)
		escaped := p.escape(single)
		// A separator inside a value would be read as one between two values.
		if !ok || data.Kind == '[' && strings.Contains(escaped, p.separator) {
			return ""
		}
		all = append(all, escaped)
	}
	return strings.Join(all, p.separator)
}

// deepText returns an object in the style deepObject, "" if a member cannot be written as text.
func (p pair) deepText(data *doctree.Value) string {
	if data.Kind != '{' {
		return p.text(data, "&")
	}
	var all []string
	for _, m := range data.Members {
		inner := p
		inner.name += "[" + m.Name + "]"
		text := inner.deepText(m.Value)
		if text == "" {
			return ""
		}
		all = append(all, text)
	}
	return strings.Join(all, "&")
}

// scalar returns the text of a value that is not null, a list or an object.
func scalar(v *doctree.Value) (text string, ok bool) {
	switch v.Kind {
	case '"', '0':
		return v.Text, true
	case 't', 'f':
		return v.Kind.String(), true
	}
	return "", false
}

// formText returns a form as it is sent, "" if a value cannot be written as text.
func formText(data, encoding *doctree.Value) string {
	var all []string
	for _, m := range data.Members {
		how, text := encoding.Get(m.Name), ""
		if isJSONPart(how) {
			text = escapeForm(m.Name) + "=" + escapeForm(string(m.Value.AppendJSON(nil)))
		} else {
			pair := styled(m.Name, how, true)
			pair.escape = escapeForm
			text = pair.text(m.Value, "&")
		}
		if text == "" {
			return ""
		}
		all = append(all, text)
	}
	return strings.Join(all, "&")
}

// escapeForm escapes a text as browsers do in forms.
func escapeForm(text string) string { return url.QueryEscape(text) }

func isJSONPart(encoding *doctree.Value) bool {
	contentType := encoding.Get("contentType")
	return contentType != nil && mediatype.IsJSON(contentType.Text)
}
