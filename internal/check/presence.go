package check

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// The conditions of the required and excluded rules are validator's; but required means that the field was sent and is
// not null, rather than non-zero.

// claim is a condition on the struct.
type claim func(parent reflect.Value) bool

// makeIf compiles required_if, required_unless, excluded_if, excluded_unless and skip_unless. validator treats the last
// one like required_if.
func makeIf(_ *Set, at scene, rule typeinfo.Rule) (CrossCheck, error) {
	unless := rule.Name == "required_unless" || rule.Name == "excluded_unless"
	words := Words(rule.Param)
	if len(words) == 0 || len(words)%2 != 0 {
		return nil, fmt.Errorf("takes fields, each with a value; write %s=Kind card", rule.Name)
	}
	var claims []claim
	var phrases, names []string
	for i := 0; i < len(words); i += 2 {
		name, value := words[i], words[i+1]
		// For unless, several values of a field are alternatives.
		if !unless && slices.Contains(names, name) {
			return nil, fmt.Errorf("%s cannot have two values at once; drop one", name)
		}
		other, err := at.reference(name)
		if err != nil {
			return nil, err
		}
		claim, err := equals(other, value)
		if err != nil {
			return nil, err
		}
		names, claims = append(names, name), append(claims, claim)
		phrases = append(phrases, other.name+" is "+value)
	}
	holds, when := all(claims), "when "+wordList(phrases, "and")
	if unless {
		holds, when = negated(some(claims)), "unless "+wordList(phrases, "or")
	}
	return at.demand(rule, holds, when), nil
}

// makeWith compiles the rules that depend on the presence of other fields.
func makeWith(_ *Set, at scene, rule typeinfo.Rule) (CrossCheck, error) {
	names := Words(rule.Param)
	if len(names) == 0 {
		return nil, fmt.Errorf("takes the names of fields; write %s=Other", rule.Name)
	}
	without := strings.Contains(rule.Name, "_without")
	var claims []claim
	var phrases []string
	for _, name := range names {
		other, err := at.reference(name)
		if err != nil {
			return nil, err
		}
		claim := isEmpty(other)
		if !without {
			claim = negated(claim)
		}
		claims, phrases = append(claims, claim), append(phrases, other.name)
	}
	holds, conjunction := some(claims), "or"
	if strings.HasSuffix(rule.Name, "_all") {
		holds, conjunction = all(claims), "and"
	}
	verb := " there"
	if without {
		verb = " missing"
	}
	isOrAre := " is"
	if conjunction == "and" && len(names) > 1 {
		isOrAre = " are"
	}
	return at.demand(rule, holds, "when "+wordList(phrases, conjunction)+isOrAre+verb), nil
}

// demand requires or excludes the field if holds returns true.
func (at scene) demand(rule typeinfo.Rule, holds claim, when string) CrossCheck {
	excluded := strings.HasPrefix(rule.Name, "excluded")
	held := at.held
	blame := always(*fault.New(fault.Missing))
	if excluded {
		blame = valueError("must be left out " + when)
	}
	return func(parent, field reflect.Value, present bool) *fault.Fault {
		if present {
			// null counts as not sent.
			_, present = held(field)
		}
		// A required field that is present, and an excluded one that is absent, satisfy the rule in any case.
		if present != excluded || !holds(parent) {
			return nil
		}
		return blame.fault(field)
	}
}

func all(claims []claim) claim {
	return func(parent reflect.Value) bool {
		return !slices.ContainsFunc(claims, func(c claim) bool { return !c(parent) })
	}
}

func some(claims []claim) claim {
	return func(parent reflect.Value) bool {
		return slices.ContainsFunc(claims, func(c claim) bool { return c(parent) })
	}
}

func negated(c claim) claim { return func(parent reflect.Value) bool { return !c(parent) } }

// isEmpty reports what validator considers an absent field: nil, or zero unless the field is a pointer.
func isEmpty(other reference) claim {
	return func(parent reflect.Value) bool {
		seen := other.in(parent)
		if seen.state != found {
			return true
		}
		switch seen.value.Kind() {
		case reflect.Slice, reflect.Map, reflect.Interface:
			return seen.value.IsNil()
		}
		// In a pointer or an Optional, zero is a value that was sent.
		return !other.nullable && seen.value.IsZero()
	}
}

// equals compares a field with a word of the tag, as validator does for the field's kind.
func equals(other reference, word string) (claim, error) {
	if word == "nil" && other.nullable && other.typ.Kind() != reflect.Interface {
		return func(parent reflect.Value) bool { return other.in(parent).state == null }, nil
	}
	same, err := equalTo(other, word)
	if err != nil {
		return nil, err
	}
	return func(parent reflect.Value) bool {
		seen := other.in(parent)
		return seen.state == found && same(seen.value)
	}, nil
}

func equalTo(other reference, word string) (judge, error) {
	switch other.typ.Kind() {
	case reflect.String:
		return func(v reflect.Value) bool { return v.String() == word }, nil
	case reflect.Bool:
		if word != "true" && word != "false" {
			return nil, fmt.Errorf("%s is never %s; write true or false", other.name, word)
		}
		return func(v reflect.Value) bool { return v.Bool() == (word == "true") }, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(word, 0, other.typ.Bits())
		return func(v reflect.Value) bool { return v.Int() == n }, neverEqual(other, word, err)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n, err := strconv.ParseUint(word, 0, other.typ.Bits())
		return func(v reflect.Value) bool { return v.Uint() == n }, neverEqual(other, word, err)
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(word, other.typ.Bits())
		return func(v reflect.Value) bool { return v.Float() == n }, neverEqual(other, word, err)
	case reflect.Slice, reflect.Map, reflect.Array:
		return lengthEqual(other, word)
	}
	return nil, fmt.Errorf("%s is %s, which cannot be compared with a string; name another field or write a Validate method", other.name, other.typ)
}

func neverEqual(other reference, word string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s is %s, never %s; write a number it can be", other.name, other.typ, word)
}

func lengthEqual(other reference, word string) (judge, error) {
	if word == "nil" && other.typ.Kind() != reflect.Array {
		return reflect.Value.IsNil, nil
	}
	n, err := strconv.Atoi(word)
	if err != nil {
		return nil, errors.New("of lists and maps the length is compared; write a number or nil")
	}
	return func(v reflect.Value) bool { return v.Len() == n }, nil
}
