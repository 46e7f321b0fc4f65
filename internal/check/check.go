// Package check compiles the rules of validate and pattern tags to functions that validate values.
//
// codec and bind call them for the values that they read and write. The package builds on typeinfo, and does not know
// where a value comes from.
//
// Every rule means what go-playground/validator/v10 does, except for the length of an email address (see isEmail).
// Common rules (bounds, choices, character classes) are compiled to closures, which fuzz tests compare with validator;
// the others call it. Errors that validator would find only when it sees a value (a rule for an unsupported kind, a
// parameter that is not a number, a field that does not exist) are errors of Compile here, which say what to write
// instead.
package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Set is the set of rules of an app: validator's and the user's. It is immutable and safe for concurrent use.
type Set struct {
	validate *validator.Validate
	custom   map[string]Custom
}

// Custom is a user's rule.
type Custom struct {
	Func validator.Func
	// Message says what a value must be or do, such as "must be even", with %s for the parameter. If it is "", the message
	// names the rule.
	Message string
}

// Builtin returns the set of validator's own rules. It is shared, because it holds nothing specific to an app.
func Builtin() *Set {
	return builtin.Get(func() *Set { return &Set{validate: newValidate()} })
}

var builtin lazy.Value[*Set]

func newValidate() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	// validator does not limit the length of the domain: see isEmail.
	if err := v.RegisterValidation("email", isEmail); err != nil {
		panic(err) // cannot fail: the name is valid
	}
	return v
}

// NewSet adds the user's rules to validator's. A name that is taken or not possible in a tag, and a nil function, are
// errors.
//
// A rule is called with the value alone: FieldLevel's Parent and Top are the value itself.
func NewSet(custom map[string]Custom) (*Set, error) {
	// The user may change the original map later.
	s := &Set{validate: newValidate(), custom: maps.Clone(custom)}
	for name, rule := range custom {
		if err := s.add(name, rule); err != nil {
			return nil, fmt.Errorf("rule %q: %w", name, err)
		}
	}
	return s, nil
}

func (s *Set) add(name string, rule Custom) error {
	switch {
	case !validName(name):
		return errors.New("a name has letters, digits, - and _ only; write one such as \"even\"")
	case reserved(name) || Builtin().knows(name):
		return errors.New("the name is taken; choose another")
	case rule.Func == nil:
		return errors.New("the function is nil; pass one that reports whether the value is valid")
	}
	return s.validate.RegisterValidation(name, rule.Func)
}

