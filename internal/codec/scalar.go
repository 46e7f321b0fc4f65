package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

func decodeBool(d *state, p pointer) bool {
	switch d.peek() {
	case 't':
		*as[bool](p) = true
		return d.literal("true")
	case 'f':
		*as[bool](p) = false
		return d.literal("false")
	}
	return d.wrong(fault.BoolType)
}

// startsNumber reports whether a number is next.
func (d *state) startsNumber() bool {
	c := d.peek()
	return c == '-' || c-'0' < 10
}

// makeInt makes the decoder of a signed integer. The schema contains the bounds of a narrower type, so a number outside
// of them violates a rule; for 64 bits it contains none, so a number outside is too large to be parsed.
func makeInt(bits int) decodeFunc {
	lowest, highest := int64(-1)<<(bits-1), int64(1)<<(bits-1)-1
	return func(d *state, p pointer) bool {
		if !d.startsNumber() {
			return d.wrong(fault.IntType)
		}
		start := d.pos
		// Nearly every integer is short and positive, and is read in one pass.
		if n, ok := d.count(); ok && n <= highest {
			storeInt(p, bits, n)
			return true
		}
		d.pos = start
		raw, whole, ok := d.number()
		if !ok {
			return false
		}
		n := parseInteger(raw, whole)
		largest := uint64(highest)
		// There is one more negative integer than positive ones.
		if n.negative {
			largest++
		}
		if n.verdict != fits || n.magnitude > largest {
			d.report(outside(n, bits, lowest, highest), start)
			return true
		}
		value := int64(n.magnitude)
		if n.negative {
			value = -value
		}
		storeInt(p, bits, value)
		return true
	}
}

func outside(n integer, bits int, lowest, highest int64) *fault.Fault {
	switch {
	case n.verdict == fraction:
		return fault.New(fault.IntFromFloat)
	case bits == 64:
		return fault.New(fault.IntParsingSize)
	case n.negative:
		return fault.With(fault.GreaterEqual, "ge", lowest)
	}
	return fault.With(fault.LessEqual, "le", highest)
}

// makeUint makes the decoder of an unsigned integer, whose schema has 0 as the
// lower bound in every width.
func makeUint(bits int) decodeFunc {
	highest := uint64(math.MaxUint64) >> (64 - bits)
	return func(d *state, p pointer) bool {
		if !d.startsNumber() {
			return d.wrong(fault.IntType)
		}
		start := d.pos
		raw, whole, ok := d.number()
		if !ok {
			return false
		}
		n := parseInteger(raw, whole)
		// -0 is 0, which every unsigned type holds.
		if n.verdict != fits || n.magnitude > highest || n.negative && n.magnitude != 0 {
			d.report(outsideUint(n, bits, highest), start)
			return true
		}
		storeUint(p, bits, n.magnitude)
		return true
	}
}

func outsideUint(n integer, bits int, highest uint64) *fault.Fault {
	switch {
	case n.verdict == fraction:
		return fault.New(fault.IntFromFloat)
	case n.negative:
		return fault.With(fault.GreaterEqual, "ge", 0)
	case bits == 64:
		return fault.New(fault.IntParsingSize)
	}
	return fault.With(fault.LessEqual, "le", highest)
}

func makeFloat(bits int) decodeFunc {
	return func(d *state, p pointer) bool {
		if !d.startsNumber() {
			return d.wrong(fault.FloatType)
		}
		start := d.pos
		raw, _, ok := d.number()
		if !ok {
			return false
		}
		value, ok := parseFloat(raw, bits)
		if !ok {
			d.report(fault.New(fault.FiniteNumber), start)
			return true
		}
		if bits == 32 {
			*as[float32](p) = float32(value)
		} else {
			*as[float64](p) = value
		}
		return true
	}
}

// tens are the powers of ten that a float64 holds exactly.
var tens = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

const maxTen = int64(len(tens)) - 1

// parseFloat is the float nearest to the number; false when that is infinite.
// Digits and a power of ten that are both exact as floats have an exact-rounded
// product and quotient, which is the common case and needs no further care.
func parseFloat(raw []byte, bits int) (float64, bool) {
	// A float32 made of a float64 would be rounded twice, so the library reads it.
	if bits == 64 && len(raw) <= 16 {
		if value, ok := shortFloat(raw); ok {
			return value, true
		}
	}
	value, err := strconv.ParseFloat(string(raw), bits)
	return value, err == nil
}

// Number returns a JSON number as a float64, or as a json.Number if a float64 would not be written back with the same
// value.
func Number(text string) any {
	if value, ok := exactFloat([]byte(text)); ok {
		return value
	}
	return json.Number(text)
}

// exactFloat returns the float64 that is written as a number of the same value; false if there is none. Up to 15 digits
// are always exact.
func exactFloat(raw []byte) (float64, bool) {
	if len(raw) <= 16 {
		if value, ok := shortFloat(raw); ok {
			return value, true
		}
	}
	value, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return 0, false
	}
	// If the shortest digits of the float are those that were sent, none is lost.
	digits, power := decimal(raw)
	kept, keptPower := decimal(strconv.AppendFloat(nil, value, 'e', -1, 64))
	return value, bytes.Equal(digits, kept) && (power == keptPower || len(digits) == 0)
}

