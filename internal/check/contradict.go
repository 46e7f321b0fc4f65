package check

import (
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/candor-go/candor/internal/typeinfo"
)

// interval is the range of values that the rules so far allow, from low to high; nil means no limit. lowRule and highRule
// are the rules that set the limits.
type interval struct {
	low, high         *big.Rat
	lowOpen, highOpen bool
	lowRule, highRule string
}

// contradiction finds bounds that no value can satisfy together, or that no value of the type satisfies.
func contradiction(on subject, rules []typeinfo.Rule) error {
	left, ok := on.interval()
	if !ok {
		return nil
	}
	for _, rule := range rules {
		p, ok := on.amount(rule)
		if !ok {
			continue
		}
		left.narrow(comparisons[rule.Name], p, rule.String(), on.shape != float)
		if left.empty() {
			return left.error(on)
		}
	}
	return left.multiples(on, rules)
}

// interval returns the range of the type itself.
func (on subject) interval() (interval, bool) {
	bits := on.typ.Go.Size() * 8
	one := big.NewInt(1)
	switch on.shape {
	case integer, span:
		half := new(big.Int).Lsh(one, uint(bits)-1)
		return interval{low: ratio(new(big.Int).Neg(half)), high: ratio(new(big.Int).Sub(half, one))}, true
	case unsigned:
		return interval{low: new(big.Rat), high: ratio(new(big.Int).Sub(new(big.Int).Lsh(one, uint(bits)), one))}, true
	case float:
		return interval{}, true
	case list:
		if on.typ.Kind == typeinfo.Array {
			length := new(big.Rat).SetInt64(int64(on.typ.Len))
			return interval{low: length, high: length}, true
		}
		fallthrough
	case text, octets, dictionary:
		return interval{low: new(big.Rat), high: new(big.Rat).SetInt64(math.MaxInt)}, true
	}
	return interval{}, false
}

func ratio(n *big.Int) *big.Rat { return new(big.Rat).SetInt(n) }

// amount returns the number that a rule compares with; ok is false for other rules.
func (on subject) amount(rule typeinfo.Rule) (p *big.Rat, ok bool) {
	switch rule.Name {
	case "eq":
		// For text, the rule compares the text and not its length.
		if on.shape == text {
			return nil, false
		}
	case "min", "max", "len", "gt", "gte", "lt", "lte":
	default:
		return nil, false
	}
	p = new(big.Rat)
	switch on.shape {
	case float:
		f, err := strconv.ParseFloat(rule.Param, on.typ.Go.Bits())
		return p.SetFloat64(f), err == nil
	case span:
		d, _, err := parseSpan(rule.Param)
		return p.SetInt64(int64(d)), err == nil
	case unsigned:
		n, err := strconv.ParseUint(rule.Param, 0, 64)
		return p.SetUint64(n), err == nil
	}
	n, err := strconv.ParseInt(rule.Param, 0, 64)
	return p.SetInt64(n), err == nil
}

func (r *interval) narrow(comparison string, p *big.Rat, rule string, steps bool) {
	switch comparison {
	case "==":
		r.raise(p, false, rule)
		r.lower(p, false, rule)
	case ">=":
		r.raise(p, false, rule)
	case "<=":
		r.lower(p, false, rule)
	case ">":
		// For whole numbers, more than 3 means 4 or more.
		if steps {
			p = new(big.Rat).Add(p, big.NewRat(1, 1))
		}
		r.raise(p, !steps, rule)
	case "<":
		if steps {
			p = new(big.Rat).Sub(p, big.NewRat(1, 1))
		}
		r.lower(p, !steps, rule)
	}
}

func (r *interval) raise(p *big.Rat, open bool, rule string) {
	// With the same limit, the open one allows fewer values.
	if r.low == nil || p.Cmp(r.low) > 0 || p.Cmp(r.low) == 0 && open {
		r.low, r.lowOpen, r.lowRule = p, open, rule
	}
}

func (r *interval) lower(p *big.Rat, open bool, rule string) {
	if r.high == nil || p.Cmp(r.high) < 0 || p.Cmp(r.high) == 0 && open {
		r.high, r.highOpen, r.highRule = p, open, rule
	}
}

func (r *interval) empty() bool {
	if r.low == nil || r.high == nil {
		return false
	}
	order := r.low.Cmp(r.high)
	return order > 0 || order == 0 && (r.lowOpen || r.highOpen)
}

func (r *interval) error(on subject) error {
	if r.lowRule != "" && r.highRule != "" {
		return fmt.Errorf("%s,%s: no value satisfies both; write bounds with values between them", r.lowRule, r.highRule)
	}
	// One of the limits comes from the type, so there is only one rule to name.
	return fmt.Errorf("%s%s: no %s satisfies it; write a bound in the type's range", r.lowRule, r.highRule, on.typ.Go)
}
