package typeinfo

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// resolveRequires resolves the names in requires tags, within one object or one source.
func resolveRequires(owner reflect.Type, fields []*Field) error {
	for _, f := range fields {
		for _, name := range f.Requires {
			if err := f.require(name, fields); err != nil {
				err.Type = Name(owner)
				return err
			}
		}
	}
	return nil
}

// require resolves one name of a requires tag.
func (f *Field) require(name string, fields []*Field) *Error {
	problem := func(problem, fix string) *Error {
		return &Error{Field: f.Go, Problem: fmt.Sprintf("requires:%q: %s", strings.Join(f.Requires, ","), problem), Fix: fix}
	}
	var names []string
	for _, other := range fields {
		switch {
		case other == f || !other.standsBeside(f):
			continue
		case other.Name != name:
			names = append(names, other.Name)
			continue
		case other.Required:
			return problem(fmt.Sprintf("%q is always required", name), "drop it, or make it optional")
		case other.ReadOnly:
			return problem(fmt.Sprintf("%q is readonly, so no request has it", name), "drop it")
		case other.WriteOnly && !f.WriteOnly && f.Source == Body:
			return problem(fmt.Sprintf("%q is writeonly, so no response has it together with this one", name), "make this one writeonly, too, or write the rule as a method Validate")
		case slices.Contains(other.RequiredBy, f.Name):
			return problem(fmt.Sprintf("%q is listed twice", name), "name it once")
		}
		other.RequiredBy = append(other.RequiredBy, f.Name)
		return nil
	}
	if len(names) == 0 {
		return problem(fmt.Sprintf("nothing with the name %q can be sent together with it", name), "drop it")
	}
	return problem(fmt.Sprintf("nothing with the name %q can be sent together with it", name), "write one of "+strings.Join(names, ", "))
}

// standsBeside reports whether two fields come from the same source; files and values of a form count as the same.
func (f *Field) standsBeside(other *Field) bool {
	inForm := func(s Source) bool { return s == Form || s == File }
	return f.Source == other.Source || inForm(f.Source) && inForm(other.Source)
}
