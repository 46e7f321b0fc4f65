package ajv

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// field is a pair or a part of a form.
type field struct {
	name string
	// text is the value; in a pair it is escaped when it is sent, unless isRaw.
	text  string
	isRaw bool
	// file is the filename of a part; nil if it is a plain value.
	file *string
	// media is the Content-Type of a part, "" for none.
	media string
}

// fieldsOf parses the form of an accepted request.
func (e *exchange) fieldsOf() []field {
	var all []field
	media, params, _ := mime.ParseMediaType(e.header.Get("Content-Type"))
	if media != "multipart/form-data" {
		for pair := range strings.SplitSeq(e.body, "&") {
			name, text, _ := strings.Cut(pair, "=")
			plain, _ := url.QueryUnescape(name)
			all = append(all, field{name: plain, text: text, isRaw: true})
		}
		return all
	}
	parts := multipart.NewReader(strings.NewReader(e.body), params["boundary"])
	for part, err := parts.NextPart(); err == nil; part, err = parts.NextPart() {
		text, _ := io.ReadAll(part)
		f := field{name: part.FormName(), text: string(text), media: part.Header.Get("Content-Type")}
		if name := part.FileName(); name != "" {
			f.file = &name
		}
		all = append(all, f)
	}
	return all
}

// withForm returns the request with another form.
func (e *exchange) withForm(fields ...field) *exchange {
	changed := *e
	changed.header = e.header.Clone()
	media, _, _ := mime.ParseMediaType(e.header.Get("Content-Type"))
	if media == "multipart/form-data" {
		changed.header.Set("Content-Type", "multipart/form-data; boundary=between")
		changed.body = multipartBody(fields)
		return &changed
	}
	pairs := make([]string, len(fields))
	for i, f := range fields {
		if pairs[i] = url.QueryEscape(f.name) + "=" + url.QueryEscape(f.text); f.isRaw {
			pairs[i] = url.QueryEscape(f.name) + "=" + f.text
		}
	}
	changed.body = strings.Join(pairs, "&")
	return &changed
}

func multipartBody(fields []field) string {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "--between\r\nContent-Disposition: form-data; name=%q", f.name)
		if f.file != nil {
			fmt.Fprintf(&b, "; filename=%q", *f.file)
		}
		if f.media != "" {
			fmt.Fprintf(&b, "\r\nContent-Type: %s", f.media)
		}
		b.WriteString("\r\n\r\n" + f.text + "\r\n")
	}
	return b.String() + "--between--\r\n"
}

// rawTexts are values of pairs that parsers decode differently.
var rawTexts = []string{"", "+", "a+b", "a%2Bb", "%20a", "%", "%4", "%zz", "a%", "%41", "%2541", "%C3%A9", "%C3", "%C3%28", "%ff", "%00", "a=b", "=", "a;b", "a,b", "%61%2C", "%0A", "a%0D%0Ab", "\u00e9", "\xff", "%EF%BB%BFa", "a%26b=c"}

// strays are pairs that belong to no field.
var strays = []string{"more=1", "more", "=1", "=", "", "&", "&&", "%zz=1", "%zz", "m%6Fre=1", "a+b=1", "Name=1", "name%5B%5D=1", "name.x=1", "%FF=1"}

// directForms sends modified forms: each field with edge values,
// missing, empty, repeated, as a file and as a plain value.
func (j *journal) directForms(app http.Handler, d document, operations map[string]*operation) {
	for _, base := range j.acceptedForms() {
		o := operations[base.method+" "+base.template]
		pointer, media := o.body(base)
		fields := base.fieldsOf()
		_, schema := d.resolve(pointer + "/schema")
		properties, _ := schema["properties"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			property, _ := properties[name].(map[string]any)
			others := slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return f.name == name })
			for _, changed := range d.changes(name, property, media) {
				base.withForm(append(slices.Clone(others), changed...)...).send(app)
			}
		}
		for _, stray := range strays {
			changed := *base
			if changed.body += "&" + stray; media != "multipart/form-data" {
				changed.send(app)
			}
		}
		for _, name := range []string{"more", "", "Name", "name[]", "é"} {
			base.withForm(append(slices.Clone(fields), field{name: name, text: "1"})...).send(app)
		}
	}
}

