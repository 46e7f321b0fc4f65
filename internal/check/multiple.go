package check

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/typeinfo"
)

// As in JSON Schema, multiples are computed from the decimal notation of JSON: 0.3 is a multiple of 0.1, although the
// nearest float64 values are not multiples.

// makeMultiple compiles multipleOf, which validator does not have.
func makeMultiple(_ *Set, on subject, rule typeinfo.Rule) (compiled, error) {
	switch on.shape {
	case integer:
		return integerMultiple(rule)
	case unsigned:
		return unsignedMultiple(rule)
	}
	return floatMultiple(on, rule)
}

var (
	errWholeStep = errors.New("of integers only a whole number above zero makes sense; write multipleOf=5")
	errStep      = errors.New("not a number above zero; write multipleOf=0.5")
)

func integerMultiple(rule typeinfo.Rule) (compiled, error) {
	step, err := strconv.ParseInt(rule.Param, 10, 64)
	if err != nil || step <= 0 {
		return compiled{}, errWholeStep
	}
	made := onInt(func(x int64) bool { return x%step == 0 })
	made.blame = with(fault.MultipleOf, "multiple_of", step)
	return made, nil
}

func unsignedMultiple(rule typeinfo.Rule) (compiled, error) {
	step, err := strconv.ParseUint(rule.Param, 10, 64)
	if err != nil || step == 0 {
		return compiled{}, errWholeStep
	}
	made := onUint(func(x uint64) bool { return x%step == 0 })
	made.blame = with(fault.MultipleOf, "multiple_of", step)
	return made, nil
}

// decimalText matches a JSON number without a sign.
var decimalText = lazy.Regexp{Text: `^[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$`}

func floatMultiple(on subject, rule typeinfo.Rule) (compiled, error) {
	nearest, err := strconv.ParseFloat(rule.Param, on.typ.Bits)
	// Checked before it becomes a fraction, because the digits of 1e999999999 would fill the memory.
	if err != nil || nearest <= 0 || !decimalText.Get().MatchString(rule.Param) {
		return compiled{}, errStep
	}
	step, ok := new(big.Rat).SetString(rule.Param)
	if !ok {
		return compiled{}, errStep
	}
	if bits := on.typ.Bits; !isSame(step, nearest, bits) {
		return compiled{}, fmt.Errorf("a float%d does not hold %s exactly, so the document would have another step; write multipleOf=%s", bits, rule.Param, strconv.FormatFloat(nearest, 'f', -1, bits))
	}
	made := onFloat(func(x float64) bool { return isMultiple(x, on.typ.Bits, step, nearest) })
	made.blame = with(fault.MultipleOf, "multiple_of", nearest64(rule.Param))
	return made, nil
}

// isSame reports whether a float is written as the step.
func isSame(step *big.Rat, nearest float64, bits int) bool {
	written, ok := new(big.Rat).SetString(strconv.FormatFloat(nearest, 'g', -1, bits))
	return ok && written.Cmp(step) == 0
}

func nearest64(param string) float64 {
	x, _ := strconv.ParseFloat(param, 64)
	return x
}

// isMultiple reports whether the shortest decimal notation of x, a float with that many bits, is a multiple of step.
func isMultiple(x float64, bits int, step *big.Rat, nearest float64) bool {
	// Integers that a float64 holds exactly need no decimal notation.
	if x == math.Trunc(x) && math.Abs(x) <= precise && nearest == math.Trunc(nearest) && nearest <= precise {
		return math.Mod(x, nearest) == 0
	}
	exact, ok := new(big.Rat).SetString(strconv.FormatFloat(x, 'g', -1, bits))
	// Infinity and NaN have no decimal notation.
	return ok && exact.Quo(exact, step).IsInt()
}

// precise is the largest integer up to which a float64 is exact for all integers.
const precise = 1 << 53

// multiples rejects bounds between which there is no multiple of a step.
func (r *interval) multiples(on subject, rules []typeinfo.Rule) error {
	for _, rule := range rules {
		step, ok := new(big.Rat).SetString(rule.Param)
		if rule.Name != "multipleOf" || !ok || step.Sign() <= 0 || r.low == nil || r.high == nil {
			continue
		}
		if !r.hasMultiple(step) {
			return fmt.Errorf("%s: no multiple lies between the bounds; write bounds with one between them", rule)
		}
	}
	return nil
}

// hasMultiple reports whether a multiple of step lies in the interval.
func (r *interval) hasMultiple(step *big.Rat) bool {
	steps := new(big.Rat).Quo(r.low, step)
	// The smallest multiple that is not below the interval.
	count := new(big.Int).Div(steps.Num(), steps.Denom())
	least := new(big.Rat).Mul(ratio(count), step)
	if order := least.Cmp(r.low); order < 0 || order == 0 && r.lowOpen {
		least.Add(least, step)
	}
	order := least.Cmp(r.high)
	return order < 0 || order == 0 && !r.highOpen
}
