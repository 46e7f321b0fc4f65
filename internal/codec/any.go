package codec

import (
	"encoding/json"
	"slices"
)

// This file reads values of any kind into interfaces. An interface that holds a string, a number or a list refers to
// memory that Go would allocate for each one. Here strings and numbers lie in arrays, one after another, and a short list
// lies together with its elements.
//
// The invariant: what an interface refers to is written once, before the interface is made. An array belongs to one
// pass, and holds few values, none of which refers to much, so that an interface that is kept for long does not keep a
// whole text in memory.

// The sizes in bytes of an interface, of the value in one that is not a pointer, and of a map without entries.
const (
	bytesPerAny = 16
	bytesPerBox = 24
	bytesPerMap = 48
)

// decodeAny reads any value: objects become map[string]any, lists []any,
// numbers float64, or json.Number where a float64 would lose a digit.
func decodeAny(d *state, p pointer) bool {
	value, ok := d.any()
	*as[any](p) = value
	return ok
}

func (d *state) any() (any, bool) {
	switch c := d.peek(); {
	case c == '"':
		return d.anyText()
	case c == '{':
		return d.anyObject()
	case c == '[':
		return d.anyList()
	case c == '-' || c-'0' < 10:
		return d.anyNumber()
	case c == 't':
		return true, d.literal("true")
	case c == 'f':
		return false, d.literal("false")
	}
	return nil, d.literal("null")
}

func (d *state) anyText() (any, bool) {
	text, _, ok := d.text()
	if !ok || !d.spend(bytesPerBox) {
		return nil, false
	}
	kept := d.keepAll(text)
	// A long text has memory of its own, which others in the array would keep alive.
	if len(text) > shortText {
		return kept, true
	}
	return boxed("", store(d, &d.strings, kept)), true
}

func (d *state) anyNumber() (any, bool) {
	raw, _, ok := d.number()
	if !ok || !d.spend(bytesPerBox) {
		return nil, false
	}
	if value, ok := exactFloat(raw); ok {
		return boxed(0.0, store(d, &d.floats, value)), true
	}
	return json.Number(d.keepAll(raw)), true
}

// mostBoxed is how many values share one array at most.
const mostBoxed = 8

// store appends a value to an array, a new one if that is full, and returns where it lies.
func store[T any](d *state, array *[]T, value T) pointer {
	if len(*array) == cap(*array) {
		// The remaining text has no more values, as each but the last needs a comma.
		*array = make([]T, 0, min(1+(len(d.data)-d.pos)/2, mostBoxed))
	}
	*array = append(*array, value)
	return pointer(&(*array)[len(*array)-1])
}

// shortList is a list together with its first elements.
type shortList struct {
	list   []any
	values [4]any
}

func (d *state) anyList() (any, bool) {
	if !d.open() {
		return nil, false
	}
	if d.closed(']') {
		return []any{}, d.spend(bytesPerBox)
	}
	if !d.spend(bytesPerBox + int64(len(shortList{}.values))*bytesPerAny) {
		return nil, false
	}
	short := &shortList{}
	values := short.values[:0]
	for {
		if len(values) == cap(values) && !d.growAny(&values) {
			return nil, false
		}
		value, ok := d.any()
		if !ok {
			return nil, false
		}
		values = append(values, value)
		if more, ok := d.more(']'); !more {
			if len(values) > len(short.values) {
				return values, ok
			}
			short.list = values
			return boxed([]any(nil), pointer(&short.list)), ok
		}
	}
}

// growAny doubles the capacity of a list.
func (d *state) growAny(values *[]any) bool {
	n := len(*values)
	// Paid for before it is made, and in full, because the old array stays until it has been copied.
	if !d.spend(bytesPerBox + int64(2*n)*bytesPerAny) {
		return false
	}
	*values = slices.Grow(*values, n)
	return true
}

func (d *state) anyObject() (any, bool) {
	if !d.open() {
		return nil, false
	}
	values := map[string]any{}
	if d.closed('}') {
		return values, d.spend(bytesPerMap)
	}
	for {
		if !d.spend(mapEntry(bytesPerName + bytesPerAny)) {
			return nil, false
		}
		at := d.pos
		raw, ok := d.name()
		if !ok {
			return nil, false
		}
		name := d.keepAll(raw)
		value, ok := d.any()
		if !ok {
			return nil, false
		}
		// The map itself finds duplicate names, so they are not recorded.
		known := len(values)
		if values[name] = value; len(values) == known {
			return nil, d.duplicate(at)
		}
		if more, ok := d.more('}'); !more {
			return values, ok
		}
	}
}
