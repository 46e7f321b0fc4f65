package codec

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner walks over one JSON text, strictly as RFC 8259 says and with what it
// leaves open decided: names in an object are unique, text is valid UTF-8
// without lone surrogates, nesting ends at a limit.
//
// It is the only thing in this package that knows the grammar; the decoders ask
// it for the next string, number or literal, or to skip a value. Every function
// that reads a value begins at its first byte, white space behind it, and ends
// right behind its last. When one returns false there is a syntax error, noted
// by fail, and the walk is over.
type scanner struct {
	data  []byte
	pos   int
	depth int
	limit int

	// reason and at describe the syntax error.
	reason string
	at     int

	// names are the names seen in the objects being skipped, or unknown in the
	// objects being read; each object's begin behind those of the one around it.
	names [][]byte

	// spent is what the values read so far take, in bytes, and room what they may
	// take, 0 for any; large is set once they want more.
	spent, room int
	large       bool
}

// spend notes memory that what is read takes, what its growth leaves behind
// included. It counts what is many times as large as its text, not text.
func (s *scanner) spend(bytes int) bool {
	s.spent += bytes
	if s.room == 0 || s.spent <= s.room {
		return true
	}
	s.large = true
	return s.fail(s.pos, "the value takes too much memory")
}

func (s *scanner) fail(at int, reason string) bool {
	s.at, s.reason = at, reason
	return false
}

// unexpected fails at the current byte.
func (s *scanner) unexpected(wanted string) bool {
	if s.pos >= len(s.data) {
		return s.fail(len(s.data), "the text ends too early, expected "+wanted)
	}
	return s.fail(s.pos, "expected "+wanted)
}

// peek is the next byte; 0, which begins nothing, at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// space passes over white space.
func (s *scanner) space() {
	if s.pos < len(s.data) && s.data[s.pos] > ' ' {
		return
	}
	s.spaces()
}

func (s *scanner) spaces() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// finished reports whether only white space is left.
func (s *scanner) finished() bool {
	s.space()
	if s.pos < len(s.data) {
		return s.fail(s.pos, "something stands behind the value")
	}
	return true
}

// literal reads the word, which is null, true or false.
func (s *scanner) literal(word string) bool {
	end := s.pos + len(word)
	if end <= len(s.data) && string(s.data[s.pos:end]) == word {
		s.pos = end
		return true
	}
	return s.unexpected("a value")
}

// open enters the object or list whose bracket is next.
func (s *scanner) open() bool {
	if s.depth >= s.limit {
		return s.fail(s.pos, "nested too deeply")
	}
	s.depth++
	s.pos++
	s.space()
	return true
}

// closed leaves the object or list when its end is next.
func (s *scanner) closed(end byte) bool {
	if s.peek() != end {
		return false
	}
	s.depth--
	s.pos++
	return true
}

// more goes on behind an element: to the next one, or out of the object or list.
func (s *scanner) more(end byte) (more, ok bool) {
	s.space()
	if s.peek() == ',' {
		s.pos++
		s.space()
		return true, true
	}
	if s.closed(end) {
		return false, true
	}
	if end == '}' {
		return false, s.unexpected("a comma or the end of the object")
	}
	return false, s.unexpected("a comma or the end of the list")
}

// name reads a member's name and the colon. The bytes are those of the text
// when there is no escape in them, so they live as long as it.
func (s *scanner) name() ([]byte, bool) {
	if s.peek() != '"' {
		return nil, s.unexpected("a name in double quotes")
	}
	raw, escaped, ok := s.text()
	if !ok {
		return nil, false
	}
	s.space()
	if s.peek() != ':' {
		return nil, s.unexpected("a colon")
	}
	s.pos++
	s.space()
	if escaped {
		raw = unescape(nil, raw)
	}
	return raw, true
}

// text reads a string. It returns what stands between the quotes, as sent, and
// whether there are escapes in it; both are valid.
func (s *scanner) text() (raw []byte, escaped, ok bool) {
	start := s.pos + 1
	i, wide := start, false
	for {
		var high bool
		i, high = plain(s.data, i)
		wide = wide || high
		if i >= len(s.data) {
			return nil, false, s.fail(len(s.data), "the text ends inside a string")
		}
		switch s.data[i] {
		case '"':
			raw = s.data[start:i]
			if wide && !utf8.Valid(raw) {
				return nil, false, s.fail(start+invalidAt(raw), "not valid UTF-8")
			}
			s.pos = i + 1
			return raw, escaped, true
		case '\\':
			escaped = true
			if i, ok = s.escape(i); !ok {
				return nil, false, false
			}
		default:
			return nil, false, s.fail(i, "a control character in a string")
		}
	}
}

// plain finds the first byte from i on that is special, eight bytes at once. It
// reports whether a byte outside of ASCII stands before it.
func plain(data []byte, i int) (end int, wide bool) {
	seen := uint64(0)
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		if m := special(w); m != 0 {
			before := m&-m - 1
			return i + bits.TrailingZeros64(m)/8, (seen|w&before)&highBits != 0
		}
		seen |= w
	}
	for i < len(data) && !isSpecial(data[i]) {
		seen |= uint64(data[i])
		i++
	}
	return i, seen&highBits != 0
}

// isSpecial reports whether a byte of a string does not stand for itself: it is
// a quote, a backslash or a control character.
func isSpecial(c byte) bool { return c < ' ' || c == '"' || c == '\\' }

// highBits are those that only bytes outside of ASCII have.
const highBits = 0x8080808080808080

// special finds the bytes in w that are special: the lowest bit of the result is
// the highest of the first of them. A borrow may set the bits of bytes above it,
// never below.
func special(w uint64) uint64 {
	const ones = 0x0101010101010101
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return ((w-ones*' ')&^w | (quote-ones)&^quote | (slash-ones)&^slash) & highBits
}

