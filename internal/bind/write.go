package bind

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Writer is the inverse of a [Param]: it makes the texts of a field, which a Param of the same field reads back as an
// equal value.
type Writer struct {
	field  *typeinfo.Field
	single writtenValue
	// held is the slice or array inside pointers and Optional; nil for others.
	held *typeinfo.Type
	// check judges the whole list; nil without rules.
	check check.Check
}

// writtenValue makes and checks one text.
type writtenValue struct {
	typ    *typeinfo.Type
	format format
	// check is nil without rules, listed without an Enum.
	check  check.Check
	listed []string
	// expected lists the allowed values for a validation error.
	expected string
}

// format makes the text of a value inside pointers and Optional, which is
// addressable.
type format func(v reflect.Value) (string, error)

// Writer compiles the writer of a field. An error of the type is a
// [*typeinfo.Error] that names no field.
func (c *Compiler) Writer(f *typeinfo.Field) (*Writer, error) {
	w := &Writer{field: f}
	held := bare(f.Type)
	if held.Kind != typeinfo.Slice && held.Kind != typeinfo.Array {
		return w, c.compileWritten(&w.single, f.Type, f.Rules)
	}
	w.held = held
	var err error
	if w.check, err = c.Rules.Compile(f.Type, f.Rules); err != nil {
		return nil, err
	}
	var elements *typeinfo.Rules
	if f.Rules != nil {
		elements = f.Rules.Elem
	}
	return w, c.compileWritten(&w.single, held.Elem, elements)
}

func (c *Compiler) compileWritten(v *writtenValue, t *typeinfo.Type, rules *typeinfo.Rules) (err error) {
	v.typ = t
	if v.format, err = formatOf(bare(t)); err != nil {
		return err
	}
	if err = v.list(bare(t)); err != nil {
		return err
	}
	v.check, err = c.Rules.Compile(t, rules)
	return err
}

// Append appends the texts of the field of an addressable struct, or none if it is absent: a nil pointer, an Optional
// without a value, an empty list, or what omitempty or omitzero leaves out. A list has one text for each element, or,
// with the option csv, one for all.
//
// With checks on, violated rules become validation errors with complete locations. The error is for values that have no
// text form, such as NaN.
func (w *Writer) Append(texts []string, from reflect.Value, checks bool, faults *fault.List) ([]string, error) {
	v := from.FieldByIndex(w.field.Index)
	held, present := heldIn(w.field.Type, v)
	if !present || omits(w.field, v) {
		return texts, nil
	}
	if w.held != nil {
		return w.appendList(texts, held, checks, faults)
	}
	text, err := w.write(&w.single, held, checks, faults)
	if err != nil {
		return texts, err
	}
	return append(texts, text), nil
}

// heldIn is the inverse of hold: it returns the value inside pointers and Optional, and whether there is one.
func heldIn(t *typeinfo.Type, v reflect.Value) (reflect.Value, bool) {
	for {
		switch t.Kind {
		case typeinfo.Pointer:
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		case typeinfo.Nullable:
			if !v.Field(t.Valid).Bool() {
				return v, false
			}
			v = v.Field(t.Value)
		case typeinfo.Optional:
			if isSet, isNull := v.Field(1).Bool(), v.Field(2).Bool(); !isSet || isNull {
				return v, false
			}
			v = v.Field(0)
		default:
			return v, true
		}
		t = t.Elem
	}
}

