package candor

import (
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/typeinfo"
)

// security documents the credentials an endpoint reads: those required, all at
// once, beside any of the optional ones. That no credentials will do as well
// stands there where none are required.
func (d *documenter) security(e *endpoint) *openapi3.SecurityRequirements {
	if len(e.security) == 0 {
		return nil
	}
	var optional []string
	required, scopes := openapi3.SecurityRequirement{}, map[string][]string{}
	for _, f := range e.security {
		name := d.scheme(f)
		if scopes[name] == nil || slices.Contains(e.scoped, f) {
			scopes[name] = e.scopesOf(f)
		}
		if isRequired(f) {
			required[name] = nil
		} else {
			optional = appendNew(optional, []string{name})
		}
	}
	var all openapi3.SecurityRequirements
	for _, name := range optional {
		if _, ok := required[name]; !ok {
			one := maps.Clone(required)
			one[name] = nil
			all = append(all, one)
		}
	}
	all = append(all, required)
	for _, one := range all {
		for name := range one {
			one[name] = scopes[name]
		}
	}
	return &all
}

// scopesOf are the scopes that stand beside the scheme of a field. Schemes
// without scopes of their own take them as names of roles.
func (e *endpoint) scopesOf(f *typeinfo.Field) []string {
	if !slices.Contains(e.scoped, f) {
		return []string{}
	}
	return append([]string{}, e.set.scopes...)
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

// checkSchemes finds fields that name no scheme.
func (b *builder) checkSchemes(e *endpoint) error {
	for _, f := range e.security {
		if f.Source != typeinfo.Security {
			continue
		}
		if _, ok := b.app.config.SecuritySchemes[f.Name]; !ok {
			return fmt.Errorf("the field %s names the security scheme %q, which Config.SecuritySchemes does not have; add it there, or drop the tag", f.Go, f.Name)
		}
		b.schemes[f.Name] = true
	}
	return nil
}

// checkUnusedSchemes finds schemes that no field names. An operation with another
// mistake may be the one that does.
func (b *builder) checkUnusedSchemes() {
	if len(b.faults) > 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(b.app.config.SecuritySchemes)) {
		if !b.schemes[name] {
			b.faults = append(b.faults, fmt.Errorf("candor: Config.SecuritySchemes: no input has a field with `security:%q`, so the document would promise a protection that nothing gives; add the field, or drop the scheme", name))
		}
	}
}
