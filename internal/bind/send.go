package bind

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Sender is the inverse of a [Plan]: it writes the parameters of an input to a request, from which a Plan binds an
// equal input.
//
// Absent values are left to the server: nil pointers, Optionals without a value, nil slices that are not required, and
// what omitempty or omitzero leaves out. A value that cannot be sent is an error.
type Sender struct{ params []sentParam }

// sentParam is a parameter and how its texts are joined.
type sentParam struct {
	*Texts
	join join
	// nested is set for a value that is sent in several parts.
	nested *NestedTexts
}

// join converts the texts of a list's elements to the texts that are sent.
type join func(elements []string) ([]string, error)

// Sender compiles the sender of an input.
func (c *Compiler) Sender(in *typeinfo.Input) (*Sender, error) {
	s := &Sender{}
	for _, f := range in.Params {
		param, err := c.sentParam(f)
		if err != nil {
			return nil, inField(in.Go, f, err)
		}
		s.params = append(s.params, param)
	}
	return s, nil
}

func (c *Compiler) sentParam(f *typeinfo.Field) (p sentParam, err error) {
	p = sentParam{Texts: &Texts{field: f}, join: joinOf(f)}
	if f.Nested {
		p.nested, err = c.NestedTexts(f)
		return p, err
	}
	p.Texts, err = c.Texts(f)
	return p, err
}

// Send writes the parameters of an addressable input. A parameter that was already written must have the same texts.
func (s *Sender) Send(from reflect.Value, to *Sent) error {
	for _, p := range s.params {
		if err := p.send(from, to); err != nil {
			return fmt.Errorf("%s (%s %q): %w", p.field.Go, p.field.Source, p.field.Name, err)
		}
	}
	return nil
}

func (p *sentParam) send(from reflect.Value, to *Sent) error {
	if p.nested != nil {
		return p.nested.Each(from, func(name string, texts []string) error { return to.AddQuery(name, texts...) })
	}
	texts, err := p.Of(from)
	if err == nil && p.list {
		texts, err = p.join(texts)
	}
	// nil is an absent parameter; an empty list may still have a text.
	if err == nil && texts != nil {
		err = to.put(p.field, texts)
	}
	return err
}

// Sent is the part of a request that consists of parameters.
type Sent struct {
	// Path holds the values of wildcards.
	Path   map[string]string
	Header http.Header
	// Host is "" where no parameter is one.
	Host    string
	Cookies []Cookie
	query   []sentPair
}

// sentPair is a query name with its encoded texts.
type sentPair struct {
	name  string
	texts []string
}

func (s *Sent) put(f *typeinfo.Field, texts []string) error {
	switch f.Source {
	case typeinfo.Path:
		return s.setPath(f.Name, texts[0])
	case typeinfo.Query:
		if f.Separator != "" {
			// The elements and separators are already escaped.
			return s.addQuery(f.Name, texts)
		}
		return s.AddQuery(f.Name, texts...)
	case typeinfo.Header:
		return s.SetHeader(f.Name, texts...)
	case typeinfo.Cookie:
		return s.AddCookie(f.Name, texts[0])
	}
	return fmt.Errorf("a %s value cannot be sent", f.Source)
}

var errTwice = errors.New("it was given another value before")

func (s *Sent) setPath(name, text string) error {
	if other, ok := s.Path[name]; ok && other != text {
		return errTwice
	}
	if s.Path == nil {
		s.Path = map[string]string{}
	}
	s.Path[name] = text
	return nil
}

// AddQuery adds a name to the query, once for each text.
func (s *Sent) AddQuery(name string, texts ...string) error {
	escaped := make([]string, len(texts))
	for i, text := range texts {
		escaped[i] = url.QueryEscape(text)
	}
	return s.addQuery(name, escaped)
}

func (s *Sent) addQuery(name string, escaped []string) error {
	for _, pair := range s.query {
		switch {
		case pair.name == name && !slices.Equal(pair.texts, escaped):
			return errTwice
		case pair.name == name:
			return nil
		}
	}
	s.query = append(s.query, sentPair{name, escaped})
	return nil
}

// RawQuery returns the encoded query.
func (s *Sent) RawQuery() string {
	var pairs []string
	for _, pair := range s.query {
		for _, text := range pair.texts {
			pairs = append(pairs, url.QueryEscape(pair.name)+"="+text)
		}
	}
	return strings.Join(pairs, "&")
}

