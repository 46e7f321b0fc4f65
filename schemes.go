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

// SecurityScheme describes a way to authenticate, for the document and its pages. Add it to Config.SecuritySchemes
// under a name, and refer to that name in the tag of a field: Token candor.Bearer `security:"oauth2"`.
//
// The zero value stands for the scheme that the field itself describes, such as an API key in a header. Use it to give
// that scheme another name, a description ([SecurityScheme.WithDescription]), or to deprecate it
// ([SecurityScheme.Deprecated]).
type SecurityScheme struct{ scheme *operation.SecurityScheme }

// OAuth2Password describes OAuth2 tokens that clients get at the token URL for a user name and a password (RFC 6749,
// section 4.3). scopes maps names to descriptions.
func OAuth2Password(tokenURL string, scopes map[string]string) SecurityScheme {
	return oauth2(operation.Flow{Kind: operation.Password, TokenURL: tokenURL, Scopes: scopeMap(scopes)})
}

// OAuth2Code describes OAuth2 tokens that clients get by the authorization code flow (RFC 6749, section 4.1).
func OAuth2Code(authorizationURL, tokenURL string, scopes map[string]string) SecurityScheme {
	return oauth2(operation.Flow{
		Kind: operation.AuthorizationCode, AuthorizationURL: authorizationURL, TokenURL: tokenURL, Scopes: scopeMap(scopes),
	})
}

// OAuth2ClientCredentials describes OAuth2 tokens that programs get for their own credentials (RFC 6749, section 4.4).
func OAuth2ClientCredentials(tokenURL string, scopes map[string]string) SecurityScheme {
	return oauth2(operation.Flow{Kind: operation.ClientCredentials, TokenURL: tokenURL, Scopes: scopeMap(scopes)})
}

// OAuth2Device describes OAuth2 tokens for devices without a browser or keyboard, such as TVs (RFC 8628): the device
// gets a code at the device URL, which the user enters on another device, and then the token at the token URL. OpenAPI
// has the flow from 3.2 on; older versions have it as x-deviceAuthorization.
func OAuth2Device(deviceURL, tokenURL string, scopes map[string]string) SecurityScheme {
	return oauth2(operation.Flow{Kind: operation.DeviceAuthorization, DeviceURL: deviceURL, TokenURL: tokenURL, Scopes: scopeMap(scopes)})
}

// OpenIDConnect describes tokens of the OpenID Connect provider with that configuration URL.
func OpenIDConnect(configurationURL string) SecurityScheme {
	return SecurityScheme{&operation.SecurityScheme{Type: "openIdConnect", OpenIDConnectURL: configurationURL}}
}

// BearerTokens describes bearer tokens with a format, such as "JWT".
func BearerTokens(format string) SecurityScheme {
	return SecurityScheme{&operation.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: format}}
}

// WithDescription returns a copy with a description for the document.
func (s SecurityScheme) WithDescription(text string) SecurityScheme {
	return s.with(func(c *operation.SecurityScheme) { c.Description = text })
}

// WithMetadata returns a copy with the metadata URL of the authorization server (RFC 8414), where clients find its
// endpoints. It is for OAuth2 schemes; for others it is a configuration error. OpenAPI has it from 3.2 on; older
// versions have it as x-oauth2MetadataUrl.
func (s SecurityScheme) WithMetadata(metadataURL string) SecurityScheme {
	return s.with(func(c *operation.SecurityScheme) { c.MetadataURL = metadataURL })
}

// Deprecated returns a copy that is marked as deprecated. It does not change which requests are accepted. OpenAPI has
// it from 3.2 on; older versions have it as x-deprecated.
func (s SecurityScheme) Deprecated() SecurityScheme {
	return s.with(func(c *operation.SecurityScheme) { c.Deprecated = true })
}

// with returns a changed copy, because several Configs may share a scheme. The zero value is allowed: it stands for the
// scheme that a field itself describes.
func (s SecurityScheme) with(change func(c *operation.SecurityScheme)) SecurityScheme {
	c := operation.SecurityScheme{}
	if s.scheme != nil {
		c = *s.scheme
	}
	change(&c)
	return SecurityScheme{&c}
}

// scopes returns the scopes that an OAuth2 scheme lists, none for any other.
func (s SecurityScheme) scopes() map[string]string {
	if s.scheme == nil || s.scheme.Flows == nil {
		return nil
	}
	// A scheme may have several flows; a token of any of them has its scopes.
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
	// Copied, because the user may change the map later, and never nil: OpenAPI requires the member.
	m := map[string]string{}
	maps.Copy(m, scopes)
	return m
}

