// Package codec turns JSON into Go values and back by programs compiled from
// descriptions of types.
//
// Bodies, messages, events and all values in interfaces are read and written
// with it. It stands on typeinfo, which describes the types, and on check, which
// judges values, and knows nothing of requests, routes and documents.
//
// A decoder walks over a text once. On the way it tracks which members are
// present, gives absent ones their defaults, checks what was
// read, and gathers everything that is wrong with its location; a text that is
// not JSON is one fault alone. Decoding is strict: names match exactly and are
// unique, text is UTF-8, nothing follows the value, nesting ends at
// [MaxDepth]. An integer may be written 1.0 or 1e2; nothing else is converted.
//
// An encoder appends what encoding/json would write, except that nil slices
// are [], nil maps {}, and HTML is not escaped.
//
// The files, each using those above it: memory holds what is unsafe, wide what
// looks at eight bytes at once, scan the grammar of JSON, integer its numbers;
// decode and the files of the kinds (scalar, leaf, list, mapping, object, union)
// make decoders; encode and the files named for it make encoders; dynamic
// finds the encoder of a value in an interface; codec is the face.
package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// MaxDepth is how deep the objects and lists of a text that is read may nest;
// the outermost is the first. MaxEncodeDepth is the same for what is written,
// where it ends the walk through a value that contains itself; pointers count.
const (
	MaxDepth       = 100
	MaxEncodeDepth = 1000
)

// Compiler makes decoders and encoders for one set of rules and keeps them by
// type. It is safe for concurrent use; so is what it makes.
type Compiler struct {
	rules   *check.Set
	side    side
	foreign jsonv2.Options
	// dynamic holds the encoders of the types found in interfaces: reflect.Type
	// -> dynamicEncoder.
	dynamic sync.Map

	states    sync.Pool // of *state
	scratches sync.Pool // of *Scratch

	// mu guards what follows: one type is compiled at a time. Programs under
	// way are in the maps already, so a type that contains itself finds its own.
	mu       sync.Mutex
	decoders map[programKey]*decodeProgram
	encoders map[programKey]*encodeProgram
	// undo takes what was begun out of the maps when a compilation fails; later
	// verifies defaults and examples when it has succeeded, as reading one may
	// need any of its programs.
	undo  []func()
	later []func() error
}

// side says for whom programs are made.
type side uint8

const (
	// server reads requests and writes responses, by rules.
	server side = iota
	// client writes requests and reads responses, and judges nothing.
	client
	// unjudged writes what lies in interfaces and what processes of one app send
	// each other, and judges nothing.
	unjudged
)

// programKey is what a program depends on.
type programKey struct {
	t      *typeinfo.Type
	rules  *typeinfo.Rules
	quoted bool
}

// NewCompiler makes an empty compiler. With nil for the rules it makes the
// programs of the other side of the wire, where requests are written and
// responses read. They judge nothing, which is for the server to do, and what
// they write is read back as the same value, or is an error:
//   - neither rules nor Validate methods are judged;
//   - a member that is absent from a response is the zero value, not the default;
//   - a zero value that has a default is written in spite of omitempty, since
//     without it the server would fill in the default;
//   - text that is not UTF-8 is an error.
func NewCompiler(rules *check.Set) *Compiler {
	if rules == nil {
		return newCompiler(nil, client)
	}
	return newCompiler(rules, server)
}

func newCompiler(rules *check.Set, side side) *Compiler {
	return &Compiler{
		rules:     rules,
		side:      side,
		foreign:   foreignOptions(side != client),
		states:    sync.Pool{New: func() any { return &state{} }},
		scratches: sync.Pool{New: func() any { return &Scratch{} }},
		decoders:  map[programKey]*decodeProgram{},
		encoders:  map[programKey]*encodeProgram{},
	}
}

// Unjudged is the compiler of messages between processes of one app, which may
// be of two releases of it. What it makes writes as a response would be written,
// but judges nothing, and reads back all of that: a member that is absent is the
// zero value, even if it is required, and one that is unknown is passed over,
// even in a type that is strict.
func Unjudged() *Compiler { return forInterfaces() }

// compile runs make under the lock and keeps what it made only if all of it
// succeeded.
func (c *Compiler) compile(makeProgram func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Both belong to one compilation: the lock keeps every other from adding to them.
	c.undo, c.later = nil, nil
	err := makeProgram()
	// By index, as reading an example may compile a program that adds to the list.
	for i := 0; err == nil && i < len(c.later); i++ {
		err = c.later[i]()
	}
	if err != nil {
		// A program that is finished may refer to one that failed, so all of this
		// compilation leave.
		for _, undo := range c.undo {
			undo()
		}
	}
	return err
}

