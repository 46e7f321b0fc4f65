package candor

import "github.com/candor-go/candor/internal/operation"

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
	return SecurityScheme{operation.OAuth2(operation.Flow{Kind: operation.Password, TokenURL: tokenURL, Scopes: scopes})}
}

// OAuth2Code describes OAuth2 tokens that clients get by the authorization code flow (RFC 6749, section 4.1).
func OAuth2Code(authorizationURL, tokenURL string, scopes map[string]string) SecurityScheme {
	return SecurityScheme{operation.OAuth2(operation.Flow{
		Kind: operation.AuthorizationCode, AuthorizationURL: authorizationURL, TokenURL: tokenURL, Scopes: scopes,
	})}
}

// OAuth2ClientCredentials describes OAuth2 tokens that programs get for their own credentials (RFC 6749, section 4.4).
func OAuth2ClientCredentials(tokenURL string, scopes map[string]string) SecurityScheme {
	return SecurityScheme{operation.OAuth2(operation.Flow{Kind: operation.ClientCredentials, TokenURL: tokenURL, Scopes: scopes})}
}

// OAuth2Device describes OAuth2 tokens for devices without a browser or keyboard, such as TVs (RFC 8628): the device
// gets a code at the device URL, which the user enters on another device, and then the token at the token URL. OpenAPI
// has the flow from 3.2 on; older versions have it as x-deviceAuthorization.
func OAuth2Device(deviceURL, tokenURL string, scopes map[string]string) SecurityScheme {
	return SecurityScheme{operation.OAuth2(operation.Flow{Kind: operation.DeviceAuthorization, DeviceURL: deviceURL, TokenURL: tokenURL, Scopes: scopes})}
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
	c := s.copied()
	c.Description = text
	return SecurityScheme{c}
}

// WithMetadata returns a copy with the metadata URL of the authorization server (RFC 8414), where clients find its
// endpoints. It is for OAuth2 schemes; for others it is a configuration error. OpenAPI has it from 3.2 on; older
// versions have it as x-oauth2MetadataUrl.
func (s SecurityScheme) WithMetadata(metadataURL string) SecurityScheme {
	c := s.copied()
	c.MetadataURL = metadataURL
	return SecurityScheme{c}
}

// Deprecated returns a copy that is marked as deprecated. It does not change which requests are accepted. OpenAPI has
// it from 3.2 on; older versions have it as x-deprecated.
func (s SecurityScheme) Deprecated() SecurityScheme {
	c := s.copied()
	c.Deprecated = true
	return SecurityScheme{c}
}

// copied returns a copy to be changed, because several Configs may share a scheme. The zero value is allowed: it stands
// for the scheme that a field itself describes.
func (s SecurityScheme) copied() *operation.SecurityScheme {
	if s.scheme == nil {
		return new(operation.SecurityScheme)
	}
	c := *s.scheme
	return &c
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
