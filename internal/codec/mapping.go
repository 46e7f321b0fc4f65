package codec

import (
	"bytes"
	"reflect"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// mapDecoder reads an object into a map.
type mapDecoder struct {
	goType    reflect.Type
	key, elem reflect.Type
	readKey   keyReader
	// judge validates keys; may be nil.
	judge  *judge
	decode decodeFunc
	// canonical means that two different names never make the same key, as with
	// strings, so the map itself finds duplicates.
	canonical bool
	// put puts an entry into a map of a common type; nil for others.
	put putFunc
	// counted means that values contain no strings or objects, so that quotes and braces can be counted.
	counted bool
	// cost is what one more entry takes, in bytes.
	cost int64
}

func (c *Compiler) makeMap(key programKey) (decodeFunc, error) {
	t := key.t
	m := &mapDecoder{
		goType: t.Go, key: t.Key.Go, elem: t.Elem.Go, canonical: t.Key.Kind == typeinfo.String,
		cost: mapEntry(int64(t.Key.Go.Size() + t.Elem.Go.Size())),
	}
	var err error
	if m.decode, err = c.elem(key); err != nil {
		return nil, err
	}
	if m.readKey, err = c.makeKey(t.Key); err != nil {
		return nil, err
	}
	if t.Key.Validates && c.side == server {
		m.readKey = validatedKey(t.Key.Go, m.readKey)
	}
	if m.canonical {
		m.put = putOf(t.Elem.Go)
	}
	switch t.Elem.Kind {
	case typeinfo.Bool, typeinfo.Int, typeinfo.Uint, typeinfo.Float:
		m.counted = true
	}
	if key.rules != nil {
		m.judge, err = c.judge(t.Key, key.rules.Keys)
	}
	return m.read, err
}

// putFunc puts the entry of key and elem into the map at p and makes elem zero
// again. It reports whether the key is a new one.
type putFunc func(p, key, elem pointer) (isNew bool)

// putOf finds the putFunc of maps with strings as keys; nil if it takes reflection.
func putOf(elem reflect.Type) putFunc {
	switch elem.Kind() {
	case reflect.Bool:
		return put[bool]
	case reflect.Int:
		return put[int]
	case reflect.Int64:
		return put[int64]
	case reflect.Float64:
		return put[float64]
	case reflect.String:
		return put[string]
	}
	return nil
}

// put is the putFunc of elements with the layout of E: maps of the same layouts are the
// same in memory, whatever their types are called.
func put[E any](p, key, elem pointer) bool {
	entries, value := *as[map[string]E](p), as[E](elem)
	known := len(entries)
	entries[*as[string](key)] = *value
	// The memory is used for the next entry, whose decoder expects a zero value.
	*value = *new(E)
	return len(entries) > known
}

// keyReader reads a name as a key.
type keyReader func(d *state, name []byte, p pointer) *fault.Fault

func (c *Compiler) makeKey(t *typeinfo.Type) (keyReader, error) {
	read, err := makeKeyKind(t)
	if err != nil || t.Enum == nil || c.side == unjudged {
		return read, err
	}
	choices, err := choicesOf(t)
	if err != nil {
		return nil, err
	}
	return func(d *state, name []byte, p pointer) *fault.Fault {
		if f := read(d, name, p); f != nil {
			return f
		}
		// The document lists texts of values, so a key is compared by its text.
		if choices.spellings != nil {
			return choices.spelled(name)
		}
		return choices.fault(p)
	}, nil
}

func makeKeyKind(t *typeinfo.Type) (keyReader, error) {
	switch t.Kind {
	case typeinfo.String:
		return func(d *state, name []byte, p pointer) *fault.Fault {
			*as[string](p) = d.keep(name)
			return nil
		}, nil
	case typeinfo.Int, typeinfo.Uint:
		return makeIntKey(t), nil
	case typeinfo.Text:
		if !t.Reads {
			return nil, cannotRead(t, "give it a method UnmarshalText")
		}
		if err := t.CheckReadsText(); err != nil {
			return nil, &unreadableError{err}
		}
		read, refused := textReader(t), refusal(t)
		return func(_ *state, name []byte, p pointer) *fault.Fault {
			if read(name, p) != nil {
				return refused()
			}
			return nil
		}, nil
	}
	return nil, cannot(t, "the names of a JSON object cannot be made of it", "use a string, an integer or a type that implements encoding.TextUnmarshaler as the key")
}

// validatedKey calls the Validate method of each key.
func validatedKey(t reflect.Type, read keyReader) keyReader {
	return func(d *state, name []byte, p pointer) *fault.Fault {
		if f := read(d, name, p); f != nil {
			return f
		}
		if err := typeinfo.Validate(reflect.NewAt(t, p).Interface()); err != nil {
			return fault.Invalid(err)
		}
		return nil
	}
}

// makeIntKey reads names as integers, in the one notation that is written.
func makeIntKey(t *typeinfo.Type) keyReader {
	bits := t.Bits
	return func(_ *state, name []byte, p pointer) *fault.Fault {
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
		largest := uint64(1)<<(bits-1) - 1
		// There is one more negative integer than positive ones.
		if n.verdict != fits || n.magnitude > largest && (!n.negative || n.magnitude != largest+1) {
			return outside(n, bits, -int64(largest)-1, int64(largest))
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
	// No integer is written as -0, and the map would have 0 twice.
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
	entries := m.count(d)
	made := reflect.MakeMapWithSize(m.goType, entries)
	valueAt(m.goType, p).Set(made)
	if d.closed('}') {
		return true
	}
	e := entry{
		mapDecoder: m, at: p, made: made, key: reflect.New(m.key).Elem(), elem: reflect.New(m.elem).Elem(),
		paid: entries, seen: d.newNames(),
	}
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

// count is how many entries there are, all paid for at once; 0 when that cannot be
// known. A name with a quote or a brace makes it wrong, which costs only time.
func (m *mapDecoder) count(d *state) int {
	if !m.counted {
		return 0
	}
	rest := d.data[d.pos:]
	// Each name has two quotes; with plain numbers as elements the first brace ends the
	// object.
	entries := bytes.Count(rest[:max(0, bytes.IndexByte(rest, '}'))], []byte{'"'}) / 2
	cost := int64(entries) * m.cost
	// The count may be wrong, and must not refuse the text: then each entry pays for
	// itself.
	if d.memoryLimit != 0 && cost > d.memoryLimit-d.spent || !d.spend(cost) {
		return 0
	}
	return entries
}

// entry holds one entry after the other while it is read, before it is
// copied into the map.
type entry struct {
	*mapDecoder
	at              pointer
	made, key, elem reflect.Value
	// paid is how many more entries are paid for.
	paid int
	seen nameSet
}

func (e *entry) read(d *state) bool {
	at := d.pos
	name, ok := d.name()
	if !ok {
		return false
	}
	if e.paid > 0 {
		e.paid--
	} else if !d.spend(e.cost) {
		return false
	}
	// Different names may make the same key, so the map cannot find duplicates; names are noted.
	if !e.canonical && !d.isNew(&e.seen, name) {
		return d.duplicate(at)
	}
	// The list of errors is full, so nobody will see the entry. A canonical key continues, because only the map finds
	// its duplicates.
	if d.faults.Truncated && !e.canonical {
		return d.skip()
	}
	// A put leaves zero values itself.
	if e.put == nil {
		e.key.SetZero()
		e.elem.SetZero()
	}
	before := d.mark()
	bad := e.judgeKey(d, name)
	if !e.decode(d, pointerTo(e.elem)) {
		return false
	}
	if !d.isValid(before) {
		d.under(before, string(name))
	}
	// There is no valid key to add it under; a canonical key is added even if it violates a rule.
	if bad && !e.canonical {
		return true
	}
	if e.add() {
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

// add puts the entry into the map. It reports whether the key is a new one.
func (e *entry) add() bool {
	if e.put != nil {
		return e.put(e.at, pointerTo(e.key), pointerTo(e.elem))
	}
	known := e.made.Len()
	e.made.SetMapIndex(e.key, e.elem)
	return e.made.Len() > known
}

// judgeKey reads the key and reports what is wrong with it.
func (e *entry) judgeKey(d *state, name []byte) (bad bool) {
	at := pointerTo(e.key)
	f := e.readKey(d, name, at)
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
