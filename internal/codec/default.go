package codec

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// fillFunc sets an absent value to its default.
type fillFunc func(d *state, p pointer)

// defaultMaker makes the default of one field.
type defaultMaker struct {
	compiler *Compiler
	field    *typeinfo.Field
	decode   decodeFunc
	// ready is the value itself, for types whose copies share nothing; other defaults are read from their text each
	// time.
	ready reflect.Value
}

// defaultOf compiles a field's default, which is validated later.
func (c *Compiler) defaultOf(f *typeinfo.Field) (*defaultMaker, error) {
	decode, err := c.decoder(programKey{t: f.Type, rules: f.Rules})
	if err != nil {
		return nil, err
	}
	return &defaultMaker{compiler: c, field: f, decode: decode}, nil
}

// fill sets the zero value at p to the default.
func (m *defaultMaker) fill(d *state, p pointer) {
	if m.ready.IsValid() {
		valueAt(m.field.Type.Go, p).Set(m.ready)
		return
	}
	// Only while defaults are validated: this finds a default that contains its own field, which would recurse without
	// end.
	if d.making != nil {
		if d.loop = d.loop || slices.Contains(d.making, m); d.loop {
			return
		}
		d.making = append(d.making, m)
		defer func() { d.making = d.making[:len(d.making)-1] }()
	}
	m.read(d, p)
}

// read reads the default as if it had been sent, in the middle of another text.
func (m *defaultMaker) read(d *state, p pointer) bool {
	var none fault.List
	// The outer pass continues afterwards, so its whole state is saved.
	outer, opts, faults, failed := d.scanner, d.opts, d.faults, d.failed
	d.scanner = scanner{data: m.field.Default, limit: MaxDepth}
	d.opts, d.faults = Options{}, &none
	ok := m.decode(d, p) && d.finished()
	// Memory used by a default counts for the text that caused it.
	outer.spent += d.spent
	d.scanner, d.opts, d.faults, d.failed = outer, opts, faults, failed
	return ok && len(none.Faults) == 0
}

// verify reads the default once and reports what is wrong with it.
func (m *defaultMaker) verify() error {
	value := reflect.New(m.field.Type.Go).Elem()
	d := &state{making: []*defaultMaker{m}}
	if err := m.compiler.trial(d, m.decode, m.field, m.field.Default, value); err != nil {
		return fmt.Errorf("default %w; change the default or the rule", err)
	}
	if d.loop {
		return fmt.Errorf("default %s contains the field itself, without end; use a default without it", m.field.Default)
	}
	if isFlat(m.field.Type) {
		m.ready = value
	}
	return nil
}

// isFlat reports whether copying a value shares nothing.
func isFlat(t *typeinfo.Type) bool {
	switch t.Kind {
	case typeinfo.Bool, typeinfo.Int, typeinfo.Uint, typeinfo.Float, typeinfo.Number,
		typeinfo.String, typeinfo.Time, typeinfo.Duration:
		return true
	case typeinfo.Optional, typeinfo.Nullable:
		return isFlat(t.Elem)
	}
	return false
}

// trial reads a default or an example. The error begins with its text.
func (c *Compiler) trial(d *state, decode decodeFunc, f *typeinfo.Field, text []byte, into reflect.Value) error {
	var found fault.List
	d.scanner = scanner{data: text, limit: MaxDepth}
	d.faults = &found
	if !decode(d, pointerTo(into)) || !d.finished() {
		return fmt.Errorf("%s is not JSON: %s", text, d.reason)
	}
	if len(found.Faults) == 0 {
		return nil
	}
	return errors.New(complaint(f, text, found.Faults[0]))
}

// complaint says what is wrong with a default or an example.
func complaint(f *typeinfo.Field, text []byte, found fault.Fault) string {
	if found.Tag != "" && len(found.Loc) == 0 {
		return fmt.Sprintf("%s breaks %s", text, found.Tag)
	}
	message := found.Msg
	if message == "" {
		message = fault.Message(found.Type, found.Ctx)
	}
	if len(found.Loc) == 0 {
		return fmt.Sprintf("%s does not fit %s (%s)", text, f.Type.Go, message)
	}
	var loc strings.Builder
	for _, at := range slices.Backward(found.Loc) {
		fmt.Fprintf(&loc, ".%v", at)
	}
	return fmt.Sprintf("%s does not fit %s (%s at %s)", text, f.Type.Go, message, loc.String()[1:])
}

