package codec

import (
	"reflect"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// judge checks the rules of a value. Nearly every value is valid, so there are two quick checks before the one that
// produces an error: whether the value is in a range of certainly valid ones, and a function for all others.
type judge struct {
	look   look
	sure   check.Range[int64]
	floats check.Range[float64]
	// characters is the same range for the number of characters of a text, if the caller knows it.
	characters check.Range[int64]
	// ask returns true for values that are certainly valid, askText the same for strings; both are nil if that takes
	// more.
	ask     func(p pointer) bool
	askText func(text string) bool
	// fault returns the validation error of the value, nil if it is valid.
	fault func(p pointer) *fault.Fault
}

// look says which property of a value is compared with the range.
type look uint8

const (
	atNothing look = iota
	atText         // the bytes of a string
	atSlice        // the elements of a slice
	atInt          // an integer of 64 bits
	atFloat        // a float of 64 bits
)

// judge compiles the rules of a value itself; nil if there are none.
func (c *Compiler) judge(t *typeinfo.Type, rules *typeinfo.Rules) (*judge, error) {
	keeps, err := c.rules.Compile(t, rules)
	if err != nil || keeps == nil {
		return nil, err
	}
	goType, quick := t.Go, c.rules.Quick(t, rules)
	j := &judge{
		look: lookAt(goType), sure: nobody[int64](), floats: nobody[float64](), characters: nobody[int64](),
		ask: askOf(goType, quick), askText: quick.Text,
		fault: func(p pointer) *fault.Fault { return keeps(valueAt(goType, p)) },
	}
	// Without a known range nothing is sure, and fault decides.
	if quick.Sure != nil {
		j.sure = *quick.Sure
	}
	if quick.SureFloat != nil {
		j.floats = *quick.SureFloat
	}
	if quick.Characters != nil {
		j.characters = *quick.Characters
	}
	return j, nil
}

// nobody is an empty range.
func nobody[T int64 | float64]() check.Range[T] { return check.Range[T]{Least: 1} }

// lookAt returns where the length, integer or float of values of the type is found.
func lookAt(t reflect.Type) look {
	switch kind := t.Kind(); {
	case kind == reflect.String:
		return atText
	case kind == reflect.Slice:
		return atSlice
	case reflect.Int <= kind && kind <= reflect.Int64 && t.Bits() == 64:
		return atInt
	case kind == reflect.Float64:
		return atFloat
	}
	return atNothing
}

// askOf returns the quick check of a value at p that is not a string; nil if there is none.
func askOf(t reflect.Type, q check.Quick) func(p pointer) bool {
	switch kind := t.Kind(); {
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

// passes returns true for values that are certainly valid; fault decides about the rest.
func (j *judge) passes(p pointer) bool {
	var sure bool
	switch j.look {
	case atText:
		text := *as[string](p)
		return j.sure.Has(int64(len(text))) || j.askText != nil && j.askText(text)
	case atSlice:
		sure = j.sure.Has(int64(as[list](p).len))
	case atInt:
		sure = j.sure.Has(*as[int64](p))
	case atFloat:
		sure = j.floats.Has(*as[float64](p))
	}
	return sure || j.ask != nil && j.ask(p)
}
