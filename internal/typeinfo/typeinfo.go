// Package typeinfo describes Go types: what a value looks like on the wire, what a struct's tags say about its fields,
// and which rules a value must satisfy.
//
// It is the only reader of struct tags. Binding, decoding, validation, encoding and schemas are compiled from its
// descriptions, so they cannot disagree about what a tag means. A description is made once per Go type, is shared, and
// never changes afterwards; recursive types are cycles of pointers.
//
// Invalid tags are found here, as an [*Error] that says what to write instead. What needs values to be found (a default
// that violates its own rules) is found by the packages that compile the description.
package typeinfo

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
)

// Kind is the shape of a value on the wire.
type Kind uint8

// The kinds of values.
const (
	Invalid  Kind = iota
	Bool          // true, false
	Int           // a signed integer of Bits bits
	Uint          // an unsigned integer of Bits bits
	Float         // a finite number of Bits bits
	Number        // json.Number: any JSON number, digits kept
	String        // text
	Bytes         // []byte: base64 text in JSON, plain text in parameters
	Time          // time.Time: RFC 3339
	Duration      // time.Duration: text such as "1h30m"
	Text          // a type with its own text form (encoding.TextUnmarshaler), or url.URL
	JSON          // a type with its own JSON form (UnmarshalJSON)
	Raw           // json.RawMessage: any JSON value, kept as sent
	Any           // interface{}: any JSON value
	Pointer       // Elem or null
	Optional      // candor.Optional[Elem]: absent, null or Elem
	Nullable      // sql.Null[Elem], uuid.NullUUID and so on: Elem or null
	Slice         // a list of Elem
	Array         // a list of exactly Len Elem
	Map           // an object from Key to Elem
	Struct        // an object with the members of Object
	Union         // an object whose discriminator names one of Object.Cases
)

// Type describes one Go type as a JSON value.
type Type struct {
	Go   reflect.Type
	Kind Kind
	// Bits is the width of Int, Uint and Float: 8 to 64.
	Bits int
	// Len is the length of an Array.
	Len int
	// Elem is the type inside a Pointer, Optional, Nullable, Slice, Array or Map.
	Elem *Type
	// Value and Valid are the fields of a Nullable.
	Value, Valid int
	// Key is the key type of a Map: String, Int, Uint or Text.
	Key *Type
	// Object describes a Struct or Union.
	Object *Object
	// Enum lists the only values of a type with a method Enum() []T, as JSON, in its order; nil for other types.
	Enum []json.RawMessage
	// Format is the JSON Schema format of a known Text type, such as "uuid", or
	// HTTPDate.
	Format string
	// Validates means that the type itself declares Validate() error. For an Object, see its Validators.
	Validates bool
	// Reads and Writes report whether a Text or JSON type has the methods for that direction; for every other kind both are
	// true.
	Reads, Writes bool
}

// Null reports whether the JSON value null is a value of the type.
func (t *Type) Null() bool {
	switch t.Kind {
	case Pointer, Optional, Nullable, Any, Raw, JSON:
		return true
	}
	return false
}

// Wraps reports whether the type is a Pointer, an Optional or a Nullable. The rules of such a type are those of Elem.
func (t *Type) Wraps() bool { return t.Kind == Pointer || t.Kind == Optional || t.Kind == Nullable }

// IsList reports whether values of the type, or those that it wraps, are lists.
func (t *Type) IsList() bool {
	for t.Wraps() {
		t = t.Elem
	}
	return t.Kind == Slice || t.Kind == Array
}

// Object describes the members of a JSON object.
type Object struct {
	// Fields are the members in the order in which they are written; those of an embedded struct are where the embedded
	// struct is.
	Fields []*Field
	// Strict forbids members that are not listed.
	Strict bool
	// Validators lists the structs that declare a Validate method, among the struct itself and those embedded in it, innermost
	// first.
	Validators []Validator
	// Discriminator and Cases belong to a Union; Fields is empty then.
	Discriminator string
	Cases         []Case
	// NamesEvents means that events with this data are named after its case.
	NamesEvents bool
	// Strays are the unknown tag keys of the struct and of structs embedded in it.
	Strays []*StrayKey
}

