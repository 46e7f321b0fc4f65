package codec

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// decodeFunc reads the value at the current position into p, a zero value of its type. It returns false for a syntax
// error, which ends the pass. A value of the wrong kind is reported and skipped, and the pass continues.
type decodeFunc func(d *state, p pointer) bool

// state is one pass over one text.
type state struct {
	scanner
	opts   Options
	faults *fault.List
	// failed counts the validation errors, including those beyond the limit of the list, so that comparing it shows
	// whether a value was valid.
	failed int
	// chunk holds the short texts that were copied last.
	chunk []byte
	// strings and floats hold the last values that interfaces refer to.
	strings []string
	floats  []float64
	// echo is a copy of the text, made when an error has to include a part of it.
	echo []byte
	// making are the defaults being validated, otherwise nil; loop is set if one of them contains itself.
	making []*defaultMaker
	loop   bool
}

// release drops everything that belongs to a request.
func (d *state) release() {
	names, unescaped := d.names, d.unescaped
	// Up to the capacity: names beyond the length still point into this request's text.
	clear(names[:cap(names)])
	// One request with many names, or a very long escaped text, must not permanently enlarge what the pool keeps.
	if cap(names) > 8*fewNames {
		names = nil
	}
	if cap(unescaped) > 1<<16 {
		unescaped = nil
	}
	// Not as one value, which would be made elsewhere and copied.
	*d = state{}
	d.names, d.unescaped = names[:0], unescaped
}

// report records an error for the value between start and the current position.
func (d *state) report(f *fault.Fault, start int) {
	d.failed++
	// If start is the current position, nothing was sent or, as for a key, the error brings its own input.
	if d.opts.Echo && start < d.pos {
		// A copy, because all requests share the error of a rule.
		shown := *f
		shown.Input = d.sent(start)
		f = &shown
	}
	d.faults.Add(f)
}

// sent returns the text from start to the current position, as a part of a copy that all errors share.
func (d *state) sent(start int) json.RawMessage {
	// One copy for all errors of the text, whose memory the caller reuses.
	if d.echo == nil {
		d.echo = bytes.Clone(d.data)
	}
	// The capacity is limited, so that appending makes a copy.
	return d.echo[start:d.pos:d.pos]
}

// wrong reports a value and skips it.
func (d *state) wrong(typ string) bool {
	start := d.pos
	if !d.skip() {
		return false
	}
	d.report(fault.New(typ), start)
	return true
}

// mark is a moment in a pass, to find out what happened since.
type mark struct{ faults, failed int }

func (d *state) mark() mark { return mark{len(d.faults.Faults), d.failed} }

// isValid reports whether there was no error since the mark.
func (d *state) isValid(since mark) bool { return d.failed == since.failed }

// under adds a name or an index to the locations of errors since the mark.
func (d *state) under(since mark, at any) { d.faults.Under(since.faults, at) }

// readInner reads a separate text, such as a number in a string, with inner. It reports whether that consumed the whole
// text.
func (d *state) readInner(text []byte, inner decodeFunc, p pointer) bool {
	outer, echo := d.scanner, d.opts.Echo
	// A separate scanner, because positions in the inner text mean nothing outside. The caller reports the error again
	// for the whole string, and echoes that.
	d.scanner, d.opts.Echo = scanner{data: text, limit: MaxDepth}, false
	ok := inner(d, p) && d.pos == len(text)
	d.scanner, d.opts.Echo = outer, echo
	return ok
}

// decodeProgram is a decoder that may still be unfinished.
type decodeProgram struct{ decode decodeFunc }

// decoder returns a decoder, which it compiles if necessary.
func (c *Compiler) decoder(key programKey) (decodeFunc, error) {
	if known, ok := c.decoders[key]; ok {
		if known.decode != nil {
			return known.decode, nil
		}
		// Unfinished, as in a type that contains itself: it is looked up when it runs.
		return func(d *state, p pointer) bool { return known.decode(d, p) }, nil
	}
	program := &decodeProgram{}
	// Stored before it is made, so that compiling a type that contains itself terminates.
	c.decoders[key] = program
	c.undo = append(c.undo, func() { delete(c.decoders, key) })
	made, err := c.makeDecoder(key)
	program.decode = made
	return made, err
}

// makeDecoder adds validation to the function that reads a value.
func (c *Compiler) makeDecoder(key programKey) (decodeFunc, error) {
	decode, err := c.makeJudged(key)
	if err != nil || !key.t.Validates || c.side != server {
		return decode, err
	}
	return validated(key.t.Go, decode), nil
}

