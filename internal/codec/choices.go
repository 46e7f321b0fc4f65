package codec

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// choices are the values of a type that lists them by its method Enum.
type choices struct {
	goType   reflect.Type
	expected string
	values   []reflect.Value
	// texts are the values again when they are strings, the most common case.
	texts []string
	// spellings are the only accepted texts of values with UnmarshalText: the document lists no others.
	spellings []string
}

// choicesOf asks the type for its values.
func choicesOf(t *typeinfo.Type) (*choices, error) {
	if !t.Go.Comparable() {
		return nil, cannot(t, "it lists its values, but values of it cannot be compared", "drop the method Enum or make the type comparable")
	}
	listed := reflect.New(t.Go).MethodByName("Enum").Call(nil)[0]
	c := &choices{goType: t.Go}
	for i := range listed.Len() {
		c.values = append(c.values, listed.Index(i))
		if t.Kind == typeinfo.String {
			c.texts = append(c.texts, listed.Index(i).String())
		}
	}
	var shown []string
	for _, raw := range t.Enum {
		shown = append(shown, choice(raw))
		// UnmarshalText may accept several spellings of a value, but the document lists one of each, so the text is
		// compared.
		if t.Kind == typeinfo.Text {
			c.spellings = append(c.spellings, string(unquoted(raw)))
		}
	}
	c.expected = quotedList(shown, " or ")
	return c, nil
}

// judge checks that a value is listed.
func (c *choices) judge() *judge {
	return &judge{ask: c.holds, fault: c.fault}
}

// fault returns the validation error for a value that is not listed.
func (c *choices) fault(p pointer) *fault.Fault {
	if c.holds(p) {
		return nil
	}
	return fault.With(fault.Enum, "expected", c.expected)
}

func (c *choices) holds(p pointer) bool {
	if c.texts != nil {
		value := *as[string](p)
		for _, text := range c.texts {
			if text == value {
				return true
			}
		}
		return false
	}
	// Any comparable type may list its values, so reflection compares them.
	value := valueAt(c.goType, p)
	for _, listed := range c.values {
		if value.Equal(listed) {
			return true
		}
	}
	return false
}

// spelled is the fault of a text that is not listed.
func (c *choices) spelled(text []byte) *fault.Fault {
	if slices.Contains(c.spellings, string(text)) {
		return nil
	}
	return fault.With(fault.Enum, "expected", c.expected)
}

// enumerated checks each value that was read without a validation error.
func enumerated(t *typeinfo.Type, decode decodeFunc) (decodeFunc, error) {
	c, err := choicesOf(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Go, err)
	}
	return func(d *state, p pointer) bool {
		start, before := d.pos, d.failed
		if !decode(d, p) {
			return false
		}
		// An invalid value may contain anything; it has already been reported.
		if d.failed == before {
			if f := c.judgeSent(d, start, p); f != nil {
				d.report(f, start)
			}
		}
		return true
	}, nil
}

// judgeSent compares a value by its text, if it has one.
func (c *choices) judgeSent(d *state, start int, p pointer) *fault.Fault {
	if c.spellings == nil {
		return c.fault(p)
	}
	return c.spelled(unquoted(d.data[start:d.pos]))
}