// HoldsWriteOnly reports whether a value of the type may contain a writeonly member.
func (t *Type) HoldsWriteOnly() bool { return t.holdsWriteOnly(map[*Type]bool{}) }

func (t *Type) holdsWriteOnly(seen map[*Type]bool) bool {
	if t == nil || seen[t] {
		return false
	}
	seen[t] = true
	return t.Elem.holdsWriteOnly(seen) || t.Object.holdsWriteOnly(seen)
}

// HoldsWriteOnly reports whether an object has a writeonly member or contains one.
func (o *Object) HoldsWriteOnly() bool { return o.holdsWriteOnly(map[*Type]bool{}) }

func (o *Object) holdsWriteOnly(seen map[*Type]bool) bool {
	if o == nil {
		return false
	}
	for _, f := range o.Fields {
		if f.WriteOnly || f.Type.holdsWriteOnly(seen) {
			return true
		}
	}
	for _, c := range o.Cases {
		if c.Type.holdsWriteOnly(seen) {
			return true
		}
	}
	return false
}

// Members returns the fields of an object, none for nil.
func (o *Object) Members() []*Field {
	if o == nil {
		return nil
	}
	return o.Fields
}

// Field returns the member with the name, nil if there is none.
func (o *Object) Field(name string) *Field {
	for _, f := range o.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Judges returns the validators of an object, none if it is nil.
func (o *Object) Judges() []Validator {
	if o == nil {
		return nil
	}
	return o.Validators
}

// Validator is a struct that declares Validate() error itself.
type Validator struct {
	// Index leads from the Object's struct to the one that declares the method; empty for the struct itself. It may pass
	// through pointers.
	Index []int
}

// DefaultCase is the name of the variant for discriminator values that no other variant has.
const DefaultCase = "*"

// Case is one variant of a Union.
type Case struct {
	// Name is the discriminator's value, or DefaultCase.
	Name string
	// Index is the Go field, always a pointer to a struct.
	Index int
	// Type is the struct pointed to.
	Type *Type
}

// IsDefault reports whether the variant is the default.
func (c *Case) IsDefault() bool { return c.Name == DefaultCase }

// Label names the variant in locations: the default variant, which has no discriminator value, by its Go field.
func (c *Case) Label(union reflect.Type) string {
	if c.IsDefault() {
		return union.Field(c.Index).Name
	}
	return c.Name
}

// OtherCases returns the discriminator values of the variants other than the default.
func (o *Object) OtherCases() []string {
	var names []string
	for i := range o.Cases {
		if !o.Cases[i].IsDefault() {
			names = append(names, o.Cases[i].Name)
		}
	}
	return names
}

// Source says where a field's value comes from.
type Source uint8

// The sources, in the order in which their validation errors are reported.
const (
	NoSource Source = iota
	Path
	Query
	Header
	Cookie
	Form     // one value of a form
	File     // one file of a multipart form
	Body     // the whole body, or a member of it
	Dep      // a provider
	Security // a scheme named by the tag, without another source
	Status   // of a response: the status code
	Env      // the environment of the process, for settings
)

var sourceNames = [...]string{"", "path", "query", "header", "cookie", "form", "file", "body", "dep", "security", "status", "env"}

// String returns the tag's key; "path", "query", "header", "cookie" and "body" are also the first element of a
// location.
func (s Source) String() string { return sourceNames[s] }

// Field describes one struct field as a member of an object or as an input.
type Field struct {
	// Name is the name on the wire, spelled as in the tag.
	Name string
	// Go is the selector in Go, such as "Base.Name", for messages.
	Go string
	// Owner is the struct that declares the field, under the name Declared.
	Owner    reflect.Type
	Declared string
	// Index leads to the field from the struct whose description lists it. It
	// passes through embedded structs, and through embedded pointers to structs
	// in bodies of requests and responses.
	Index []int
	Type  *Type
	// Source is where an input comes from; Body for a member of a body.
	Source Source
	// Required means that the value must be present. It may be zero.
	Required bool
	// OmitEmpty and OmitZero are encoding/json's, for the encoder.
	OmitEmpty, OmitZero bool
	// ThroughPointer means that the field is reached through an embedded pointer, so the encoder omits it if that is nil.
	ThroughPointer bool
	// Quoted is json's "string" option: a number or boolean inside a string.
	Quoted bool
	// Separator separates the elements of a list in one text: a comma, a pipe or a space; "" if each element is a text
	// of its own.
	Separator string
	// Nested means that the value is sent as several values, whose names lead into it: filter[price][gte] in a query,
	// address.street and items[0].name in a form.
	Nested bool
	// JSON means that the text of a parameter or form value is read as JSON.
	JSON bool
	// Aliases are former names of a parameter or a form value, as fields of their own:
	// optional, without a default, and deprecated.
	Aliases []*Field
	// Fresh means that the provider runs separately for this field.
	Fresh bool
	// Default is the value of an absent field, as JSON; nil if there is none.
	Default json.RawMessage
	// Example is a sample value, as JSON; nil if there is none.
	Example json.RawMessage
	// Rules are the rules for a present value; nil if there are none.
	Rules *Rules
	// Statuses lists the allowed values of a status field; the first one stands for zero.
	Statuses []int

	// Media is the media type of a raw body.
	Media string

	// Scheme is the name of the security scheme, Word the first word of its challenge, and Realm its realm, all from the tags of
	// a credentials field; each is "" if not set.
	Scheme, Word, Realm string
	// Choice is the Go path of the struct of alternative credentials that the field belongs to; "" if there is none.
	Choice string

	Title, Doc         string
	Deprecated, Hidden bool
	// ReadOnly means that only responses have the member, WriteOnly that only requests have it.
	ReadOnly, WriteOnly bool
	// Requires are the wire names of fields, in the same object or source, that must be present if this one is. RequiredBy are
	// the fields that require this one.
	Requires, RequiredBy []string
}

// IsNested reports whether a form sends the value under several names: a struct or a list of structs.
func (f *Field) IsNested() bool {
	held := bare(f.Type)
	if held.Kind == Slice || held.Kind == Array {
		held = bare(held.Elem)
	}
	return held.Kind == Struct && !f.JSON
}

// Optional reports whether the field may be absent.
func (f *Field) Optional() bool { return !f.Required }

// IsAlwaysSent reports whether the header of an envelope is in every response: an empty list, and a null, sends no line.
func (f *Field) IsAlwaysSent() bool {
	return f.Required && f.Type.Kind != Slice && f.Type.Kind != Nullable
}

// CheckHidden rejects a required value that the document hides.
func (f *Field) CheckHidden() error {
	if f.Hidden && f.Required {
		return errors.New("it is hidden from the document but required, so nobody could know what to send; make it optional, or show it")
	}
	return nil
}

// Rules are the rules in a validate tag and a pattern tag.
type Rules struct {
	// Self are the rules for the value itself, in the order of the tag. For a pointer or an Optional they apply to the value
	// inside.
	Self []Rule
	// SkipZero is validator's omitempty: the zero value satisfies every rule.
	SkipZero bool
	// NotNull is "required" for a type other than a pointer that allows null, such as any: null is rejected.
	NotNull bool
	// Keys are the rules for a map's keys (dive,keys,...,endkeys).
	Keys *Rules
	// Elem are the rules for each element (after dive).
	Elem *Rules
}

// String returns the rules in validator's notation, without the required of a field, which is not a rule for its value.
func (r *Rules) String() string {
	return strings.Join(r.elements(), ",")
}

func (r *Rules) elements() []string {
	if r == nil {
		return nil
	}
	var all []string
	if r.SkipZero {
		all = append(all, "omitzero")
	}
	if r.NotNull {
		all = append(all, "required")
	}
	for _, rule := range r.Self {
		all = append(all, rule.String())
	}
	if r.Keys == nil && r.Elem == nil {
		return all
	}
	all = append(all, "dive")
	if r.Keys != nil {
		all = append(append(append(all, "keys"), r.Keys.elements()...), "endkeys")
	}
	return append(all, r.Elem.elements()...)
}

// Rule is one rule: an element of a validate tag.
type Rule struct {
	// Name is validator's tag, or "pattern".
	Name string
	// Param is the text after "="; HasParam distinguishes "x=" from "x".
	Param    string
	HasParam bool
	// Message is the message of a violation, "" for the default.
	Message string
	// Or lists the alternatives of "a|b"; Name is empty then.
	Or []Rule
	// Cross means that the rule refers to other fields of the struct, so it is checked after the whole struct has been
	// read.
	Cross bool
}

// String returns the rule in validator's notation.
func (r Rule) String() string {
	if len(r.Or) > 0 {
		s := r.Or[0].String()
		for _, alternative := range r.Or[1:] {
			s += "|" + alternative.String()
		}
		return s
	}
	if !r.HasParam {
		return r.Name
	}
	return r.Name + "=" + escapeParam.Replace(r.Param)
}

// Input describes a struct from which a request is bound.
type Input struct {
	Go reflect.Type
	// Params are the path, query, header and cookie values, in field order.
	Params []*Field
	// Body is the field for the whole body; nil if there is none.
	Body *Field
	// Members are the fields for single members of a JSON body, as an object; nil if there are none. Their Index starts at the
	// input struct.
	Members *Object
	// Form are the form and file fields as an object; nil if there are none.
	Form *Object
	// BodyForm is the Body as a form, with the names of its members, if it may be sent as one; otherwise nil. It has no
	// name.
	BodyForm *Field
	// Deps are the fields filled by providers.
	Deps []*Field
	// Ready are the fields of types that the caller fills in: security schemes and parts of the request. Source and Name come
	// from their tag, if any.
	Ready []*Field
	// Strict rejects unknown query keys and body members; StrictCookies rejects unknown cookies.
	Strict, StrictCookies bool
	// Validators lists the structs that declare a Validate method, among the input, those embedded in it and its parameter
	// models, innermost first.
	Validators []InputValidator
	// Strays are the stray keys of the struct, its embedded structs and its models.
	Strays []*StrayKey
}

// Fields returns all fields that values of a request are read into.
func (in *Input) Fields() []*Field {
	all := in.named()
	if in.Body != nil {
		all = append(all, in.Body)
	}
	return all
}

// InputValidator is a struct of an input that declares Validate() error itself.
type InputValidator struct {
	// Index leads from the input to the struct; empty for the input.
	Index []int
	// Model is the source of a parameter model, which begins the locations of its errors; NoSource for the input and
	// structs embedded in it, whose errors have complete locations.
	Model Source
}

// Output describes what a handler returns.
type Output struct {
	Go reflect.Type
	// Envelope means that the struct's fields are the parts of the response; otherwise Body describes the whole value, with
	// an empty Index.
	Envelope bool
	// Status is the field with the status code; nil if there is none.
	Status *Field
	// Headers and Cookies are sent with the response, in field order.
	Headers, Cookies []*Field
	// Body is the encoded value; nil for a response without a body.
	Body *Field
	// Strays are the stray keys of an envelope.
	Strays []*StrayKey
}

// Error is an error in a type or its tags.
type Error struct {
	// Type is the Go type as returned by [Name], Field the selector below it, "" for the type itself.
	Type  string
	Field string
	// Problem says what is wrong, Fix what to write instead.
	Problem string
	Fix     string
}

// Error returns the parts on one line.
func (e *Error) Error() string {
	text := e.Problem
	// A caller may add the location later.
	if where := e.Where(); where != "" {
		text = where + ": " + text
	}
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text
}

// Where returns the selector, or a phrase if the type has no name to select from.
func (e *Error) Where() string {
	switch {
	case e.Field == "":
		return e.Type
	case strings.ContainsRune(e.Type, '{'):
		return "field " + e.Field + " of " + e.Type
	}
	return e.Type + "." + e.Field
}
