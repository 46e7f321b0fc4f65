package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// parseTime parses RFC 3339. The library accepts more: hours of one digit, commas, offsets of any size.
func parseTime(text []byte, p pointer) *fault.Fault {
	if !isRFC3339(text) || as[time.Time](p).UnmarshalText(text) != nil {
		return fault.New(fault.DatetimeParsing)
	}
	return nil
}

// parseHTTPDate parses the default and the example of a header that is a date.
func parseHTTPDate(text []byte, p pointer) *fault.Fault {
	t, err := http.ParseTime(string(text))
	if err != nil {
		return fault.With(fault.DatetimeParsing, "expected", http.TimeFormat)
	}
	*as[time.Time](p) = t.UTC()
	return nil
}

// isRFC3339 reports whether text has the form of an RFC 3339 date-time (section 5.6), in capitals; it does not check
// that the day exists.
func isRFC3339(text []byte) bool {
	const date = "dddd-dd-ddTdd:dd:dd"
	if len(text) < len(date)+1 || !hasForm(text[:len(date)], date) {
		return false
	}
	zone := text[len(date):]
	if zone[0] == '.' {
		end := digits(zone, 1)
		if end == 1 {
			return false
		}
		zone = zone[end:]
	}
	switch {
	case len(zone) == 1:
		return zone[0] == 'Z'
	case len(zone) != 6 || zone[0] != '+' && zone[0] != '-':
		return false
	}
	// Two digits compare as text as they do as numbers.
	return hasForm(zone[1:], "dd:dd") && string(zone[1:3]) < "24" && string(zone[4:6]) < "60"
}

// hasForm compares text with a form in which d is a digit.
func hasForm(text []byte, form string) bool {
	for i := range len(form) {
		// Unsigned: a byte below '0' becomes a large one, so one comparison is enough.
		if isDigit := text[i]-'0' < 10; form[i] == 'd' && !isDigit || form[i] != 'd' && text[i] != form[i] {
			return false
		}
	}
	return true
}

func parseDuration(text []byte, p pointer) *fault.Fault {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return fault.New(fault.DeltaParsing)
	}
	*as[time.Duration](p) = d
	return nil
}

// formatFaults maps known formats to their error types. Text of any other type is a value_error.
var formatFaults = map[string]string{
	"uuid":     fault.UUIDParsing,
	"ip":       fault.IPAddress,
	"ipv4":     fault.IPv4Address,
	"ipv6":     fault.IPv6Address,
	"integer":  fault.IntParsing,
	"number":   fault.FloatParsing,
	"decimal":  fault.DecimalParsing,
	"date":     fault.DateParsing,
	"time":     fault.TimeParsing,
	"duration": fault.DeltaParsing,
	"uri":      fault.URLParsing,
}

// refusal makes the validation error for a type with its own text form. The text of its error may come from any library
// and is not sent; validation errors in the error are passed on.
func refusal(t *typeinfo.Type) func() *fault.Fault {
	if t.Format == typeinfo.LocalDateTime {
		return func() *fault.Fault { return fault.With(fault.DatetimeParsing, "expected", fault.LocalDateTime) }
	}
	if typ, ok := formatFaults[t.Format]; ok {
		return func() *fault.Fault { return fault.New(typ) }
	}
	reason := "not a valid " + typeName(t.Go)
	return func() *fault.Fault { return fault.With(fault.ValueError, "error", reason) }
}

// reportLocated records the validation errors in err; false if there are none.
func (d *state) reportLocated(err error, start int) bool {
	found := fault.Of(err)
	for _, f := range found {
		// A copy, since the error may be a value that is returned each time. Its
		// location reads from the outside, a walk's from the inside.
		f.Loc = slices.Clone(f.Loc)
		slices.Reverse(f.Loc)
		d.report(&f, start)
	}
	return len(found) > 0
}

// makeText makes the decoder of a type that reads itself from text.
func makeText(t *typeinfo.Type) (decodeFunc, error) {
	if !t.Reads {
		return nil, cannotRead(t, "give it a method UnmarshalText")
	}
	if err := t.CheckReadsText(); err != nil {
		return nil, &unreadableError{err}
	}
	refused := refusal(t)
	read := textReader(t)
	return func(d *state, p pointer) bool {
		if d.peek() != '"' {
			return d.wrong(fault.StringType)
		}
		start := d.pos
		text, _, ok := d.text()
		if !ok {
			return false
		}
		if err := read(text, p); err != nil && !d.reportLocated(err, start) {
			d.report(refused(), start)
		}
		return true
	}, nil
}

