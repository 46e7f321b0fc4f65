package codec

import (
	"bytes"
	"math"
	"math/bits"
)

// integer is a JSON number as an integer.
type integer struct {
	magnitude uint64
	negative  bool
	verdict   verdict
}

type verdict uint8

const (
	fits     verdict = iota
	fraction         // the number is not a whole one
	tooLarge         // the magnitude takes more than 64 bits
)

// parseInteger parses a number exactly, whatever its notation: 1.0 and 1e2 are integers, and a large exponent costs no
// more time than its digits.
func parseInteger(raw []byte, whole bool) integer {
	var n integer
	if raw[0] == '-' {
		n.negative = true
		raw = raw[1:]
	}
	if !whole {
		return n.scientific(raw)
	}
	// Eighteen digits fit into 64 bits, so nothing can overflow here.
	if len(raw) < 19 {
		for _, c := range raw {
			n.magnitude = n.magnitude*10 + uint64(c-'0')
		}
		return n
	}
	return n.scaled(raw, 0)
}

// scientific parses a number with a point or an exponent: the digits on both sides of the point, times a power of ten.
func (n integer) scientific(raw []byte) integer {
	return n.scaled(scientific(raw))
}

// scientific returns the digits of a number and the power of ten of the last one.
func scientific(raw []byte) (digits []byte, power int64) {
	if i := bytes.IndexAny(raw, "eE"); i >= 0 {
		power = exponent(raw[i+1:])
		raw = raw[:i]
	}
	if i := bytes.IndexByte(raw, '.'); i >= 0 {
		power -= int64(len(raw) - i - 1)
		// A copy, because the text belongs to the caller.
		raw = append(append(make([]byte, 0, len(raw)), raw[:i]...), raw[i+1:]...)
	}
	return raw, power
}

// decimal returns the digits of a number without zeros at either end, and the power of ten of the last one: equal
// results mean equal magnitudes.
func decimal(raw []byte) (digits []byte, power int64) {
	digits, power = scientific(bytes.TrimLeft(raw, "-"))
	digits = bytes.TrimLeft(digits, "0")
	trimmed := bytes.TrimRight(digits, "0")
	return trimmed, power + int64(len(digits)-len(trimmed))
}

// SameNumber reports whether two numbers of JSON have the same value, exactly and however they are written: 1, 1.0 and
// 10e-1 have.
func SameNumber(a, b string) bool {
	digits, power := decimal([]byte(a))
	others, otherPower := decimal([]byte(b))
	if len(digits) == 0 || len(others) == 0 {
		return len(digits) == len(others)
	}
	return power == otherPower && bytes.Equal(digits, others) && (a[0] == '-') == (b[0] == '-')
}

// exponent parses an exponent, and stops at a size that no number of digits can balance.
func exponent(raw []byte) int64 {
	negative := raw[0] == '-'
	if negative || raw[0] == '+' {
		raw = raw[1:]
	}
	e := int64(0)
	for _, c := range raw {
		if e = e*10 + int64(c-'0'); e > math.MaxInt64/100 {
			break
		}
	}
	if negative {
		return -e
	}
	return e
}

// scaled is the integer of the digits times ten to the power.
func (n integer) scaled(digits []byte, power int64) integer {
	digits = bytes.TrimLeft(digits, "0")
	if len(digits) == 0 {
		return n
	}
	// Trailing zeros become powers of ten: 100e-2 is an integer.
	trimmed := bytes.TrimRight(digits, "0")
	power += int64(len(digits) - len(trimmed))
	switch {
	case power < 0:
		n.verdict = fraction
		return n
	// No integer of 64 bits has more digits; so the loops below are short, whatever the exponent.
	case power > 20 || len(trimmed) > 20:
		n.verdict = tooLarge
		return n
	}
	for _, c := range trimmed {
		n.push(uint64(c - '0'))
	}
	for range power {
		n.push(0)
	}
	return n
}

// push appends one more digit to the magnitude.
func (n *integer) push(digit uint64) {
	high, low := bits.Mul64(n.magnitude, 10)
	sum, carry := bits.Add64(low, digit, 0)
	if high != 0 || carry != 0 {
		n.verdict = tooLarge
	}
	n.magnitude = sum
}
