package typeinfo

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/candor-go/candor/internal/mark"
)

// described holds all complete descriptions. making is held while new ones are made, so that each Go type has only one
// description in the process.
var (
	described sync.Map // reflect.Type -> *Type
	making    sync.Mutex
)

// written holds the descriptions that only Written makes.
var written sync.Map // reflect.Type -> *Type

// Of describes t as a JSON value. The description is shared and must not be changed. The error is an [*Error].
func Of(t reflect.Type) (*Type, error) {
	if known, ok := described.Load(t); ok {
		return known.(*Type), nil
	}
	// begin checks again under the lock.
	making.Lock()
	defer making.Unlock()
	return (&reader{}).keep(t, &described)
}

// Written describes t as a JSON value that is only written. Unlike in Of, it may contain interfaces with methods, as values
// of kind Any. The description is shared and must not be changed.
func Written(t reflect.Type) (*Type, error) {
	// A type that Of can describe needs no second description.
	if known, err := Of(t); err == nil {
		return known, nil
	}
	if known, ok := written.Load(t); ok {
		return known.(*Type), nil
	}
	making.Lock()
	defer making.Unlock()
	return (&reader{interfaces: true}).keep(t, &written)
}

// models holds the descriptions of ofModel by source.
var models [Env + 1]sync.Map // reflect.Type -> *Type

// ofModel describes t as a value whose members are sent separately, in a query or a form. A member may be named by a
// tag of that source as well as by its json tag; the two must agree, so that a type has one set of names. The
// description is shared and must not be changed.
func ofModel(t reflect.Type, source Source) (*Type, error) {
	if known, ok := models[source].Load(t); ok {
		return known.(*Type), nil
	}
	making.Lock()
	defer making.Unlock()
	return (&reader{model: source}).keep(t, &models[source])
}

// reader makes descriptions. made holds those that were begun, so that a recursive type finds its own.
type reader struct {
	made map[reflect.Type]*Type
	// interfaces allows interfaces with methods.
	interfaces bool
	// model is the source of the members, NoSource for JSON.
	model Source
}

// known returns the complete descriptions of the reader's kind.
func (r *reader) known() *sync.Map {
	if r.model != NoSource {
		return &models[r.model]
	}
	return &described
}

// keep describes t and stores the new descriptions.
func (r *reader) keep(t reflect.Type, in *sync.Map) (*Type, error) {
	r.made = map[reflect.Type]*Type{}
	d, err := r.describe(t)
	if err != nil {
		return nil, err
	}
	// Stored only now: a type that could not be described must not be found.
	for goType, made := range maps.All(r.made) {
		in.Store(goType, made)
	}
	return d, nil
}

func (r *reader) describe(t reflect.Type) (*Type, error) {
	d, begun := r.begin(t)
	if begun {
		return d, nil
	}
	return d, r.finish(d)
}

// begin returns the description of t, or starts a new one. The Kind of the type and the kinds of its elements are set
// before anything inside is read, so that the rules of a field can be read while its type is still being described.
func (r *reader) begin(t reflect.Type) (d *Type, begun bool) {
	if known, ok := r.known().Load(t); ok {
		return known.(*Type), true
	}
	if d, ok := r.made[t]; ok {
		return d, true
	}
	d = &Type{Go: t, Reads: true, Writes: true}
	r.made[t] = d
	return d, false
}

func (r *reader) finish(d *Type) error {
	if err := r.fill(d); err != nil {
		return err
	}
	// The Validators of an Object include the struct itself.
	d.Validates = d.Kind != Struct && d.Go.Name() != "" && declaresValidate(d.Go)
	return fillEnum(d)
}

// leaves are types of the standard library with their own kind.
var leaves = map[reflect.Type]Kind{
	reflect.TypeFor[json.RawMessage](): Raw,
	reflect.TypeFor[jsontext.Value]():  Raw,
	reflect.TypeFor[json.Number]():     Number,
	reflect.TypeFor[time.Time]():       Time,
	reflect.TypeFor[time.Duration]():   Duration,
	reflect.TypeFor[url.URL]():         Text,
}

func (r *reader) fill(d *Type) error {
	if kind, ok := leaves[d.Go]; ok {
		d.Kind, d.Format = kind, formats[fullName(d.Go)]
		return nil
	}
	if d.Go.Kind() == reflect.Struct {
		if hasMark(d.Go, reflect.TypeFor[mark.Optional]()) {
			d.Kind = Optional
			return r.nullable(d, d.Go.Field(0).Type)
		}
		if value, valid, ok := NullableFields(d.Go); ok {
			d.Kind, d.Value, d.Valid = Nullable, value.Index[0], valid.Index[0]
			return r.nullable(d, value.Type)
		}
		if union, ok := embeddedMark(d.Go, reflect.TypeFor[mark.Union]()); ok {
			d.Kind = Union
			return r.union(d, union)
		}
	}
	if own, err := ownForm(d); own || err != nil {
		return err
	}
	return r.byKind(d)
}