var errForm = errors.New("not in the documented form")

// textReader calls UnmarshalText. The schema of a UUID has one form only, so
// the others that libraries take are refused; so is "" for a type of a known
// format, which libraries take for a zero that is no value, and a vast exponent.
func textReader(t *typeinfo.Type) func(text []byte, p pointer) error {
	goType, format, vast := t.Go, t.Format, isVast(t.Format)
	return func(text []byte, p pointer) error {
		if format == "uuid" && !isUUID(text) || format != "" && len(text) == 0 || vast && !isModest(text) {
			return errForm
		}
		return t.ReadText(reflect.NewAt(goType, p).Interface(), text)
	}
}

// isVast reports the formats of numbers without a largest one.
func isVast(format string) bool {
	return format == "decimal" || format == "number" || format == "rational"
}

// isModest reports whether a number's exponent has at most four digits: what
// has no largest value is written out, and a few bytes of exponent would cost
// gigabytes.
func isModest(text []byte) bool {
	i := bytes.IndexAny(text, "eEpP")
	return i < 0 || len(bytes.TrimRight(bytes.TrimLeft(text[i+1:], "+-0"), `"`)) <= 4
}

// isUUID reports whether text is a UUID as RFC 9562 writes it.
func isUUID(text []byte) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range text {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if c-'0' >= 10 && c|0x20-'a' >= 6 {
				return false
			}
		}
	}
	return true
}

// makeJSON makes the decoder of a type that reads itself from JSON. It sees
// only text that was found valid.
func makeJSON(t *typeinfo.Type) (decodeFunc, error) {
	if !t.Reads {
		return nil, cannotRead(t, "give it a method UnmarshalJSON")
	}
	if err := t.CheckReadsJSON(); err != nil {
		return nil, &unreadableError{err}
	}
	if t.Format == "integer" {
		return makeBigInteger(t), nil
	}
	refused, vast := refusal(t), isVast(t.Format)
	return func(d *state, p pointer) bool {
		start := d.pos
		if !d.skip() {
			return false
		}
		if vast && !isModest(d.data[start:d.pos]) {
			d.report(refused(), start)
			return true
		}
		err := jsonv2.Unmarshal(d.data[start:d.pos], reflect.NewAt(t.Go, p).Interface())
		if err != nil && !d.reportLocated(err, start) {
			d.report(refused(), start)
		}
		return true
	}, nil
}

// makeBigInteger makes the decoder of an integer without a largest one. Like any
// other it may be written 1.0 or 1e2; its reader takes digits only.
func makeBigInteger(t *typeinfo.Type) decodeFunc {
	return func(d *state, p pointer) bool {
		if d.peek() == 'n' {
			return d.literal("null")
		}
		if !d.startsNumber() {
			return d.wrong(fault.IntType)
		}
		start := d.pos
		raw, _, ok := d.number()
		if !ok {
			return false
		}
		digits, power := decimal(raw)
		switch {
		case power < 0 && len(digits) > 0:
			d.report(fault.New(fault.IntFromFloat), start)
			return true
		case power > maxZeros && len(digits) > 0:
			d.report(fault.New(fault.IntParsingSize), start)
			return true
		}
		text := bytes.Clone(raw)
		if whole := bytes.TrimLeft(raw, "-0123456789"); len(whole) > 0 {
			text = written(digits, power, raw[0] == '-')
		}
		if jsonv2.Unmarshal(text, reflect.NewAt(t.Go, p).Interface()) != nil {
			d.report(fault.New(fault.IntParsing), start)
		}
		return true
	}
}

// maxZeros is the largest power of ten that is written out: a few bytes of
// exponent would cost gigabytes.
const maxZeros = 9999

// written is an integer in its plain notation.
func written(digits []byte, power int64, negative bool) []byte {
	if len(digits) == 0 {
		return []byte("0")
	}
	var text []byte
	if negative {
		text = append(text, '-')
	}
	return append(append(text, digits...), bytes.Repeat([]byte("0"), int(power))...)
}

// decodeRaw keeps a value as it was sent.
func decodeRaw(d *state, p pointer) bool {
	start := d.pos
	if !d.skip() {
		return false
	}
	*as[json.RawMessage](p) = bytes.Clone(d.data[start:d.pos])
	return true
}
