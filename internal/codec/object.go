package codec

import (
	"errors"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// objectDecoder reads an object into the fields of a struct.
type objectDecoder struct {
	parent  reflect.Type
	members []member
	index   index
	strict  bool
	judges  judges
	needs   needs
}

// member is one name the object may have.
type member struct {
	name string
	// loc is the name as a part of locations.
	loc any
	// key is the name as compact JSON has it, with quotes and colon.
	key      string
	at       path
	decode   decodeFunc
	required bool
	// fill gives the field what it has when it is absent; nil for zero. makes has
	// it make the embedded pointers on the way, where one of their fields has a
	// default.
	fill  fillFunc
	makes bool
}

func (c *Compiler) makeStruct(t *typeinfo.Type) (decodeFunc, error) {
	o, err := c.object(t.Object, t.Go, "")
	if err != nil {
		return nil, err
	}
	return o.decode, nil
}

// object compiles an object into the struct parent. discriminator is a name
// that is accepted beside the names of the fields; "" for none.
func (c *Compiler) object(o *typeinfo.Object, parent reflect.Type, discriminator string) (*objectDecoder, error) {
	made := &objectDecoder{parent: parent, strict: o.Strict && c.side != unjudged}
	for _, f := range o.Fields {
		if f.Name == discriminator && (f.ReadOnly || f.WriteOnly) {
			return nil, inField(parent, f, errDiscriminator)
		}
		m, err := c.member(f, parent, made.strict)
		if err != nil {
			return nil, inField(parent, f, err)
		}
		made.members = append(made.members, m)
	}
	makeWhatHasDefaults(o, made.members)
	// A variant may do without a field for the discriminator, which the union has read.
	if discriminator != "" && o.Field(discriminator) == nil {
		made.members = append(made.members, member{
			name: discriminator, key: key(discriminator),
			decode: func(d *state, _ pointer) bool { return d.skip() },
		})
	}
	made.index = newIndex(made.members)
	var err error
	made.judges, err = c.judges(o, parent)
	made.needs = c.needs(o)
	return made, err
}

var errDiscriminator = errors.New("the discriminator of a union is in requests and responses, but it is readonly or writeonly; drop the tag")

// makeWhatHasDefaults finds the embedded pointers that are not to stay nil: those
// that lead to a field with a default of its own.
func makeWhatHasDefaults(o *typeinfo.Object, members []member) {
	for i, f := range o.Fields {
		if f.Default == nil {
			continue
		}
		for j := range o.Fields {
			if slices.Equal(members[i].at.hops, members[j].at.hops) {
				members[j].makes = true
			}
		}
	}
}

func (c *Compiler) member(f *typeinfo.Field, parent reflect.Type, strict bool) (m member, err error) {
	m = member{name: f.Name, loc: f.Name, key: key(f.Name), required: f.Required}
	// The encoder leaves out members that no response has, and those behind a nil embedded pointer.
	if c.side == unjudged || c.side != server && (f.ThroughPointer || f.WriteOnly) {
		m.required = false
	}
	m.at, _ = pathTo(parent, f.Index)
	if m.decode, err = c.decoder(programKey{f.Type, f.Rules, f.Quoted}); err != nil {
		return m, err
	}
	if c.rules != nil {
		if err := f.CheckHidden(); err != nil {
			return m, err
		}
	}
	c.memberExample(f)
	if f.ReadOnly && c.side == server {
		m.decode = passOver(strict)
	}
	m.fill, err = c.filler(f)
	return m, err
}

// passOver reads a member that only responses have: it is ignored, or refused
// where the object takes no others.
func passOver(strict bool) decodeFunc {
	return func(d *state, _ pointer) bool {
		start := d.pos
		if !d.skip() {
			return false
		}
		if strict || d.opts.ForbidExtra {
			d.report(fault.New(fault.ExtraForbidden), start)
		}
		return true
	}
}

// key is a name as it comes before its value; names have nothing to escape.
func key(name string) string { return `"` + name + `":` }

// index finds members by name.
type index struct {
	// byLength lists the members whose names have a length, for objects where
	// those are few; byName is for the others.
	byLength [][]int
	byName   map[string]int
}

const fewOfALength = 6

func newIndex(members []member) index {
	var x index
	most := 0
	for i := range members {
		n := len(members[i].name)
		for len(x.byLength) <= n {
			x.byLength = append(x.byLength, nil)
		}
		x.byLength[n] = append(x.byLength[n], i)
		most = max(most, len(x.byLength[n]))
	}
	// Many names of one length would make the search slow.
	if most > fewOfALength {
		x = index{byName: map[string]int{}}
		for i := range members {
			x.byName[members[i].name] = i
		}
	}
	return x
}

// find is the number of a member, -1 for none.
func (o *objectDecoder) find(name []byte) int {
	if o.index.byName != nil {
		// The conversion is free: a map that is only asked copies no key.
		if i, ok := o.index.byName[string(name)]; ok {
			return i
		}
		return -1
	}
	if len(name) < len(o.index.byLength) {
		for _, i := range o.index.byLength[len(name)] {
			if o.members[i].name == string(name) {
				return i
			}
		}
	}
	return -1
}

// presence is a set of members; for small objects it is one word.
type presence struct {
	low  uint64
	high []uint64
}

func (s *presence) has(i int) bool {
	if i < 64 {
		return s.low>>i&1 != 0
	}
	i -= 64
	return i/64 < len(s.high) && s.high[i/64]>>(i%64)&1 != 0
}

func (s *presence) add(i int) {
	if i < 64 {
		s.low |= 1 << i
		return
	}
	i -= 64
	for len(s.high) <= i/64 {
		s.high = append(s.high, 0)
	}
	s.high[i/64] |= 1 << (i % 64)
}

// decode reads an object. A member is first looked for at its position if the text has the order of the struct, or the
// reverse, then by its name.
func (o *objectDecoder) decode(d *state, p pointer) bool {
	if d.peek() != '{' {
		return d.wrong(fault.ModelType)
	}
	start, before := d.pos, d.mark()
	var seen presence
	if !d.open() || !d.closed('}') && !o.readMembers(d, p, &seen) {
		return false
	}
	o.complete(d, p, &seen, start)
	// Rules between fields and Validate methods see only complete and valid values.
	if d.isValid(before) {
		o.judges.judge(d, p, &seen, start)
	}
	if !d.isValid(before) {
		// Errors were found in the order of the text; the response lists them in the order of the struct.
		o.order(d.faults.Faults[before.faults:])
	}
	return true
}

func (o *objectDecoder) readMembers(d *state, p pointer, seen *presence) bool {
	unknown := d.newNames()
	next, step := 0, 1
	for {
		at := d.pos
		i := o.expected(d, next)
		if i < 0 {
			name, ok := d.name()
			if !ok {
				return false
			}
			if i = o.find(name); i < 0 && !o.unknown(d, &unknown, name, at) {
				return false
			}
			// A name before the expected one, or the last of all, says that the text has
			// the reverse order of the struct.
			step = 1
			if i >= 0 && (i < next || i+1 == len(o.members)) {
				step = -1
			}
		}
		if i >= 0 {
			if seen.has(i) {
				return d.duplicate(at)
			}
			seen.add(i)
			next = i + step
			if !o.readMember(d, p, i) {
				return false
			}
		}
		if more, ok := d.more('}'); !more {
			d.forget(&unknown)
			return ok
		}
	}
}

// expected reads the next member's name if it is the next here; otherwise it
// reads nothing and returns -1.
func (o *objectDecoder) expected(d *state, next int) int {
	// Unsigned, so that -1 counts as too large.
	if uint(next) >= uint(len(o.members)) {
		return -1
	}
	key := o.members[next].key
	end := d.pos + len(key)
	if end > len(d.data) || string(d.data[d.pos:end]) != key {
		return -1
	}
	d.pos = end
	d.space()
	return next
}

func (o *objectDecoder) readMember(d *state, p pointer, i int) bool {
	m := &o.members[i]
	before := d.mark()
	if !m.decode(d, m.at.reach(p)) {
		return false
	}
	if !d.isValid(before) {
		d.under(before, m.loc)
	}
	return true
}

// unknown passes over a member that the struct does not have.
func (o *objectDecoder) unknown(d *state, names *nameSet, name []byte, at int) bool {
	if !d.isNew(names, name) {
		return d.duplicate(at)
	}
	start := d.pos
	if !d.skip() {
		return false
	}
	if o.strict || d.opts.ForbidExtra {
		before := d.mark()
		d.report(fault.New(fault.ExtraForbidden), start)
		d.under(before, string(name))
	}
	return true
}

// complete deals with the members that are absent.
func (o *objectDecoder) complete(d *state, p pointer, seen *presence, start int) {
	for i := range o.members {
		m := &o.members[i]
		if !m.required && m.fill == nil || seen.has(i) {
			continue
		}
		if m.required {
			before := d.mark()
			d.report(fault.New(fault.Missing), start)
			d.under(before, m.loc)
		} else if at := m.absent(p); at != nil {
			m.fill(d, at)
		}
	}
	if o.needs != nil {
		o.needs.judge(seen.has, func(f *fault.Fault) { d.report(f, start) })
	}
}

// absent is where the value of an absent member lies, nil where nothing does.
func (m *member) absent(p pointer) pointer {
	if m.makes {
		return m.at.reach(p)
	}
	return m.at.find(p)
}

// fill is what an object without any member makes of the struct.
func (o *objectDecoder) fill(d *state, p pointer) {
	var none presence
	before := d.mark()
	o.complete(d, p, &none, d.pos)
	o.judges.judge(d, p, &none, d.pos)
	if !d.isValid(before) {
		o.order(d.faults.Faults[before.faults:])
	}
}

// order sorts the errors of an object: members in field order, then unknown ones, then errors of the object itself.
func (o *objectDecoder) order(found []fault.Fault) {
	fault.SortBy(found, func(f *fault.Fault) int {
		if len(f.Loc) == 0 {
			return len(o.members) + 1
		}
		name, _ := f.Loc[len(f.Loc)-1].(string)
		if i := o.find([]byte(name)); i >= 0 {
			return i
		}
		return len(o.members)
	})
}

// judges validate a struct as a whole, after all of its members are valid: first the rules between fields, then the
// Validate methods.
type judges struct {
	parent  reflect.Type
	crosses []cross
	methods []method
}

// cross is a rule of a field that looks at others.
type cross struct {
	at     path
	goType reflect.Type
	name   string
	number int
	keeps  check.CrossCheck
}

// method is a struct with a Validate method, somewhere in the parent.
type method struct {
	at     path
	goType reflect.Type
}

// needs are the members that have to be there beside others: the requires tags of
// an object.
type needs []need

// need says that the member of the one number needs the other one, whose name it
// is.
type need struct {
	member, needed int
	name           any
}

// needs finds them; nil for none.
func (c *Compiler) needs(o *typeinfo.Object) (found needs) {
	if c.side != server {
		return nil
	}
	for i, f := range o.Fields {
		for _, name := range f.Requires {
			needed := slices.IndexFunc(o.Fields, func(other *typeinfo.Field) bool { return other.Name == name })
			found = append(found, need{i, needed, name})
		}
	}
	return found
}

// judge reports each missing member once.
func (all needs) judge(present func(int) bool, report func(*fault.Fault)) {
	for i, n := range all {
		isUnmet := func(n need) bool { return present(n.member) && !present(n.needed) }
		isSame := func(before need) bool { return before.needed == n.needed && isUnmet(before) }
		if isUnmet(n) && !slices.ContainsFunc(all[:i], isSame) {
			f := fault.New(fault.Missing)
			f.Loc = append(f.Loc, n.name)
			report(f)
		}
	}
}

func (c *Compiler) judges(o *typeinfo.Object, parent reflect.Type) (judges, error) {
	crosses, err := c.crosses(o, parent, func(f *typeinfo.Field) bool { return !f.ReadOnly })
	if err != nil {
		return judges{}, err
	}
	j := judges{parent: parent, crosses: crosses}
	if c.side != server {
		return j, nil
	}
	for _, v := range o.Validators {
		var m method
		m.at, m.goType = structAt(parent, v.Index)
		j.methods = append(j.methods, m)
	}
	return j, nil
}

// crosses compiles the rules between fields of those fields that there are on the
// way.
func (c *Compiler) crosses(o *typeinfo.Object, parent reflect.Type, isThere func(*typeinfo.Field) bool) ([]cross, error) {
	var made []cross
	for i, f := range o.Fields {
		if f.Rules == nil || !isThere(f) {
			continue
		}
		keeps, err := c.rules.CompileCross(parent, f, o.Fields...)
		if err != nil {
			return nil, inField(parent, f, err)
		}
		if keeps != nil {
			x := cross{name: f.Name, number: i, keeps: keeps}
			x.at, x.goType = pathTo(parent, f.Index)
			made = append(made, x)
		}
	}
	return made, nil
}

func (j *judges) judge(d *state, p pointer, seen *presence, start int) {
	if j.crosses != nil {
		before := d.mark()
		j.between(p, seen.has, func(f *fault.Fault) { d.report(f, start) })
		// A Validate method may rely on the rules, so it is not called when one is
		// broken.
		if !d.isValid(before) {
			return
		}
	}
	for i := range j.methods {
		if !j.methods[i].validate(d, p, start) {
			// The next method would see a value that is already rejected.
			return
		}
	}
}

// between checks the rules between fields.
func (j *judges) between(p pointer, present func(int) bool, report func(*fault.Fault)) {
	parent := valueAt(j.parent, p)
	for i := range j.crosses {
		x := &j.crosses[i]
		// A field of an embedded pointer that is nil counts as zero.
		field := reflect.Zero(x.goType)
		if at := x.at.find(p); at != nil {
			field = valueAt(x.goType, at)
		}
		if f := x.keeps(parent, field, present(x.number)); f != nil {
			f.Loc = append(f.Loc, x.name)
			report(f)
		}
	}
}

// validate calls one Validate method.
func (m *method) validate(d *state, p pointer, start int) bool {
	at := m.at.find(p)
	if at == nil {
		return true
	}
	return d.validate(m.goType, at, start)
}
