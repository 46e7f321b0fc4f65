package bind

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Scalar sets dst from text, or returns a validation error without a location. dst is addressable and has the described
// type.
type Scalar func(dst reflect.Value, text string) *fault.Fault

// CompileScalar makes a function that reads one value from text. Pointers and Optional are read as the type inside. It
// returns a [*typeinfo.Error] that names no field for types that have no text form.
func CompileScalar(t *typeinfo.Type) (Scalar, error) {
	scalar, err := compileKind(t)
	if err != nil || t.Enum == nil {
		return scalar, err
	}
	return compileEnum(t, scalar)
}

func compileKind(t *typeinfo.Type) (Scalar, error) {
	switch t.Kind {
	case typeinfo.Bool:
		return setBool, nil
	case typeinfo.Int:
		return makeInt(t.Bits), nil
	case typeinfo.Uint:
		return makeUint(t.Bits), nil
	case typeinfo.Float:
		return makeFloat(t.Bits), nil
	case typeinfo.Number:
		return setNumber, nil
	case typeinfo.String:
		return setString, nil
	case typeinfo.Bytes:
		return setBytes, nil
	case typeinfo.Raw:
		return setRaw, nil
	case typeinfo.Time:
		if t.Format == typeinfo.HTTPDate {
			return setHTTPDate, nil
		}
		return setTime, nil
	case typeinfo.Duration:
		return setDuration, nil
	case typeinfo.Pointer, typeinfo.Optional, typeinfo.Nullable:
		return compileHeld(t)
	case typeinfo.Text, typeinfo.JSON:
		if err := t.CheckReadsText(); err != nil {
			return nil, err
		}
		if typeinfo.ReadsText(t.Go) {
			return makeText(t), nil
		}
	}
	return nil, noText(t)
}

// noText says why a type has no text form and what to use instead.
func noText(t *typeinfo.Type) error {
	e := &typeinfo.Error{
		Type: t.Go.String(), Problem: "a value of this type cannot be read from a string",
		Fix: "give it a method UnmarshalText",
	}
	switch t.Kind {
	case typeinfo.Any:
		e.Fix = "use string"
	case typeinfo.Map:
		e.Fix = "use one field for each value"
	case typeinfo.Slice, typeinfo.Array:
		e.Problem = "a list inside a list cannot be read from a string"
		e.Fix = "use one list"
	case typeinfo.Text:
		e.Problem = "it has MarshalText but no UnmarshalText, so it can be written but not read"
		e.Fix = "add a method UnmarshalText with a pointer receiver"
	}
	return e
}

func compileHeld(t *typeinfo.Type) (Scalar, error) {
	inner, err := CompileScalar(bare(t))
	if err != nil {
		return nil, err
	}
	return func(dst reflect.Value, text string) *fault.Fault {
		return inner(hold(t, dst), text)
	}, nil
}

// hold allocates pointers, marks Optionals as set, and returns the value inside all of them.
func hold(t *typeinfo.Type, dst reflect.Value) reflect.Value {
	for {
		switch t.Kind {
		case typeinfo.Pointer:
			dst.Set(reflect.New(t.Elem.Go))
			dst = dst.Elem()
		case typeinfo.Optional:
			// The fields in the order in which mark.Optional lists them.
			dst.Field(1).SetBool(true)
			dst = dst.Field(0)
		case typeinfo.Nullable:
			dst.Field(t.Valid).SetBool(true)
			dst = dst.Field(t.Value)
		default:
			return dst
		}
		t = t.Elem
	}
}

// bare returns the type inside of wrappers.
func bare(t *typeinfo.Type) *typeinfo.Type {
	for t.Wraps() {
		t = t.Elem
	}
	return t
}

func setString(dst reflect.Value, text string) *fault.Fault {
	if !utf8.ValidString(text) {
		return fault.New(fault.StringUnicode)
	}
	dst.SetString(text)
	return nil
}

// setBytes takes the text as it is, even if it is not UTF-8.
func setBytes(dst reflect.Value, text string) *fault.Fault {
	dst.SetBytes([]byte(text))
	return nil
}

// setRaw accepts text that is one JSON value; anything else would corrupt the document it is written into later.
func setRaw(dst reflect.Value, text string) *fault.Fault {
	value := jsontext.Value(text)
	if !value.IsValid() {
		return fault.With(fault.JSONInvalid, "error", "not one JSON value")
	}
	dst.SetBytes(value)
	return nil
}

// setTime parses RFC 3339. Package time accepts more: one digit for the hour, a comma before the fraction, an offset of
// 24:60.
func setTime(dst reflect.Value, text string) *fault.Fault {
	if !isDateTime(text) {
		return fault.New(fault.DatetimeParsing)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return fault.New(fault.DatetimeParsing)
	}
	dst.Set(reflect.ValueOf(t))
	return nil
}

// setHTTPDate parses a date of RFC 9110, section 5.6.7, in all three formats.
func setHTTPDate(dst reflect.Value, text string) *fault.Fault {
	t, err := http.ParseTime(text)
	if err != nil {
		return fault.With(fault.DatetimeParsing, "expected", http.TimeFormat)
	}
	dst.Set(reflect.ValueOf(t.UTC()))
	return nil
}

// isDateTime reports whether text has the form of an RFC 3339 date-time (section 5.6). Ranges are left to package time,
// except those of the offset.
func isDateTime(text string) bool {
	rest, ok := cutShape(text, "0000-00-00T00:00:00")
	if !ok {
		return false
	}
	if fraction, ok := strings.CutPrefix(rest, "."); ok {
		n := countDigits(fraction)
		if n == 0 {
			return false
		}
		rest = fraction[n:]
	}
	if rest == "Z" {
		return true
	}
	if rest == "" || rest[0] != '+' && rest[0] != '-' {
		return false
	}
	offset := rest[1:]
	rest, ok = cutShape(offset, "00:00")
	return ok && rest == "" && offset[:2] < "24" && offset[3:] < "60"
}

