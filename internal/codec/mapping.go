package codec

import (
	"reflect"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// mapDecoder reads an object into a map.
type mapDecoder struct {
	goType    reflect.Type
	key, elem reflect.Type
	readKey   func(name []byte, p pointer) *fault.Fault
	// judge judges keys; nil for nothing.
	judge  *judge
	decode decodeFunc
	// canonical means that two different names never make the same key, as with
	// strings, so the map itself finds duplicates.
	canonical bool
	// cost is what one more entry takes, in bytes.
	cost int
}

func (c *Compiler) makeMap(key programKey) (decodeFunc, error) {
	t := key.t
	m := &mapDecoder{
		goType: t.Go, key: t.Key.Go, elem: t.Elem.Go, canonical: t.Key.Kind == typeinfo.String,
		cost: mapEntry(int(t.Key.Go.Size() + t.Elem.Go.Size())),
	}
	var err error
	if m.decode, err = c.elem(key); err != nil {
		return nil, err
	}
	if m.readKey, err = makeKey(t.Key); err != nil {
		return nil, err
	}
	if key.rules != nil {
		m.judge, err = c.judge(t.Key, key.rules.Keys)
	}
	return m.read, err
}

// makeKey makes what reads a name as a key.
func makeKey(t *typeinfo.Type) (func(name []byte, p pointer) *fault.Fault, error) {
	read, err := makeKeyKind(t)
	if err != nil || t.Enum == nil {
		return read, err
	}
	choices, err := choicesOf(t)
	if err != nil {
		return nil, err
	}
	return func(name []byte, p pointer) *fault.Fault {
		if f := read(name, p); f != nil {
			return f
		}
		if choices.spellings != nil {
			return choices.spelled(name)
		}
		return choices.fault(p)
	}, nil
}

func makeKeyKind(t *typeinfo.Type) (func(name []byte, p pointer) *fault.Fault, error) {
	switch t.Kind {
	case typeinfo.String:
		return func(name []byte, p pointer) *fault.Fault {
			*as[string](p) = string(name)
			return nil
		}, nil
	case typeinfo.Int, typeinfo.Uint:
		return makeIntKey(t), nil
	case typeinfo.Text:
		if !t.Reads {
			return nil, cannotRead(t, "give it a method UnmarshalText")
		}
		read, refused := textReader(t), refusal(t)
		return func(name []byte, p pointer) *fault.Fault {
			if read(name, p) != nil {
				return refused()
			}
			return nil
		}, nil
	}
	return nil, cannot(t, "the names of a JSON object cannot be made of it", "use a string, an integer or a type with a text form as the key")
}

// makeIntKey reads names as integers, in the one notation that is written.
func makeIntKey(t *typeinfo.Type) func(name []byte, p pointer) *fault.Fault {
	bits := t.Bits
	return func(name []byte, p pointer) *fault.Fault {
		n, ok := keyInteger(name)
		switch {
		case !ok:
			return fault.New(fault.IntParsing)
		case t.Kind == typeinfo.Uint:
			highest := ^uint64(0) >> (64 - bits)
			if n.verdict != fits || n.negative || n.magnitude > highest {
				return outsideUint(n, bits, highest)
			}
			storeUint(p, bits, n.magnitude)
			return nil
		}
		room := uint64(1)<<(bits-1) - 1
		if n.verdict != fits || n.magnitude > room && (!n.negative || n.magnitude != room+1) {
			return outside(n, bits, -int64(room)-1, int64(room))
		}
		value := int64(n.magnitude)
		if n.negative {
			value = -value
		}
		storeInt(p, bits, value)
		return nil
	}
}

func keyInteger(name []byte) (integer, bool) {
	s := scanner{data: name}
	raw, whole, ok := s.number()
	if !ok || !whole || s.pos != len(name) || string(raw) == "-0" {
		return integer{}, false
	}
	return parseInteger(raw, true), true
}

func (m *mapDecoder) read(d *state, p pointer) bool {
	if d.peek() != '{' {
		return d.wrong(fault.DictType)
	}
	if !d.open() {
		return false
	}
	made := reflect.MakeMap(m.goType)
	valueAt(m.goType, p).Set(made)
	if d.closed('}') {
		return true
	}
	e := entry{mapDecoder: m, made: made, key: reflect.New(m.key).Elem(), elem: reflect.New(m.elem).Elem(), seen: d.newNames()}
	for {
		if !e.read(d) {
			return false
		}
		if more, ok := d.more('}'); !more {
			d.forget(&e.seen)
			return ok
		}
	}
}

// entry is the place where one entry after the other is read, before it is
// copied into the map.
type entry struct {
	*mapDecoder
	made, key, elem reflect.Value
	seen            nameSet
}

func (e *entry) read(d *state) bool {
	at := d.pos
	name, ok := d.name()
	if !ok {
		return false
	}
	if !d.spend(e.cost) {
		return false
	}
	if !e.canonical && !d.isNew(&e.seen, name) {
		return d.duplicate(at)
	}
	if d.faults.Cut && !e.canonical {
		return d.skip()
	}
	e.key.SetZero()
	e.elem.SetZero()
	before := d.mark()
	bad := e.judgeKey(d, name)
	if !e.decode(d, pointerTo(e.elem)) {
		return false
	}
	if !d.sound(before) {
		d.under(before, string(name))
	}
	if bad && !e.canonical {
		return true
	}
	known := e.made.Len()
	if e.made.SetMapIndex(e.key, e.elem); e.made.Len() > known {
		return true
	}
	if e.canonical {
		return d.duplicate(at)
	}
	before = d.mark()
	d.reportKey(fault.With(fault.ValueError, "error", "the same key as another name"), name)
	d.under(before, string(name))
	return true
}

// judgeKey reads the key and reports what is wrong with it.
func (e *entry) judgeKey(d *state, name []byte) (bad bool) {
	at := pointerTo(e.key)
	f := e.readKey(name, at)
	if f == nil && e.judge != nil && !e.judge.passes(at) {
		f = e.judge.fault(at).Own()
	}
	if f == nil {
		return false
	}
	d.reportKey(f, name)
	return true
}

// reportKey reports what is wrong with a key, at the value.
func (d *state) reportKey(f *fault.Fault, name []byte) {
	f.Loc = append(f.Loc, "[key]")
	if d.opts.Echo {
		f.Input = string(name)
	}
	d.report(f, d.pos)
}
