package operation

// SecurityScheme is a way to prove who one is, with the words of OpenAPI.
type SecurityScheme struct {
	Type, Description string
	// Scheme and BearerFormat are of the type http, In and Name of apiKey.
	Scheme, BearerFormat string
	In, Name             string
	// OpenIDConnectURL is of the type openIdConnect, Flows of oauth2.
	OpenIDConnectURL string
	Flows            []Flow
	// MetadataURL is that of the metadata of the server which gives tokens, of
	// oauth2 (RFC 8414).
	MetadataURL string
	Deprecated  bool
}

// Flow is a way to get a token.
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
	// DeviceAuthorization is one only since OpenAPI 3.2.
	DeviceAuthorization FlowKind = "deviceAuthorization"
)

// SchemeUse is a scheme by its name, with the scopes that are needed of it.
type SchemeUse struct {
	Scheme string
	Scopes []string
}