// clientHeaders are set by the HTTP client itself, as are those of the connection.
var clientHeaders = []string{"Content-Encoding", "Content-Length", "Cookie", "Expect"}

// SetHeader sets a header to lines.
func (s *Sent) SetHeader(name string, lines ...string) error {
	key := http.CanonicalHeaderKey(name)
	if mediatype.OfConnection(key) || slices.Contains(clientHeaders, key) {
		return fmt.Errorf("%s is written by the connection itself", key)
	}
	for _, line := range lines {
		if err := checkHeader(line); err != nil {
			return err
		}
	}
	if key == "Host" {
		s.Host = lines[0]
		return nil
	}
	if s.Header == nil {
		s.Header = http.Header{}
	}
	if other, ok := s.Header[key]; ok && !slices.Equal(other, lines) {
		return errTwice
	}
	s.Header[key] = lines
	return nil
}

// checkHeader finds text that a header cannot carry unchanged (RFC 9110, section 5.5). The error does not repeat the
// text, which may be secret.
func checkHeader(text string) error {
	switch {
	case strings.Trim(text, " \t") != text:
		return errors.New("the string begins or ends with white space, which a header loses")
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return errors.New("the string has a control character, which a header cannot carry")
	}
	return nil
}

// AddCookie adds a cookie in the form that a [Plan] reads. The error does not repeat the text, which may be secret.
func (s *Sent) AddCookie(name, text string) error {
	for _, other := range s.Cookies {
		switch {
		case other.Name == name && other.Value != text:
			return errTwice
		case other.Name == name:
			return nil
		}
	}
	cookie := Cookie{Name: name, Value: text}
	if err := cookie.Check(); err != nil {
		return err
	}
	s.Cookies = append(s.Cookies, cookie)
	return nil
}

// Cookie is a cookie of a request.
type Cookie struct{ Name, Value string }

// Check finds a value that cannot be sent.
func (c Cookie) Check() error {
	if strings.ContainsFunc(c.Value, func(r rune) bool { return r < ' ' || r == 0x7f || r == ';' }) {
		return errors.New("a cookie takes no semicolons and control characters")
	}
	return nil
}

// AddTo adds the cookie to the one line there is of them, as it is: net/http would leave out characters that clients do
// send.
func (c Cookie) AddTo(r *http.Request) {
	line := c.String()
	if others := r.Header.Get("Cookie"); others != "" {
		line = others + "; " + line
	}
	r.Header.Set("Cookie", line)
}

// String returns the pair for a Cookie header. Unlike net/http it drops no character. Quotes protect what the reader
// would remove: spaces at the ends, and quotes themselves.
func (c Cookie) String() string {
	quoted := len(c.Value) > 1 && c.Value[0] == '"' && c.Value[len(c.Value)-1] == '"'
	if quoted || strings.ContainsAny(c.Value, " ,") {
		return c.Name + `="` + c.Value + `"`
	}
	return c.Name + "=" + c.Value
}

// joinOf is the inverse of splitOf.
func joinOf(f *typeinfo.Field) join {
	switch {
	case f.Source == typeinfo.Header:
		return joinWith(", ", "commas", func(text string) string { return text }, survivesSplit)
	case f.Source == typeinfo.Query && f.Separator == ",":
		return joinWith(",", "commas", url.QueryEscape, func(string) bool { return true })
	case f.Separator == "|":
		return joinWith("%7C", "pipes", url.QueryEscape, without("|"))
	case f.Separator == " ":
		return joinWith("%20", "spaces", url.QueryEscape, without(" "))
	case f.Source == typeinfo.Cookie || f.Separator == ",":
		return joinWith(",", "commas", func(text string) string { return text }, without(","))
	}
	return func(elements []string) ([]string, error) { return elements, nil }
}

func without(separator string) func(text string) bool {
	return func(text string) bool { return !strings.Contains(text, separator) }
}

// joinWith joins the elements. A single empty element would be read as no element.
func joinWith(separator, name string, escape func(string) string, survives func(string) bool) join {
	return func(elements []string) ([]string, error) {
		if elements == nil {
			return nil, nil
		}
		escaped := make([]string, len(elements))
		for i, text := range elements {
			if !survives(text) || text == "" && len(elements) == 1 {
				return nil, fmt.Errorf("element %d, %q, cannot be part of a list separated by %s", i, text, name)
			}
			escaped[i] = escape(text)
		}
		return []string{strings.Join(escaped, separator)}, nil
	}
}