// validName rejects names with a meaning inside a tag.
func validName(name string) bool {
	if name == "" {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// reserved reports whether a word of a tag is not a rule.
func reserved(name string) bool {
	switch name {
	case "-", "0x2C", "0x7C", "dive", "keys", "endkeys", "omitempty", "omitnil", "omitzero", "required",
		"structonly", "nostructlevel", "pattern", "multipleOf":
		return true
	}
	return false
}

// knows reports whether validator has a rule of that name. Behind omitempty a nil pointer is not validated, so the name is
// looked up but the rule does not run.
func (s *Set) knows(name string) (known bool) {
	// validator panics on an unknown name.
	defer func() {
		if recover() != nil {
			known = false
		}
	}()
	_ = s.validate.Var((*int)(nil), "omitempty,"+name)
	return true
}

// UnknownTagError is returned by Compile for a rule that neither validator nor
// the Set knows.
type UnknownTagError struct {
	Tag string
	// Meant is what to write instead, empty if no known name is similar.
	Meant string
}

// Error names the rule, and a similar name or where rules come from.
func (e *UnknownTagError) Error() string {
	if e.Meant != "" {
		return fmt.Sprintf("%s: no such rule; %s, or add it to Config.Rules", e.Tag, e.Meant)
	}
	return fmt.Sprintf("%s: no such rule; write one of validator's or add it to Config.Rules", e.Tag)
}

// Check returns the validation error for the first rule that v violates, nil if there is none. v is of the described type
// without Pointer and Optional, and is never invalid. The returned error must not be modified: it may be shared.
type Check func(v reflect.Value) *fault.Fault

// Compile compiles the check for a value of type t, nil if there is nothing to check. It uses SkipZero and the rules of
// rules.Self that concern a single field; call it separately for Keys and Elem. If t is a Pointer or Optional, the rules
// apply to the value inside.
//
// The error is an [*UnknownTagError] or has the form "rule: problem; fix". A nil Set has no rules.
func (s *Set) Compile(t *typeinfo.Type, rules *typeinfo.Rules) (Check, error) {
	conditions, err := s.conditions(t, rules)
	if err != nil || len(conditions) == 0 {
		return nil, err
	}
	check := inOrder(conditions)
	if rules.SkipZero {
		return skipZero(check), nil
	}
	return check, nil
}

// conditions compiles the rules that depend only on the value.
func (s *Set) conditions(t *typeinfo.Type, rules *typeinfo.Rules) (conditions []condition, err error) {
	if rules == nil || s == nil {
		return nil, nil
	}
	on := subjectOf(t)
	for i, rule := range rules.Self {
		if isCross(rule) {
			continue
		}
		c, err := s.condition(on, rule)
		if err != nil {
			return nil, afterCommas(err, rules.Self[:i])
		}
		c.blame = c.blame.tagged(rule)
		conditions = append(conditions, c)
	}
	if len(conditions) == 0 {
		return nil, nil
	}
	return conditions, contradiction(on, rules.Self)
}

// condition is one compiled rule.
type condition struct {
	keeps judge
	quick Quick
	blame blame
}

type judge func(v reflect.Value) bool

// blame is the validation error for values that violate a rule.
type blame struct {
	// same is the validation error for all values, used if of is nil.
	same *fault.Fault
	// of returns the validation error for one value.
	of func(v reflect.Value) fault.Fault
}

func always(f fault.Fault) blame { return blame{same: &f} }

// known reports whether there is a validation error.
func (b *blame) known() bool { return b.same != nil || b.of != nil }

func (b *blame) fault(v reflect.Value) *fault.Fault {
	if b.of == nil {
		return b.same
	}
	f := b.of(v)
	return &f
}

// tagged adds the rule to the validation errors.
func (b blame) tagged(rule typeinfo.Rule) blame {
	tag := rule.String()
	if of := b.of; of != nil {
		return blame{of: func(v reflect.Value) fault.Fault {
			f := of(v)
			f.Tag = tag
			return f
		}}
	}
	// A copy, because other fields share this error with other tags.
	f := *b.same
	f.Tag = tag
	return always(f)
}

func (c *condition) check(v reflect.Value) *fault.Fault {
	if c.keeps(v) {
		return nil
	}
	return c.blame.fault(v)
}

func inOrder(conditions []condition) Check {
	if len(conditions) == 1 {
		return conditions[0].check
	}
	return func(v reflect.Value) *fault.Fault {
		for i := range conditions {
			if f := conditions[i].check(v); f != nil {
				return f
			}
		}
		return nil
	}
}

// skipZero implements validator's omitempty. An empty list that is not nil is not skipped.
func skipZero(check Check) Check {
	return func(v reflect.Value) *fault.Fault {
		if isDefault(v) {
			return nil
		}
		return check(v)
	}
}

func isDefault(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer, reflect.Interface:
		return v.IsNil()
	}
	return v.IsZero()
}

// condition compiles one rule.
func (s *Set) condition(on subject, rule typeinfo.Rule) (condition, error) {
	if len(rule.Or) > 0 {
		return s.alternatives(on, rule)
	}
	c := condition{blame: valueError("breaks the rule " + rule.Name)}
	// A user's rule never has the name of another one, see add.
	if own, ok := s.custom[rule.Name]; ok {
		if own.Message != "" {
			c.blame = valueError(own.sentence(rule))
		}
		c.keeps = s.through(on, rule)
		return c, nil
	}
	t, ok := tags()[rule.Name]
	if !ok {
		return s.uncommon(on, rule, c)
	}
	if err := t.fits(on, rule); err != nil {
		return c, wrong(rule, err)
	}
	c.blame = t.blame(rule)
	// Only a trial run shows whether the rule supports the value that the type presents to validator.
	if on.valuer {
		return s.tried(on, rule, c)
	}
	if t.make == nil {
		c.keeps = s.through(on, rule)
		return c, nil
	}
	p, err := t.make(s, on, rule)
	if err != nil {
		return c, wrong(rule, err)
	}
	c.keeps, c.quick = p.keeps, p.quick
	// The table's error applies unless the maker returns a more precise one.
	if p.blame.known() {
		c.blame = p.blame
	}
	return c, nil
}

// uncommon compiles a rule that is not in the table, such as one of a later validator. Only a trial run shows whether
// it supports such a value.
func (s *Set) uncommon(on subject, rule typeinfo.Rule, c condition) (condition, error) {
	if advice, ok := refused[rule.Name]; ok {
		return c, wrong(rule, errors.New(advice))
	}
	if !s.knows(rule.Name) {
		return c, &UnknownTagError{Tag: rule.Name, Meant: s.meant(rule.Name)}
	}
	return s.tried(on, rule, c)
}

func (s *Set) tried(on subject, rule typeinfo.Rule, c condition) (condition, error) {
	c.keeps = s.through(on, rule)
	if err := try(c.keeps, on.typ.Go); err != nil {
		return c, wrong(rule, err)
	}
	return c, nil
}

func wrong(rule typeinfo.Rule, err error) error { return fmt.Errorf("%s: %w", rule, err) }

// through calls validator for each value. validator would descend into a struct instead of applying the rule, unless it
// has a name and the rules end with nostructlevel.
func (s *Set) through(on subject, rule typeinfo.Rule) judge {
	element := notation(rule)
	if on.shape != opaque && on.shape != stringer {
		return func(v reflect.Value) bool { return s.validate.Var(v.Interface(), element) == nil }
	}
	element += ",nostructlevel"
	return func(v reflect.Value) bool {
		if v.Kind() == reflect.Interface && v.IsNil() {
			return true // rules do not apply to null
		}
		return s.validate.VarWithKey("value", numeric(v), element) == nil
	}
}

// numeric returns a value for validator, which treats a json.Number as text. In an interface, it is a number that float64
// cannot represent exactly.
func numeric(v reflect.Value) any {
	if number, ok := v.Interface().(json.Number); ok && v.Kind() == reflect.Interface {
		value, _ := number.Float64()
		return value
	}
	return v.Interface()
}

// inTag escapes a parameter as validator requires inside a tag.
var inTag = strings.NewReplacer(",", "0x2C", "|", "0x7C")

func notation(rule typeinfo.Rule) string {
	if !rule.HasParam {
		return rule.Name
	}
	return rule.Name + "=" + inTag.Replace(rule.Param)
}

// try runs a rule on a sample value and turns a panic into an error.
func try(keeps judge, t reflect.Type) (err error) {
	// validator panics if a rule does not support a kind.
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("validator cannot judge %s by it; write a Validate method", t)
		}
	}()
	keeps(sample(t))
	return nil
}

