package check

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/typeinfo"
)

// CrossCheck checks a rule that depends on other fields, after the struct was decoded. parent is the struct that
// CompileCross was called for. field is the value of the field, with or without its Pointer and Optional. present means
// that the field was sent. A comparison is not applied to an absent or null value. Each validation error is new: the
// caller may modify it.
type CrossCheck func(parent, field reflect.Value, present bool) *fault.Fault

// crossTags returns validator's rules that depend on other fields.
func crossTags() map[string]crossMaker { return madeCrossTags.Get(makeCrossTags) }

var madeCrossTags lazy.Value[map[string]crossMaker]

func makeCrossTags() map[string]crossMaker {
	return map[string]crossMaker{
		"eqfield": makeComparison, "nefield": makeComparison, "gtfield": makeComparison,
		"gtefield": makeComparison, "ltfield": makeComparison, "ltefield": makeComparison,
		"eqcsfield": makeComparison, "necsfield": makeComparison, "gtcsfield": makeComparison,
		"gtecsfield": makeComparison, "ltcsfield": makeComparison, "ltecsfield": makeComparison,
		"fieldcontains": makeComparison, "fieldexcludes": makeComparison,
		"postcode_iso3166_alpha2_field": makePostcodeField,

		"required_if": makeIf, "required_unless": makeIf, "excluded_if": makeIf, "excluded_unless": makeIf, "skip_unless": makeIf,
		"required_with": makeWith, "required_with_all": makeWith, "required_without": makeWith, "required_without_all": makeWith,
		"excluded_with": makeWith, "excluded_with_all": makeWith, "excluded_without": makeWith, "excluded_without_all": makeWith,
	}
}

type crossMaker func(s *Set, at scene, rule typeinfo.Rule) (CrossCheck, error)

func isCross(rule typeinfo.Rule) bool { return rule.Cross || crossTags()[rule.Name] != nil }

// CompileCross makes the check of the cross-field rules in f.Rules.Self, nil if there are none. f.Index starts at
// parent. Names in a rule are Go names, looked up in the struct that declares the field; validation errors use the wire
// names of siblings, and Go names for other fields.
func (s *Set) CompileCross(parent reflect.Type, f *typeinfo.Field, siblings ...*typeinfo.Field) (CrossCheck, error) {
	if f.Rules == nil || s == nil {
		return nil, nil
	}
	var at scene
	var checks []CrossCheck
	for _, rule := range f.Rules.Self {
		if !isCross(rule) {
			continue
		}
		// Most fields have no such rule, and need no access to other fields.
		if at.root == nil {
			var err error
			if at, err = sceneOf(parent, f, siblings); err != nil {
				return nil, err
			}
		}
		check, err := s.cross(at, rule)
		if err != nil {
			return nil, err
		}
		checks = append(checks, check)
	}
	return crossInOrder(checks), nil
}

func (s *Set) cross(at scene, rule typeinfo.Rule) (CrossCheck, error) {
	maker := crossTags()[rule.Name]
	if maker == nil {
		return nil, &UnknownTagError{Tag: rule.String(), Meant: s.meant(rule.Name)}
	}
	check, err := maker(s, at, rule)
	if err != nil {
		return nil, wrong(rule, err)
	}
	tag := rule.String()
	return func(parent, field reflect.Value, present bool) *fault.Fault {
		f := check(parent, field, present)
		if f == nil {
			return nil
		}
		// A copy, because the caller adds a location, and blame may return the same error each time.
		f = f.Own()
		f.Tag = tag
		return f
	}, nil
}

func crossInOrder(checks []CrossCheck) CrossCheck {
	if len(checks) < 2 {
		// The only check, or nil if there is none.
		return append(checks, nil)[0]
	}
	return func(parent, field reflect.Value, present bool) *fault.Fault {
		for _, check := range checks {
			if f := check(parent, field, present); f != nil {
				return f
			}
		}
		return nil
	}
}

// makeComparison compiles the rules that compare a value with another field.
func makeComparison(s *Set, at scene, rule typeinfo.Rule) (CrossCheck, error) {
	other, err := at.reference(rule.Param)
	if err != nil {
		return nil, err
	}
	if err := at.comparable(other, rule); err != nil {
		return nil, err
	}
	// A missing value is not equal to any value, and does not contain any.
	keepsNull := rule.Name == "nefield" || rule.Name == "necsfield" || rule.Name == "fieldexcludes"
	keeps := func(field, parent reflect.Value) bool {
		seen := other.in(parent)
		if seen.state != found {
			return keepsNull
		}
		return s.validate.VarWithValue(field.Interface(), seen.value.Interface(), rule.Name) == nil
	}
	return at.whenSent(keeps, valueError(fmt.Sprintf(at.comparisonPhrase(rule.Name), other.name))), nil
}

