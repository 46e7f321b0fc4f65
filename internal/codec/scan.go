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
// that reads a value begins at its first byte, after any white space, and ends
// right after its last. When one returns false there is a syntax error, noted
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
	// objects being read; each object's follow the names of the object it is in.
	names [][]byte

	// unescaped is where the text of strings with escapes is written.
	unescaped []byte

	// spent is what the values read so far take, in bytes, and memoryLimit what they
	// may take, 0 for any; large is set once they want more.
	spent, memoryLimit int64
	large              bool
}

// spend counts memory used by what is read, including what growing leaves to the garbage collector. It counts values
// that can be many times as large as their text, not strings.
func (s *scanner) spend(bytes int64) bool {
	s.spent += bytes
	if s.memoryLimit == 0 || s.spent <= s.memoryLimit {
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
		return s.fail(len(s.data), "unexpected end, expected "+wanted)
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

// byteOrderMark passes over the mark that a text may begin with (RFC 8259,
// section 8.1).
func (s *scanner) byteOrderMark() {
	if len(s.data) > 2 && s.data[0] == 0xef && s.data[1] == 0xbb && s.data[2] == 0xbf {
		s.pos = 3
	}
}

// space passes over white space.
func (s *scanner) space() {
	// Compact JSON has none, and this much the compiler inlines.
	if s.pos < len(s.data) && s.data[s.pos] > ' ' {
		return
	}
	s.spaces()
}

// spaces skips white space, and indentation by words. The compiler would inline it into space, which it would then
// inline nowhere.
//
//go:noinline
func (s *scanner) spaces() {
	const blanks = ' ' * 0x0101010101010101
	data, i := s.data, s.pos
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
		// Indentation comes after white space, in rows of spaces.
		for i+8 <= len(data) {
			n := bits.TrailingZeros64(binary.LittleEndian.Uint64(data[i:])^blanks) / 8
			i += n
			if n < 8 {
				break
			}
		}
	}
	s.pos = i
}

// finished reports whether only white space is left.
func (s *scanner) finished() bool {
	s.space()
	if s.pos < len(s.data) {
		return s.fail(s.pos, "there is more after the value")
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

// more continues after an element: to the next one, or out of the object or list.
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

// name reads a member's name and the colon. Without an escape in
// them the bytes are a part of the text, so they live as long as it.
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
	// The next string with escapes is written into the same buffer, and a name is needed
	// longer.
	if escaped {
		raw = bytes.Clone(raw)
	}
	return raw, true
}

// text reads a string and returns its value: a part of the data or, if it has escapes, text that is valid until the
// next call.
func (s *scanner) text() (text []byte, escaped, ok bool) {
	start := s.pos + 1
	end, wide := plain(s.data, start)
	if end >= len(s.data) || s.data[end] != '"' {
		// An escape, or an error that is found on the same way: a control character, or
		// no end.
		return s.unescape(start, end, wide)
	}
	text = s.data[start:end]
	// ASCII is always valid.
	if wide && !isUTF8(text) {
		return nil, false, s.notUTF8(start, end)
	}
	s.pos = end + 1
	return text, false, true
}

// unescape continues at i with a string in which the next special byte is not a quote. The value is written one word at
// a time: excess bytes of a word are overwritten.
func (s *scanner) unescape(start, i int, wide bool) (text []byte, escaped, ok bool) {
	data, n, seen := s.data, i-start, uint64(0)
	text = s.unescapedBuffer(n)
	copy(text, data[start:i])
	for {
		if n+unescapedStep > len(text) {
			text = s.unescapedBuffer(n)
		}
		w := word(data, i)
		binary.LittleEndian.PutUint64(text[n:], w)
		seen |= w
		m := special(w)
		if m == 0 {
			i, n = i+8, n+8
			continue
		}
		plain := bits.TrailingZeros64(m) / 8
		i, n = i+plain, n+plain
		switch {
		// word has zeros past the end, which are special like control characters.
		case i >= len(data):
			return nil, false, s.fail(len(data), "unexpected end inside a string")
		case data[i] == '\\':
			if n, i = s.escapes(text, n, i); i == 0 {
				return nil, false, false
			}
		case data[i] != '"':
			return nil, false, s.fail(i, "a control character in a string")
		// The raw text is checked: escapes are ASCII and stand for valid characters.
		case (wide || seen&highBits != 0) && !isUTF8(data[start:i]):
			return nil, false, s.notUTF8(start, i)
		default:
			s.pos = i + 1
			return text[:n], true, true
		}
	}
}

// unescapedStep is the most that unescape writes in one step: a word, of which all bytes but the last may count, and
// then a rune.
const unescapedStep = 8 + utf8.UTFMax

// unescapedBuffer is the buffer for text without escapes, with all that was written
// there and more after the first n bytes.
func (s *scanner) unescapedBuffer(n int) []byte {
	if n+unescapedStep > len(s.unescaped) {
		s.unescaped = append(s.unescaped, make([]byte, n+64)...)
		// Words are written past what counts, so all of the capacity is used.
		s.unescaped = s.unescaped[:cap(s.unescaped)]
	}
	return s.unescaped
}

func (s *scanner) notUTF8(start, end int) bool {
	return s.fail(start+invalidAt(s.data[start:end]), "not valid UTF-8")
}

// escapes decodes the escape at i, and those directly after it that fit into text, after its first n bytes. It returns
// the new size and where the escapes end, 0 if one is invalid.
func (s *scanner) escapes(text []byte, n, i int) (size, end int) {
	data := s.data
	for i+6 <= len(data) && data[i] == '\\' && n+utf8.UTFMax <= len(text) {
		if c := escapedBytes[data[i+1]]; c != 0 {
			text[n] = c
			n, i = n+1, i+2
			continue
		}
		r := hex4(data, i+2)
		if data[i+1] != 'u' || r < 0 || utf16.IsSurrogate(r) {
			break
		}
		n += utf8.EncodeRune(text[n:], r)
		i += 6
	}
	// Others are rare: surrogate pairs, those near the end, and invalid ones.
	if i < len(data) && data[i] == '\\' && n+utf8.UTFMax <= len(text) {
		r, end := s.escape(i)
		return n + utf8.EncodeRune(text[n:], r), end
	}
	return n, i
}

// escape decodes the escape at i and returns where it ends, 0 if it is invalid.
func (s *scanner) escape(i int) (r rune, end int) {
	data := s.data
	if i+1 == len(data) {
		s.fail(len(data), "unexpected end inside a string")
		return 0, 0
	}
	if c := escapedBytes[data[i+1]]; c != 0 {
		return rune(c), i + 2
	}
	if data[i+1] != 'u' {
		s.fail(i, "an unknown escape in a string")
		return 0, 0
	}
	if r = hex4(data, i+2); r < 0 {
		s.fail(i, "an escape without four hexadecimal digits")
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, i + 6
	}
	// No pair encodes U+FFFD itself, so the result always means an unpaired surrogate.
	if r = utf16.DecodeRune(r, lowSurrogate(data, i+6)); r == utf8.RuneError {
		s.fail(i, "half of a surrogate pair")
		return 0, 0
	}
	return r, i + 12
}

// escapedBytes maps the letters of one-letter escapes to their bytes.
var escapedBytes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// lowSurrogate returns the code unit of the escape at i, a negative number if there is none.
func lowSurrogate(data []byte, i int) rune {
	if i+2 > len(data) || data[i] != '\\' || data[i+1] != 'u' {
		return -1
	}
	return hex4(data, i+2)
}

// hex4 reads four hexadecimal digits; the result is below 0 if these are others.
func hex4(data []byte, i int) rune {
	if i+4 > len(data) {
		return -1
	}
	// A negative value stays negative when it is shifted and combined with others.
	d := data[i : i+4]
	return rune(hexValues[d[0]])<<12 | rune(hexValues[d[1]])<<8 | rune(hexValues[d[2]])<<4 | rune(hexValues[d[3]])
}

// hexValues has the values of hexadecimal digits, and -1 for all other bytes.
var hexValues = func() (values [256]int8) {
	for c := range values {
		values[c] = -1
	}
	for i, c := range []byte("0123456789abcdef") {
		values[c], values[bytes.ToUpper([]byte{c})[0]] = int8(i), int8(i)
	}
	return values
}()

// unquoted returns the value of a JSON string that is known to be valid.
func unquoted(raw []byte) []byte {
	s := scanner{data: raw}
	text, _, _ := s.text()
	return text
}

// number reads a number. whole means digits only, perhaps after a minus.
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

// count reads a number of at most 18 digits and nothing else, as nearly all
// integers are. After false the position is anywhere.
func (s *scanner) count() (n int64, ok bool) {
	data, start, i := s.data, s.pos, s.pos
	for i < len(data) && data[i]-'0' < 10 {
		n = n*10 + int64(data[i]-'0')
		i++
	}
	s.pos = i
	// More than 18 digits may have wrapped round: number reads them again.
	if i == start || i > start+18 || data[start] == '0' && i > start+1 {
		return 0, false
	}
	return n, i == len(data) || data[i] != '.' && data[i]|0x20 != 'e'
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
	// Nobody reads this object, but skipped text must be as valid as what is read.
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

// duplicate fails at a duplicate name.
func (s *scanner) duplicate(at int) bool {
	return s.fail(at, "the same name twice in one object")
}

// nameSet knows whether a name was seen in one object: the first few by
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
func mapEntry(size int64) int64 { return 3*size + 48 }

func (s *scanner) newNames() nameSet { return nameSet{base: len(s.names)} }

func (s *scanner) forget(set *nameSet) { s.names = s.names[:set.base] }

// isNew reports whether the name is seen for the first time, and notes it.
func (s *scanner) isNew(set *nameSet, name []byte) bool {
	// Names take memory too. If that exceeds the limit, the result does not mean a duplicate, but then nobody looks at
	// the reason any more.
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
