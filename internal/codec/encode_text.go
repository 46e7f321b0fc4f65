package codec

import (
	"errors"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// This file writes text. Nearly every text stands for itself, and is short: it
// is looked at and copied in one go, eight bytes at once. The first byte that
// does not, or that is no ASCII, leads to the part below that knows escapes and
// UTF-8, eight bytes at once, too. Both count characters on the way, which is
// what most rules on a text ask for.

// spare is the capacity that is needed after a text: whole words are written, of
// which only the first bytes may count, and a quote.
const spare = 16

// head is a text that is written often. It is not copied by its length, but
// whole if it is short: two moves.
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

// put writes the head after dst, which has capacity for it and spare.
func (h *head) put(dst []byte) []byte {
	if len(h.text) > headBytes {
		return append(dst, h.text...)
	}
	to := endOf(dst)
	// Both words whole: what is too much is overwritten by what comes next.
	putWord(to, h.words[0])
	putWord(element(to, 1, 8), h.words[1])
	return dst[:len(dst)+len(h.text)]
}

func (h *head) append(dst []byte) []byte { return h.put(slices.Grow(dst, len(h.text)+spare)) }

// AppendString writes text as JSON. What is not valid UTF-8 becomes U+FFFD.
func AppendString(dst []byte, text string) []byte {
	dst = append(slices.Grow(dst, len(`"`)+len(text)+spare), '"')
	dst, _ = appendText(dst, text)
	return dst
}

// appendText writes text and the closing quote after dst, which has capacity for
// them and spare. It returns the number of characters, too; a byte that is not valid
// counts as one, as in [utf8.RuneCountInString].
func appendText(dst []byte, text string) ([]byte, int) {
	to, i := endOf(dst), 0
	for ; i+8 <= len(text); i += 8 {
		w := wordAt(textAt(text, i))
		if unusual(w) != 0 {
			// The words up to here are written; only the length has to say so.
			return appendUnusual(dst[:len(dst)+i], text, i)
		}
		putWord(element(to, i, 1), w)
	}
	if i < len(text) {
		// Spaces fill the last word, since they stand for themselves; the quote
		// overwrites the first of them.
		w := ending(text, i)
		if unusual(w) != 0 {
			return appendUnusual(dst[:len(dst)+i], text, i)
		}
		putWord(element(to, i, 1), w)
	}
	*as[byte](element(to, len(text), 1)) = '"'
	return dst[:len(dst)+len(text)+1], len(text)
}

// ending is the last bytes of text, from i on and fewer than eight, and spaces.
func ending(text string, i int) uint64 {
	return lastWord(bytesOf(text), i) | spaces<<(8*(len(text)-i)&63)
}

// spaces are eight of them.
const spaces = 0x2020202020202020

// unusual finds the bytes in w that do not stand for themselves, like special,
// or are no ASCII. The lowest bit of the result is the highest of the first.
//
// With its second bit turned round, a quote comes right after the control
// characters, which stay among themselves; so one comparison finds both.
func unusual(w uint64) uint64 {
	const ones = 0x0101010101010101
	control, slash := (w^ones*0x02)-ones*0x21, (w^ones*'\\')-ones
	// In each byte that is found the subtraction borrows, which sets its highest bit. A
	// borrow can set it wrongly only in the bytes above, of which nobody asks.
	return (control | slash | w) & highBits
}

// appendUnusual is appendText after the first i bytes of text, which are there
// already. What begins in the last seven bytes is looked at with spaces after
// it, of which those that were written go again.
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

// appendWords writes the characters of text that begin from i on and before end,
// and maybe some after it, for which dst has capacity; seven bytes follow end.
// It returns where it has come to, and how many extra bytes the characters have
// beyond one each.
//
// Each word is written whole, and as much of it counts as is as it should be.
func appendWords(dst []byte, text string, i, end int) (_ []byte, at, extra int) {
	for i < end {
		w := wordAt(textAt(text, i))
		// Written before it is looked at: from its first unusual byte on it will be
		// overwritten.
		putWord(endOf(dst), w)
		u := unusual(w)
		if u == 0 {
			dst, i = dst[:len(dst)+8], i+8
			continue
		}
		usual := bits.TrailingZeros64(u) / 8
		// The mask changes nothing, as usual is below eight: it spares the compiler a
		// test of the shift.
		dst, i, w = dst[:len(dst)+usual], i+usual, w>>(8*usual&63)
		if w&0x80 == 0 {
			e := &escapes[byte(w)]
			putWord(endOf(dst), e.text)
			// An escape is longer than its character, so the rest has to fit anew.
			dst, i = slices.Grow(dst[:len(dst)+e.len], end-i+7+spare), i+1
			continue
		}
		// A text in another script mostly stays in it, so this loop stays until the next
		// ASCII.
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
				// Only the byte that begins no character is replaced; the next one is
				// tried again.
				dst, i = append(slices.Grow(dst, end-i+7+spare), "\ufffd"...), i+1
				continue
			}
			dst, i, extra = dst[:len(dst)+size], i+size, extra+size-1
		}
	}
	return dst, i, extra
}

// isFourPairs reports four characters of two bytes, as the scripts of Europe and
// the Near East have them: see runeSize. None of the sums reaches the next byte.
func isFourPairs(w uint64) bool {
	const all = 0x0001000100010001
	// C0 and C1 begin no character: without any of the bits 0x1e the sum does not reach
	// 0x80.
	return w&(all*0xc0e0) == all*0x80c0 && (w&(all*0x1e)+all*0x7e)&(all*0x80) == all*0x80
}

// runeSize is how many bytes the character has that w begins with and that is
// not ASCII; 0 for none. The masks are those of table 3-7 of the Unicode
// standard, the first byte the lowest: which bits tell the form, and that it is
// the shortest one, no surrogate and not beyond U+10FFFF.
func runeSize(w uint64) int {
	switch {
	case w&0xc0e0 == 0x80c0:
		if w&0x1e != 0 {
			return 2
		}
	case w&0xc0c0f0 == 0x8080e0:
		// After E0 the second byte begins at A0, or the form would be too long; after ED
		// it ends there, where surrogates begin.
		if second := w & 0x200f; second != 0 && second != 0x200d {
			return 3
		}
	case w&0xc0c0c0f8 == 0x808080f0:
		// After F0 the second byte begins at 90, or the form would be too long; after F4
		// it ends there, at U+10FFFF, and F5 begins nothing.
		if w&0x3007 != 0 && (w&0x04 == 0 || w&0x3003 == 0) {
			return 4
		}
	}
	return 0
}

// escape is a text of up to eight bytes, the first of them the lowest.
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

// mended is text with U+FFFD for each byte that is not valid UTF-8.
func mended(text []byte) []byte { return []byte(string([]rune(string(text)))) }