func invalidAt(raw []byte) int {
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(raw)
}

// escape checks the escape whose backslash stands at i and returns where it ends.
func (s *scanner) escape(i int) (int, bool) {
	if i+1 >= len(s.data) {
		return 0, s.fail(len(s.data), "the text ends inside a string")
	}
	switch s.data[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, true
	case 'u':
	default:
		return 0, s.fail(i, "an unknown escape in a string")
	}
	r, ok := hex4(s.data, i+2)
	switch {
	case !ok:
		return 0, s.fail(i, "an escape without four hexadecimal digits")
	case !utf16.IsSurrogate(r):
		return i + 6, true
	}
	if i+8 <= len(s.data) && s.data[i+6] == '\\' && s.data[i+7] == 'u' {
		low, ok := hex4(s.data, i+8)
		if ok && utf16.DecodeRune(r, low) != utf8.RuneError {
			return i + 12, true
		}
	}
	return 0, s.fail(i, "half of a surrogate pair")
}

func hex4(data []byte, i int) (r rune, ok bool) {
	if i+4 > len(data) {
		return 0, false
	}
	for _, c := range data[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// unescape appends the text that raw, which text has checked, stands for.
func unescape(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		c := raw[i+1]
		if c != 'u' {
			dst = append(dst, escapedByte(c))
			raw = raw[i+2:]
			continue
		}
		r, _ := hex4(raw, i+2)
		raw = raw[i+6:]
		if utf16.IsSurrogate(r) {
			low, _ := hex4(raw, 2)
			r = utf16.DecodeRune(r, low)
			raw = raw[6:]
		}
		dst = utf8.AppendRune(dst, r)
	}
}

func escapedByte(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// number reads a number. whole means digits alone, perhaps behind a minus.
func (s *scanner) number() (raw []byte, whole, ok bool) {
	data, start, i := s.data, s.pos, s.pos
	if i < len(data) && data[i] == '-' {
		i++
	}
	first := i
	if i = digits(data, i); i == first {
		s.pos = i
		return nil, false, s.unexpected("a digit")
	}
	if data[first] == '0' && i > first+1 {
		return nil, false, s.fail(first, "a number with a zero in front")
	}
	whole = true
	if i < len(data) && data[i] == '.' {
		whole = false
		from := i + 1
		if i = digits(data, from); i == from {
			s.pos = i
			return nil, false, s.unexpected("a digit")
		}
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		whole = false
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		from := i
		if i = digits(data, from); i == from {
			s.pos = i
			return nil, false, s.unexpected("a digit")
		}
	}
	s.pos = i
	return data[start:i], whole, true
}

func digits(data []byte, i int) int {
	for i < len(data) && data[i]-'0' < 10 {
		i++
	}
	return i
}

// skip passes over a value of any kind, which must be as valid as one read.
func (s *scanner) skip() (ok bool) {
	switch c := s.peek(); {
	case c == '"':
		_, _, ok = s.text()
	case c == '-' || c-'0' < 10:
		_, _, ok = s.number()
	case c == '{':
		ok = s.skipObject()
	case c == '[':
		ok = s.skipList()
	case c == 't':
		ok = s.literal("true")
	case c == 'f':
		ok = s.literal("false")
	case c == 'n':
		ok = s.literal("null")
	default:
		ok = s.unexpected("a value")
	}
	return ok
}

func (s *scanner) skipList() bool {
	if !s.open() {
		return false
	}
	if s.closed(']') {
		return true
	}
	for {
		if !s.skip() {
			return false
		}
		if more, ok := s.more(']'); !more {
			return ok
		}
	}
}

func (s *scanner) skipObject() bool {
	if !s.open() {
		return false
	}
	if s.closed('}') {
		return true
	}
	seen := s.newNames()
	for {
		at := s.pos
		name, ok := s.name()
		if !ok {
			return false
		}
		if !s.isNew(&seen, name) {
			return s.duplicate(at)
		}
		if !s.skip() {
			return false
		}
		if more, ok := s.more('}'); !more {
			s.forget(&seen)
			return ok
		}
	}
}

// duplicate fails at the name that stands twice.
func (s *scanner) duplicate(at int) bool {
	return s.fail(at, "the same name twice in one object")
}

// nameSet tells whether a name was seen in one object: the first few by
// comparing, so that small objects allocate nothing, more by a map, so that a
// large one stays linear.
type nameSet struct {
	base int
	many map[string]struct{}
}

const fewNames = 16

// bytesPerName is a string in a map that is a set.
const bytesPerName = 16

// mapEntry is about what one more entry costs a map that grows, for a key and a
// value of that many bytes, and text they refer to.
func mapEntry(size int) int { return 3*size + 48 }

func (s *scanner) newNames() nameSet { return nameSet{base: len(s.names)} }

func (s *scanner) forget(set *nameSet) { s.names = s.names[:set.base] }

// isNew reports whether the name is seen for the first time, and notes it.
func (s *scanner) isNew(set *nameSet, name []byte) bool {
	if !s.spend(mapEntry(bytesPerName)) {
		return false
	}
	if set.many != nil {
		if _, seen := set.many[string(name)]; seen {
			return false
		}
		set.many[string(name)] = struct{}{}
		return true
	}
	few := s.names[set.base:]
	for _, other := range few {
		if bytes.Equal(other, name) {
			return false
		}
	}
	if len(few) < fewNames {
		s.names = append(s.names, name)
		return true
	}
	set.many = make(map[string]struct{}, 4*fewNames)
	for _, other := range few {
		set.many[string(other)] = struct{}{}
	}
	set.many[string(name)] = struct{}{}
	return true
}