// Decoder reads one type from JSON texts.
type Decoder struct {
	compiler *Compiler
	decode   decodeFunc
	// null means that a text that is null alone is a value; vacant, that a
	// text without anything is: an object of which no member is required.
	null   bool
	vacant func(*state, pointer)
	// secret means that a part of the text may be writeonly, so that no part of it is
	// repeated.
	secret bool
}

// Decoder makes, or finds, the decoder of t whose values keep the rules.
func (c *Compiler) Decoder(t *typeinfo.Type, rules *typeinfo.Rules) (*Decoder, error) {
	d := &Decoder{compiler: c, null: t.Null(), secret: t.HoldsWriteOnly()}
	err := c.compile(func() (err error) {
		d.decode, err = c.decoder(programKey{t, rules, false})
		return err
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Object makes the decoder of an object whose members lie in a larger struct,
// such as the members of a body in an input: their Index starts at parent.
func (c *Compiler) Object(o *typeinfo.Object, parent reflect.Type) (*Decoder, error) {
	d := &Decoder{compiler: c, secret: o.HoldsWriteOnly()}
	err := c.compile(func() error {
		made, err := c.object(o, parent, "")
		if err != nil {
			return err
		}
		d.decode = made.decode
		if !slices.ContainsFunc(o.Fields, func(f *typeinfo.Field) bool { return f.Required }) {
			d.vacant = made.fill
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Options says how a text is decoded.
type Options struct {
	// ForbidExtra forbids unknown members in every object, not only in those
	// whose type does.
	ForbidExtra bool
	// Memory is what the value may take, in bytes, strings aside, which are never
	// longer than their text; 0 is no limit.
	Memory int
	// Echo puts what was sent into each fault, as JSON; for a missing member
	// that is the object around it. Of a type that holds a member that is
	// writeonly, nothing is repeated: it could be in any part.
	Echo bool
}

// Decode reads the one JSON text in data into an addressable zero value of the
// decoder's type (or of the parent struct). Text is copied; nothing refers to
// data afterwards.
//
// Faults have locations below the value, innermost first: seal them with the
// source. When the text is not JSON there is one fault alone, json_invalid at
// the byte offset. An empty text, and null for a type without it, is missing at
// the value itself; only an Object without required members may be empty.
// After a fault the value is to be thrown away.
//
// It reports whether the value fits into opts.Memory. If it does not, reading
// has ended there, and the faults are those before.
func (d *Decoder) Decode(data []byte, into reflect.Value, opts Options, faults *fault.List) (fits bool) {
	s := d.compiler.states.Get().(*state)
	s.data, s.limit, s.memoryLimit = data, MaxDepth, int64(opts.Memory)
	s.opts, s.faults = opts, faults
	s.opts.Echo = opts.Echo && !d.secret
	n, truncated := len(faults.Faults), faults.Truncated
	// Whatever was found in a text that is not JSON goes: the syntax error is the one
	// fault. A walk that ended because the value is too large has none.
	if !d.run(s, pointerTo(into)) && !s.large {
		faults.Faults, faults.Truncated = faults.Faults[:n], truncated
		faults.Add(&fault.Fault{
			Type: fault.JSONInvalid, Loc: []any{s.at}, Ctx: map[string]any{"error": s.reason},
		})
	}
	fits = !s.large
	s.release()
	d.compiler.states.Put(s)
	return fits
}

func (d *Decoder) run(s *state, p pointer) bool {
	s.byteOrderMark()
	s.space()
	if s.pos == len(s.data) {
		if d.vacant != nil {
			d.vacant(s, p)
		} else {
			s.report(fault.New(fault.Missing), s.pos)
		}
		return true
	}
	if s.peek() == 'n' && !d.null {
		// null counts as an absent value here, but it has to be valid JSON and stand
		// alone.
		start := s.pos
		if !s.literal("null") || !s.finished() {
			return false
		}
		s.report(fault.New(fault.Missing), start)
		return true
	}
	return d.decode(s, p) && s.finished()
}

// Default makes the maker of a field's default, which sets dst to a copy that
// shares nothing with those before. The error says why the default cannot be a
// value of the field.
func (c *Compiler) Default(f *typeinfo.Field) (func(dst reflect.Value), error) {
	var made *defaultMaker
	err := c.compile(func() (err error) {
		if made, err = c.defaultOf(f); err == nil {
			err = made.verify()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.filling(made.fill), nil
}

// Filler makes what gives a field the value it has when it is absent, whether or
// not it may be: its default, or the defaults of the fields in it. It is nil for
// a field without any.
func (c *Compiler) Filler(f *typeinfo.Field) (func(dst reflect.Value), error) {
	var fill fillFunc
	err := c.compile(func() (err error) {
		fill, err = c.filler(f)
		return err
	})
	if err != nil || fill == nil {
		return nil, err
	}
	return c.filling(fill), nil
}

func (c *Compiler) filling(fill fillFunc) func(dst reflect.Value) {
	return func(dst reflect.Value) {
		// The state is for defaults that are read from their text each time.
		s := c.states.Get().(*state)
		fill(s, pointerTo(dst))
		s.release()
		c.states.Put(s)
	}
}

// CheckExample reports whether a field's example is a value of the field. Of a
// type that cannot be read only the syntax is checked.
func (c *Compiler) CheckExample(f *typeinfo.Field) error {
	return c.compile(func() error { return c.verifyExample(f) })
}

// Encoder writes one type as JSON.
type Encoder struct {
	compiler *Compiler
	encode   encodeFunc
	goType   reflect.Type
}

// Encoder makes, or finds, the encoder of t whose values keep the rules.
func (c *Compiler) Encoder(t *typeinfo.Type, rules *typeinfo.Rules) (*Encoder, error) {
	e := &Encoder{compiler: c, goType: t.Go}
	err := c.compile(func() (err error) {
		e.encode, err = c.encoder(programKey{t, rules, false})
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// ObjectEncoder is the inverse of Object: it makes the encoder of an object
// whose members lie in the struct parent.
func (c *Compiler) ObjectEncoder(o *typeinfo.Object, parent reflect.Type) (*Encoder, error) {
	e := &Encoder{compiler: c, goType: parent}
	err := c.compile(func() (err error) {
		e.encode, err = c.structWriter(o, parent)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Append writes v after dst. With checks on, the rules of what is written are
// judged on the way (not Validate methods; an absent or omitted value keeps
// every rule) and broken ones become faults, located like those of Decode.
//
// The error is for what has no JSON form: NaN, infinities, a time outside of the
// years 0 to 9999, a union without exactly one variant, a failing MarshalJSON or
// MarshalText, nesting over [MaxEncodeDepth]. It names the location, and is meant
// for a log.
func (e *Encoder) Append(dst []byte, v reflect.Value, checks bool, faults *fault.List) ([]byte, error) {
	scratch := e.compiler.scratches.Get().(*Scratch)
	dst, err := e.AppendIn(scratch, dst, v, checks, faults)
	e.compiler.scratches.Put(scratch)
	return dst, err
}

// Scratch is what an encoder works in. Its zero value is ready, for one value
// after the other.
type Scratch struct{ writer writer }

// AppendIn is Append with a scratch that the caller keeps.
func (e *Encoder) AppendIn(scratch *Scratch, dst []byte, v reflect.Value, checks bool, faults *fault.List) ([]byte, error) {
	if !v.CanAddr() {
		// The compiled functions need an address, and a value out of an interface or a
		// map has none.
		copied := reflect.New(e.goType).Elem()
		copied.Set(v)
		v = copied
	}
	w := &scratch.writer
	w.begin(e.compiler, checks, faults)
	dst = e.encode(w, dst, pointerTo(v))
	// The scratch outlives the request, so it must not keep its faults alive.
	w.faults = nil
	if w.err == nil {
		return dst, nil
	}
	return dst, w.problem()
}

// typeName is how a message calls a type.
func typeName(t reflect.Type) string {
	if t.Name() != "" {
		return t.Name()
	}
	return t.String()
}

// cannot is the error for a type that has no program.
func cannot(t *typeinfo.Type, problem, fix string) error {
	return &typeinfo.Error{Type: typeinfo.Name(t.Go), Problem: problem, Fix: fix}
}

// unreadableError is the error for a type that can only be written.
type unreadableError struct{ reason *typeinfo.Error }

func (e *unreadableError) Error() string { return e.reason.Error() }

// Unwrap gives the error in its plain form.
func (e *unreadableError) Unwrap() error { return e.reason }

func cannotRead(t *typeinfo.Type, fix string) error {
	return &unreadableError{&typeinfo.Error{
		Type: typeinfo.Name(t.Go), Problem: "it is used in a request, but its JSON can only be written", Fix: fix,
	}}
}

// inField says at which field of a struct an error occurred.
func inField(parent reflect.Type, f *typeinfo.Field, err error) error {
	at := typeinfo.Error{Type: typeinfo.Name(parent), Field: f.Go}
	return fmt.Errorf("%s: %w", at.Where(), err)
}

// quotedList is how pydantic lists choices in the facts of a fault.
func quotedList(values []string, last string) string {
	var b strings.Builder
	for i, v := range values {
		switch {
		// The first comes first, so that a list of one has no word before it.
		case i == 0:
		case i == len(values)-1:
			b.WriteString(last)
		default:
			b.WriteString(", ")
		}
		b.WriteString(v)
	}
	return b.String()
}

// choice is one choice of such a list: text in single quotes, numbers plain.
func choice(raw json.RawMessage) string {
	if raw[0] == '"' {
		return "'" + string(unquoted(raw)) + "'"
	}
	return string(raw)
}
