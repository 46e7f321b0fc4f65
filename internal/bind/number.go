package bind

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/fault"
)

// Numbers and booleans are checked against a stricter grammar first, because strconv accepts notations that no client
// means: 0x1p-2, 1_000, +5, Inf, NaN.

// isInteger reports whether text is -?[0-9]+ in ASCII.
func isInteger(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && countDigits(digits) == len(digits)
}

// countDigits returns the number of leading ASCII digits.
func countDigits(text string) int {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return i
		}
	}
	return len(text)
}

// isNumber reports whether text is a JSON number (RFC 8259, section 6).
func isNumber(text string) bool {
	text = strings.TrimPrefix(text, "-")
	whole := countDigits(text)
	if whole == 0 || whole > 1 && text[0] == '0' {
		return false
	}
	text = text[whole:]
	if fraction, ok := strings.CutPrefix(text, "."); ok {
		digits := countDigits(fraction)
		if digits == 0 {
			return false
		}
		text = fraction[digits:]
	}
	return text == "" || isExponent(text)
}

// isModestNumber is isNumber with at most four digits in the exponent. Types without a maximum write numbers out, so
// that a few bytes of exponent would cost gigabytes.
func isModestNumber(text string) bool {
	exponent := ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		exponent = strings.TrimLeft(text[i+1:], "+-0")
	}
	return len(exponent) <= 4 && isNumber(text)
}

func isExponent(text string) bool {
	if text[0] != 'e' && text[0] != 'E' {
		return false
	}
	digits := text[1:]
	if digits != "" && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	return digits != "" && countDigits(digits) == len(digits)
}

func makeInt(bits int) Scalar {
	most := int64(1)<<(bits-1) - 1
	least := -most - 1
	return func(dst reflect.Value, text string) *fault.Fault {
		if !isInteger(text) {
			return fault.New(fault.IntParsing)
		}
		// As 64 bits, so that a number out of range for a narrower type violates a bound of its schema.
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
			return fault.New(fault.IntParsingSize)
		case n > most:
			return fault.With(fault.LessEqual, "le", most)
		case n < least:
			return fault.With(fault.GreaterEqual, "ge", least)
		}
		dst.SetInt(n)
		return nil
	}
}

func makeUint(bits int) Scalar {
	most := ^uint64(0) >> (64 - bits)
	return func(dst reflect.Value, text string) *fault.Fault {
		if !isInteger(text) {
			return fault.New(fault.IntParsing)
		}
		digits, negative := strings.CutPrefix(text, "-")
		// -0 is zero, with any number of digits.
		if negative && strings.Trim(digits, "0") != "" {
			return fault.With(fault.GreaterEqual, "ge", 0)
		}
		n, err := strconv.ParseUint(digits, 10, 64)
		switch {
		case err != nil:
			return fault.New(fault.IntParsingSize)
		case n > most:
			return fault.With(fault.LessEqual, "le", most)
		}
		dst.SetUint(n)
		return nil
	}
}

func makeFloat(bits int) Scalar {
	return func(dst reflect.Value, text string) *fault.Fault {
		if !isNumber(text) {
			return fault.New(fault.FloatParsing)
		}
		n, err := strconv.ParseFloat(text, bits)
		if err != nil {
			return fault.New(fault.FiniteNumber)
		}
		dst.SetFloat(n)
		return nil
	}
}

// setNumber keeps the digits as they were sent.
func setNumber(dst reflect.Value, text string) *fault.Fault {
	if !isNumber(text) {
		return fault.New(fault.FloatParsing)
	}
	dst.SetString(text)
	return nil
}

func setBool(dst reflect.Value, text string) *fault.Fault {
	value, ok := parseBool(text)
	if !ok {
		return fault.New(fault.BoolParsing)
	}
	dst.SetBool(value)
	return nil
}

// parseBool accepts the words for true and false, without regard to the case of ASCII letters: some other Unicode
// letters fold into them.
func parseBool(text string) (value, ok bool) {
	// No word is longer.
	var lower [len("false")]byte
	if len(text) > len(lower) {
		return false, false
	}
	for i := range len(text) {
		lower[i] = text[i]
		if 'A' <= text[i] && text[i] <= 'Z' {
			lower[i] += 'a' - 'A'
		}
	}
	switch string(lower[:len(text)]) {
	case "1", "true", "t", "yes", "y", "on":
		return true, true
	case "0", "false", "f", "no", "n", "off":
		return false, true
	}
	return false, false
}
