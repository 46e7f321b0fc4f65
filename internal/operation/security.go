package operation

import (
	"fmt"
	"maps"
	"slices"
)

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

// OAuth2 returns the scheme of one OAuth2 flow. The scopes are copied, because the user may change the map later.
func OAuth2(flow Flow) *SecurityScheme {
	// Never nil: OpenAPI requires the member.
	scopes := map[string]string{}
	maps.Copy(scopes, flow.Scopes)
	flow.Scopes = scopes
	return &SecurityScheme{Type: "oauth2", Flows: []Flow{flow}}
}

// SchemeUse is the name of a scheme, with the required scopes.
type SchemeUse struct {
	Scheme string
	Scopes []string
}

// Use adds a scheme to the API and returns the name under which operations use it. A name that is fixed stands for the
// scheme that has it first; another gets a number if a scheme for other credentials has it.
func (a *API) Use(name string, fixed bool, scheme *SecurityScheme) string {
	isOther := func() bool {
		known, ok := a.Schemes[name]
		return ok && !known.AsksLike(scheme)
	}
	if !fixed {
		// Names depend on the order in which operations ask for them, which is the order of the document.
		for base, n := name, 2; isOther(); n++ {
			name = fmt.Sprintf("%s%d", base, n)
		}
	}
	if _, ok := a.Schemes[name]; !ok {
		a.Schemes[name] = scheme.reachable(&a.Info)
	}
	return name
}

// AsksLike reports whether two schemes ask for the same credentials.
func (s *SecurityScheme) AsksLike(other *SecurityScheme) bool {
	return s.Type == other.Type && s.In == other.In && s.Name == other.Name && s.Scheme == other.Scheme
}

// reachable returns the scheme with its URLs as clients reach them.
func (s *SecurityScheme) reachable(info *Info) SecurityScheme {
	public := *s
	public.OpenIDConnectURL, public.MetadataURL = info.reachable(s.OpenIDConnectURL), info.reachable(s.MetadataURL)
	public.Flows = slices.Clone(s.Flows)
	for i := range public.Flows {
		flow := &public.Flows[i]
		for _, at := range []*string{&flow.TokenURL, &flow.AuthorizationURL, &flow.RefreshURL, &flow.DeviceURL} {
			*at = info.reachable(*at)
		}
	}
	return public
}