// shortFloat reads a number of at most 15 digits, or an integer of 16, and a
// small exponent.
func shortFloat(raw []byte) (float64, bool) {
	digits, power, point := int64(0), int64(0), false
	for i, c := range raw {
		switch {
		case c-'0' < 10:
			digits = digits*10 + int64(c-'0')
			if point {
				power--
			}
		case c == '.':
			point = true
		case c|0x20 == 'e':
			return scaledFloat(raw[0] == '-', digits, power+exponent(raw[i+1:]))
		case c != '-' || i != 0:
			return 0, false
		}
	}
	return scaledFloat(raw[0] == '-', digits, power)
}

// scaledFloat is the digits times ten to the power.
func scaledFloat(negative bool, digits, power int64) (value float64, ok bool) {
	// Larger integers and powers are not exact as floats, so the result would be rounded
	// twice.
	if digits >= 1<<53 || power < -maxTen || power > maxTen {
		return 0, false
	}
	if value = float64(digits); power < 0 {
		value /= tens[-power]
	} else {
		value *= tens[power]
	}
	if negative {
		value = -value
	}
	return value, true
}

// decodeNumber keeps the digits of a number.
func decodeNumber(d *state, p pointer) bool {
	if !d.startsNumber() {
		return d.wrong(fault.FloatType)
	}
	raw, _, ok := d.number()
	*as[json.Number](p) = json.Number(d.keep(raw))
	return ok
}

func decodeString(d *state, p pointer) bool {
	if d.peek() != '"' {
		return d.wrong(fault.StringType)
	}
	text, _, ok := d.text()
	if !ok {
		return false
	}
	*as[string](p) = d.keep(text)
	return true
}

// Short strings are copied one after another into chunks, so that most need no allocation. A string keeps its whole
// chunk alive; chunks belong to one pass, and are half as large as the remaining text (names and numbers are not
// strings), but at most largestChunk.
const (
	shortText    = 64
	largestChunk = 2048
)

// keep is a copy of text.
func (d *state) keep(text []byte) string { return d.copied(text, (len(d.data)-d.pos)/2) }

// keepAll is keep where names are kept too: a chunk is three quarters as large as the remaining text.
func (d *state) keepAll(text []byte) string { return d.copied(text, (len(d.data)-d.pos)*3/4) }

func (d *state) copied(text []byte, more int) string {
	if len(text) > shortText {
		return string(text)
	}
	d.reserve(len(text), more)
	start := len(d.chunk)
	d.chunk = append(d.chunk, text...)
	return textOf(d.chunk[start:])
}

// reserve starts a chunk, unless a string of that size still fits into the last one. more is the expected size of what
// follows.
func (d *state) reserve(size, more int) {
	if cap(d.chunk)-len(d.chunk) < size {
		// The texts in the old chunk keep it alive.
		d.chunk = make([]byte, 0, min(size+more, largestChunk))
	}
}

// makeStrings makes the decoder of a type whose JSON is a string. parse returns nil or a validation error. Anything but
// a string is string_type.
func makeStrings(parse func(text []byte, p pointer) *fault.Fault) decodeFunc {
	return func(d *state, p pointer) bool {
		if d.peek() != '"' {
			return d.wrong(fault.StringType)
		}
		start := d.pos
		text, _, ok := d.text()
		if !ok {
			return false
		}
		if f := parse(text, p); f != nil {
			d.report(f, start)
		}
		return true
	}
}

// parseBytes reads base64 with its padding. The library would pass over line
// breaks, which the schema's base64 does not have.
func parseBytes(text []byte, p pointer) *fault.Fault {
	encoding := base64.StdEncoding.Strict()
	decoded := make([]byte, encoding.DecodedLen(len(text)))
	n, err := encoding.Decode(decoded, text)
	if err != nil || bytes.ContainsAny(text, "\r\n") {
		return fault.New(fault.BytesEncoding)
	}
	*as[[]byte](p) = decoded[:n]
	return nil
}

// makeQuoted makes the decoder of a number or boolean inside a string.
func (c *Compiler) makeQuoted(t *typeinfo.Type) (decodeFunc, error) {
	parsing, typ := "", ""
	switch t.Kind {
	case typeinfo.Bool:
		parsing, typ = fault.BoolParsing, fault.BoolType
	case typeinfo.Int, typeinfo.Uint:
		parsing, typ = fault.IntParsing, fault.IntType
	case typeinfo.Float:
		parsing, typ = fault.FloatParsing, fault.FloatType
	default:
		return nil, cannot(t, "the json option \"string\" is for numbers and booleans", "drop it")
	}
	inner, err := c.makeKind(programKey{t: t})
	if err != nil {
		return nil, err
	}
	return func(d *state, p pointer) bool {
		if d.peek() != '"' {
			return d.wrong(fault.StringType)
		}
		start, before := d.pos, d.mark()
		text, _, ok := d.text()
		if !ok {
			return false
		}
		if !d.readInner(text, inner, p) || !d.isValid(before) {
			d.unquoted(before, start, typ, parsing)
		}
		return true
	}, nil
}

// unquoted corrects the error of a value in a string: text that is not a number or boolean at all is a parsing error,
// otherwise the error stays.
func (d *state) unquoted(before mark, start int, typ, parsing string) {
	f := fault.New(parsing)
	if found := d.faults.Faults[before.faults:]; len(found) == 1 && found[0].Type != typ {
		f = &found[0]
	}
	// A copy, because the list that holds it is shortened before it is reported again.
	kept := *f
	d.faults.Faults, d.failed = d.faults.Faults[:before.faults], before.failed
	d.report(&kept, start)
}
