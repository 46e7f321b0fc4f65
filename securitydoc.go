package candor

import (
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/typeinfo"
)

// security documents the credentials an endpoint reads: those required, all at
// once, beside any of the optional ones. Schemes without scopes of their own
// take them as names of roles.
func (d *documenter) security(e *endpoint) *openapi3.SecurityRequirements {
	if len(e.security) == 0 {
		return nil
	}
	required := openapi3.SecurityRequirement{}
	var optional []string
	for _, f := range e.security {
		name := d.scheme(f)
		switch {
		case f.Required:
			required[name] = append([]string{}, e.set.scopes...)
		case !slices.Contains(optional, name):
			optional = append(optional, name)
		}
	}
	var all openapi3.SecurityRequirements
	for _, name := range optional {
		if _, ok := required[name]; ok {
			continue
		}
		one := maps.Clone(required)
		one[name] = append([]string{}, e.set.scopes...)
		all = append(all, one)
	}
	all = append(all, required)
	return &all
}

// scheme puts the scheme of a field among the components and returns its name.
// Two API keys of one kind get names of their own.
func (d *documenter) scheme(f *typeinfo.Field) string {
	name, own := schemeOf(f)
	if own == nil {
		d.schemes[name] = &openapi3.SecuritySchemeRef{Value: d.config.SecuritySchemes[name].scheme}
		return name
	}
	for base, n := name, 2; ; n++ {
		taken := d.schemes[name]
		if taken == nil || taken.Value.Name == own.Name && taken.Value.In == own.In {
			break
		}
		name = fmt.Sprintf("%s%d", base, n)
	}
	if d.schemes[name] == nil {
		d.schemes[name] = &openapi3.SecuritySchemeRef{Value: own}
	}
	return name
}

// checkSchemes finds fields that name no scheme, and schemes that no field
// names.
func (b *builder) checkSchemes() {
	declared := b.app.config.SecuritySchemes
	used := map[string]bool{}
	for _, e := range b.table.endpoints {
		for _, f := range e.security {
			if f.Source != typeinfo.Security {
				continue
			}
			used[f.Name] = true
			if _, ok := declared[f.Name]; !ok {
				b.fault(e.route, fmt.Errorf("the field %s names the security scheme %q, which Config.SecuritySchemes does not have; add it there, or drop the tag", f.Go, f.Name))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		if !used[name] {
			b.faults = append(b.faults, fmt.Errorf("candor: Config.SecuritySchemes: no input has a field with `security:%q`, so the document would promise a protection that nothing gives; add the field, or drop the scheme", name))
		}
	}
}