// omits implements omitempty and omitzero as in encoding/json.
func omits(f *typeinfo.Field, v reflect.Value) bool {
	if f.OmitZero {
		if zeroer, ok := v.Addr().Interface().(interface{ IsZero() bool }); ok {
			return zeroer.IsZero()
		}
		return v.IsZero()
	}
	if !f.OmitEmpty {
		return false
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

func (w *Writer) appendList(texts []string, held reflect.Value, checks bool, faults *fault.List) ([]string, error) {
	before := len(faults.Faults)
	elements, err := w.elements(held, checks, faults)
	if err != nil {
		return texts, err
	}
	for i, text := range elements {
		if w.field.Separator != "" && !survivesSplit(text) {
			return texts, fmt.Errorf("element %d, %q, cannot be part of a list separated by commas", i, text)
		}
	}
	// The list is judged only if all its elements are valid.
	if checks && w.check != nil && len(faults.Faults) == before {
		w.add(w.check(held).Own(), faults)
	}
	if w.field.Separator != "" && len(elements) > 0 {
		elements = []string{strings.Join(elements, ", ")}
	}
	return append(texts, elements...), nil
}

// elements are the texts of the elements of a list.
func (w *Writer) elements(held reflect.Value, checks bool, faults *fault.List) ([]string, error) {
	elements := make([]string, 0, held.Len())
	for i := range held.Len() {
		element, present := heldIn(w.held.Elem, held.Index(i))
		if !present {
			return nil, fmt.Errorf("element %d is nil", i)
		}
		text, err := w.write(&w.single, element, checks, faults, i)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		elements = append(elements, text)
	}
	return elements, nil
}

// texts returns the texts of the value inside pointers and Optional, one for each element of a list.
func (w *Writer) texts(held reflect.Value) ([]string, error) {
	if w.held != nil {
		return w.elements(held, false, nil)
	}
	text, err := w.single.format(held)
	return []string{text}, err
}

// survivesSplit reports whether a text in a list is read back unchanged. A following quoted element shows whether a
// quotation mark is left open.
func survivesSplit(text string) bool {
	elements := SplitHeader(nil, text+`,"`)
	return len(elements) == 2 && elements[0] == text
}

func (w *Writer) write(v *writtenValue, held reflect.Value, checks bool, faults *fault.List, at ...any) (string, error) {
	text, err := v.format(held)
	if err != nil || !checks {
		return text, err
	}
	// An unlisted text violates one rule; the others are not checked.
	switch {
	case v.listed != nil && !slices.Contains(v.listed, text):
		w.add(fault.With(fault.Enum, "expected", v.expected), faults, at...)
	case v.check != nil:
		w.add(v.check(held).Own(), faults, at...)
	}
	return text, nil
}

func (w *Writer) add(f *fault.Fault, faults *fault.List, at ...any) {
	if f != nil {
		f.Loc = append([]any{w.field.Source.String(), w.field.Name}, at...)
		faults.Add(f)
	}
}

// list records the texts of a type that lists its values.
func (v *writtenValue) list(t *typeinfo.Type) error {
	for _, value := range t.Enum {
		text := string(value)
		if value[0] == '"' {
			if err := json.Unmarshal(value, &text); err != nil {
				return err
			}
		}
		v.listed = append(v.listed, text)
	}
	switch {
	case v.listed == nil:
	case t.Kind == typeinfo.Int || t.Kind == typeinfo.Uint:
		v.expected = oneOf(v.listed, ", ", " or ")
	default:
		v.expected = "'" + oneOf(v.listed, "', '", "' or '") + "'"
	}
	return nil
}

// formatOf makes the inverse of what CompileScalar makes for a kind.
func formatOf(t *typeinfo.Type) (format, error) {
	switch t.Kind {
	case typeinfo.Bool:
		return func(v reflect.Value) (string, error) { return strconv.FormatBool(v.Bool()), nil }, nil
	case typeinfo.Int:
		return func(v reflect.Value) (string, error) { return strconv.FormatInt(v.Int(), 10), nil }, nil
	case typeinfo.Uint:
		return func(v reflect.Value) (string, error) { return strconv.FormatUint(v.Uint(), 10), nil }, nil
	case typeinfo.Float:
		return func(v reflect.Value) (string, error) { return formatFloat(v.Float(), t.Bits) }, nil
	case typeinfo.Number:
		return formatNumber, nil
	case typeinfo.String:
		return func(v reflect.Value) (string, error) { return v.String(), nil }, nil
	case typeinfo.Bytes:
		return func(v reflect.Value) (string, error) { return string(v.Bytes()), nil }, nil
	case typeinfo.Raw:
		return formatRaw, nil
	case typeinfo.Time:
		if t.Format == typeinfo.HTTPDate {
			return formatHTTPDate, nil
		}
		return formatTime, nil
	case typeinfo.Duration:
		return func(v reflect.Value) (string, error) { return time.Duration(v.Int()).String(), nil }, nil
	case typeinfo.Text, typeinfo.JSON:
		if typeinfo.WritesText(t.Go) {
			return formatText(t), nil
		}
	}
	return nil, &typeinfo.Error{
		Type: typeinfo.Name(t.Go), Problem: "a value of this type cannot be written as a string",
		Fix: "use a scalar, or give the type a method MarshalText",
	}
}

// formatFloat uses an exponent only for very small and very large numbers, as JSON does.
func formatFloat(f float64, bits int) (string, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", fmt.Errorf("%v is not a number that can be written", f)
	}
	notation := byte('f')
	// These are the bounds of encoding/json.
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		notation = 'e'
	}
	return strconv.FormatFloat(f, notation, -1, bits), nil
}

// formatNumber writes a json.Number, whose zero value is 0.
func formatNumber(v reflect.Value) (string, error) {
	switch text := v.String(); {
	case text == "":
		return "0", nil
	case isNumber(text):
		return text, nil
	default:
		return "", fmt.Errorf("json.Number %q is not a number", text)
	}
}

func formatRaw(v reflect.Value) (string, error) {
	// Compact works in place, and the bytes belong to the user.
	value := jsontext.Value(slices.Clone(v.Bytes()))
	if value == nil {
		return "null", nil
	}
	if err := value.Compact(); err != nil {
		return "", errors.New("raw JSON is not valid")
	}
	return string(value), nil
}

// formatTime writes RFC 3339, which allows only years of four digits.
func formatTime(v reflect.Value) (string, error) {
	text, err := v.Addr().Interface().(*time.Time).MarshalText()
	if err != nil {
		return "", errors.New("a time outside of what RFC 3339 can write")
	}
	return string(text), nil
}

// formatHTTPDate writes whole seconds, as HTTP has no others.
func formatHTTPDate(v reflect.Value) (string, error) {
	t := v.Interface().(time.Time).UTC()
	if year := t.Year(); year < 0 || year > 9999 {
		return "", errors.New("a time outside of what HTTP can write")
	}
	return t.Format(http.TimeFormat), nil
}

func formatText(t *typeinfo.Type) func(v reflect.Value) (string, error) {
	return func(v reflect.Value) (string, error) {
		text, err := t.WriteText(v.Addr().Interface())
		return string(text), err
	}
}
