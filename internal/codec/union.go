package codec

import (
	"bytes"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// unionDecoder reads an object whose discriminator says which variant it is.
type unionDecoder struct {
	discriminator string
	variants      []variant
	// fallback takes what no other variant is for; nil where that is refused.
	fallback *variant
	// shown and expected are the parameters of a validation error, as in pydantic.
	shown, expected string
	judges          judges
}

type variant struct {
	name string
	// at is the pointer in the union, elem its struct.
	at     path
	object *objectDecoder
}

func (c *Compiler) makeUnion(t *typeinfo.Type) (decodeFunc, error) {
	o := t.Object
	u := &unionDecoder{discriminator: o.Discriminator, shown: "'" + o.Discriminator + "'"}
	var names []string
	for _, wanted := range o.Cases {
		object, err := c.object(wanted.Type.Object, wanted.Type.Go, o.Discriminator)
		if err != nil {
			return nil, err
		}
		v := variant{name: wanted.Name, object: object}
		v.at, _ = pathTo(t.Go, []int{wanted.Index})
		if wanted.IsDefault() {
			u.fallback = &v
			continue
		}
		u.variants = append(u.variants, v)
		names = append(names, "'"+wanted.Name+"'")
	}
	u.expected = quotedList(names, ", ")
	var err error
	u.judges, err = c.judges(o, t.Go)
	return u.decode, err
}

func (u *unionDecoder) decode(d *state, p pointer) bool {
	if d.peek() != '{' {
		return d.wrong(fault.ModelType)
	}
	start, before := d.pos, d.mark()
	found, ok := u.findTag(d)
	if !ok {
		return false
	}
	// The variant reads the whole object again; its discriminator may have been the last
	// member.
	d.pos = start
	v := u.variant(found)
	if v == nil {
		return u.refuse(d, found)
	}
	fresh := newValue(v.object.parent)
	*as[pointer](v.at.reach(p)) = fresh
	if !v.object.decode(d, fresh) {
		return false
	}
	switch {
	case d.isValid(before):
		u.judges.judge(d, p, &presence{}, start)
	case v != u.fallback: // which has no name that a client could know
		d.under(before, v.name)
	}
	return true
}

// tag is a discriminator's value: text, or JSON of another kind as sent.
type tag struct {
	text          []byte
	found, isText bool
}

func (u *unionDecoder) variant(t tag) *variant {
	for i := range u.variants {
		if t.isText && u.variants[i].name == string(t.text) {
			return &u.variants[i]
		}
	}
	// A value that is no text is wrong for every variant.
	if t.isText || !t.found {
		return u.fallback
	}
	return nil
}

// longestTag is how much of an unknown discriminator an error repeats.
const longestTag = 100

// refuse skips an object without a known tag and reports that.
func (u *unionDecoder) refuse(d *state, t tag) bool {
	f := fault.With(fault.UnionTagMissing, "discriminator", u.shown)
	if t.found {
		f = fault.With(fault.UnionTagInvalid, "discriminator", u.shown)
		f.Ctx["tag"], f.Ctx["expected_tags"] = truncate(string(t.text), longestTag), u.expected
	}
	start := d.pos
	if !d.skip() {
		return false
	}
	d.report(f, start)
	return true
}

// truncate shortens a text to n characters.
func truncate(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i]
		}
	}
	return text
}

// findTag looks ahead for the discriminator, which usually comes first. What it skips is validated when it is read.
func (u *unionDecoder) findTag(d *state) (t tag, ok bool) {
	// The scanner returns to where it was, so the object opened here must not count.
	depth := d.depth
	defer func() { d.depth = depth }()
	if !d.open() {
		return t, false
	}
	if d.closed('}') {
		return t, true
	}
	for {
		name, ok := d.name()
		if !ok {
			return t, false
		}
		if string(name) == u.discriminator {
			return d.tag()
		}
		if !d.skip() {
			return t, false
		}
		if more, ok := d.more('}'); !more {
			return t, ok
		}
	}
}

func (d *state) tag() (t tag, ok bool) {
	t.found = true
	if d.peek() != '"' {
		start := d.pos
		ok = d.skip()
		t.text = d.data[start:d.pos]
		return t, ok
	}
	text, escaped, ok := d.text()
	if escaped {
		// The text lies in a buffer that the next string overwrites.
		text = bytes.Clone(text)
	}
	t.text, t.isText = text, true
	return t, ok
}
