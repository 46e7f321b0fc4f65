package check

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// comparisons are the operators of the rules for size and order.
var comparisons = map[string]string{
	"min": ">=", "gte": ">=", "max": "<=", "lte": "<=", "gt": ">", "lt": "<", "len": "==", "eq": "==", "ne": "!=",
}

// ordered returns a comparison with a constant. As in validator, NaN satisfies only !=.
func ordered[T cmp.Ordered](comparison string, p T) func(T) bool {
	switch comparison {
	case ">=":
		return func(x T) bool { return x >= p }
	case "<=":
		return func(x T) bool { return x <= p }
	case ">":
		return func(x T) bool { return x > p }
	case "<":
		return func(x T) bool { return x < p }
	case "==":
		return func(x T) bool { return x == p }
	}
	return func(x T) bool { return x != p }
}

// makeBound compiles min, max, len, gt, gte, lt and lte.
func makeBound(_ *Set, on subject, rule typeinfo.Rule) (compiled, error) {
	// Only a time is compared without a parameter.
	if on.shape == moment {
		return makeMoment(rule)
	}
	if rule.Param == "" {
		return compiled{}, fmt.Errorf("lacks its value; write %s", on.exampleBound(rule))
	}
	comparison := comparisons[rule.Name]
	switch on.shape {
	case integer:
		return integerBound(on, rule, comparison)
	case unsigned:
		return unsignedBound(on, rule, comparison)
	case float:
		return floatBound(on, rule, comparison)
	case span:
		return spanBound(on, rule, comparison)
	}
	return lengthBound(on, rule, comparison)
}

func (on subject) exampleBound(rule typeinfo.Rule) string {
	switch on.shape {
	case float:
		return rule.Name + "=1.5"
	case span:
		return rule.Name + "=1h30m"
	}
	return rule.Name + "=3"
}

// numberError explains why strconv rejected a parameter.
func (on subject) numberError(rule typeinfo.Rule, err error) error {
	problem := "not a number"
	// It is a number, but of the wrong kind.
	if _, notNumber := strconv.ParseFloat(rule.Param, 64); notNumber == nil && on.shape != float {
		problem = "not a whole number"
		if on.shape == unsigned && rule.Param[0] == '-' {
			problem = "below zero, which no " + on.typ.Go.String() + " is"
		}
	}
	if on.shape == span {
		problem = "not a duration"
	}
	if errors.Is(err, strconv.ErrRange) {
		problem = "out of range"
	}
	return fmt.Errorf("%s; write %s", problem, on.exampleBound(rule))
}

func integerBound(on subject, rule typeinfo.Rule, comparison string) (compiled, error) {
	// Base 0, as in validator: 0x10 is a valid bound.
	p, err := strconv.ParseInt(rule.Param, 0, 64)
	if err != nil {
		return compiled{}, on.numberError(rule, err)
	}
	made := onInt(ordered(comparison, p))
	made.quick.Sure = rangeOf(comparison, p, math.MinInt64, math.MaxInt64)
	made.blame = orderFault(comparison, p, number(p))
	return made, nil
}

func unsignedBound(on subject, rule typeinfo.Rule, comparison string) (compiled, error) {
	p, err := strconv.ParseUint(rule.Param, 0, 64)
	if err != nil {
		return compiled{}, on.numberError(rule, err)
	}
	made := onUint(ordered(comparison, p))
	made.blame = orderFault(comparison, p, strconv.FormatUint(p, 10))
	return made, nil
}