func sample(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString("a")
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
	case reflect.Bool:
		v.SetBool(true)
	}
	return v
}

// alternatives compiles a|b: one of them must hold.
func (s *Set) alternatives(on subject, rule typeinfo.Rule) (condition, error) {
	var c condition
	var either []judge
	var phrases []string
	for _, r := range rule.Or {
		if isCross(r) || refused[r.Name] != "" {
			return c, wrong(rule, fmt.Errorf("%s cannot be one of several alternatives; write it as a rule of its own", r.Name))
		}
		alternative, err := s.condition(on, r)
		if err != nil {
			return c, err
		}
		either = append(either, alternative.keeps)
		phrases = append(phrases, s.describe(r))
	}
	c.blame = valueError(strings.Join(phrases, " or "))
	c.keeps = func(v reflect.Value) bool {
		for _, keeps := range either {
			if keeps(v) {
				return true
			}
		}
		return false
	}
	return c, nil
}

// describe is like Describe for rules that may be a user's.
func (s *Set) describe(rule typeinfo.Rule) string {
	if own := s.custom[rule.Name]; own.Message != "" {
		return own.sentence(rule)
	}
	return Describe(rule)
}

func (c Custom) sentence(rule typeinfo.Rule) string {
	return strings.ReplaceAll(c.Message, "%s", rule.Param)
}

func valueError(sentence string) blame { return with(fault.ValueError, "error", sentence) }