// acceptedForms returns the longest accepted form of each
// operation and media type, because it has most of the fields.
func (j *journal) acceptedForms() []*exchange {
	longest := map[string]*exchange{}
	for _, e := range j.all {
		media, _, _ := mime.ParseMediaType(e.header.Get("Content-Type"))
		key := e.method + " " + e.template + " " + media
		if best := longest[key]; e.status < 400 && isForm(media) && len(e.body) < 2000 && (best == nil || len(e.body) > len(best.body)) {
			longest[key] = e
		}
	}
	var all []*exchange
	for _, key := range slices.Sorted(maps.Keys(longest)) {
		all = append(all, longest[key])
	}
	return all
}

// changes returns the values that are sent for one property.
func (d document) changes(name string, property map[string]any, media string) [][]field {
	plain := func(text string) field { return field{name: name, text: text} }
	all := [][]field{nil, {plain("a"), plain("b")}, {plain("1"), plain("2")}, {plain(""), plain("a")}, {plain("a"), plain("")}, {plain(""), plain("")}, {plain("1"), plain("x")}, {plain("x"), plain("1")}}
	for _, text := range slices.Concat(d.edges(property), d.edges(d.itemsOf(property)), jsonTexts) {
		all = append(all, []field{plain(text)})
	}
	if media != "multipart/form-data" {
		for _, text := range rawTexts {
			raw := field{name: name, text: text, isRaw: true}
			all = append(all, []field{raw}, []field{plain("a"), raw}, []field{raw, plain("a")})
		}
		return all
	}
	for _, text := range []string{"", "a", "1", "\xff", "a\r\nb", "{}", `{"a":1,"b":2}`, "null"} {
		for _, file := range []*string{nil, new(""), new("a.txt"), new("ä b.json")} {
			for _, media := range []string{"", "text/plain", "text/plain; charset=utf-8", "application/json", "application/octet-stream", "image/png"} {
				all = append(all, []field{{name: name, text: text, file: file, media: media}})
			}
		}
	}
	file := field{name: name, text: "a", file: new("a.txt")}
	none := field{name: name, file: new(""), media: "application/octet-stream"}
	return append(all, []field{file, file}, []field{file, none}, []field{none, file}, []field{none, none}, []field{file, plain("")}, []field{plain(""), file}, []field{plain("a"), file}, []field{file, plain("a")})
}

func (d document) itemsOf(schema map[string]any) map[string]any {
	items, _ := schema["items"].(map[string]any)
	return items
}

// jsonTexts are values for fields that may contain JSON.
var jsonTexts = []string{
	"{", "nul", " null", "{}x", `"a"`, `{"a":1,"b":2}`, `{"a":"x"}`, `{"kind":"cat"}`, `{"kind":"cat","lives":3}`, `{"kind":"cat","lives":10}`, `{"kind":"dog"}`,
	`{"kind":"dog","name":"Rex"}`, `{"kind":"dog","name":"Rex","more":1}`, `{"kind":"dog","name":""}`, `{"kind":"cow"}`, `{"lives":1}`,
}