// memberExample validates the example of an object's member after compilation. Clients know no rules, so they skip it.
func (c *Compiler) memberExample(f *typeinfo.Field) {
	if f.Example == nil || c.rules == nil {
		return
	}
	c.later = append(c.later, func() error { return declared(f, c.verifyExample(f)) })
}

// declared adds to a late error which field it is about.
func declared(f *typeinfo.Field, err error) error {
	if err == nil || f.Owner == nil {
		return err
	}
	// Such an error has the form "problem; fix": see verify and verifyExample.
	problem, fix, _ := strings.Cut(err.Error(), "; ")
	return &typeinfo.Error{Type: typeinfo.Name(f.Owner), Field: f.Declared, Problem: problem, Fix: fix}
}

// verifyExample reads a field's example. For a type that can only be written, only the syntax is checked.
func (c *Compiler) verifyExample(f *typeinfo.Field) error {
	if f.Example == nil {
		return nil
	}
	begun, waiting := len(c.undo), len(c.later)
	decode, err := c.decoder(programKey{t: f.Type, rules: f.Rules})
	if errors.As(err, new(*unreadableError)) {
		// Nothing of the failed compilation may stay; what was begun before stays.
		for _, undo := range c.undo[begun:] {
			undo()
		}
		c.undo, c.later = c.undo[:begun], c.later[:waiting]
		return checkSyntax(f.Example)
	}
	if err != nil {
		return err
	}
	if err := c.trial(&state{}, decode, f, f.Example, reflect.New(f.Type.Go).Elem()); err != nil {
		return fmt.Errorf("example %w; change the example or the rule", err)
	}
	return nil
}

// checkSyntax reports whether an example is JSON at all.
func checkSyntax(text []byte) error {
	s := scanner{data: text, limit: MaxDepth}
	s.space()
	if !s.skip() || !s.finished() {
		return fmt.Errorf("example %s is not JSON: %s; correct it", text, s.reason)
	}
	return nil
}

// filler compiles the value of an absent field: its default, or the defaults of the fields in it; nil if there is none.
func (c *Compiler) filler(f *typeinfo.Field) (fillFunc, error) {
	// Only requests have defaults: elsewhere an absent member is the zero value.
	if c.side != server {
		return nil, nil
	}
	if f.Default == nil {
		return c.fillerOf(f.Type)
	}
	m, err := c.defaultOf(f)
	if err != nil {
		return nil, err
	}
	c.later = append(c.later, func() error { return declared(f, m.verify()) })
	return m.fill, nil
}

// fillerOf compiles the value of an absent type. It terminates, because a type contains itself only through a pointer,
// slice or map, which stay nil; an embedded pointer is followed only for defaults of its own fields.
func (c *Compiler) fillerOf(t *typeinfo.Type) (fillFunc, error) {
	switch t.Kind {
	case typeinfo.Struct:
		return c.structFiller(t.Object, t.Go)
	case typeinfo.Array:
		return c.arrayFiller(t)
	}
	return nil, nil
}

func (c *Compiler) arrayFiller(t *typeinfo.Type) (fillFunc, error) {
	fill, err := c.fillerOf(t.Elem)
	if err != nil || fill == nil {
		return nil, err
	}
	size := t.Elem.Go.Size()
	return func(d *state, p pointer) {
		for i := range t.Len {
			fill(d, element(p, i, size))
		}
	}, nil
}

// fieldFill is a field of an absent struct that has a default.
type fieldFill struct {
	at   path
	fill fillFunc
}

func (c *Compiler) structFiller(o *typeinfo.Object, parent reflect.Type) (fillFunc, error) {
	var fills []fieldFill
	for _, f := range o.Fields {
		// An embedded pointer stays nil unless one of its own fields has a default.
		if f.ThroughPointer && f.Default == nil {
			continue
		}
		fill, err := c.filler(f)
		if err != nil {
			return nil, inField(parent, f, err)
		}
		if fill != nil {
			at, _ := pathTo(parent, f.Index)
			fills = append(fills, fieldFill{at, fill})
		}
	}
	if fills == nil {
		return nil, nil
	}
	return func(d *state, p pointer) {
		for i := range fills {
			fills[i].fill(d, fills[i].at.reach(p))
		}
	}, nil
}
