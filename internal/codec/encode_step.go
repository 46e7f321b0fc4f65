package codec

import (
	"math"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/typeinfo"
)

// step writes one member of an object or one element of a list, with the text before it, and validates it. Texts,
// numbers and lists of them, which nearly all values are, take one call; other values use the encoder of their type.
type step struct {
	write  stepFunc
	offset uintptr
	head   head
	// loc is the member's name in a location; nil for elements, which their list locates.
	loc any
	// sure and floats are ranges that certainly satisfy the rules: of integers, lengths of lists or characters of
	// texts, and of floats. judge decides about values outside.
	sure   check.Range[int64]
	floats check.Range[float64]
	judge  *judge
	// ask is a quick check of a text; may be nil.
	ask func(text string) bool

	bits   int           // of an integer
	elem   *step         // of a list
	size   uintptr       // of an element
	encode encodeFunc    // of other values
	member *memberWriter // one that may be left out
}

// stepFunc appends the value at the offset of the step s from p.
type stepFunc func(s *step, w *writer, dst []byte, p pointer) []byte

// step makes the step of a value that follows head.
func (c *Compiler) step(key programKey, head string) (*step, error) {
	leaf, err := c.leafStep(key, head)
	if err != nil || leaf != nil {
		return leaf, err
	}
	s := newStep(head, writeOther)
	s.encode, err = c.encoder(key)
	return s, err
}

// leafStep makes the step of a value that needs no encoder, nil for others.
func (c *Compiler) leafStep(key programKey, head string) (*step, error) {
	t := key.t
	if key.quoted || t.Enum != nil {
		return nil, nil
	}
	var s *step
	switch {
	// A client rejects invalid UTF-8, which writeText does not detect.
	case t.Kind == typeinfo.String && c.side != client:
		s = newStep(head+`"`, writeText)
	case t.Kind == typeinfo.Int:
		s = newIntStep(head, t.Bits)
	case t.Kind == typeinfo.Float && t.Bits == 64:
		s = newStep(head, writeFloat)
	case t.Kind == typeinfo.Slice && t.Elem.Kind != typeinfo.Slice:
		elem, err := c.leafStep(elemKey(key), ",")
		if err != nil || elem == nil {
			return nil, err
		}
		s = newListStep(head, elem, t.Elem.Go)
	default:
		return nil, nil
	}
	judge, err := c.judge(t, key.rules)
	if err != nil || judge == nil {
		return s, err
	}
	s.judge, s.sure, s.floats = judge, judge.sure, judge.floats
	if t.Kind == typeinfo.String {
		// Writing a text counts its characters, so their range is used instead of the range of bytes.
		s.sure, s.ask = judge.characters, judge.askText
	}
	return s, nil
}

// newStep is a step without rules.
func newStep(before string, write stepFunc) *step {
	// Without rules every value satisfies them.
	return &step{
		write: write, head: newHead(before), sure: check.Range[int64]{Least: math.MinInt64, Most: math.MaxInt64},
		floats: check.Range[float64]{Least: math.Inf(-1), Most: math.Inf(1)},
	}
}

func newIntStep(head string, bits int) *step {
	s := newStep(head, writeInt)
	s.bits = bits
	return s
}

func newListStep(head string, elem *step, elems reflect.Type) *step {
	s := newStep(head, writeList)
	s.elem, s.size = elem, elems.Size()
	return s
}

// encodeFunc is the step as an encoder.
func (s *step) encodeFunc() encodeFunc {
	return func(w *writer, dst []byte, p pointer) []byte { return s.write(s, w, dst, p) }
}

// doubt validates a value that is outside of the sure range.
func (s *step) doubt(w *writer, p pointer) {
	if wrong := w.wrong; w.checks {
		w.judge(s.judge, p)
		s.locate(w, wrong)
	}
}

// locate adds the location to errors that occurred since.
func (s *step) locate(w *writer, before int) {
	if w.wrong != before && s.loc != nil {
		w.under(before, s.loc)
	}
}

// writeText writes a text; the head ends with its quote.
func writeText(s *step, w *writer, dst []byte, p pointer) []byte {
	p = field(p, s.offset)
	text := *as[string](p)
	// Memory for head, text and quote at once: the following writes do not check the capacity.
	dst = s.head.put(slices.Grow(dst, len(s.head.text)+len(text)+spare))
	dst, characters := appendText(dst, text)
	if !s.sure.Has(int64(characters)) && w.checks && (s.ask == nil || !s.ask(text)) {
		s.doubt(w, p)
	}
	return dst
}

func writeInt(s *step, w *writer, dst []byte, p pointer) []byte {
	p = field(p, s.offset)
	n := loadInt(p, s.bits)
	dst = appendInt(s.head.put(slices.Grow(dst, len(s.head.text)+spare)), n)
	if !s.sure.Has(n) {
		s.doubt(w, p)
	}
	return dst
}

func writeFloat(s *step, w *writer, dst []byte, p pointer) []byte {
	p = field(p, s.offset)
	f, wrong := *as[float64](p), w.wrong
	dst, ok := appendDecimal(s.head.put(slices.Grow(dst, len(s.head.text)+spare)), f)
	if !ok {
		dst = w.float(dst, f, 64)
	}
	switch {
	case w.wrong != wrong:
		s.locate(w, wrong)
	case !s.floats.Has(f):
		s.doubt(w, p)
	}
	return dst
}

// writeList writes a slice of leaves.
func writeList(s *step, w *writer, dst []byte, p pointer) []byte {
	p = field(p, s.offset)
	list, wrong := as[list](p), w.wrong
	dst = w.list(s.head.append(dst), list.first, list.len, s.size, s.elem)
	switch {
	case w.wrong != wrong:
		s.locate(w, wrong)
	case !s.sure.Has(int64(list.len)):
		s.doubt(w, p)
	}
	return dst
}

func writeOther(s *step, w *writer, dst []byte, p pointer) []byte {
	wrong := w.wrong
	dst = s.encode(w, s.head.append(dst), field(p, s.offset))
	s.locate(w, wrong)
	return dst
}

// writeMember writes a member that may be left out.
func writeMember(s *step, w *writer, dst []byte, p pointer) []byte {
	if at := s.member.find(p); at != nil {
		return s.elem.write(s.elem, w, dst, at)
	}
	return dst
}