// floatBound compares with the precision of validator: a float32 with the float32 nearest to the parameter. The validation
// error shows the parameter as written in the tag.
func floatBound(on subject, rule typeinfo.Rule, comparison string) (compiled, error) {
	p, err := strconv.ParseFloat(rule.Param, on.typ.Go.Bits())
	if err != nil {
		return compiled{}, on.numberError(rule, err)
	}
	if math.IsNaN(p) || math.IsInf(p, 0) {
		return compiled{}, fmt.Errorf("no JSON number compares with it; write %s", on.exampleBound(rule))
	}
	shown, err := strconv.ParseFloat(rule.Param, 64)
	if err != nil {
		return compiled{}, on.numberError(rule, err)
	}
	made := onFloat(ordered(comparison, p))
	made.quick.SureFloat = rangeOf(comparison, p, math.Inf(-1), math.Inf(1))
	made.blame = orderFault(comparison, shown, strconv.FormatFloat(shown, 'g', -1, 64))
	return made, nil
}

// spanBound parses a duration, or a number of nanoseconds.
func spanBound(on subject, rule typeinfo.Rule, comparison string) (compiled, error) {
	p, shown, err := parseSpan(rule.Param)
	if err != nil {
		return compiled{}, on.numberError(rule, err)
	}
	made := onInt(ordered(comparison, int64(p)))
	made.blame = orderFault(comparison, shown, shown)
	return made, nil
}

// parseSpan returns the duration and its spelling in the tag.
func parseSpan(param string) (time.Duration, string, error) {
	if d, err := time.ParseDuration(param); err == nil {
		return d, param, nil
	}
	n, err := strconv.ParseInt(param, 0, 64)
	return time.Duration(n), time.Duration(n).String(), err
}

// orderFault returns the validation error for a number: p is the limit, shown is its spelling.
func orderFault(comparison string, p any, shown string) blame {
	switch comparison {
	case ">=":
		return with(fault.GreaterEqual, "ge", p)
	case "<=":
		return with(fault.LessEqual, "le", p)
	case ">":
		return with(fault.Greater, "gt", p)
	case "<":
		return with(fault.Less, "lt", p)
	case "==":
		return with(fault.Literal, "expected", shown)
	}
	return valueError("must not be " + shown)
}

func with(typ, key string, value any) blame {
	return always(fault.NewRule(typ, map[string]any{key: value}).Broken())
}

// lengthBound counts the characters of a text, the members of a map or the items of a list.
func lengthBound(on subject, rule typeinfo.Rule, comparison string) (compiled, error) {
	p, err := strconv.ParseInt(rule.Param, 0, strconv.IntSize)
	if err != nil {
		return compiled{}, on.numberError(rule, err)
	}
	if p < 0 {
		return compiled{}, fmt.Errorf("a length cannot be negative; write %s", on.exampleBound(rule))
	}
	if on.shape == text {
		made := onString(characterBound(comparison, int(p)))
		// A decoder knows the bytes of a text; an encoder has counted its characters.
		made.quick.Sure = byteRange(comparison, p)
		made.quick.Characters = rangeOf(comparison, p, 0, math.MaxInt64)
		made.blame = on.lengthFault(comparison, int(p), characters)
		return made, nil
	}
	made := onLength(ordered(comparison, int(p)))
	made.quick.Sure = rangeOf(comparison, p, 0, math.MaxInt64)
	made.blame = on.lengthFault(comparison, int(p), reflect.Value.Len)
	return made, nil
}

// characterBound counts characters only if the number of bytes does not decide: a character has one to four bytes.
func characterBound(comparison string, p int) func(string) bool {
	keeps := ordered(comparison, p)
	counted := func(s string) bool { return keeps(utf8.RuneCountInString(s)) }
	// A character has at most four bytes, so there are at least a quarter as many characters as bytes, rounded up.
	switch comparison {
	case ">=":
		return func(s string) bool { return (len(s)+3)/4 >= p || counted(s) }
	case "<=":
		return func(s string) bool { return len(s) <= p || counted(s) }
	}
	return counted
}

// byteRange returns the lengths in bytes that satisfy a bound on characters for any characters of one to four bytes.
func byteRange(comparison string, p int64) *Range[int64] {
	switch {
	case comparison == ">=" && p == 0:
		return &Range[int64]{0, math.MaxInt64}
	// With 4p-3 bytes there are at least p characters. A p for which that overflows has no range.
	case comparison == ">=" && p <= math.MaxInt64/4:
		return &Range[int64]{4*p - 3, math.MaxInt64}
	case comparison == "<=":
		return &Range[int64]{0, p}
	}
	return nil
}

