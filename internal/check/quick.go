package check

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Quick checks a value of a basic Go kind without reflection. At most one of its functions is set, and none if the rules
// cannot be checked this way. The result is one-sided: true means that the value satisfies all rules; after false the
// [Check] must decide.
type Quick struct {
	Text   func(string) bool
	Int    func(int64) bool
	Uint   func(uint64) bool
	Float  func(float64) bool
	Length func(int) bool // of a slice

	// Sure holds values that certainly satisfy all rules, so that the function need not be called: integers, or the lengths of
	// slices and of texts in bytes.
	Sure *Range[int64]
	// Characters is like Sure, for the number of characters of a text.
	Characters *Range[int64]
	// SureFloat is like Sure, for floats.
	SureFloat *Range[float64]
}

// Range is the range from Least to Most, both included.
type Range[T cmp.Ordered] struct{ Least, Most T }

// Has reports whether x is in the range.
func (r Range[T]) Has(x T) bool { return r.Least <= x && x <= r.Most }

// Quick makes the quick form of the Check that Compile makes. It is empty for rules that do not compile.
func (s *Set) Quick(t *typeinfo.Type, rules *typeinfo.Rules) Quick {
	conditions, err := s.conditions(t, rules)
	if err != nil || len(conditions) == 0 {
		return Quick{}
	}
	all := conditions[0].quick
	for _, c := range conditions[1:] {
		all = Quick{
			Text: both(all.Text, c.quick.Text), Int: both(all.Int, c.quick.Int), Uint: both(all.Uint, c.quick.Uint),
			Float: both(all.Float, c.quick.Float), Length: both(all.Length, c.quick.Length),
			Sure: inBoth(all.Sure, c.quick.Sure), SureFloat: inBoth(all.SureFloat, c.quick.SureFloat),
			Characters: inBoth(all.Characters, c.quick.Characters),
		}
	}
	return all
}

func both[T any](a, b func(T) bool) func(T) bool {
	if a == nil || b == nil {
		// If one rule cannot be checked this way, the Check must decide.
		return nil
	}
	return func(x T) bool { return a(x) && b(x) }
}

func inBoth[T cmp.Ordered](a, b *Range[T]) *Range[T] {
	if a == nil || b == nil {
		return nil
	}
	return &Range[T]{max(a.Least, b.Least), min(a.Most, b.Most)}
}

// rangeOf returns the values that satisfy a comparison, nil if they are not a range with p at its end. least and most are
// the limits of the type.
func rangeOf[T cmp.Ordered](comparison string, p, least, most T) *Range[T] {
	switch comparison {
	case ">=":
		return &Range[T]{p, most}
	case "<=":
		return &Range[T]{least, p}
	case "==":
		return &Range[T]{p, p}
	}
	return nil
}

// The parts of rules that depend only on a text, a number or a length.

func onString(keeps func(string) bool) compiled {
	return compiled{keeps: func(v reflect.Value) bool { return keeps(v.String()) }, quick: Quick{Text: keeps}}
}

func onInt(keeps func(int64) bool) compiled {
	return compiled{keeps: func(v reflect.Value) bool { return keeps(v.Int()) }, quick: Quick{Int: keeps}}
}

func onUint(keeps func(uint64) bool) compiled {
	return compiled{keeps: func(v reflect.Value) bool { return keeps(v.Uint()) }, quick: Quick{Uint: keeps}}
}

func onFloat(keeps func(float64) bool) compiled {
	return compiled{keeps: func(v reflect.Value) bool { return keeps(v.Float()) }, quick: Quick{Float: keeps}}
}

func onLength(keeps func(int) bool) compiled {
	return compiled{keeps: func(v reflect.Value) bool { return keeps(v.Len()) }, quick: Quick{Length: keeps}}
}

// makeEmail calls validator only for texts that are neither of the usual form nor certainly invalid.
func makeEmail(s *Set, on subject, rule typeinfo.Rule) (compiled, error) {
	through := s.through(on, rule)
	return compiled{
		keeps: func(v reflect.Value) bool {
			return isPlainEmail(v.String()) || !isNoEmail(v.String()) && through(v)
		},
		quick: Quick{Text: isPlainEmail},
	}, nil
}

// isPlainEmail reports whether s is an address of the usual form: atoms separated by dots, and a domain of at least two
// labels, the last one of letters. validator accepts all of these, and some rare ones.
func isPlainEmail(s string) bool {
	at := dotAtomEnd(s)
	return at > 0 && at < len(s) && s[at] == '@' && len(s)-at-1 <= maxDomain && isPlainDomain(s[at+1:])
}

// maxDomain is the maximum length of the domain of an address in octets (RFC 5321, section 4.5.3.1.2), which validator does
// not check.
const maxDomain = 255

// plainValidate returns a validator without custom rules.
func plainValidate() *validator.Validate {
	return madePlainValidate.Get(func() *validator.Validate { return validator.New() })
}

var madePlainValidate lazy.Value[*validator.Validate]

// isEmail is validator's rule, plus the limit for the length of the domain.
func isEmail(fl validator.FieldLevel) bool {
	s := fl.Field().String()
	return len(s)-strings.LastIndexByte(s, '@')-1 <= maxDomain && plainValidate().Var(s, "email") == nil
}

// The classes of bytes in an address.
const (
	letter  uint8 = 1 << iota // A to Z, a to z
	inLabel                   // allowed in a domain label
	inAtom                    // allowed in an atom (RFC 5322, section 3.2.3)
)

var addressClasses = func() (classes [256]uint8) {
	for c := range classes {
		switch b := byte(c); {
		case isLetter(b):
			classes[c] = letter | inLabel | inAtom
		case isDigit(b), b == '-':
			classes[c] = inLabel | inAtom
		case strings.IndexByte("!#$%&'*+/=?^_`{|}~", b) >= 0:
			classes[c] = inAtom
		}
	}
	return classes
}()

// dotAtomEnd returns the end of the dot-atom at the start of s, 0 if there is none.
func dotAtomEnd(s string) int {
	for i := 0; ; i++ {
		start := i
		for i < len(s) && addressClasses[s[i]]&inAtom != 0 {
			i++
		}
		if i == start {
			return 0
		}
		if i == len(s) || s[i] != '.' {
			return i
		}
	}
}

// isPlainDomain checks for two or more labels that do not begin or end with a hyphen, the last one of letters only.
func isPlainDomain(s string) bool {
	for labels := 1; ; labels++ {
		// common is the set of classes that all bytes of the label have.
		end, common := 0, uint8(letter)
		for end < len(s) && addressClasses[s[end]]&inLabel != 0 {
			common &= addressClasses[s[end]]
			end++
		}
		switch {
		case end == 0 || s[0] == '-' || s[end-1] == '-':
			return false
		case end == len(s):
			return labels > 1 && common == letter
		case s[end] != '.':
			return false
		}
		s = s[end+1:]
	}
}
