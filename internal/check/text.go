package check

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// textTest reports whether a text satisfies a rule with a parameter.
type textTest func(s, param string) bool

// onText makes a rule from a test.
func onText(test textTest) maker {
	return func(_ *Set, _ subject, rule typeinfo.Rule) (compiled, error) {
		param := rule.Param
		return onString(func(s string) bool { return test(s, param) }), nil
	}
}

func not(test textTest) textTest {
	return func(s, param string) bool { return !test(s, param) }
}

func contains(s, substring string) bool { return strings.Contains(s, substring) }
func containsAny(s, chars string) bool  { return strings.ContainsAny(s, chars) }
func startsWith(s, start string) bool   { return strings.HasPrefix(s, start) }
func endsWith(s, end string) bool       { return strings.HasSuffix(s, end) }

func containsRune(s, char string) bool {
	// validator looks only for the first character.
	r, _ := utf8.DecodeRuneInString(char)
	return strings.ContainsRune(s, r)
}

// everyByte makes a rule of texts of one byte or more, all of one class.
func everyByte(class func(byte) bool) maker {
	return onText(func(s, _ string) bool { return every(s, class) && s != "" })
}

func every(s string, class func(byte) bool) bool {
	for i := range len(s) {
		if !class(s[i]) {
			return false
		}
	}
	return true
}

func isLetter(b byte) bool             { return 'a' <= b|0x20 && b|0x20 <= 'z' }
func isDigit(b byte) bool              { return '0' <= b && b <= '9' }
func isLetterOrDigit(b byte) bool      { return isLetter(b) || isDigit(b) }
func isLetterOrSpace(b byte) bool      { return isLetter(b) || b == ' ' }
func isLetterDigitOrSpace(b byte) bool { return isLetterOrDigit(b) || b == ' ' }
func isHexDigit(b byte) bool           { return isDigit(b) || 'a' <= b|0x20 && b|0x20 <= 'f' }

func isDigits(s string) bool { return s != "" && every(s, isDigit) }

// isNumeric is digits with an optional sign before them and an optional fraction after them.
func isNumeric(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	integral, fraction, found := strings.Cut(s, ".")
	return isDigits(integral) && (!found || isDigits(fraction))
}

func isHexadecimal(s, _ string) bool {
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	return s != "" && every(s, isHexDigit)
}

func isASCII(s, _ string) bool { return every(s, func(b byte) bool { return b < utf8.RuneSelf }) }

func isPrintable(s, _ string) bool {
	return every(s, func(b byte) bool { return ' ' <= b && b <= '~' })
}

func everyLetter(s, _ string) bool { return s != "" && everyRune(s, unicode.IsLetter) }

