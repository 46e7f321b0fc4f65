package codec

import (
	"bytes"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// makePointer makes the decoder of a pointer: null, or a fresh value.
func (c *Compiler) makePointer(key programKey) (decodeFunc, error) {
	decode, err := c.decoder(programKey{key.t.Elem, key.rules, key.quoted})
	if err != nil {
		return nil, err
	}
	elem, size := key.t.Elem.Go, int64(key.t.Elem.Go.Size())
	return func(d *state, p pointer) bool {
		if d.peek() == 'n' {
			*as[pointer](p) = nil
			return d.literal("null")
		}
		if !d.spend(size) {
			return false
		}
		fresh := newValue(elem)
		*as[pointer](p) = fresh
		return decode(d, fresh)
	}, nil
}

// makeOptional makes the decoder of an Optional that is present.
func (c *Compiler) makeOptional(key programKey) (decodeFunc, error) {
	decode, err := c.decoder(programKey{key.t.Elem, key.rules, key.quoted})
	if err != nil {
		return nil, err
	}
	layout := optionalOf(key.t)
	return func(d *state, p pointer) bool {
		*layout.setIn(p) = true
		if d.peek() == 'n' {
			*layout.nullIn(p) = true
			return d.literal("null")
		}
		return decode(d, layout.valueIn(p))
	}, nil
}

// makeNullable makes the decoder of a nullable type.
func (c *Compiler) makeNullable(key programKey) (decodeFunc, error) {
	decode, err := c.decoder(programKey{key.t.Elem, key.rules, key.quoted})
	if err != nil {
		return nil, err
	}
	layout := nullableOf(key.t)
	return func(d *state, p pointer) bool {
		if d.peek() == 'n' {
			return d.literal("null")
		}
		*layout.validIn(p) = true
		return decode(d, layout.valueIn(p))
	}, nil
}

// sliceDecoder reads a list into a slice.
type sliceDecoder struct {
	goType reflect.Type
	empty  reflect.Value
	size   uintptr
	// first is the capacity of the first array, unless the elements are counted.
	first  int
	array  reflect.Type
	decode decodeFunc
	// counts means that an element has no commas outside of its text, so that the number of commas is an estimate of
	// the number of elements.
	counts bool
	// texts means that they are strings.
	texts bool
	// extend adds capacity for so many elements to the slice at p.
	extend func(p pointer, more int)
}

func (c *Compiler) makeSlice(key programKey) (decodeFunc, error) {
	decode, err := c.elem(key)
	if err != nil {
		return nil, err
	}
	t := key.t.Go
	l := &sliceDecoder{
		goType: t, empty: reflect.MakeSlice(t, 0, 0), size: t.Elem().Size(), decode: decode,
	}
	l.first = firstCapacity(l.size)
	l.array = reflect.ArrayOf(l.first, t.Elem())
	l.counts, l.texts, l.extend = key.t.Elem.Kind <= typeinfo.Text, key.t.Elem.Kind == typeinfo.String, extender(t)
	return l.read, nil
}

// extender makes what adds capacity to slices of the type. reflect knows which
// words of an element are pointers, and is slower than the compiler, who knows too.
func extender(t reflect.Type) func(p pointer, more int) {
	switch t.Elem().Kind() {
	case reflect.String:
		return extend[string]
	case reflect.Int64, reflect.Uint64, reflect.Float64:
		return extend[int64]
	case reflect.Int, reflect.Uint:
		return extend[int]
	}
	return func(p pointer, more int) { valueAt(t, p).Grow(more) }
}

func extend[T any](p pointer, more int) {
	values := as[[]T](p)
	if *values == nil {
		*values = make([]T, 0, more)
		return
	}
	*values = slices.Grow(*values, more)
}

// elem compiles what a list or a map holds.
func (c *Compiler) elem(key programKey) (decodeFunc, error) {
	var rules *typeinfo.Rules
	if key.rules != nil {
		rules = key.rules.Elem
	}
	return c.decoder(programKey{t: key.t.Elem, rules: rules})
}

// firstCapacity is how many elements a slice begins with: some when they are
// small, one when they are large.
func firstCapacity(size uintptr) int {
	return int(max(1, min(4, 256/max(1, size))))
}

func (l *sliceDecoder) read(d *state, p pointer) bool {
	if d.peek() != '[' {
		return d.wrong(fault.ListType)
	}
	if !d.open() {
		return false
	}
	if d.closed(']') {
		// All empty lists share one slice, which has no capacity to write to.
		valueAt(l.goType, p).Set(l.empty)
		return true
	}
	header := as[list](p)
	*header = list{}
	start := d.pos
	for {
		if header.len == header.cap && !d.faults.Truncated && !l.grow(d, p, start) {
			return false
		}
		if !l.element(d, header) {
			return false
		}
		if more, ok := d.more(']'); !more {
			return ok
		}
	}
}

// grow adds capacity for elements: as many again, or as many as there will be
// if those to come are like those that have been read since start.
func (l *sliceDecoder) grow(d *state, p pointer, start int) bool {
	header := as[list](p)
	more := max(l.first, header.len)
	if header.cap == 0 && l.counts {
		more = l.foresee(d)
	}
	// Twice as many again may leave half of a long list unused. The text read so far
	// foretells how many elements are to come; an eighth is added, as they may be
	// shorter.
	if read := d.pos - start; header.len >= manyElements && read > 0 {
		foretold := int64(header.len) * int64(len(d.data)-d.pos) / int64(read)
		more = int(min(int64(more), int64(header.len/8)+foretold))
	}
	if !d.spend(int64(header.len+more) * int64(l.size)) {
		return false
	}
	// Nothing has to be copied for the first array.
	if header.cap == 0 && !l.counts {
		header.first, header.cap = newValue(l.array), l.first
		return true
	}
	l.extend(p, more)
	return true
}

// foresee is about how many elements the list that begins here has, if they are
// short: one more than there are commas. Their texts get memory together.
func (l *sliceDecoder) foresee(d *state) int {
	ahead := d.data[d.pos:min(d.pos+farAhead, len(d.data))]
	end := bytes.IndexByte(ahead, ']')
	if end < 0 {
		return l.first
	}
	// Strings may contain commas too, so the estimate is limited.
	n := min(1+bytes.Count(ahead[:end], comma), mostForeseen)
	// Quotes and commas are no part of them, and a long text is in no chunk.
	if size := end - 3*n + 1; l.texts && 0 < size && size <= n*shortText {
		d.reserve(size, 0)
	}
	return n
}

// How many bytes foresee inspects, and the largest number of elements that it estimates.
const (
	farAhead     = 256
	mostForeseen = 16
)

var comma = []byte(",")

// manyElements is from when on a list foretells its length.
const manyElements = 256

// element reads one element after the last.
func (l *sliceDecoder) element(d *state, header *list) bool {
	if d.faults.Truncated {
		// Nobody will see this value or its errors: only the syntax counts, and memory is saved.
		return d.skip()
	}
	before := d.mark()
	if !l.decode(d, header.at(header.len, l.size)) {
		return false
	}
	if !d.isValid(before) {
		d.under(before, header.len)
	}
	header.len++
	return true
}

// makeArray makes the decoder of a list of exactly so many elements.
func (c *Compiler) makeArray(key programKey) (decodeFunc, error) {
	decode, err := c.elem(key)
	if err != nil {
		return nil, err
	}
	a := &arrayDecoder{len: key.t.Len, size: key.t.Elem.Go.Size(), decode: decode}
	return a.read, nil
}

type arrayDecoder struct {
	len    int
	size   uintptr
	decode decodeFunc
}

func (a *arrayDecoder) read(d *state, p pointer) bool {
	if d.peek() != '[' {
		return d.wrong(fault.ListType)
	}
	start, n := d.pos, 0
	if !d.open() {
		return false
	}
	for more := !d.closed(']'); more; n++ {
		if !a.element(d, p, n) {
			return false
		}
		var ok bool
		if more, ok = d.more(']'); !ok {
			return false
		}
	}
	if n != a.len {
		d.report(a.wrongLength(n), start)
	}
	return true
}

func (a *arrayDecoder) element(d *state, p pointer, n int) bool {
	if n >= a.len {
		// Elements beyond the limit need no memory; they are only counted.
		return d.skip()
	}
	before := d.mark()
	if !a.decode(d, element(p, n, a.size)) {
		return false
	}
	if !d.isValid(before) {
		d.under(before, n)
	}
	return true
}

func (a *arrayDecoder) wrongLength(n int) *fault.Fault {
	f := fault.With(fault.TooShort, "min_length", a.len)
	if n > a.len {
		f = fault.With(fault.TooLong, "max_length", a.len)
	}
	f.Ctx["actual_length"] = n
	return f
}
