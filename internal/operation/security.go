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
}

// Flow is a way to get a token.
type Flow struct {
	Kind                                   FlowKind
	AuthorizationURL, TokenURL, RefreshURL string
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
)

// SchemeUse is a scheme by its name, with the scopes that are needed of it.
type SchemeUse struct {
	Scheme string
	Scopes []string
}
