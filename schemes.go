package candor

import (
	"maps"

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

// scopes are those that an OAuth2 scheme lists, none for any other.
func (s SecurityScheme) scopes() map[string]string {
	if s.scheme == nil || s.scheme.Flows == nil {
		return nil
	}
	all := map[string]string{}
	for _, flow := range []*openapi3.OAuthFlow{s.scheme.Flows.Password, s.scheme.Flows.AuthorizationCode, s.scheme.Flows.ClientCredentials, s.scheme.Flows.Implicit} {
		if flow != nil {
			maps.Copy(all, flow.Scopes)
		}
	}
	return all
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

// schemeName is the name of a scheme that Config.SecuritySchemes describes, ""
// for any other.
func schemeName(f *typeinfo.Field) string {
	if f.Source == typeinfo.Security {
		return f.Name
	}
	return ""
}

func indirectName(f *typeinfo.Field) string {
	t := f.Type.Go
	if !f.Required {
		t = t.Elem()
	}
	return t.Name()
}