func everyLetterOrNumber(s, _ string) bool {
	return s != "" && everyRune(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

func everyRune(s string, class func(rune) bool) bool {
	for _, r := range s {
		if !class(r) {
			return false
		}
	}
	return true
}

func isLower(s, _ string) bool { return s != "" && s == strings.ToLower(s) }
func isUpper(s, _ string) bool { return s != "" && s == strings.ToUpper(s) }

// unlessNumber makes a rule that every number satisfies, and every text that passes the test.
func unlessNumber(test func(string) bool) maker {
	return func(_ *Set, on subject, _ typeinfo.Rule) (compiled, error) {
		if on.shape&numbers != 0 {
			return compiled{keeps: func(reflect.Value) bool { return true }}, nil
		}
		return onString(test), nil
	}
}

// makeDatetime compiles datetime=layout. Its validation error says whether the layout is of a date, a time or both.
func makeDatetime(_ *Set, _ subject, rule typeinfo.Rule) (compiled, error) {
	layout := rule.Param
	typ, err := layoutFault(layout)
	if err != nil {
		return compiled{}, err
	}
	c := onString(dated(layout))
	c.blame = always(*dateFault(typ, layout))
	return c, nil
}

// dateFault shows a text of a layout that is not the usual one.
func dateFault(typ, layout string) *fault.Fault {
	switch layout {
	case time.DateOnly, time.TimeOnly, time.RFC3339:
		return fault.New(typ)
	}
	return fault.With(typ, "expected", time.Date(2006, 1, 2, 15, 4, 5, 0, time.UTC).Format(layout))
}

// layoutFault finds out whether a layout has a date, a time or both: it formats moments that differ in the day or in
// the time of day.
func layoutFault(layout string) (string, error) {
	first := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	otherDay := time.Date(2012, 11, 12, 4, 5, 6, 7, time.UTC).Format(layout)
	otherTime := time.Date(2001, 2, 3, 14, 15, 16, 17e6, time.UTC).Format(layout)
	written := first.Format(layout)
	if _, err := time.Parse(layout, written); err != nil {
		return "", errors.New("not a layout of time.Parse; write datetime=2006-01-02")
	}
	hasDate, hasTime := written != otherDay, written != otherTime
	switch {
	case hasDate && hasTime:
		return fault.DatetimeParsing, nil
	case hasDate:
		return fault.DateParsing, nil
	case hasTime:
		return fault.TimeParsing, nil
	}
	return "", errors.New("not a layout of time.Parse; write datetime=2006-01-02")
}

// makePostcode requires a country that exists. For any other, validator would reject every postcode.
func makePostcode(s *Set, on subject, rule typeinfo.Rule) (compiled, error) {
	if s.validate.Var(rule.Param, "iso3166_1_alpha2") != nil {
		return compiled{}, errors.New("not a country; write a code such as postcode_iso3166_alpha2=DE")
	}
	return compiled{keeps: s.through(on, rule)}, nil
}

func makeSpiceDB(s *Set, on subject, rule typeinfo.Rule) (compiled, error) {
	switch rule.Param {
	case "", "id", "permission", "type":
		return compiled{keeps: s.through(on, rule)}, nil
	}
	return compiled{}, errors.New("unknown identifier; write spicedb=id, spicedb=permission or spicedb=type")
}

// makePort judges integers: validator has no port in text.
func makePort(_ *Set, on subject, _ typeinfo.Rule) (compiled, error) {
	const last = 1<<16 - 1
	if on.shape == unsigned {
		// Unsigned, so that 0 becomes too large.
		return onUint(func(n uint64) bool { return n-1 < last }), nil
	}
	return onInt(func(n int64) bool { return n >= 1 && n <= last }), nil
}

func makeIsDefault(_ *Set, _ subject, _ typeinfo.Rule) (compiled, error) {
	return compiled{keeps: isDefault}, nil
}

// makeValidateFn calls the method Validate. validator looks it up by a name that the linker does not know, and then the
// linker must keep every exported method of every type.
func makeValidateFn(_ *Set, on subject, rule typeinfo.Rule) (compiled, error) {
	if rule.Param != "" && rule.Param != "Validate" {
		return compiled{}, errors.New("the method is found by the name Validate alone; rename " + rule.Param + ", and write validateFn without a name")
	}
	type (
		check interface{ Validate() error }
		claim interface{ Validate() bool }
	)
	switch t := on.typ.Go; {
	case t.Implements(reflect.TypeFor[check]()):
		return compiled{keeps: func(v reflect.Value) bool { return v.Interface().(check).Validate() == nil }}, nil //nolint:forcetypeassert // as asked above
	case t.Implements(reflect.TypeFor[claim]()):
		return compiled{keeps: func(v reflect.Value) bool { return v.Interface().(claim).Validate() }}, nil //nolint:forcetypeassert // as asked above
	default:
		return compiled{}, errors.New(t.String() + " has no method Validate() error or Validate() bool; declare it on the value, not on the pointer")
	}
}

func quoted(s string) string { return "'" + s + "'" }

func number(n int64) string { return strconv.FormatInt(n, 10) }
