package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/typeinfo"
)

func encodeBool(_ *writer, dst []byte, p pointer) []byte {
	return strconv.AppendBool(dst, *as[bool](p))
}

func makeUintWriter(bits int) encodeFunc {
	return func(_ *writer, dst []byte, p pointer) []byte {
		return appendUint(dst, loadUint(p, bits))
	}
}

func makeFloatWriter(bits int) encodeFunc {
	if bits == 32 {
		return func(w *writer, dst []byte, p pointer) []byte {
			return w.float(dst, float64(*as[float32](p)), 32)
		}
	}
	return func(w *writer, dst []byte, p pointer) []byte { return w.float(dst, *as[float64](p), 64) }
}

// float writes the shortest number that reads back as f, in the notation of JavaScript and encoding/json, with an
// exponent only for very small and very large numbers.
func (w *writer) float(dst []byte, f float64, bits int) []byte {
	if bits == 64 {
		if decimal, ok := appendDecimal(dst, f); ok {
			return decimal
		}
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.fail(fmt.Errorf("%v is not a number in JSON", f))
		return dst
	}
	size := math.Abs(f)
	least, most := 1e-6, 1e21
	if bits == 32 {
		// As float32, because encoding/json compares in the precision of the type.
		least, most = float64(float32(1e-6)), float64(float32(1e21))
	}
	if size == 0 || size >= least && size < most {
		return strconv.AppendFloat(dst, f, 'f', -1, bits)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-07 is written e-7
		dst = dst[:n-1]
	}
	return dst
}

// appendDecimal writes a number with at most two decimals, such as an amount of money, or six, such as a coordinate,
// without searching for the shortest representation: no two numbers of up to 15 digits have the same nearest float, so
// the one found here is the shortest.
func appendDecimal(dst []byte, f float64) ([]byte, bool) {
	size := math.Abs(f)
	if !(size < 1e13) { // also false for NaN
		return dst, false
	}
	// Below 1e15, so every integer is exact as a float64.
	hundredths := uint64(size*100 + 0.5)
	// Zero takes the slow path, because -0 keeps its sign.
	if hundredths == 0 || float64(hundredths)/100 != size {
		return appendMillionths(dst, f)
	}
	if f < 0 {
		dst = append(dst, '-')
	}
	whole, decimals := hundredths/100, hundredths%100
	dst = appendUint(dst, whole)
	switch {
	case decimals == 0:
	case decimals%10 == 0:
		dst = append(dst, '.', '0'+byte(decimals/10))
	default:
		dst = append(dst, '.', pairs[2*decimals], pairs[2*decimals+1])
	}
	return dst, true
}

func appendMillionths(dst []byte, f float64) ([]byte, bool) {
	size := math.Abs(f)
	millionths := uint64(size*1e6 + 0.5)
	// At most 15 digits again: nine before the point and six after it.
	if size >= 1e9 || millionths == 0 || float64(millionths)/1e6 != size {
		return dst, false
	}
	if f < 0 {
		dst = append(dst, '-')
	}
	dst = append(appendUint(dst, millionths/1e6), '.')
	first, second, third := 2*(millionths/1e4%100), 2*(millionths/100%100), 2*(millionths%100)
	dst = append(dst, pairs[first], pairs[first+1], pairs[second], pairs[second+1], pairs[third], pairs[third+1])
	// One of the six digits is not zero, or two decimals would have been enough; so the point stays.
	return bytes.TrimRight(dst, "0"), true
}

// pairs are the numbers from 00 to 99.
const pairs = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" + "30313233343536373839" +
	"40414243444546474849" + "50515253545556575859" + "60616263646566676869" + "70717273747576777879" +
	"80818283848586878889" + "90919293949596979899"

func appendInt(dst []byte, n int64) []byte {
	if n < 0 {
		// Negated as unsigned: the smallest integer has no positive counterpart.
		return appendUint(append(dst, '-'), -uint64(n))
	}
	return appendUint(dst, uint64(n))
}

// appendUint writes two digits at a time, the last ones first, at their final position.
func appendUint(dst []byte, n uint64) []byte {
	at := len(dst) + digitsOf(n)
	dst = slices.Grow(dst, at-len(dst))[:at]
	for n >= 100 {
		pair := 2 * (n % 100)
		n /= 100
		at -= 2
		dst[at], dst[at+1] = pairs[pair], pairs[pair+1]
	}
	if n < 10 {
		dst[at-1] = '0' + byte(n)
		return dst
	}
	dst[at-2], dst[at-1] = pairs[2*n], pairs[2*n+1]
	return dst
}

// digitsOf returns the number of digits of n.
func digitsOf(n uint64) int {
	digits := 1
	for n >= 1000 {
		n /= 1000
		digits += 3
	}
	switch {
	case n >= 100:
		return digits + 2
	case n >= 10:
		return digits + 1
	}
	return digits
}

// encodeNumber writes a json.Number, whose zero value is 0.
func encodeNumber(w *writer, dst []byte, p pointer) []byte {
	text := string(*as[json.Number](p))
	if text == "" {
		return append(dst, '0')
	}
	s := scanner{data: []byte(text)}
	if _, _, ok := s.number(); !ok || s.pos != len(text) {
		w.fail(fmt.Errorf("json.Number %q is not a number", text))
	}
	return append(dst, text...)
}

