package candor

import (
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/typeinfo"
)

// SecurityScheme describes a way to prove who one is, for the document and its
// pages. Put it into Config.SecuritySchemes under a name, and name it in the
// tag of a field: Token candor.Bearer `security:"oauth2"`.
type SecurityScheme struct{ scheme *openapi3.SecurityScheme }

// OAuth2Password describes OAuth2 tokens that clients get for a user name and
// a password at the token URL (RFC 6749, section 4.3). Scopes go from name to
// description.
func OAuth2Password(tokenURL string, scopes map[string]string) SecurityScheme {
	return oauth2(&openapi3.OAuthFlows{Password: &openapi3.OAuthFlow{TokenURL: tokenURL, Scopes: scopeMap(scopes)}})
}

// OAuth2Code describes OAuth2 tokens that clients get by the authorization-code
// flow (RFC 6749, section 4.1).
func OAuth2Code(authorizationURL, tokenURL string, scopes map[string]string) SecurityScheme {
	return oauth2(&openapi3.OAuthFlows{AuthorizationCode: &openapi3.OAuthFlow{
		AuthorizationURL: authorizationURL, TokenURL: tokenURL, Scopes: scopeMap(scopes),
	}})
}

// OAuth2ClientCredentials describes OAuth2 tokens that programs get for their
// own credentials (RFC 6749, section 4.4).
func OAuth2ClientCredentials(tokenURL string, scopes map[string]string) SecurityScheme {
	return oauth2(&openapi3.OAuthFlows{ClientCredentials: &openapi3.OAuthFlow{TokenURL: tokenURL, Scopes: scopeMap(scopes)}})
}

// OpenIDConnect describes tokens of the provider whose configuration is at the
// URL.
func OpenIDConnect(configurationURL string) SecurityScheme {
	return SecurityScheme{&openapi3.SecurityScheme{Type: "openIdConnect", OpenIdConnectUrl: configurationURL}}
}

// BearerTokens describes bearer tokens of a format, such as "JWT".
func BearerTokens(format string) SecurityScheme {
	return SecurityScheme{&openapi3.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: format}}
}

// WithDescription returns a copy with a text for the document.
func (s SecurityScheme) WithDescription(text string) SecurityScheme {
	c := *s.scheme
	c.Description = text
	return SecurityScheme{&c}
}

func oauth2(flows *openapi3.OAuthFlows) SecurityScheme {
	return SecurityScheme{&openapi3.SecurityScheme{Type: "oauth2", Flows: flows}}
}

func scopeMap(scopes map[string]string) map[string]string {
	m := map[string]string{}
	maps.Copy(m, scopes)
	return m
}

// schemeOf names the scheme of a security field and, unless the configuration
// declares it, describes it.
func schemeOf(f *typeinfo.Field) (name string, own *openapi3.SecurityScheme) {
	if f.Source == typeinfo.Security {
		return f.Name, nil
	}
	switch indirectName(f) {
	case "Bearer":
		return "HTTPBearer", &openapi3.SecurityScheme{Type: "http", Scheme: "bearer", Description: f.Doc}
	case "Basic":
		return "HTTPBasic", &openapi3.SecurityScheme{Type: "http", Scheme: "basic", Description: f.Doc}
	}
	kind := map[typeinfo.Source]string{typeinfo.Header: "APIKeyHeader", typeinfo.Query: "APIKeyQuery", typeinfo.Cookie: "APIKeyCookie"}
	return kind[f.Source], &openapi3.SecurityScheme{Type: "apiKey", In: f.Source.String(), Name: f.Name, Description: f.Doc}
}

func indirectName(f *typeinfo.Field) string {
	t := f.Type.Go
	if !f.Required {
		t = t.Elem()
	}
	return t.Name()
}

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
