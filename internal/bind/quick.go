package bind

import (
	"math"
	"reflect"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/typeinfo"
)

// quick sets a value from a text of the usual form and checks it, without reflection and without validation errors. Its
// result is one-sided: true is certain; after false the value is unchanged, and [Param.bind] has to decide.
type quick func(text string) bool

// Longer texts are not of the usual form.
const (
	longestNumber = 18 // digits; an int64 holds any so many
	longestText   = 64 // bytes
)

// quickAt returns the fast path for a parameter and its field, nil if there is none.
func (p *Param) quickAt(dst reflect.Value) quick {
	t, v := p.field.Type, &p.single
	// Anything that needs more than one text and one comparison takes the slow path.
	if p.nested != nil || p.json != nil || p.list != nil || t.Enum != nil || v.validates {
		return nil
	}
	switch t.Go.Kind() {
	case reflect.String:
		if t.Kind == typeinfo.String {
			return quickText(pointerTo[string](dst), judgeOf(v, v.quick.Text), v.escaped)
		}
	case reflect.Bool:
		if t.Kind == typeinfo.Bool && v.check == nil {
			return quickBool(pointerTo[bool](dst))
		}
	case reflect.Int:
		// An int of 32 bits could overflow.
		if t.Kind == typeinfo.Int && t.Bits == 64 {
			return quickInt(pointerTo[int](dst), judgeOf(v, v.quick.Int))
		}
	case reflect.Int64:
		if t.Kind == typeinfo.Int {
			return quickInt(pointerTo[int64](dst), judgeOf(v, v.quick.Int))
		}
	}
	return nil
}

// pointerTo returns dst as a *T; its underlying type is T.
func pointerTo[T any](dst reflect.Value) *T {
	return dst.Addr().Convert(reflect.TypeFor[*T]()).Interface().(*T)
}

// judge knows values that certainly satisfy the rules: numbers in a range, texts whose length is in a range, and those
// for which ask returns true; ask may be nil.
type judge[T any] struct {
	sure check.Range[int64]
	ask  func(T) bool
}

func judgeOf[T any](v *value, ask func(T) bool) judge[T] {
	switch {
	case v.check == nil:
		return judge[T]{sure: check.Range[int64]{Least: math.MinInt64, Most: math.MaxInt64}}
	case v.quick.Sure == nil:
		return judge[T]{sure: check.Range[int64]{Least: 1}, ask: ask} // an empty range
	}
	return judge[T]{sure: *v.quick.Sure, ask: ask}
}

func quickText(to *string, keeps judge[string], escaped bool) quick {
	return func(text string) bool {
		// Plain text is valid UTF-8 and needs no decoding.
		if !isPlain(text, escaped) || !keeps.sure.Has(int64(len(text))) && (keeps.ask == nil || !keeps.ask(text)) {
			return false
		}
		*to = text
		return true
	}
}

// isPlain reports whether a text is short, ASCII, and the same when decoded.
func isPlain(text string, escaped bool) bool {
	if len(text) > longestText {
		return false
	}
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || escaped && (c == '%' || c == '+') {
			return false
		}
	}
	return true
}

func quickInt[T int | int64](to *T, keeps judge[int64]) quick {
	return func(text string) bool {
		n, ok := shortInteger(text)
		if !ok || !keeps.sure.Has(n) && (keeps.ask == nil || !keeps.ask(n)) {
			return false
		}
		*to = T(n)
		return true
	}
}

// shortInteger parses an integer with few digits.
func shortInteger(text string) (n int64, ok bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	if len(text) == 0 || len(text) > longestNumber {
		return 0, false
	}
	for i := range len(text) {
		// A byte below '0' wraps around to a large number.
		digit := text[i] - '0'
		if digit > 9 {
			return 0, false
		}
		n = n*10 + int64(digit)
	}
	if negative {
		n = -n
	}
	return n, true
}

func quickBool(to *bool) quick {
	return func(text string) (ok bool) {
		value, ok := parseBool(text)
		if ok {
			*to = value
		}
		return ok
	}
}