func encodeString(w *writer, dst []byte, p pointer) []byte { return w.text(dst, *as[string](p)) }

func encodeBytes(_ *writer, dst []byte, p pointer) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, *as[[]byte](p))
	return append(dst, '"')
}

var errTime = errors.New("a time outside of what RFC 3339 can write")

func encodeTime(w *writer, dst []byte, p pointer) []byte {
	dst = append(dst, '"')
	dst, err := as[time.Time](p).AppendText(dst)
	if err != nil {
		w.fail(errTime)
	}
	return append(dst, '"')
}

func encodeDuration(_ *writer, dst []byte, p pointer) []byte {
	dst = append(dst, '"')
	dst = append(dst, as[time.Duration](p).String()...)
	return append(dst, '"')
}

func makeTextWriter(t *typeinfo.Type) (encodeFunc, error) {
	if !t.Writes {
		return nil, cannot(t, "it is used in a response, but its JSON can only be read", "give it a method MarshalText")
	}
	write := textWriter(t)
	return func(w *writer, dst []byte, p pointer) []byte {
		text, err := write(p)
		if err != nil {
			w.fail(err)
			return dst
		}
		// A string without a copy: it is only read here.
		return w.text(dst, textOf(text))
	}, nil
}

// textWriter calls MarshalText.
func textWriter(t *typeinfo.Type) func(p pointer) ([]byte, error) {
	return func(p pointer) ([]byte, error) { return t.WriteText(reflect.NewAt(t.Go, p).Interface()) }
}

// durationWriter makes the json library write durations as Candor does.
func durationWriter() *jsonv2.Marshalers {
	return madeDurationWriter.Get(func() *jsonv2.Marshalers { return jsonv2.MarshalToFunc(writeDuration) })
}

var madeDurationWriter lazy.Value[*jsonv2.Marshalers]

func writeDuration(e *jsontext.Encoder, d time.Duration) error {
	return e.WriteToken(jsontext.String(d.String()))
}

// foreignOptions are the options for values that the json library writes, so that they look the same. lenient replaces
// invalid UTF-8.
func foreignOptions(lenient bool) jsonv2.Options {
	return jsonv2.JoinOptions(
		jsonv2.Deterministic(true), jsonv1.OmitEmptyWithLegacySemantics(true),
		jsontext.AllowInvalidUTF8(lenient), jsonv2.WithMarshalers(durationWriter()),
	)
}

func makeJSONWriter(t *typeinfo.Type) (encodeFunc, error) {
	if !t.Writes {
		return nil, cannot(t, "it is used in a response, but its JSON can only be read", "give it a method MarshalJSON")
	}
	return func(w *writer, dst []byte, p pointer) []byte {
		return w.foreign(dst, reflect.NewAt(t.Go, p).Interface())
	}, nil
}

// foreign uses the json library for a type with its own JSON form.
func (w *writer) foreign(dst []byte, value any) []byte {
	return w.marshal(dst, value, w.compiler.forInterfaces().foreign)
}

// marshal encodes a value with the json library, compact and valid.
func (w *writer) marshal(dst []byte, value any, options jsonv2.Options) []byte {
	text, err := jsonv2.Marshal(value, options)
	if err != nil {
		w.fail(err)
		return dst
	}
	return append(dst, text...)
}

// encodeRaw writes existing JSON without its white space; nil is null.
func encodeRaw(w *writer, dst []byte, p pointer) []byte {
	raw := *as[json.RawMessage](p)
	if raw == nil {
		return append(dst, "null"...)
	}
	s := scanner{data: raw, limit: MaxEncodeDepth}
	s.space()
	// The bytes are a user's: text that is not JSON would corrupt the response.
	if !s.skip() || !s.finished() {
		w.fail(fmt.Errorf("raw JSON is not valid: %s at byte %d", s.reason, s.at))
		return dst
	}
	return appendCompact(dst, raw)
}

// appendCompact copies valid JSON without the white space between its tokens.
func appendCompact(dst, raw []byte) []byte {
	if !bytes.ContainsAny(raw, " \t\r\n") {
		return append(dst, raw...)
	}
	inside := false
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if !inside && c <= ' ' {
			continue
		}
		dst = append(dst, c)
		switch c {
		case '"':
			inside = !inside
		// The byte after a backslash belongs to it: a quote there does not end the text.
		case '\\':
			i++
			dst = append(dst, raw[i])
		}
	}
	return dst
}

func (c *Compiler) makeQuotedWriter(t *typeinfo.Type) (encodeFunc, error) {
	switch t.Kind {
	case typeinfo.Bool, typeinfo.Int, typeinfo.Uint, typeinfo.Float:
	default:
		return nil, cannot(t, "the json option \"string\" is for numbers and booleans", "drop it")
	}
	inner, err := c.makeWriter(programKey{t: t})
	return func(w *writer, dst []byte, p pointer) []byte {
		dst = inner(w, append(dst, '"'), p)
		return append(dst, '"')
	}, err
}
