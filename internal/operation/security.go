package operation

// SecurityScheme is a security scheme in the terms of OpenAPI.
type SecurityScheme struct {
	Type, Description string
	// Scheme and BearerFormat are for the type http, In and Name for apiKey.
	Scheme, BearerFormat string
	In, Name             string
	// OpenIDConnectURL is for the type openIdConnect, Flows for oauth2.
	OpenIDConnectURL string
	Flows            []Flow
	// MetadataURL is the metadata URL of the authorization server, for the type oauth2 (RFC 8414).
	MetadataURL string
	Deprecated  bool
}

// Flow is an OAuth2 flow: a way to get a token.
type Flow struct {
	Kind                                   FlowKind
	AuthorizationURL, TokenURL, RefreshURL string
	DeviceURL                              string // where a device asks for a code
	Scopes                                 map[string]string
}

// FlowKind is the name of a flow in a document.
type FlowKind string

// The flows.
const (
	Password          FlowKind = "password"
	ClientCredentials FlowKind = "clientCredentials"
	AuthorizationCode FlowKind = "authorizationCode"
	Implicit          FlowKind = "implicit"
	// DeviceAuthorization exists since OpenAPI 3.2.
	DeviceAuthorization FlowKind = "deviceAuthorization"
)

// SchemeUse is the name of a scheme, with the required scopes.
type SchemeUse struct {
	Scheme string
	Scopes []string
}
