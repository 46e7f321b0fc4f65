// Package doctree represents JSON documents as trees that keep the order of members, and writes them as JSON and YAML.
//
// Documents are converted in this form: to YAML, to other versions of OpenAPI and to AsyncAPI. The package knows JSON,
// and nothing about the content of documents.
package doctree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Value is a JSON value.
type Value struct {
	// Kind is '{', '[', '"', '0', 't', 'f' or 'n', as in jsontext.
	Kind jsontext.Kind
	// Text is the content of a string, or a number in its written form.
	Text string
	// Items are the elements of an array, Members the members of an object.
	Items   []*Value
	Members []Member
}

// Member is a member of an object.
type Member struct {
	Name  string
	Value *Value
}

// Parse reads one JSON value.
func Parse(data []byte) (*Value, error) {
	d := jsontext.NewDecoder(bytes.NewReader(data))
	v, err := read(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("there is more after the value, at byte %d", d.InputOffset())
	}
	return v, nil
}

func read(d *jsontext.Decoder) (*Value, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	v := &Value{Kind: token.Kind()}
	switch v.Kind {
	case '"', '0':
		v.Text = token.String()
	case '[':
		// At an error, PeekKind returns another kind, and read then returns the error.
		for d.PeekKind() != ']' {
			item, err := read(d)
			if err != nil {
				return nil, err
			}
			v.Items = append(v.Items, item)
		}
		_, err = d.ReadToken()
	case '{':
		for d.PeekKind() != '}' {
			name, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			// The token is only valid until the next one is read.
			member := Member{Name: name.String()}
			if member.Value, err = read(d); err != nil {
				return nil, err
			}
			v.Members = append(v.Members, member)
		}
		_, err = d.ReadToken()
	}
	return v, err
}

// Constructors of values.

// Object returns an object with the members.
func Object(members ...Member) *Value { return &Value{Kind: '{', Members: members} }

// Array returns an array of the items.
func Array(items ...*Value) *Value { return &Value{Kind: '[', Items: items} }

// String returns a string.
func String(text string) *Value { return &Value{Kind: '"', Text: text} }

// Number returns a number, given as it is written.
func Number(text string) *Value { return &Value{Kind: '0', Text: text} }

// Null returns null.
func Null() *Value { return &Value{Kind: 'n'} }

// Bool returns true or false.
func Bool(b bool) *Value {
	if b {
		return &Value{Kind: 't'}
	}
	return &Value{Kind: 'f'}
}

// Get returns the member of that name, nil if there is none or if the value is not an object.
func (v *Value) Get(name string) *Value {
	if v == nil {
		return nil
	}
	for _, m := range v.Members {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// Set sets a member in its place, or appends it.
func (v *Value) Set(name string, value *Value) {
	for i := range v.Members {
		if v.Members[i].Name == name {
			v.Members[i].Value = value
			return
		}
	}
	v.Members = append(v.Members, Member{name, value})
}

// Delete removes a member, if there is one.
func (v *Value) Delete(name string) {
	v.Members = slices.DeleteFunc(v.Members, func(m Member) bool { return m.Name == name })
}

// IsNull reports whether the value is null.
func (v *Value) IsNull() bool { return v.Kind == 'n' }

// AppendJSON appends the value as JSON on one line.
func (v *Value) AppendJSON(out []byte) []byte {
	switch v.Kind {
	case '"':
		return quote(out, v.Text)
	case '0':
		return append(out, v.Text...)
	case '[':
		out = append(out, '[')
		for i, item := range v.Items {
			if i > 0 {
				out = append(out, ',')
			}
			out = item.AppendJSON(out)
		}
		return append(out, ']')
	case '{':
		out = append(out, '{')
		for i, m := range v.Members {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(quote(out, m.Name), ':')
			out = m.Value.AppendJSON(out)
		}
		return append(out, '}')
	}
	// The remaining kinds are true, false and null.
	return append(out, v.Kind.String()...)
}

// quote appends a JSON string. Invalid UTF-8, which Parse never returns, is replaced.
func quote(out []byte, text string) []byte {
	quoted, err := jsontext.AppendQuote(out, text)
	if err != nil {
		quoted, _ = jsontext.AppendQuote(out, string(bytes.ToValidUTF8([]byte(text), []byte("\uFFFD"))))
	}
	return quoted
}