// Texts makes the texts of a field for a request.
type Texts struct {
	field  *typeinfo.Field
	writer *Writer // nil where json is set
	// json writes a field whose text is JSON; nil for others.
	json func(v reflect.Value) (string, error)
	list bool
	// hasEmpty means that an empty list can be sent, as one empty text.
	hasEmpty bool
}

// Texts compiles the writer of a field's texts. An error of the type is a [*typeinfo.Error] that names no field.
func (c *Compiler) Texts(f *typeinfo.Field) (t *Texts, err error) {
	t = &Texts{field: f}
	if f.JSON {
		t.json, err = c.WriteJSON(f)
		return t, err
	}
	t.writer, err = c.Writer(f)
	if err == nil {
		t.list, t.hasEmpty = t.writer.held != nil, splitOf(f) != nil
	}
	return t, err
}

// Joined is Of, with the elements of a list joined as in a form.
func (t *Texts) Joined(from reflect.Value) ([]string, error) {
	texts, err := t.Of(from)
	if err != nil || !t.list {
		return texts, err
	}
	return joinOf(t.field)(texts)
}

var (
	errNoNull = errors.New("null cannot be sent here, only in JSON")
	errText   = errors.New("the string is not valid UTF-8")

	errEmptyList = errors.New("a list without elements cannot be sent here; the option csv gives it a form")
)

// Of returns the texts of the field of an addressable struct, one for each element of a list; nil if it is absent.
func (t *Texts) Of(from reflect.Value) ([]string, error) {
	v := fieldOf(from, t.field)
	switch {
	case IsAbsent(t.field, from):
		return nil, t.absent()
	case t.json != nil:
		text, err := t.json(v)
		return []string{text}, err
	}
	held, present := heldIn(t.field.Type, v)
	switch {
	case !present && t.field.Type.Kind == typeinfo.Optional:
		// There is no text for null.
		return nil, errNoNull
	case !present:
		return nil, t.absent()
	case t.list && held.Len() == 0:
		return t.nothing(held)
	}
	texts, err := t.writer.texts(held)
	if err == nil && t.wantsUTF8() && slices.ContainsFunc(texts, func(text string) bool { return !utf8.ValidString(text) }) {
		err = errText
	}
	return texts, err
}

// fieldOf returns a field of a struct. An element of a map or list is not a field; then the value itself is returned.
func fieldOf(from reflect.Value, f *typeinfo.Field) reflect.Value {
	if len(f.Index) == 0 {
		return from
	}
	return from.FieldByIndex(f.Index)
}

// IsAbsent reports whether a field of an addressable struct has nothing to send: a nil pointer, an Optional that is not
// set, or what omitempty or omitzero leaves out. The latter do not apply to a field with a default, which the server
// would use instead of the zero value.
func IsAbsent(f *typeinfo.Field, from reflect.Value) bool {
	v := fieldOf(from, f)
	switch f.Type.Kind {
	case typeinfo.Pointer:
		return v.IsNil()
	case typeinfo.Optional:
		return !v.Field(1).Bool() && !v.Field(2).Bool()
	}
	return f.Default == nil && omits(f, v)
}

// absent returns an error if the field is required.
func (t *Texts) absent() error {
	if t.field.Required {
		return errors.New("it is required, but has no value to send")
	}
	return nil
}

// nothing returns the texts of an empty list. In a pointer or an Optional it is a value: if nothing were sent, the server
// would read it as absent.
func (t *Texts) nothing(held reflect.Value) ([]string, error) {
	isValue := t.field.Type.Kind == typeinfo.Pointer || t.field.Type.Kind == typeinfo.Optional
	isNil := held.Kind() == reflect.Slice && held.IsNil()
	switch {
	case isNil && !isValue && !t.field.Required:
		return nil, nil
	case t.hasEmpty:
		return []string{}, nil
	case isValue || t.field.Required || t.field.Default != nil:
		return nil, errEmptyList
	}
	return nil, nil
}

// wantsUTF8 reports whether the server accepts only UTF-8.
func (t *Texts) wantsUTF8() bool { return bare(t.writer.single.typ).Kind != typeinfo.Bytes }