// cutShape cuts a prefix off text; in shape, 0 stands for any digit and everything else for itself.
func cutShape(text, shape string) (rest string, ok bool) {
	if len(text) < len(shape) {
		return text, false
	}
	for i := range len(shape) {
		if digit := '0' <= text[i] && text[i] <= '9'; shape[i] == '0' && !digit || shape[i] != '0' && text[i] != shape[i] {
			return text, false
		}
	}
	return text[len(shape):], true
}

func setDuration(dst reflect.Value, text string) *fault.Fault {
	d, err := time.ParseDuration(text)
	if err != nil {
		return fault.New(fault.DeltaParsing)
	}
	dst.SetInt(int64(d))
	return nil
}

// makeText reads a type by its UnmarshalText. The error is not shown, because it may come from a library.
func makeText(t *typeinfo.Type) Scalar {
	acceptable := grammarOf(t.Format)
	return func(dst reflect.Value, text string) *fault.Fault {
		if !acceptable(text) {
			return malformed(t)
		}
		err := t.ReadText(dst.Addr().Interface(), []byte(text))
		if err == nil {
			return nil
		}
		// This error was made to be shown.
		if f := ownFault(err); f != nil {
			return f
		}
		return malformed(t)
	}
}

// ownFault returns a validation error inside an error, nil if there is none. Text has no parts, so there is only one.
func ownFault(err error) *fault.Fault {
	found := fault.Of(err)
	if len(found) == 0 {
		return nil
	}
	f := found[0]
	return &f
}

// grammarOf restricts what is passed to UnmarshalText of known types: several accept "" for a zero value, UUIDs accept
// forms that their schema does not have, the types of math/big accept hexadecimal, underscores and infinities, and an
// exponent may cost memory out of proportion to its text.
func grammarOf(format string) func(string) bool {
	switch format {
	case "":
		return utf8.ValidString
	case "uuid":
		return isUUID
	case "integer":
		return isInteger
	case "number", "decimal":
		return isModestNumber
	case "rational":
		return func(text string) bool { return strings.Trim(text, "-0123456789./") == "" && text != "" }
	}
	return func(text string) bool { return utf8.ValidString(text) && text != "" }
}

// isUUID reports whether text is a UUID as in RFC 9562, section 4.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// malformed is the validation error for a text that UnmarshalText rejects.
func malformed(t *typeinfo.Type) *fault.Fault {
	switch t.Format {
	case "uuid":
		return fault.New(fault.UUIDParsing)
	case "ip":
		return fault.New(fault.IPAddress)
	case "ipv4":
		return fault.New(fault.IPv4Address)
	case "ipv6":
		return fault.New(fault.IPv6Address)
	case "integer":
		return fault.New(fault.IntParsing)
	case "number":
		return fault.New(fault.FloatParsing)
	case "decimal":
		return fault.New(fault.DecimalParsing)
	case "date":
		return fault.New(fault.DateParsing)
	case "time":
		return fault.New(fault.TimeParsing)
	case typeinfo.LocalDateTime:
		return fault.With(fault.DatetimeParsing, "expected", fault.LocalDateTime)
	case "duration":
		return fault.New(fault.DeltaParsing)
	case "uri":
		return fault.New(fault.URLParsing)
	}
	return fault.With(fault.ValueError, "error", "not a valid "+t.Go.Name())
}

// compileEnum accepts only the listed values of a type. Text is compared as listed, even if UnmarshalText would accept
// other spellings: the document lists only these.
func compileEnum(t *typeinfo.Type, scalar Scalar) (Scalar, error) {
	if t.Kind == typeinfo.Int || t.Kind == typeinfo.Uint {
		return compileNumberEnum(t, scalar)
	}
	texts := make([]string, len(t.Enum))
	for i, value := range t.Enum {
		if err := json.Unmarshal(value, &texts[i]); err != nil {
			return nil, &typeinfo.Error{Type: t.Go.String(), Problem: "Enum lists a value whose JSON is not a string", Fix: "list values that are written as strings"}
		}
	}
	expected := "'" + oneOf(texts, "', '", "' or '") + "'"
	return func(dst reflect.Value, text string) *fault.Fault {
		if !slices.Contains(texts, text) || scalar(dst, text) != nil {
			return fault.With(fault.Enum, "expected", expected)
		}
		return nil
	}, nil
}

func compileNumberEnum(t *typeinfo.Type, scalar Scalar) (Scalar, error) {
	texts := make([]string, len(t.Enum))
	values := make([]reflect.Value, len(t.Enum))
	for i, value := range t.Enum {
		texts[i], values[i] = string(value), reflect.New(t.Go).Elem()
		if scalar(values[i], texts[i]) != nil {
			return nil, &typeinfo.Error{Type: t.Go.String(), Problem: "Enum lists a value whose JSON is not an integer", Fix: "list values that are written as integers"}
		}
	}
	expected := oneOf(texts, ", ", " or ")
	return func(dst reflect.Value, text string) *fault.Fault {
		// Compared by value: 007 equals the listed 7.
		if scalar(dst, text) != nil || !slices.ContainsFunc(values, dst.Equal) {
			return fault.With(fault.Enum, "expected", expected)
		}
		return nil
	}, nil
}

// oneOf joins words, with another separator before the last.
func oneOf(words []string, separator, last string) string {
	n := len(words) - 1
	if n == 0 {
		return words[0]
	}
	return strings.Join(words[:n], separator) + last + words[n]
}