// whenSent applies a test to values of the field that were sent.
func (at scene) whenSent(keeps func(field, parent reflect.Value) bool, blame blame) CrossCheck {
	held, skipZero := at.held, at.field.Rules.SkipZero
	return func(parent, field reflect.Value, present bool) *fault.Fault {
		if !present {
			return nil
		}
		field, ok := held(field)
		if !ok || skipZero && isDefault(field) || keeps(field, parent) {
			return nil
		}
		return blame.fault(field)
	}
}

// comparable rejects comparisons whose result in validator does not depend on the values.
func (at scene) comparable(other reference, rule typeinfo.Rule) error {
	mine := at.subject
	if mine.typ.Go.Kind() != other.typ.Kind() || (mine.shape == moment) != (other.typ == reflect.TypeFor[time.Time]()) {
		return fmt.Errorf("compares %s with %s, which are never equal; give both fields the same type", mine.typ.Go, other.typ)
	}
	judged := comparables | moment
	switch rule.Name {
	case "eqfield", "nefield", "eqcsfield", "necsfield":
		judged |= boolean
	case "fieldcontains", "fieldexcludes":
		judged = text
	case "gtfield", "gtefield", "ltfield", "ltefield":
		// validator compares the lengths of lists and maps only with the rules with cs.
		judged &^= sized
	}
	if mine.shape&judged == 0 {
		return fmt.Errorf("judges %s, not %s; write a Validate method", judged, mine.typ.Go)
	}
	return nil
}

// comparisonPhrase returns the message, with %s for the other field. For two texts, the rules without cs compare the
// lengths, those with cs the order.
func (at scene) comparisonPhrase(name string) string {
	longer, shorter := "greater", "less"
	crossStruct := strings.HasSuffix(name, "csfield")
	switch {
	case at.subject.shape == moment:
		longer, shorter = "later", "earlier"
	case at.subject.shape == text && crossStruct:
		longer, shorter = "later in the alphabet", "earlier in the alphabet"
	case at.subject.shape&(text|sized) != 0:
		longer, shorter = "longer", "shorter"
	}
	switch strings.TrimSuffix(strings.TrimSuffix(name, "field"), "cs") {
	case "eq":
		return "must be the same as the field %s"
	case "ne":
		return "must not be the same as the field %s"
	case "gt":
		return "must be " + longer + " than the field %s"
	case "gte":
		return "must not be " + shorter + " than the field %s"
	case "lt":
		return "must be " + shorter + " than the field %s"
	case "lte":
		return "must not be " + longer + " than the field %s"
	}
	if name == "fieldcontains" {
		return "must contain the field %s"
	}
	return "must not contain the field %s"
}

// makePostcodeField compiles the rule that takes the country from another field.
func makePostcodeField(s *Set, at scene, rule typeinfo.Rule) (CrossCheck, error) {
	names := Words(rule.Param)
	if len(names) != 1 {
		return nil, errors.New("names one field with a country code; write postcode_iso3166_alpha2_field=Country")
	}
	country, err := at.reference(names[0])
	if err != nil {
		return nil, err
	}
	if at.subject.shape != text || country.typ.Kind() != reflect.String {
		return nil, errors.New("judges a string by a string; make both fields strings")
	}
	keeps := func(field, parent reflect.Value) bool {
		seen := country.in(parent)
		if seen.state != found {
			return false
		}
		// validator looks for the country in a field of a struct.
		in := struct{ Country string }{seen.value.String()}
		return s.validate.VarWithValue(field.String(), in, rule.Name+"=Country") == nil
	}
	return at.whenSent(keeps, valueError("not a postcode of the country in the field "+country.name)), nil
}

// scene is the struct that contains a field with a cross-field rule.
type scene struct {
	root     reflect.Type
	field    *typeinfo.Field
	siblings []*typeinfo.Field
	subject  subject
	// declaring is the struct that declares the field; toDeclaring leads to it from root.
	declaring   reflect.Type
	toDeclaring []step
	path        []int
	// held removes Pointer and Optional from the field's value; false for null.
	held func(reflect.Value) (reflect.Value, bool)
}