// makeJudged is makeDecoder without the value's own method Validate.
func (c *Compiler) makeJudged(key programKey) (decodeFunc, error) {
	t := key.t
	decode, err := c.makeKind(key)
	// A wrapper has passed its rules on to the type inside.
	if err != nil || t.Wraps() {
		return decode, err
	}
	if c.side == unjudged {
		return decode, nil
	}
	if t.Enum != nil {
		if decode, err = enumerated(t, decode); err != nil {
			return nil, err
		}
	}
	if key.rules != nil && key.rules.NotNull {
		decode = notNull(decode)
	}
	judge, err := c.judge(t, key.rules)
	if err != nil || judge == nil {
		return decode, err
	}
	sent, err := c.rules.CompileRounded(t, key.rules)
	// Rounding may move a float32 across a bound, so the number is checked as it was sent.
	if sent != nil {
		decode = rounded(decode, sent)
	}
	return checked(decode, judge), err
}

// makeKind chooses the function for a kind. The rules of a pointer or an Optional are passed to the type inside.
func (c *Compiler) makeKind(key programKey) (decodeFunc, error) {
	t := key.t
	if key.quoted && !t.Wraps() {
		return c.makeQuoted(t)
	}
	switch t.Kind {
	case typeinfo.Bool:
		return decodeBool, nil
	case typeinfo.Int:
		return makeInt(t.Bits), nil
	case typeinfo.Uint:
		return makeUint(t.Bits), nil
	case typeinfo.Float:
		return makeFloat(t.Bits), nil
	case typeinfo.Number:
		return decodeNumber, nil
	case typeinfo.String:
		return decodeString, nil
	case typeinfo.Bytes:
		return makeStrings(parseBytes), nil
	case typeinfo.Time:
		if t.Format == typeinfo.HTTPDate {
			return makeStrings(parseHTTPDate), nil
		}
		return makeStrings(parseTime), nil
	case typeinfo.Duration:
		return makeStrings(parseDuration), nil
	case typeinfo.Text:
		return makeText(t)
	case typeinfo.JSON:
		return makeJSON(t)
	case typeinfo.Raw:
		return decodeRaw, nil
	case typeinfo.Any:
		return decodeAny, nil
	case typeinfo.Pointer:
		return c.makePointer(key)
	case typeinfo.Optional:
		return c.makeOptional(key)
	case typeinfo.Nullable:
		return c.makeNullable(key)
	case typeinfo.Slice:
		return c.makeSlice(key)
	case typeinfo.Array:
		return c.makeArray(key)
	case typeinfo.Map:
		return c.makeMap(key)
	case typeinfo.Struct:
		return c.makeStruct(t)
	case typeinfo.Union:
		return c.makeUnion(t)
	}
	return nil, cannot(t, "it has no JSON form", "use another type")
}

// notNull rejects null for a type that would accept it.
func notNull(decode decodeFunc) decodeFunc {
	return func(d *state, p pointer) bool {
		if d.peek() == 'n' {
			return d.wrong(fault.Missing)
		}
		return decode(d, p)
	}
}

// checked validates each value that was read without an error.
func checked(decode decodeFunc, judge *judge) decodeFunc {
	return func(d *state, p pointer) bool {
		start, before := d.pos, d.failed
		if !decode(d, p) {
			return false
		}
		// Nearly every value passes. One that could not be read may contain anything, so its result is ignored.
		if !judge.passes(p) && d.failed == before {
			if f := judge.fault(p); f != nil {
				d.report(f, start)
			}
		}
		return true
	}
}

// validated calls the Validate method of each value that was read without a
// fault.
func validated(t reflect.Type, decode decodeFunc) decodeFunc {
	return func(d *state, p pointer) bool {
		start, before := d.pos, d.failed
		if !decode(d, p) {
			return false
		}
		if d.failed == before {
			d.validate(t, p, start)
		}
		return true
	}
}

// validate calls a Validate method; false if it returns an error.
func (d *state) validate(t reflect.Type, p pointer, start int) bool {
	err := typeinfo.Validate(reflect.NewAt(t, p).Interface())
	// The error may contain several validation errors with locations; any other is one error of the value.
	if err != nil && !d.reportLocated(err, start) {
		d.report(fault.Invalid(err), start)
	}
	return err == nil
}

// rounded checks each float32 as it was sent, in a string or not.
func rounded(decode decodeFunc, keeps func(sent float64) *fault.Fault) decodeFunc {
	return func(d *state, p pointer) bool {
		start, before := d.pos, d.failed
		if !decode(d, p) {
			return false
		}
		if d.failed != before {
			return true
		}
		// With the json option "string" the number may be in quotes.
		if sent, ok := parseFloat(bytes.Trim(d.data[start:d.pos], `"`), 64); ok {
			if f := keeps(sent); f != nil {
				d.report(f, start)
			}
		}
		return true
	}
}
