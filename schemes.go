package candor

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// SecurityScheme describes a way to prove who one is, for the document and its
// pages. Put it into Config.SecuritySchemes under a name, and name it in the
// tag of a field: Token candor.Bearer `security:"oauth2"`.
//
// The zero value is the scheme that the field describes by itself: a key in the
// header of its tag, say, under another name than the usual one and, by
// [SecurityScheme.WithDescription], with a text, or [SecurityScheme.Deprecated].
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

// OAuth2Device describes OAuth2 tokens for devices without a browser or keyboard,
// such as TVs (RFC 8628): they ask for a code at the device URL, which a person
// enters elsewhere, and get the token at the token URL. OpenAPI has the flow from
// 3.2 on; the older versions have it as x-deviceAuthorization.
func OAuth2Device(deviceURL, tokenURL string, scopes map[string]string) SecurityScheme {
	return oauth2(operation.Flow{Kind: operation.DeviceAuthorization, DeviceURL: deviceURL, TokenURL: tokenURL, Scopes: scopeMap(scopes)})
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
	return s.with(func(c *operation.SecurityScheme) { c.Description = text })
}

// WithMetadata returns a copy with the URL of the metadata of the authorization
// server (RFC 8414), from which clients learn the rest. It is for OAuth2; elsewhere
// it is a configuration error. OpenAPI has it from 3.2 on, the older versions as
// x-oauth2MetadataUrl.
func (s SecurityScheme) WithMetadata(metadataURL string) SecurityScheme {
	return s.with(func(c *operation.SecurityScheme) { c.MetadataURL = metadataURL })
}

// Deprecated returns a copy that clients are told not to use any more. It changes
// nothing about who is let in. OpenAPI has it from 3.2 on, the older versions as
// x-deprecated.
func (s SecurityScheme) Deprecated() SecurityScheme {
	return s.with(func(c *operation.SecurityScheme) { c.Deprecated = true })
}

// with is a changed copy, since a scheme may stand in several Configs. The zero
// value is allowed: it describes the scheme that the field has by itself.
func (s SecurityScheme) with(change func(c *operation.SecurityScheme)) SecurityScheme {
	c := operation.SecurityScheme{}
	if s.scheme != nil {
		c = *s.scheme
	}
	change(&c)
	return SecurityScheme{&c}
}

// scopes are those that an OAuth2 scheme lists, none for any other.
func (s SecurityScheme) scopes() map[string]string {
	if s.scheme == nil || s.scheme.Flows == nil {
		return nil
	}
	// A scheme may have several flows, and a token of any of them has its scopes.
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
	// Copied, since the user may change the map; and OpenAPI requires one, also if it is
	// empty.
	// A copy of the map, which the user may change later. It is never nil: OpenAPI
	// wants the member.
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
	described.Deprecated = given.Deprecated
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
	case s.scheme != nil && s.scheme.MetadataURL != "" && s.scheme.Type != "oauth2":
		return fmt.Errorf("Config.SecuritySchemes[%q] has WithMetadata, which is about servers of OAuth2; use it with an OAuth 2 scheme such as candor.OAuth2Code, or drop it", f.Scheme)
	// No scheme, or only a description, fits any field.
	case s.scheme == nil, s.scheme.Type == "", kind == "Bearer" && s.scheme.Type == "http":
		return nil
	case kind != "Bearer":
		return fmt.Errorf("the field %s is a candor.%s, while Config.SecuritySchemes describes %q as %s, whose tokens are a candor.Bearer; describe it with candor.SecurityScheme{}.WithDescription(\"...\"), or change the field", f.Go, kind, f.Scheme, s.scheme.Type)
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
		// A security field that is not required is a pointer.
		t = t.Elem()
	}
	return t.Name()
}

// Challenge adds parameters to the challenges by which 401 responses ask for
// credentials, in the header WWW-Authenticate (RFC 9110, section 11.6.1). Put it
// into [Config].
//
// Every 401 response of an operation with security fields has the header: the
// challenge of the credentials that are missing, or, where a handler, guard or
// provider returns an error with the status 401, one for each of the operation's
// schemes. An error that has the header itself keeps it.
type Challenge struct {
	// Realm names what is protected, in the challenges of all schemes. The realm
	// tag of a field comes before it.
	Realm string
	// ResourceMetadata is the URL of a document from which clients learn where
	// tokens are issued (RFC 9728, section 5.1), in the challenges of bearer
	// tokens.
	ResourceMetadata string
	// Scopes says which scopes the operation asks for (RFC 6750, section 3), in
	// the challenges of bearer tokens that are held against them.
	Scopes bool
}

// check finds what no client could read.
func (c Challenge) check() error {
	if err := checkRealm(c.Realm); err != nil {
		return fmt.Errorf("Config.Challenge: %w", err)
	}
	if c.ResourceMetadata == "" {
		return nil
	}
	at, err := url.Parse(c.ResourceMetadata)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "" || at.Fragment != "" {
		return fmt.Errorf("Config.Challenge.ResourceMetadata is %q; write the whole URL, such as \"https://api.example.com/.well-known/oauth-protected-resource\"", c.ResourceMetadata)
	}
	return nil
}

func checkRealm(realm string) error {
	if !mediatype.ValidHeader("WWW-Authenticate", []string{realm}) {
		return fmt.Errorf("HTTP cannot carry the realm %q; leave out control characters", realm)
	}
	return nil
}

// of is the challenge for the credentials of a field, which are held against
// these scopes.
func (c Challenge) of(f *typeinfo.Field, scopes []string) string {
	challenge := challengeWord(f)
	add := func(name, value string) {
		if value == "" {
			return
		}
		// The first parameter follows the scheme after a space, the others after a
		// comma (RFC 9110, section 11.2).
		separator := " "
		// The first parameter follows the word after a space, others after a comma.
		if strings.Contains(challenge, "=") {
			separator = ", "
		}
		challenge += separator + name + `="` + quotedPairs.Replace(value) + `"`
	}
	add("realm", cmp.Or(f.Realm, c.Realm))
	if indirectName(f) != "Bearer" {
		return challenge
	}
	if c.Scopes {
		add("scope", strings.Join(scopes, " "))
	}
	add("resource_metadata", c.ResourceMetadata)
	return challenge
}

// quotedPairs escapes what ends a quoted string (RFC 9110, section 5.6.4).
var quotedPairs = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// challengeWord is what the challenge for the credentials of a field begins
// with.
func challengeWord(f *typeinfo.Field) string { return cmp.Or(f.Word, indirectName(f)) }

// unauthenticated is the response to missing or unreadable credentials.
func unauthenticated(challenges ...string) *HTTPError {
	e := Error(http.StatusUnauthorized, "Not authenticated")
	e.header = http.Header{wwwAuthenticate: challenges}
	return e
}