func (r *reader) byKind(d *Type) error {
	t := d.Go
	switch t.Kind() {
	case reflect.Bool:
		d.Kind = Bool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.Kind, d.Bits = Int, t.Bits()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		d.Kind, d.Bits = Uint, t.Bits()
	case reflect.Float32, reflect.Float64:
		d.Kind, d.Bits = Float, t.Bits()
	case reflect.String:
		d.Kind = String
	case reflect.Interface:
		return r.anything(d)
	case reflect.Pointer:
		d.Kind = Pointer
		return r.nullable(d, t.Elem())
	case reflect.Slice:
		if isByte(t.Elem()) {
			d.Kind = Bytes
			return nil
		}
		d.Kind = Slice
		return r.elem(d, t.Elem())
	case reflect.Array:
		d.Kind, d.Len = Array, t.Len()
		return r.elem(d, t.Elem())
	case reflect.Map:
		return r.mapOf(d)
	case reflect.Struct:
		d.Kind = Struct
		return r.object(d)
	default:
		return &Error{
			Type: Name(t), Problem: fmt.Sprintf("a value of kind %s has no JSON form", t.Kind()),
			Fix: "leave the field out with `json:\"-\"` or give it a type that JSON can represent",
		}
	}
	return nil
}

// isByte reports whether encoding/json encodes a list of t as bytes: not if t has its own JSON or text form.
func isByte(t reflect.Type) bool {
	return t.Kind() == reflect.Uint8 && !implementsAny(t, jsonWriters) && !implementsAny(t, textWriters)
}

func (r *reader) elem(d *Type, t reflect.Type) error {
	elem, begun := r.begin(t)
	// Set before Elem is complete, as begin requires.
	d.Elem = elem
	if begun {
		return nil
	}
	return r.finish(elem)
}

func (r *reader) anything(d *Type) error {
	if d.Go.NumMethod() == 0 || r.interfaces {
		d.Kind = Any
		return nil
	}
	return &Error{
		Type: Name(d.Go), Problem: "an interface with methods cannot be read or documented",
		Fix: "use a struct that embeds candor.OneOf for a choice of types, or any for every JSON value",
	}
}

// NullableFields finds the two fields of a struct that is a value or null, like those of database/sql: the value, and
// Valid. A struct with a field tag is an ordinary struct. So is one with its own JSON form, unless the value has a
// format, as in uuid.NullUUID.
func NullableFields(t reflect.Type) (value, valid reflect.StructField, ok bool) {
	if t.Kind() != reflect.Struct || t.NumField() != 2 {
		return value, valid, false
	}
	value, valid = t.Field(0), t.Field(1)
	// In either order.
	if value.Name == "Valid" {
		value, valid = valid, value
	}
	isPlain := func(f reflect.StructField) bool { return f.IsExported() && !f.Anonymous && f.Tag == "" }
	if valid.Name != "Valid" || valid.Type.Kind() != reflect.Bool || !isPlain(value) || !isPlain(valid) {
		return value, valid, false
	}
	hasOwnForm := implementsAny(t, jsonWriters) || implementsAny(t, jsonReaders)
	return value, valid, !hasOwnForm || formats[fullName(value.Type)] != ""
}

// nullable describes a pointer, an Optional or a Nullable.
func (r *reader) nullable(d *Type, t reflect.Type) error {
	if err := r.elem(d, t); err != nil {
		return err
	}
	if d.Elem.Wraps() {
		return &Error{Type: Name(d.Go), Problem: "two ways to be null, one inside the other", Fix: "use " + Name(t)}
	}
	return nil
}

func (r *reader) mapOf(d *Type) (err error) {
	d.Kind = Map
	if d.Key, err = r.key(d.Go); err != nil {
		return err
	}
	return r.elem(d, d.Go.Elem())
}

// key describes the key of a map. A type with both a text and a JSON form is read as text.
func (r *reader) key(t reflect.Type) (*Type, error) {
	wrong := &Error{
		Type: Name(t), Problem: "the names of a JSON object cannot be made of " + Name(t.Key()),
		Fix: "use a string, an integer or a type with MarshalText and UnmarshalText as the key",
	}
	switch t.Key().Kind() {
	case reflect.Interface, reflect.Pointer:
		return nil, wrong
	// Checked first, because errors about its fields would be misleading.
	case reflect.Struct, reflect.Array:
		if !WritesText(t.Key()) && !ReadsText(t.Key()) {
			return nil, wrong
		}
	}
	key, err := r.describe(t.Key())
	if err != nil {
		return nil, err
	}
	switch key.Kind {
	case String, Int, Uint, Text:
		return key, nil
	case JSON:
		if text := (&Type{Go: key.Go, Kind: Text, Format: key.Format}); text.directions(textWriters, textReaders) {
			return text, nil
		}
	}
	return nil, wrong
}

// IsOptional reports whether t is candor.Optional of some type.
func IsOptional(t reflect.Type) bool { return hasMark(t, reflect.TypeFor[mark.Optional]()) }

