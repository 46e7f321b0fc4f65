package check

import (
	"reflect"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// CompileRounded makes the check of a float32 as it was sent. Rounding may move it across a bound, such as -1e-60 with
// gte=0, but the document's bounds are about what is sent. The check compares the nearest float64 with the bounds; it
// is nil if there are none, and for every other type. Its validation errors are shared and must not be changed.
func (s *Set) CompileRounded(t *typeinfo.Type, rules *typeinfo.Rules) (func(sent float64) *fault.Fault, error) {
	on := subjectOf(t)
	if rules == nil || on.shape != float || on.typ.Bits != 32 {
		return nil, nil
	}
	bounds := &typeinfo.Rules{SkipZero: rules.SkipZero}
	for _, rule := range rules.Self {
		if isBound(rule) {
			bounds.Self = append(bounds.Self, rule)
		}
	}
	wide, err := typeinfo.Of(reflect.TypeFor[float64]())
	if err != nil {
		return nil, err
	}
	check, err := s.Compile(wide, bounds)
	if check == nil {
		return nil, err
	}
	return func(sent float64) *fault.Fault { return check(reflect.ValueOf(sent)) }, nil
}

func isBound(rule typeinfo.Rule) bool {
	// Any other alternative is checked with the rounded value.
	for _, alternative := range rule.Or {
		if !isBound(alternative) {
			return false
		}
	}
	return len(rule.Or) > 0 || comparisons[rule.Name] != "" || rule.Name == "multipleOf" || rule.Name == "latitude" || rule.Name == "longitude"
}
