package candor

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/typeinfo"
)

// security documents the credentials an endpoint reads: those required, all at
// once, with one of each choice, beside any of the optional ones. That no
// credentials will do as well stands there where none are needed.
func (d *documenter) security(e *endpoint) *openapi3.SecurityRequirements {
	switch {
	case e.set.public:
		return &openapi3.SecurityRequirements{}
	case len(e.security) == 0:
		return nil
	}
	required := openapi3.SecurityRequirement{}
	scopes := map[string][]string{}
	var optional []string
	for _, f := range e.security {
		name := d.scheme(f)
		if scopes[name] == nil || slices.Contains(e.scoped, f) {
			scopes[name] = e.scopesOf(f)
		}
		switch {
		case f.Required:
			required[name] = nil
		case f.Choice == "":
			optional = appendNew(optional, []string{name})
		}
	}
	needed := d.chosen(required, e.choices)
	var all openapi3.SecurityRequirements
	for _, name := range optional {
		for _, one := range needed {
			if _, ok := one[name]; !ok {
				all = append(all, with(one, name))
			}
		}
	}
	all = append(all, needed...)
	for _, one := range all {
		for name := range one {
			one[name] = scopes[name]
		}
	}
	return &all
}

// chosen are the ways to have what is required and one of each choice. One that
// has more than another is left out.
func (d *documenter) chosen(required openapi3.SecurityRequirement, choices []choicePlan) openapi3.SecurityRequirements {
	ways := openapi3.SecurityRequirements{required}
	for _, choice := range choices {
		var longer openapi3.SecurityRequirements
		for _, way := range ways {
			for _, f := range choice {
				longer = append(longer, with(way, d.scheme(f)))
			}
		}
		ways = longer
	}
	var shortest openapi3.SecurityRequirements
	for _, way := range ways {
		if !slices.ContainsFunc(shortest, func(other openapi3.SecurityRequirement) bool { return isPart(other, way) }) {
			shortest = slices.DeleteFunc(shortest, func(other openapi3.SecurityRequirement) bool { return isPart(way, other) })
			shortest = append(shortest, way)
		}
	}
	return shortest
}

// scopesOf are the scopes that stand beside the scheme of a field. Schemes
// without scopes of their own take them as names of roles.
func (e *endpoint) scopesOf(f *typeinfo.Field) []string {
	if !slices.Contains(e.scoped, f) {
		return []string{}
	}
	return append([]string{}, e.set.scopes...)
}

// with is a requirement of one more scheme.
func with(required openapi3.SecurityRequirement, name string) openapi3.SecurityRequirement {
	more := maps.Clone(required)
	more[name] = nil
	return more
}

// isPart reports whether what a asks for is a part of what b asks for.
func isPart(a, b openapi3.SecurityRequirement) bool {
	for name := range a {
		if _, ok := b[name]; !ok {
			return false
		}
	}
	return true
}

// namedSchemes puts the schemes that fields name among the components, before any
// other takes the name.
func (d *documenter) namedSchemes(e *endpoint) {
	for _, f := range e.security {
		if f.Scheme != "" {
			d.scheme(f)
		}
	}
	for _, c := range e.callbacks {
		d.namedSchemes(c)
	}
}

// scheme puts the scheme of a field among the components and returns its name.
// Two API keys of one kind get names of their own.
func (d *documenter) scheme(f *typeinfo.Field) string {
	name, described := schemeOf(f, d.config.SecuritySchemes)
	if f.Scheme == "" {
		for base, n := name, 2; d.schemes[name] != nil && !sameCredentials(d.schemes[name].Value, described); n++ {
			name = fmt.Sprintf("%s%d", base, n)
		}
	}
	if d.schemes[name] == nil {
		d.schemes[name] = &openapi3.SecuritySchemeRef{Value: d.announcedScheme(described)}
	}
	return name
}

// announcedScheme is a scheme whose URLs are those at which clients reach them.
func (d *documenter) announcedScheme(scheme *openapi3.SecurityScheme) *openapi3.SecurityScheme {
	c := *scheme
	c.OpenIdConnectUrl = d.announced(c.OpenIdConnectUrl)
	if c.Flows == nil {
		return &c
	}
	flows := *c.Flows
	for _, flow := range []**openapi3.OAuthFlow{&flows.Password, &flows.AuthorizationCode, &flows.ClientCredentials, &flows.Implicit} {
		if *flow == nil {
			continue
		}
		at := **flow
		at.TokenURL, at.AuthorizationURL, at.RefreshURL = d.announced(at.TokenURL), d.announced(at.AuthorizationURL), d.announced(at.RefreshURL)
		*flow = &at
	}
	c.Flows = &flows
	return &c
}

// announced is where clients find what the app has at a URL without a host:
// below the path of the first server. A wildcard in that is its default.
func (d *documenter) announced(at string) string {
	target, err := url.Parse(at)
	if err != nil || at == "" || target.IsAbs() || target.Host != "" || len(d.info.Servers) == 0 {
		return at
	}
	first := d.info.Servers[0]
	prefix := first.URL
	for name, variable := range first.Variables {
		prefix = strings.ReplaceAll(prefix, "{"+name+"}", variable.Default)
	}
	server, err := url.Parse(prefix)
	if err != nil || strings.Trim(server.Path, "/") == "" {
		return at
	}
	base := url.URL{Path: strings.TrimSuffix(server.Path, "/") + "/"}
	target.Path = strings.TrimPrefix(target.Path, "/")
	return base.ResolveReference(target).String()
}

// checkCredentials finds what is wrong with the credentials an endpoint asks for.
func (b *builder) checkCredentials(e *endpoint) error {
	return errors.Join(e.checkPublic(), b.checkSchemes(e), e.checkScopes(b.app.config.SecuritySchemes))
}

// checkSchemes finds fields that name no scheme, another kind of scheme, or one
// that a field of other credentials has too.
func (b *builder) checkSchemes(e *endpoint) error {
	declared := b.app.config.SecuritySchemes
	for _, f := range e.security {
		if f.Scheme == "" {
			continue
		}
		scheme, ok := declared[f.Scheme]
		if !componentName.MatchString(f.Scheme) {
			return fmt.Errorf("the field %s names the security scheme %q; use letters, digits, dots, dashes and underscores", f.Go, f.Scheme)
		}
		if !ok && f.Source == typeinfo.Security {
			return fmt.Errorf("the field %s names the security scheme %q, which Config.SecuritySchemes does not have; add it there, or drop the tag", f.Go, f.Scheme)
		}
		if err := scheme.describes(f); err != nil {
			return err
		}
		_, described := schemeOf(f, declared)
		if other := b.schemes[f.Scheme]; other != nil && !sameCredentials(other, described) {
			return fmt.Errorf("the field %s names the security scheme %q, as a field does whose credentials are sent in another way; give one of them another name", f.Go, f.Scheme)
		}
		b.schemes[f.Scheme] = described
	}
	return nil
}

// checkUnusedSchemes finds schemes that no field names. An operation with another
// error, or the provider that a test has overridden, may be the one that does.
func (b *builder) checkUnusedSchemes() {
	if len(b.faults)+len(b.app.overrides) > 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(b.app.config.SecuritySchemes)) {
		if b.schemes[name] == nil {
			b.faults = append(b.faults, fmt.Errorf("candor: Config.SecuritySchemes: no input has a field with `security:%q`, so the document would promise a protection that nothing gives; add the field, or drop the scheme", name))
		}
	}
}