// The form decoder of the Ajv process applies what the document says about forms, and leaves the rest open.
func TestReadingOfForms(t *testing.T) {
	const text = `{"openapi": "3.1.0", "pairs": {
		"schema": {"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
			"name": {"type": "string", "maxLength": 3}, "n": {"type": "integer", "maximum": 5}, "yes": {"type": "boolean"}, "kind": {"$ref": "#/kind"},
			"list": {"type": "array", "maxItems": 2, "items": {"type": "integer"}}, "commas": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
			"json": {"type": "object", "required": ["a"]}}},
		"encoding": {"commas": {"style": "form", "explode": false}, "json": {"contentType": "application/json"}}},
		"parts": {"schema": {"type": "object", "required": ["file"], "properties": {
			"name": {"type": "string"}, "file": {"type": "string", "format": "binary"},
			"files": {"type": "array", "maxItems": 1, "items": {"type": "string", "format": "binary"}}, "json": {"type": "object"}}},
		"encoding": {"json": {"contentType": "application/json"}}}, "kind": {"type": "string", "enum": ["a", "b"]}}`
	const allowed, refused, open = "allowed", "refused", "open"
	pairs := map[string]string{
		"name=a": allowed, "name=": allowed, "name=abcd": refused, "n=1": refused, "name=a+b": allowed, "name=a%20bc": refused, "name=%C3%A9%C3%A9%C3%A9": allowed, "name=%C3": refused,
		"name=%": refused, "name=%zz": refused, "n%61me=a": allowed, "name=abcd&name=a": allowed, "name=a&name=abcd": refused, "name=a&more=1": refused, "name=a&": allowed, "name=a&%zz=1": refused,
		"name=a&n=5": allowed, "name=a&n=6": refused, "name=a&n=x": refused, "name=a&n=": allowed, "name=a&n=1e0": open, "name=a&n=%2B1": open, "name=a&n=1.5": refused, "name=a&n=05": open,
		"name=a&yes=true": allowed, "name=a&yes=1": open, "name=a&yes=maybe": refused, "name=a&kind=a": allowed, "name=a&kind=c": refused, "name=a&kind=": allowed,
		"name=a&list=1&list=2": allowed, "name=a&list=1&list=2&list=3": refused, "name=a&list=1,2": refused, "name=a&list=x": refused, "name=a&list=": allowed,
		"name=a&commas=x,y": allowed, "name=a&commas=x,y,z": refused, "name=a&json={\"a\":1}": allowed, "name=a&json={}": refused, "name=a&json={": refused, "name=a&json=": allowed,
	}
	file, none := new("a.txt"), new("")
	parts := map[string]struct {
		verdict string
		fields  []field
	}{
		"a file":                   {allowed, []field{{name: "file", text: "a", file: file}}},
		"an empty file":            {allowed, []field{{name: "file", file: file}}},
		"no file":                  {refused, []field{{name: "name", text: "a"}}},
		"an input left empty":      {refused, []field{{name: "file", file: none}}},
		"an empty text for a file": {refused, []field{{name: "file"}}},
		"a text for a file":        {refused, []field{{name: "file", text: "a"}}},
		"a file for a text":        {refused, []field{{name: "file", text: "a", file: file}, {name: "name", text: "a", file: file}}},
		"a list of files":          {allowed, []field{{name: "file", text: "a", file: file}, {name: "files", text: "a", file: file}}},
		"too many files":           {refused, []field{{name: "file", text: "a", file: file}, {name: "files", text: "a", file: file}, {name: "files", text: "a", file: file}}},
		"a list left empty":        {allowed, []field{{name: "file", text: "a", file: file}, {name: "files", file: none}}},
		"JSON":                     {allowed, []field{{name: "file", text: "a", file: file}, {name: "json", text: "{}"}}},
		"JSON that says so":        {allowed, []field{{name: "file", text: "a", file: file}, {name: "json", text: "{}", file: file, media: "application/json"}}},
		"JSON that is a file":      {refused, []field{{name: "file", text: "a", file: file}, {name: "json", text: "{}", file: file}}},
		"other JSON":               {refused, []field{{name: "file", text: "a", file: file}, {name: "json", text: "[]"}}},
		"percent signs":            {allowed, []field{{name: "file", text: "a", file: file}, {name: "name", text: "%zz+"}}},
		"no UTF-8":                 {refused, []field{{name: "file", text: "a", file: file}, {name: "name", text: "\xff"}}},
		"a part beside":            {allowed, []field{{name: "file", text: "a", file: file}, {name: "more", text: "a"}}},
	}
	a := startAjv(t, json.RawMessage(text))
	said := func(pointer, contentType, body string) string {
		allows := a.ask(t, question{Form: pointer, ContentType: contentType, Bodies: []string{base64.StdEncoding.EncodeToString([]byte(body))}})[0]
		return map[bool]string{true: open, false: map[bool]string{true: allowed, false: refused}[allows != nil && *allows]}[allows == nil]
	}
	for body, verdict := range pairs {
		assert.Equal(t, verdict, said("/pairs", "application/x-www-form-urlencoded", body), body)
	}
	for name, row := range parts {
		assert.Equal(t, row.verdict, said("/parts", "multipart/form-data; boundary=between", multipartBody(row.fields)), name)
	}
	assert.Equal(t, open, said("/parts", "multipart/form-data; boundary=between", "--between\r\n"))
}
