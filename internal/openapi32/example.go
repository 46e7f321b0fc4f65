package openapi32

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/mediatype"
)

// exampleOf is an example of data and the text that is sent for them, "" for
// JSON, which is both.
func exampleOf(data *doctree.Value, text string) *doctree.Value {
	out := doctree.Object(doctree.Member{Name: "dataValue", Value: data})
	if text != "" {
		out.Set("serializedValue", doctree.String(text))
	}
	return out
}

// showContent makes data of the values in the examples of a body. What it says
// by its own example stays: there is only one meaning of it in JSON.
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

// showValue makes data of the value of an example.
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

// showParameter shows the first example of a parameter's schema, and how it is
// sent.
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

// showHeader is showParameter for the header of a response.
func showHeader(out *doctree.Value) {
	show(out, func(data *doctree.Value) string { return styled("", out, false).value(data) })
}

// show adds an example to what has a schema that shows one, unless there is one
// already.
func show(out *doctree.Value, text func(data *doctree.Value) string) {
	examples := out.Get("schema").Get("examples")
	if examples == nil || len(examples.Items) == 0 || out.Get("examples") != nil || out.Get("example") != nil {
		return
	}
	data := examples.Items[0]
	// No style says how objects, or lists of lists, are written here.
	if sent := text(data); sent != "" {
		out.Set("examples", doctree.Object(doctree.Member{Name: "example", Value: exampleOf(data, sent)}))
	}
}

// pair is a name with its values, as forms and parameters have it.
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

// styled is a pair as a parameter or an encoding has it.
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

// escapeQuery has %20 for a space, which every reader takes for one.
func escapeQuery(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// text is the pair as it is sent, "" for what has no such text.
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

// value is the text of a scalar, or of a list in one text.
func (p pair) value(data *doctree.Value) string {
	items := data.Items
	if data.Kind != '[' {
		items = []*doctree.Value{data}
	}
	var all []string
	for _, item := range items {
		single, ok := scalar(item)
		escaped := p.escape(single)
		// A separator inside of a value would be read as one between two.
		if !ok || data.Kind == '[' && strings.Contains(escaped, p.separator) {
			return ""
		}
		all = append(all, escaped)
	}
	return strings.Join(all, p.separator)
}

// deepText is an object whose members have names of their own, "" for one with a
// member that has no text.
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

// scalar is the text of a value that is neither null nor has others in it.
func scalar(v *doctree.Value) (text string, ok bool) {
	switch v.Kind {
	case '"', '0':
		return v.Text, true
	case 't', 'f':
		return v.Kind.String(), true
	}
	return "", false
}

// formText is a form as it is sent, "" for one with a value that has no such text.
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

// escapeForm is what browsers do with a form.
func escapeForm(text string) string { return url.QueryEscape(text) }

func isJSONPart(encoding *doctree.Value) bool {
	contentType := encoding.Get("contentType")
	return contentType != nil && mediatype.IsJSON(contentType.Text)
}
