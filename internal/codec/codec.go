// Package codec converts between JSON and Go values, with functions compiled from descriptions of types.
//
// It decodes and encodes bodies, messages, events and values in interfaces. It builds on typeinfo, which describes
// types, and check, which validates values, and knows nothing about requests, routes and documents.
//
// A decoder reads a text in one pass. On the way it tracks which members are present, fills in defaults for absent
// ones, validates values, and collects all validation errors with their locations; text that is not JSON is a single
// error. Decoding is strict: names match exactly and are unique, text is UTF-8, nothing follows the value, and nesting
// is limited to [MaxDepth]. An integer may be written as 1.0 or 1e2; there are no other conversions.
//
// An encoder writes what encoding/json would write, except that nil slices are [], nil maps are {}, and HTML is not
// escaped.
//
// The files, each using those before it: memory has all unsafe code, wide operates on eight bytes at once, scan is the
// grammar of JSON, integer parses its numbers; decode and the files of the kinds (scalar, leaf, any, list, mapping,
// object, union) make decoders; encode and the files named after it make encoders; dynamic finds the encoder for a value
// in an interface; codec is the API, and parameter what it has for JSON in parameters and forms.
package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// MaxDepth is the maximum nesting of objects and lists in a text that is read. MaxEncodeDepth is the same for what is
// written, where it stops at a value that contains itself; pointers count too.
const (
	MaxDepth       = 100
	MaxEncodeDepth = 1000
)

// Compiler makes decoders and encoders for one set of rules and caches them by type. It is safe for concurrent use, and
// so is what it makes.
type Compiler struct {
	rules   *check.Set
	side    side
	foreign jsonv2.Options
	// dynamic holds the encoders of the types found in interfaces, a map[reflect.Type]dynamicEncoder. It is read for each
	// value and grows by few types, so it is replaced instead of changed.
	dynamic atomic.Value
	// growing guards the replacement of dynamic.
	growing sync.Mutex

	states    sync.Pool // of *state
	scratches sync.Pool // of *Scratch

	// mu guards the following fields: one type is compiled at a time. Unfinished programs are already in the maps, so a
	// type that contains itself finds its own.
	mu       sync.Mutex
	decoders map[programKey]*decodeProgram
	encoders map[programKey]*encodeProgram
	// undo removes unfinished programs from the maps when a compilation fails; later validates defaults and examples
	// after it has succeeded, because reading one may need any of the programs.
	undo  []func()
	later []func() error
}

// side says for whom programs are made.
type side uint8

const (
	// server reads requests and writes responses, and checks rules.
	server side = iota
	// client writes requests and reads responses, and checks nothing.
	client
	// unjudged writes values in interfaces and messages between processes of one app, and checks nothing.
	unjudged
)

// programKey is what a program depends on.
type programKey struct {
	t      *typeinfo.Type
	rules  *typeinfo.Rules
	quoted bool
}

// NewCompiler returns an empty compiler. If rules is nil, it makes the programs of clients, which write requests and
// read responses. They leave validation to the server, and what they write is read back as the same value, or is an
// error:
//   - neither rules nor Validate methods are checked;
//   - a member that is absent from a response is the zero value, not the default;
//   - a zero value that has a default is written in spite of omitempty, since without it the server would fill in the
//     default;
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

// Unjudged returns the compiler for messages between processes of one app, which may be of different releases. It
// writes like a response, but checks nothing, and reads back everything: an absent member is the zero value, even if it
// is required, and an unknown one is ignored, even in a strict type.
func Unjudged() *Compiler { return forInterfaces() }

// compile runs makeProgram under the lock and keeps its results only if all of it succeeds.
func (c *Compiler) compile(makeProgram func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Both belong to one compilation: the lock keeps others from adding to them.
	c.undo, c.later = nil, nil
	err := makeProgram()
	// By index, because reading an example may compile a program that appends to the list.
	for i := 0; err == nil && i < len(c.later); i++ {
		err = c.later[i]()
	}
	if err != nil {
		// A finished program may refer to one that failed, so all of this compilation are removed.
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
	// null means that null alone is a value; vacant that an empty text is one: an object without required members.
	null   bool
	vacant func(*state, pointer)
	// secret means that a part of the text may be writeonly, so that no part of it is echoed.
	secret bool
}

// Decoder returns the decoder for values of t that satisfy the rules.
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

// Object returns the decoder of an object whose members are fields of a larger struct, such as the members of a body in
// an input: their Index starts at parent.
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
	// Memory limits the memory of the value, in bytes, not counting strings, which are never longer than their text; 0
	// means no limit.
	Memory int
	// Echo adds the input to each validation error, as JSON; for a missing member it is the enclosing object. Nothing
	// is echoed for a type with a writeonly member, which could be in any part.
	Echo bool
}