// schemeOf returns the name and the description of the scheme of a security field. A declared scheme wins over the
// field's own.
func schemeOf(f *typeinfo.Field, declared map[string]SecurityScheme) (name string, described *operation.SecurityScheme) {
	name, described = ownScheme(f)
	name = cmp.Or(f.Scheme, name)
	given := declared[name].scheme
	if f.Scheme == "" || given == nil {
		return name, described
	}
	if given.Type != "" && !hasOwnWord(f) { // OpenAPI has no format for tokens after another word
		return name, given
	}
	described.Description = cmp.Or(given.Description, described.Description)
	described.Deprecated = given.Deprecated
	return name, described
}

// ownScheme returns the scheme that a security field itself describes.
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

// hasOwnWord reports whether the field's tokens follow a word other than Bearer.
func hasOwnWord(f *typeinfo.Field) bool { return f.Word != "" && !strings.EqualFold(f.Word, "Bearer") }

// describes returns why the scheme does not match the credentials of a field, nil if it does.
func (s SecurityScheme) describes(f *typeinfo.Field) error {
	kind := indirectName(f)
	switch {
	case s.scheme != nil && s.scheme.MetadataURL != "" && s.scheme.Type != "oauth2":
		return fmt.Errorf("Config.SecuritySchemes[%q] has WithMetadata, which is about servers of OAuth2; use it with an OAuth 2 scheme such as candor.OAuth2Code, or drop it", f.Scheme)
	// A scheme that is empty, or only a description, matches any field.
	case s.scheme == nil, s.scheme.Type == "", kind == "Bearer" && s.scheme.Type == "http":
		return nil
	case kind != "Bearer":
		return fmt.Errorf("the field %s is a candor.%s, while Config.SecuritySchemes describes %q as %s, whose tokens are a candor.Bearer; describe it with candor.SecurityScheme{}.WithDescription(\"...\"), or change the field", f.Go, kind, f.Scheme, s.scheme.Type)
	case hasOwnWord(f):
		return fmt.Errorf("the field %s reads tokens after the word %q, while Config.SecuritySchemes describes %q as %s, whose tokens come after Bearer; drop the scheme tag", f.Go, f.Word, f.Scheme, s.scheme.Type)
	}
	return nil
}

// sameCredentials reports whether two schemes ask for the same credentials.
func sameCredentials(a, b *operation.SecurityScheme) bool {
	return a.Type == b.Type && a.In == b.In && a.Name == b.Name && a.Scheme == b.Scheme
}

func indirectName(f *typeinfo.Field) string {
	t := f.Type.Go
	if !f.Required {
		// An optional security field is a pointer.
		t = t.Elem()
	}
	return t.Name()
}

// Challenge adds parameters to the challenges of 401 responses, in the header WWW-Authenticate (RFC 9110, section
// 11.6.1). It is a field of [Config].
//
// Every 401 response of an operation with security fields has the header: with the challenge for the missing
// credentials or, if a handler, guard or provider returns a 401, with one for each scheme of the operation. An error
// that sets the header itself keeps it.
type Challenge struct {
	// Realm names the protected area, in the challenges of all schemes. The realm tag of a field wins.
	Realm string
	// ResourceMetadata is the URL of a document that tells clients where to get tokens (RFC 9728, section 5.1), in the
	// challenges for bearer tokens.
	ResourceMetadata string
	// Scopes lists the scopes that the operation requires (RFC 6750, section 3), in the challenges for bearer tokens
	// that are compared with them.
	Scopes bool
}

// check finds parameters that would make the header invalid.
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

// of returns the challenge for the credentials of a field, with the scopes they are compared with.
func (c Challenge) of(f *typeinfo.Field, scopes []string) string {
	challenge := challengeWord(f)
	add := func(name, value string) {
		if value == "" {
			return
		}
		// The first parameter follows the scheme after a space, others after a comma (RFC 9110, section 11.2).
		separator := " "
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

// quotedPairs escapes the characters that would end a quoted string (RFC 9110, section 5.6.4).
var quotedPairs = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// challengeWord returns the scheme that begins the challenge for a field's credentials.
func challengeWord(f *typeinfo.Field) string { return cmp.Or(f.Word, indirectName(f)) }

// unauthenticated returns the response to missing or unreadable credentials.
func unauthenticated(challenges ...string) *HTTPError {
	e := Error(http.StatusUnauthorized, "Not authenticated")
	e.header = http.Header{wwwAuthenticate: challenges}
	return e
}