// hasMark reports whether a struct carries the blank field that marks it.
func hasMark(t, wanted reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Name == "_" && f.Type == wanted {
			return true
		}
	}
	return false
}

// embeddedMark finds the embedded struct that carries the mark.
func embeddedMark(t, wanted reflect.Type) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && hasMark(f.Type, wanted) {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// The methods that give a type its own form.
var (
	jsonWriters = []formMethod{{reflect.TypeFor[json.Marshaler](), "MarshalJSON"}, {reflect.TypeFor[jsonv2.MarshalerTo](), "MarshalJSONTo"}}
	jsonReaders = []formMethod{{reflect.TypeFor[json.Unmarshaler](), "UnmarshalJSON"}, {reflect.TypeFor[jsonv2.UnmarshalerFrom](), "UnmarshalJSONFrom"}}
	textWriters = []formMethod{{reflect.TypeFor[encoding.TextMarshaler](), "MarshalText"}}
	textReaders = []formMethod{{reflect.TypeFor[encoding.TextUnmarshaler](), "UnmarshalText"}}
)

// formMethod is an interface with one method, and the method's name. Asking the interface for the name would keep all
// methods of the program, see [methodNamed].
type formMethod struct {
	of   reflect.Type
	name string
}

// ownForm fills in a type that encodes or decodes itself.
func ownForm(d *Type) (bool, error) {
	if d.Go.Kind() == reflect.Interface || d.Go.Kind() == reflect.Pointer {
		return false, nil
	}
	kind, writers, readers := JSON, jsonWriters, jsonReaders
	// Methods for JSON win over those for text, as in encoding/json.
	if !implementsAny(d.Go, writers) && !implementsAny(d.Go, readers) {
		kind, writers, readers = Text, textWriters, textReaders
	}
	if !d.directions(writers, readers) {
		// It has no text form, so its Go kind decides.
		d.Writes, d.Reads = true, true
		return false, nil
	}
	if culprit, ok := promotedForm(d.Go, writers, readers); ok {
		return false, &Error{
			Type: Name(d.Go), Field: culprit,
			Problem: "embedding it makes the whole struct read and write itself as " + culprit + " alone, so the other fields are lost",
			Fix:     "turn the embedding into a field with a name and a json tag",
		}
	}
	d.Kind, d.Format = kind, formats[fullName(d.Go)]
	return true, nil
}

// directions fills in Writes and Reads, and reports whether either is true.
func (t *Type) directions(writers, readers []formMethod) bool {
	t.Writes, t.Reads = implementsAny(t.Go, writers), implementsAny(t.Go, readers)
	return t.Writes || t.Reads
}

func implementsAny(t reflect.Type, interfaces []formMethod) bool {
	// A pointer has the methods of both receivers.
	pointer := reflect.PointerTo(t)
	for _, i := range interfaces {
		if pointer.Implements(i.of) {
			return true
		}
	}
	return false
}

// promotedForm returns the embedded field that provides a struct's methods, unless the struct declares them itself.
func promotedForm(t reflect.Type, writers, readers []formMethod) (string, bool) {
	if t.Kind() != reflect.Struct {
		return "", false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.Anonymous {
			continue
		}
		inner := indirect(f.Type)
		for _, wanted := range slices.Concat(writers, readers) {
			has := f.Type.Implements(wanted.of) || reflect.PointerTo(inner).Implements(wanted.of)
			if has && reflect.PointerTo(t).Implements(wanted.of) && !Declares(t, wanted.name) {
				return f.Name, true
			}
		}
	}
	return "", false
}

func indirect(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// fullName returns import path and name of a type, such as "github.com/google/uuid.UUID".
func fullName(t reflect.Type) string { return t.PkgPath() + "." + t.Name() }

// formats names the JSON Schema format of known types with a text form.
var formats = map[string]string{
	"github.com/google/uuid.UUID":           "uuid",
	"github.com/gofrs/uuid.UUID":            "uuid",
	"github.com/gofrs/uuid/v5.UUID":         "uuid",
	"github.com/satori/go.uuid.UUID":        "uuid",
	"net/netip.Addr":                        "ip",
	"net.IP":                                "ip",
	"net/netip.Prefix":                      "cidr",
	"net/netip.AddrPort":                    "ip-port",
	"net/url.URL":                           "uri",
	"math/big.Int":                          "integer",
	"math/big.Float":                        "number",
	"math/big.Rat":                          "rational",
	"github.com/shopspring/decimal.Decimal": "decimal",
	"github.com/cockroachdb/apd/v3.Decimal": "decimal",
	"cloud.google.com/go/civil.Date":        "date",
	"github.com/oklog/ulid/v2.ULID":         "ulid",
	"github.com/candor-go/candor.Date":      "date",
	"github.com/candor-go/candor.TimeOfDay": "time",

	"github.com/candor-go/candor.LocalDateTime": LocalDateTime,
}
