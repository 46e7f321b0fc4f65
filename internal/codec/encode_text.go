package codec

import (
	"errors"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// This file writes strings. Nearly every string is short and needs no escaping: it is checked and copied in one pass,
// eight bytes at a time. The first byte that needs escaping or is not ASCII leads to the second part, which handles
// escapes and UTF-8, also eight bytes at a time. Both count characters on the way, because most rules on strings need
// that.

// spare is the capacity required after a string: whole words are written, of which only the first bytes may count, and
// a quote.
const spare = 16

// head is a text that is written often. If it is short, it is copied as two whole words instead of by its length.
type head struct {
	text  string
	words [2]uint64
}

const headBytes = 16

func newHead(text string) head {
	h := head{text: text}
	for i := range min(len(text), headBytes) {
		h.words[i/8] |= uint64(text[i]) << (i % 8 * 8)
	}
	return h
}

// put appends the head to dst, which has capacity for it and spare.
func (h *head) put(dst []byte) []byte {
	if len(h.text) > headBytes {
		return append(dst, h.text...)
	}
	to := endOf(dst)
	// Both words are written whole: excess bytes are overwritten by what comes next.
	putWord(to, h.words[0])
	putWord(element(to, 1, 8), h.words[1])
	return dst[:len(dst)+len(h.text)]
}

func (h *head) append(dst []byte) []byte { return h.put(slices.Grow(dst, len(h.text)+spare)) }

// AppendString writes text as JSON. Invalid UTF-8 becomes U+FFFD.
func AppendString(dst []byte, text string) []byte {
	dst = append(slices.Grow(dst, len(`"`)+len(text)+spare), '"')
	dst, _ = appendText(dst, text)
	return dst
}

// appendText writes text and the closing quote to dst, which has capacity for them and spare. It also returns the
// number of characters; an invalid byte counts as one, as in [utf8.RuneCountInString].
func appendText(dst []byte, text string) ([]byte, int) {
	to, i := endOf(dst), 0
	for ; i+8 <= len(text); i += 8 {
		w := wordAt(textAt(text, i))
		if unusual(w) != 0 {
			// The words up to here are already written; only the length has to be set.
			return appendUnusual(dst[:len(dst)+i], text, i)
		}
		putWord(element(to, i, 1), w)
	}
	if i < len(text) {
		at, w := len(text)-8, uint64(0)
		if at < 0 {
			// The word is padded with spaces, which need no escaping; the quote overwrites the first of them.
			at, w = 0, shortWord(bytesOf(text))|spaces<<(8*len(text)&63)
		} else {
			// Some of these bytes have been written already.
			w = wordAt(textAt(text, at))
		}
		if unusual(w) != 0 {
			return appendUnusual(dst[:len(dst)+i], text, i)
		}
		putWord(element(to, at, 1), w)
	}
	*as[byte](element(to, len(text), 1)) = '"'
	return dst[:len(dst)+len(text)+1], len(text)
}

// ending returns the last bytes of text from i on, fewer than eight, padded with spaces.
func ending(text string, i int) uint64 {
	return lastWord(bytesOf(text), i) | spaces<<(8*(len(text)-i)&63)
}

// spaces is a word of eight spaces.
const spaces = 0x2020202020202020

// unusual finds the bytes in w that need escaping or are not ASCII. The lowest set bit of the result is the highest bit
// of the first such byte.
//
// With its second bit flipped, a quote comes directly after the control characters, which are only permuted; so one
// comparison finds both.
func unusual(w uint64) uint64 {
	const ones = 0x0101010101010101
	control, slash := (w^ones*0x02)-ones*0x21, (w^ones*'\\')-ones
	// In each byte that is found, the subtraction borrows and sets its highest bit. A borrow can set it wrongly only in
	// higher bytes, which nobody looks at.
	return (control | slash | w) & highBits
}

// appendUnusual is appendText after the first i bytes of text, which are already written. Characters that begin in the
// last seven bytes are processed with spaces after them; excess spaces are removed again.
func appendUnusual(dst []byte, text string, i int) ([]byte, int) {
	dst, i, extra := appendWords(slices.Grow(dst, len(text)-i+spare), text, i, len(text)-7)
	if left := len(text) - i; left > 0 {
		// The end is copied, so that reading words does not run past the text.
		var last [16]byte
		putWord(pointer(&last), ending(text, i))
		putWord(pointer(&last[8]), spaces)
		var end, more int
		dst, end, more = appendWords(dst, textOf(last[:]), 0, left)
		dst, extra = dst[:len(dst)-(end-left)], extra+more
	}
	return append(dst, '"'), len(text) - extra
}

// appendWords writes the characters of text that begin at or after i and before end, and maybe some after, for which
// dst has capacity; at least seven bytes follow end. It returns the new position, and how many bytes the characters
// have beyond one each.
//
// Each word is written whole, and only its valid part counts.
func appendWords(dst []byte, text string, i, end int) (_ []byte, at, extra int) {
	for i < end {
		w := wordAt(textAt(text, i))
		// Written before it is checked: from its first unusual byte on it will be overwritten.
		putWord(endOf(dst), w)
		u := unusual(w)
		if u == 0 {
			dst, i = dst[:len(dst)+8], i+8
			continue
		}
		usual := bits.TrailingZeros64(u) / 8
		// The mask has no effect, because usual is below eight: it lets the compiler omit a check of the shift.
		dst, i, w = dst[:len(dst)+usual], i+usual, w>>(8*usual&63)
		if w&0x80 == 0 {
			e := &escapes[byte(w)]
			putWord(endOf(dst), e.text)
			// An escape is longer than its character, so the capacity has to be ensured again.
			dst, i = slices.Grow(dst[:len(dst)+e.len], end-i+7+spare), i+1
			continue
		}
		// A text in another script mostly stays in it, so this loop runs until the next ASCII byte.
		for i < end {
			w := wordAt(textAt(text, i))
			if w&0x80 == 0 {
				break
			}
			putWord(endOf(dst), w)
			if isFourPairs(w) {
				dst, i, extra = dst[:len(dst)+8], i+8, extra+4
				continue
			}
			size := runeSize(w)
			if size == 0 {
				// Only the byte that begins no character is replaced; the next one is tried again.
				dst, i = append(slices.Grow(dst, end-i+7+spare), "\ufffd"...), i+1
				continue
			}
			dst, i, extra = dst[:len(dst)+size], i+size, extra+size-1
		}
	}
	return dst, i, extra
}

// isFourPairs reports whether w consists of four characters of two bytes, as in the scripts of Europe and the Near
// East: see runeSize. None of the sums carries into the next byte.
func isFourPairs(w uint64) bool {
	const all = 0x0001000100010001
	// C0 and C1 begin no character: without any of the bits 0x1e the sum does not reach 0x80.
	return w&(all*0xc0e0) == all*0x80c0 && (w&(all*0x1e)+all*0x7e)&(all*0x80) == all*0x80
}

// runeSize returns the number of bytes of the non-ASCII character that w begins with, 0 if it is invalid. The masks
// follow table 3-7 of the Unicode standard, with the first byte lowest: they check the form, that it is the shortest
// one, not a surrogate, and not beyond U+10FFFF.
func runeSize(w uint64) int {
	switch {
	case w&0xc0e0 == 0x80c0:
		if w&0x1e != 0 {
			return 2
		}
	case w&0xc0c0f0 == 0x8080e0:
		// After E0 the second byte is at least A0, otherwise the form is overlong; after ED it is below A0, where
		// surrogates begin.
		if second := w & 0x200f; second != 0 && second != 0x200d {
			return 3
		}
	case w&0xc0c0c0f8 == 0x808080f0:
		// After F0 the second byte is at least 90, otherwise the form is overlong; after F4 it is below 90, the end at
		// U+10FFFF, and F5 begins no character.
		if w&0x3007 != 0 && (w&0x04 == 0 || w&0x3003 == 0) {
			return 4
		}
	}
	return 0
}

// escape is a text of up to eight bytes, the first byte lowest.
type escape struct {
	text uint64
	len  int
}

// escapes has the escapes of the characters that need one.
var escapes = func() (all ['\\' + 1]escape) {
	for c := range all {
		text := []byte{'\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf]}
		if at := slices.Index([]byte("\b\f\n\r\t\"\\"), byte(c)); at >= 0 {
			text = []byte{'\\', `bfnrt"\`[at]}
		}
		all[c] = escape{newHead(string(text)).words[0], len(text)}
	}
	return all
}()

const hexDigits = "0123456789abcdef"

var errNotUTF8 = errors.New("a string is not valid UTF-8")

// text writes text as JSON.
func (w *writer) text(dst []byte, text string) []byte {
	if w.exact && !utf8.ValidString(text) {
		w.fail(errNotUTF8)
	}
	return AppendString(dst, text)
}

// mended returns text with U+FFFD for each invalid byte.
func mended(text []byte) []byte { return []byte(string([]rune(string(text)))) }