func sceneOf(parent reflect.Type, f *typeinfo.Field, siblings []*typeinfo.Field) (scene, error) {
	at := scene{
		root: parent, declaring: parent, field: f, siblings: siblings, subject: subjectOf(f.Type), held: holder(f.Type),
	}
	if len(f.Index) == 0 {
		return at, fmt.Errorf("%s: a rule about other fields, but there are none; move it to a field of a struct", f.Go)
	}
	for _, i := range f.Index[:len(f.Index)-1] {
		at.toDeclaring, at.declaring = bareSteps(at.toDeclaring, at.declaring)
		at.toDeclaring, at.declaring = append(at.toDeclaring, step{kind: member, index: i}), at.declaring.Field(i).Type
		at.path = append(at.path, i)
	}
	at.toDeclaring, at.declaring = bareSteps(at.toDeclaring, at.declaring)
	return at, nil
}

// holder returns a function that unwraps a field's value, whether or not the caller has unwrapped it already.
func holder(t *typeinfo.Type) func(reflect.Value) (reflect.Value, bool) {
	if !t.Wraps() {
		return func(v reflect.Value) (reflect.Value, bool) { return v, !isNull(v) }
	}
	steps, _ := bareSteps(nil, t.Go)
	return func(v reflect.Value) (reflect.Value, bool) {
		if !v.IsValid() || v.Type() != t.Go {
			// The caller has unwrapped it already.
			return v, !isNull(v)
		}
		seen := walk(v, steps)
		return seen.value, seen.state == found
	}
}

func isNull(v reflect.Value) bool {
	return !v.IsValid() || v.Kind() == reflect.Interface && v.IsNil()
}

// reference is the path from the root to another field.
type reference struct {
	// name is the field's name in validation errors, typ its type.
	name  string
	typ   reflect.Type
	steps []step
	// nullable means that the field is a pointer, an Optional or an interface, so that zero does not mean absent.
	nullable bool
}

func (r reference) in(parent reflect.Value) sighting { return walk(parent, r.steps) }

// reference resolves a field name such as Other or Inner.Other.
func (at scene) reference(name string) (reference, error) {
	r := reference{typ: at.declaring, steps: slices.Clone(at.toDeclaring)}
	path := slices.Clone(at.path)
	for element := range strings.SplitSeq(name, ".") {
		if r.typ.Kind() != reflect.Struct || r.typ == reflect.TypeFor[time.Time]() {
			return r, fmt.Errorf("%s has no fields; write the name of a field of %s", typeinfo.Name(r.typ), typeinfo.Name(at.declaring))
		}
		sf, ok := r.typ.FieldByName(element)
		if !ok || !sf.IsExported() {
			return r, fmt.Errorf("%s has no field %q; write one of %s", typeinfo.Name(r.typ), element, fieldNames(r.typ))
		}
		for _, i := range sf.Index {
			// An embedded struct on the path may be a pointer.
			r.steps, r.typ = bareSteps(r.steps, r.typ)
			r.steps, r.typ = append(r.steps, step{kind: member, index: i}), r.typ.Field(i).Type
		}
		outer := r.typ
		path = append(path, sf.Index...)
		r.steps, r.typ = bareSteps(r.steps, r.typ)
		r.nullable = outer != r.typ || outer.Kind() == reflect.Interface
	}
	r.name = wireName(at.siblings, path, name)
	return r, nil
}

// wireName returns the wire name of the field at path; goName is used if the field is not described.
func wireName(fields []*typeinfo.Field, path []int, goName string) string {
	for _, f := range fields {
		if len(f.Index) > len(path) || !slices.Equal(f.Index, path[:len(f.Index)]) {
			continue
		}
		rest := path[len(f.Index):]
		if len(rest) == 0 {
			return f.Name
		}
		if inner := subjectOf(f.Type).typ.Object; inner != nil {
			_, innerName, _ := strings.Cut(goName, ".")
			return f.Name + "." + wireName(inner.Fields, rest, innerName)
		}
	}
	return goName
}

// fieldNames returns the fields that a rule can refer to.
func fieldNames(t reflect.Type) string {
	var names []string
	for _, sf := range reflect.VisibleFields(t) {
		if sf.IsExported() && !sf.Anonymous {
			names = append(names, sf.Name)
		}
	}
	return wordList(names, "and")
}
