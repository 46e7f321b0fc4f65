package codec

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Text is processed in words of eight bytes, the first byte in the lowest bits. The result for each byte is in its
// highest bit; a shift by 7-n moves bit n of every byte there at once, and bits that come from the byte below are
// masked off.

// highBits are those that only bytes outside of ASCII have.
const highBits = 0x8080808080808080

// word is the eight bytes from i on, zeros after the end.
func word(data []byte, i int) uint64 {
	if i+8 <= len(data) {
		return binary.LittleEndian.Uint64(data[i:])
	}
	return lastWord(data, i)
}

func lastWord(data []byte, i int) uint64 {
	if len(data) >= 8 {
		// The last eight bytes of the data, shifted down to those from i on; zeros come
		// in from above.
		return binary.LittleEndian.Uint64(data[len(data)-8:]) >> (8 * (i + 8 - len(data)))
	}
	// A copy, since a shorter text has no eight bytes to read.
	var last [8]byte
	copy(last[:], data[min(i, len(data)):])
	return binary.LittleEndian.Uint64(last[:])
}

// shortWord is a word of fewer than eight bytes, which are read twice where they
// overlap.
func shortWord(data []byte) uint64 {
	n := len(data)
	switch {
	case n >= 4:
		low, high := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[n-4:])
		return uint64(low) | uint64(high)<<(8*(n-4))
	case n > 0:
		return uint64(data[0]) | uint64(data[n/2])<<(8*(n/2)) | uint64(data[n-1])<<(8*(n-1))
	}
	return 0
}

// special finds the bytes in w that are special: the lowest bit of the result is
// the highest of the first of them. A borrow may set the bits of bytes above it,
// never below.
func special(w uint64) uint64 {
	const ones = 0x0101010101010101
	// A quote or a backslash becomes a zero byte, from which one is borrowed, as a
	// control character borrows of a space; &^ leaves out bytes whose highest bit was
	// set before.
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return ((w-ones*' ')&^w | (quote-ones)&^quote | (slash-ones)&^slash) & highBits
}

// isSpecial reports whether a byte ends the plain part of a string: a quote, a backslash or a control character.
func isSpecial(c byte) bool { return c < ' ' || c == '"' || c == '\\' }

// plain finds the first special byte from i on, eight bytes at a time. It also reports whether there is a non-ASCII
// byte before it.
func plain(data []byte, i int) (end int, wide bool) {
	seen := uint64(0)
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		if m := special(w); m != 0 {
			// All bits below the first special byte's highest: none but the bytes before
			// it count, as it is ASCII itself.
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

// isUTF8 reports whether the text is UTF-8 as in RFC 3629, section 4. Of each
// word it compares the bytes that continue a character with those that have to.
func isUTF8(text []byte) bool {
	due, wrong := uint64(0), uint64(0)
	// Up to the end, where zeros follow: a character that is not complete there lacks
	// its bytes.
	for i := 0; i <= len(text); i += 8 {
		w := word(text, i)
		if w&highBits|due == 0 {
			continue
		}
		// Each shift brings a lower bit of every byte to the top: lead begins with 11,
		// long with 111, four with 1111.
		lead := w & (w << 1) & highBits
		long := lead & (w << 2) // of three bytes or four
		four := long & (w << 3)
		// The bytes that begin with 10 have to be just those that the leads before them
		// ask for.
		wrong |= w&^(w<<1)&highBits ^ (due | lead<<8 | long<<16 | four<<24)
		wrong |= lead &^ (w<<2 | w<<3 | w<<4 | w<<5 | w<<6) // C0 and C1
		// What the last bytes ask for beyond this word is due in the next.
		due = lead>>56 | long>>48 | four>>40
		if long != 0 {
			// In the same text shifted by one byte, each second byte is at the position of its lead byte.
			wrong |= wrongLong(w, word(text, i+1), long, four)
		}
	}
	return wrong == 0
}

// wrongLong finds the characters of three and four bytes that are longer than
// they need be, half of a surrogate pair, or beyond the last.
func wrongLong(w, next, long, four uint64) uint64 {
	bit3, bit2, bit1, bit0 := w<<4, w<<5, w<<6, w<<7
	zero := ^(bit3 | bit2 | bit1 | bit0)
	next5, next54 := next<<2, next<<2|next<<3
	three := long &^ four
	// E0 needs bit 5 in the second byte, or the form is too long; ED must not have it,
	// or the character is half of a pair.
	wrong := three&zero&^next5 | three&bit3&bit2&^bit1&bit0&next5
	// F0 needs bit 5 or 4 there; F4 must have neither, as nothing follows U+10FFFF; F5
	// and above begin nothing.
	wrong |= four&zero&^next54 | four&bit2&next54 | four&bit2&(bit1|bit0) | four&bit3
	return wrong & highBits
}

// invalidAt returns the position of the first invalid UTF-8 byte.
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
