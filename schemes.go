package candor

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// SecurityScheme describes a way to prove who one is, for the document and its
// pages. Put it into Config.SecuritySchemes under a name, and name it in the
// tag of a field: Token candor.Bearer `security:"oauth2"`.
//
// The zero value is the scheme that the field describes by itself: a key in the
// header of its tag, say, under another name than the usual one and, by
// [SecurityScheme.WithDescription], with a text.
type SecurityScheme struct{ scheme *operation.SecurityScheme }

// OAuth2Password describes OAuth2 tokens that clients get for a user name and
// a password at the token URL (RFC 6749, section 4.3). Scopes go from name to
// description.
func OAuth2Password(tokenURL string, scopes map[string]string) SecurityScheme {
	return oauth2(operation.Flow{Kind: operation.Password, TokenURL: tokenURL, Scopes: scopeMap(scopes)})
}

// OAuth2Code describes OAuth2 tokens that clients get by the authorization-code
// flow (RFC 6749, section 4.1).
func OAuth2Code(authorizationURL, tokenURL string, scopes map[string]string) SecurityScheme {
	return oauth2(operation.Flow{
		Kind: operation.AuthorizationCode, AuthorizationURL: authorizationURL, TokenURL: tokenURL, Scopes: scopeMap(scopes),
	})
}

// OAuth2ClientCredentials describes OAuth2 tokens that programs get for their
// own credentials (RFC 6749, section 4.4).
func OAuth2ClientCredentials(tokenURL string, scopes map[string]string) SecurityScheme {
	return oauth2(operation.Flow{Kind: operation.ClientCredentials, TokenURL: tokenURL, Scopes: scopeMap(scopes)})
}

// OpenIDConnect describes tokens of the provider whose configuration is at the
// URL.
func OpenIDConnect(configurationURL string) SecurityScheme {
	return SecurityScheme{&operation.SecurityScheme{Type: "openIdConnect", OpenIDConnectURL: configurationURL}}
}

// BearerTokens describes bearer tokens of a format, such as "JWT".
func BearerTokens(format string) SecurityScheme {
	return SecurityScheme{&operation.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: format}}
}

// WithDescription returns a copy with a text for the document.
func (s SecurityScheme) WithDescription(text string) SecurityScheme {
	c := operation.SecurityScheme{}
	if s.scheme != nil {
		c = *s.scheme
	}
	c.Description = text
	return SecurityScheme{&c}
}

// scopes are those that an OAuth2 scheme lists, none for any other.
func (s SecurityScheme) scopes() map[string]string {
	if s.scheme == nil || s.scheme.Flows == nil {
		return nil
	}
	all := map[string]string{}
	for _, flow := range s.scheme.Flows {
		maps.Copy(all, flow.Scopes)
	}
	return all
}

func oauth2(flow operation.Flow) SecurityScheme {
	return SecurityScheme{&operation.SecurityScheme{Type: "oauth2", Flows: []operation.Flow{flow}}}
}

func scopeMap(scopes map[string]string) map[string]string {
	m := map[string]string{}
	maps.Copy(m, scopes)
	return m
}

// schemeOf names and describes the scheme of a security field. What declared
// says about it comes before what the field does.
func schemeOf(f *typeinfo.Field, declared map[string]SecurityScheme) (name string, described *operation.SecurityScheme) {
	name, described = ownScheme(f)
	name = cmp.Or(f.Scheme, name)
	given := declared[name].scheme
	if f.Scheme == "" || given == nil {
		return name, described
	}
	if given.Type != "" && !hasOwnWord(f) { // tokens after another word have no format in OpenAPI
		return name, given
	}
	described.Description = cmp.Or(given.Description, described.Description)
	return name, described
}

// ownScheme is the scheme of a security field as the field says it.
func ownScheme(f *typeinfo.Field) (name string, described *operation.SecurityScheme) {
	switch kind := indirectName(f); {
	case kind == "Bearer" && !hasOwnWord(f):
		return "HTTPBearer", &operation.SecurityScheme{Type: "http", Scheme: "bearer", Description: f.Doc}
	case kind == "Bearer":
		return "HTTP" + f.Word, &operation.SecurityScheme{Type: "http", Scheme: f.Word, Description: f.Doc}
	case kind == "Basic":
		return "HTTPBasic", &operation.SecurityScheme{Type: "http", Scheme: "basic", Description: f.Doc}
	}
	names := map[typeinfo.Source]string{typeinfo.Header: "APIKeyHeader", typeinfo.Query: "APIKeyQuery", typeinfo.Cookie: "APIKeyCookie"}
	return names[f.Source], &operation.SecurityScheme{Type: "apiKey", In: f.Source.String(), Name: f.Name, Description: f.Doc}
}

// hasOwnWord reports whether the tokens of a field come after another word than
// Bearer.
func hasOwnWord(f *typeinfo.Field) bool { return f.Word != "" && !strings.EqualFold(f.Word, "Bearer") }

// describes reports why a scheme is none that the credentials of a field have.
func (s SecurityScheme) describes(f *typeinfo.Field) error {
	kind := indirectName(f)
	switch {
	case s.scheme == nil, s.scheme.Type == "", kind == "Bearer" && s.scheme.Type == "http":
		return nil
	case kind != "Bearer":
		return fmt.Errorf("the field %s is a candor.%s, while Config.SecuritySchemes describes %q as %s, whose tokens are a candor.Bearer; describe it by candor.SecurityScheme{}.WithDescription(\"...\"), or change the field", f.Go, kind, f.Scheme, s.scheme.Type)
	case hasOwnWord(f):
		return fmt.Errorf("the field %s reads tokens after the word %q, while Config.SecuritySchemes describes %q as %s, whose tokens come after Bearer; drop the scheme tag", f.Go, f.Word, f.Scheme, s.scheme.Type)
	}
	return nil
}

// sameCredentials reports whether two schemes ask for the same.
func sameCredentials(a, b *operation.SecurityScheme) bool {
	return a.Type == b.Type && a.In == b.In && a.Name == b.Name && a.Scheme == b.Scheme
}

func indirectName(f *typeinfo.Field) string {
	t := f.Type.Go
	if !f.Required {
		t = t.Elem()
	}
	return t.Name()
}