// ForBody limits the memory of values decoded from a body of at most limit bytes, in proportion: a few bytes of JSON can
// become many in Go.
func (o Options) ForBody(limit int64) Options {
	// Go values take more memory than their JSON; four times as much is allowed. min avoids an overflow where int has
	// 32 bits.
	o.Memory = int(min(limit, 1<<28))*4 + 512<<10
	return o
}

// Decode reads the one JSON text in data into an addressable zero value of the decoder's type (or of the parent
// struct). Text is copied; nothing refers to data afterwards.
//
// Validation errors have locations relative to the value, innermost element first: use Seal to add the source. Text
// that is not JSON is a single error, json_invalid at the byte offset. An empty text, and null for a type without it,
// is missing at the value itself; only an Object without required members may be empty. After an error the value must
// not be used.
//
// It reports whether the value fits into opts.Memory. If not, reading has stopped there, with the errors found until
// then.
func (d *Decoder) Decode(data []byte, into reflect.Value, opts Options, faults *fault.List) (fits bool) {
	s := d.compiler.states.Get().(*state)
	s.data, s.limit, s.memoryLimit = data, MaxDepth, int64(opts.Memory)
	s.opts, s.faults = opts, faults
	s.opts.Echo = opts.Echo && !d.secret
	n, truncated := len(faults.Faults), faults.Truncated
	// A syntax error replaces everything found before. A pass that stopped because the value is too large has none.
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
		// null counts as absent here, but it must be valid JSON and nothing may follow.
		start := s.pos
		if !s.literal("null") || !s.finished() {
			return false
		}
		s.report(fault.New(fault.Missing), start)
		return true
	}
	return d.decode(s, p) && s.finished()
}

// Default makes a function that sets dst to the field's default; each copy shares nothing with the others. The error
// says why the default is not a valid value of the field.
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

// Filler makes a function that sets a field to the value it has when absent: its default, or the defaults of the fields
// in it. It is nil if there are none.
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

// Fill sets fields of a struct to the values that they have when absent.
func (c *Compiler) Fill(fields []*typeinfo.Field, into reflect.Value) error {
	for _, f := range fields {
		fill, err := c.Filler(f)
		if err != nil {
			return err
		}
		if fill != nil {
			fill(into.FieldByIndex(f.Index))
		}
	}
	return nil
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

// CheckExample returns an error if a field's example is not a valid value of the field. For a type that can only be
// written, only the syntax is checked.
func (c *Compiler) CheckExample(f *typeinfo.Field) error {
	return c.compile(func() error { return c.verifyExample(f) })
}

// Encoder writes one type as JSON.
type Encoder struct {
	compiler *Compiler
	encode   encodeFunc
	goType   reflect.Type
}

// Encoder returns the encoder for values of t that satisfy the rules.
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

// ObjectEncoder is the inverse of Object: it returns the encoder of an object whose members are fields of the struct
// parent.
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

// Append appends v to dst. With checks on, rules are checked on the way (but not Validate methods; an absent or omitted
// value satisfies every rule), and violations become validation errors, located like those of Decode.
//
// The error is for values without a JSON form: NaN, infinities, a time outside of the years 0 to 9999, a union without
// exactly one variant, a failing MarshalJSON or MarshalText, nesting beyond [MaxEncodeDepth]. It includes the location,
// and is meant for logs.
func (e *Encoder) Append(dst []byte, v reflect.Value, checks bool, faults *fault.List) ([]byte, error) {
	scratch := e.compiler.scratches.Get().(*Scratch)
	dst, err := e.AppendIn(scratch, dst, v, checks, faults)
	e.compiler.scratches.Put(scratch)
	return dst, err
}

// Scratch is working memory for encoders. The zero value is ready to use, for one value at a time.
type Scratch struct{ writer writer }

// AppendIn is Append with scratch memory that the caller keeps.
func (e *Encoder) AppendIn(scratch *Scratch, dst []byte, v reflect.Value, checks bool, faults *fault.List) ([]byte, error) {
	if !v.CanAddr() {
		// Compiled functions need an address, and a value from an interface or a map has none.
		copied := reflect.New(e.goType).Elem()
		copied.Set(v)
		v = copied
	}
	w := &scratch.writer
	w.begin(e.compiler, checks, faults)
	dst = e.encode(w, dst, pointerTo(v))
	// The scratch outlives the request, so it must not keep the errors alive.
	w.faults = nil
	if w.err == nil {
		return dst, nil
	}
	return dst, w.problem()
}

// typeName returns the name of a type in messages.
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

// inField adds to an error which field of a struct it is about.
func inField(parent reflect.Type, f *typeinfo.Field, err error) error {
	at := typeinfo.Error{Type: typeinfo.Name(parent), Field: f.Go}
	return fmt.Errorf("%s: %w", at.Where(), err)
}

// quotedList lists choices as pydantic does in a validation error.
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
