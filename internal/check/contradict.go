package check

import (
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/candor-go/candor/internal/typeinfo"
)

// interval is the values that the rules so far leave: from low to high, nil for
// no limit. lowRule and highRule are the rules that set the limits.
type interval struct {
	low, high         *big.Rat
	lowOpen, highOpen bool
	lowRule, highRule string
}

// contradiction finds bounds that no value keeps together, and a bound that no
// value of the type keeps.
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

// interval is what the type itself leaves.
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

// amount is the number a rule compares with; ok is false for other rules.
func (on subject) amount(rule typeinfo.Rule) (p *big.Rat, ok bool) {
	switch rule.Name {
	case "eq":
		// On a text it compares the text, not its length.
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
		// Between whole numbers there is nothing: more than 3 is 4 or more.
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
	// At the same limit the open one leaves fewer values.
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
	// One limit is the type's own, so there is one rule to name.
	return fmt.Errorf("%s%s: no %s satisfies it; write a bound in the type's range", r.lowRule, r.highRule, on.typ.Go)
}
