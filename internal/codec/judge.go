package codec

import (
	"reflect"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// judgeFunc is the fault of the value at p, nil if it keeps its rules.
type judgeFunc func(p pointer) *fault.Fault

// judge compiles the rules on a value itself; nil for none. Nearly every value
// keeps its rules, so a quick look comes first where there is one.
func (c *Compiler) judge(t *typeinfo.Type, rules *typeinfo.Rules) (judgeFunc, error) {
	keeps, err := c.rules.Compile(t, rules)
	if err != nil || keeps == nil {
		return nil, err
	}
	goType := t.Go
	quick := quickAt(goType, c.rules.Quick(t, rules))
	if quick == nil {
		return func(p pointer) *fault.Fault { return keeps(valueAt(goType, p)) }, nil
	}
	return func(p pointer) *fault.Fault {
		if quick(p) {
			return nil
		}
		return keeps(valueAt(goType, p))
	}, nil
}

// quickAt is the quick judge of the value at p; nil if there is none for values
// of the type.
func quickAt(t reflect.Type, q check.Quick) func(p pointer) bool {
	switch kind := t.Kind(); {
	case kind == reflect.String && q.Text != nil:
		return func(p pointer) bool { return q.Text(*as[string](p)) }
	case kind == reflect.Slice && q.Length != nil:
		return func(p pointer) bool { return q.Length(as[list](p).len) }
	case kind == reflect.Float64 && q.Float != nil:
		return func(p pointer) bool { return q.Float(*as[float64](p)) }
	case reflect.Int <= kind && kind <= reflect.Int64 && q.Int != nil:
		return func(p pointer) bool { return q.Int(loadInt(p, t.Bits())) }
	case reflect.Uint <= kind && kind <= reflect.Uint64 && q.Uint != nil:
		return func(p pointer) bool { return q.Uint(loadUint(p, t.Bits())) }
	}
	return nil
}