func characters(v reflect.Value) int { return utf8.RuneCountInString(v.String()) }

// lengthFault returns the validation error for a text or list that is too short or too long, with the allowed minimum or
// maximum.
func (on subject) lengthFault(comparison string, p int, length func(reflect.Value) int) blame {
	switch comparison {
	case ">=":
		return on.tooShort(p, length)
	case ">":
		return on.tooShort(p+1, length)
	case "<=":
		return on.tooLong(p, length)
	case "<":
		return on.tooLong(p-1, length)
	case "!=":
		return valueError(fmt.Sprintf("must not have exactly %d items", p))
	}
	short, long := on.tooShort(p, length), on.tooLong(p, length)
	return blame{of: func(v reflect.Value) fault.Fault {
		if length(v) < p {
			return *short.fault(v)
		}
		return *long.fault(v)
	}}
}

func (on subject) tooShort(least int, length func(reflect.Value) int) blame {
	if on.shape == text {
		return with(fault.StringTooShort, "min_length", least)
	}
	return on.sizeFault(fault.TooShort, "min_length", least, length)
}

func (on subject) tooLong(most int, length func(reflect.Value) int) blame {
	if on.shape == text {
		return with(fault.StringTooLong, "max_length", most)
	}
	return on.sizeFault(fault.TooLong, "max_length", most, length)
}

func (on subject) sizeFault(typ, key string, limit int, length func(reflect.Value) int) blame {
	// The names that pydantic has for them.
	fieldType := map[shape]string{list: "List", dictionary: "Dictionary", octets: "Bytes"}[on.shape]
	return blame{of: func(v reflect.Value) fault.Fault {
		return fault.Fault{Type: typ, Ctx: map[string]any{"field_type": fieldType, key: limit, "actual_length": length(v)}}
	}}
}

// makeMoment compiles the rules that compare a time with the current time.
func makeMoment(rule typeinfo.Rule) (compiled, error) {
	if rule.HasParam {
		return compiled{}, fmt.Errorf("takes no value on time.Time, where it compares with the current time; write %s, or a Validate method", rule.Name)
	}
	comparison := comparisons[rule.Name]
	// Compare returns -1, 0 or 1, to be compared with 0.
	keeps := ordered(comparison, 0)
	sentence := map[string]string{
		">": "must be in the future", ">=": "must not be in the past",
		"<": "must be in the past", "<=": "must not be in the future",
	}[comparison]
	return compiled{
		keeps: func(v reflect.Value) bool { return keeps(v.Interface().(time.Time).Compare(time.Now())) },
		blame: valueError(sentence),
	}, nil
}

// makeEqual compiles eq and ne. They compare the length of lists and maps, and otherwise the value.
func makeEqual(_ *Set, on subject, rule typeinfo.Rule) (compiled, error) {
	comparison := comparisons[rule.Name]
	switch on.shape {
	case text:
		made := onString(ordered(comparison, rule.Param))
		made.blame = orderFault(comparison, nil, quoted(rule.Param))
		return made, nil
	case boolean:
		return equalBool(rule, comparison)
	}
	return makeBound(nil, on, rule)
}

func equalBool(rule typeinfo.Rule, comparison string) (compiled, error) {
	p, err := strconv.ParseBool(rule.Param)
	if err != nil {
		return compiled{}, fmt.Errorf("neither true nor false; write %s=true", rule.Name)
	}
	if comparison == "!=" {
		// For a boolean, not equal to p means equal to !p.
		p = !p
	}
	return compiled{
		keeps: func(v reflect.Value) bool { return v.Bool() == p },
		blame: with(fault.Literal, "expected", strconv.FormatBool(p)),
	}, nil
}
