package mcp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/candor-go/candor"
)

// Resource makes an endpoint a protected resource of OAuth 2.0 that clients can discover:
//
//   - A request without Authorization is refused with 401, and a challenge that names the metadata (RFC 9728, section
//     5.1).
//   - The app serves the metadata at "/.well-known/oauth-protected-resource", followed by the path of the URL, to
//     everybody.
//   - If a guard of the app refuses a token with a 401 or 403, so does the endpoint, with the challenge, so that the
//     client gets another token.
//
// The endpoint does not verify tokens: guards of the app do, as for any other request. They must check that a token was
// issued for this resource, that is, that its audience is the URL (RFC 8707).
type Resource struct {
	// URL is where clients reach the endpoint, such as "https://api.example.com/mcp"; it is the audience of tokens. If
	// it is empty, the endpoint requires no token.
	URL string
	// AuthorizationServers are the issuers of tokens; at least one is required.
	AuthorizationServers []string
	// Scopes are the scopes that clients should request.
	Scopes []string
	// Documentation is the URL of a page for developers.
	Documentation string
}

// metadataPath is the prefix of the metadata's path (RFC 9728, section 3.1).
const metadataPath = "/.well-known/oauth-protected-resource"

func (r Resource) check() error {
	if r.URL == "" {
		if len(r.AuthorizationServers) > 0 || len(r.Scopes) > 0 || r.Documentation != "" {
			return fmt.Errorf("Options.Resource has no URL, so it has no effect; write where clients reach the endpoint, such as \"https://api.example.com/mcp\"")
		}
		return nil
	}
	if len(r.AuthorizationServers) == 0 {
		return fmt.Errorf("Options.Resource has no AuthorizationServers; name who issues tokens, such as \"https://auth.example.com\"")
	}
	for _, text := range append([]string{r.URL}, r.AuthorizationServers...) {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Host)) || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("Options.Resource has the URL %q; write one with https such as \"https://api.example.com/mcp\"", text)
		}
	}
	return nil
}

// metadata is the document of RFC 9728, section 2.
type metadata struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	Scopes               []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported"`
	Documentation        string   `json:"resource_documentation,omitempty"`
}

// serve registers a route for the metadata. Pages of any origin may read it, because it is public.
func (r Resource) serve(app *candor.App, u *url.URL) {
	body, _ := json.Marshal(metadata{r.URL, r.AuthorizationServers, r.Scopes, []string{"header"}, r.Documentation}) // texts
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
	candor.HandleHTTP(app, []string{http.MethodGet}, r.metadataAt(u), handler, candor.Hidden(), candor.Public())
}

func (r Resource) metadataAt(u *url.URL) string {
	return metadataPath + strings.TrimSuffix(u.Path, "/")
}

// challenge rejects a request without a valid token (RFC 6750, section 3).
func (r Resource) challenge(w http.ResponseWriter, code, scope string) {
	u, err := url.Parse(r.URL)
	if err != nil {
		u = &url.URL{} // has been checked already
	}
	u.Path, u.RawPath = r.metadataAt(u), ""
	params := []string{fmt.Sprintf("resource_metadata=%q", u)}
	if scope == "" {
		scope = strings.Join(r.Scopes, " ")
	}
	if scope != "" {
		params = append(params, fmt.Sprintf("scope=%q", scope))
	}
	status := http.StatusUnauthorized
	if code != "" {
		params = append([]string{fmt.Sprintf("error=%q", code)}, params...)
	}
	if code == insufficientScope {
		status = http.StatusForbidden
	}
	header := w.Header()
	header.Set("WWW-Authenticate", "Bearer "+strings.Join(params, ", "))
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Del("Content-Length")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, http.StatusText(status))
}

// The error codes of RFC 6750, section 3.1.
const (
	invalidToken      = "invalid_token"
	insufficientScope = "insufficient_scope"
)

// note records the response with which the app rejects the credentials of the caller.
func (c *call) note(response *http.Response) {
	if response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden && strings.Contains(response.Header.Get("WWW-Authenticate"), insufficientScope) {
		c.refused = response
	}
}

// guard wraps w. If the app rejects the token and nothing has been sent yet, the whole request is rejected.
func (r Resource) guard(w http.ResponseWriter, c *call) http.ResponseWriter {
	if r.URL == "" {
		return w
	}
	return &guarded{ResponseWriter: w, resource: r, call: c}
}

type guarded struct {
	http.ResponseWriter
	resource Resource
	call     *call
	// begun means that something was sent, refused that the rest is discarded.
	begun, refused bool
}

// WriteHeader implements http.ResponseWriter.
func (g *guarded) WriteHeader(status int) {
	if g.begin(); !g.refused {
		g.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (g *guarded) Write(body []byte) (int, error) {
	if g.begin(); g.refused {
		return len(body), nil
	}
	return g.ResponseWriter.Write(body)
}

// FlushError is used by http.ResponseController.
func (g *guarded) FlushError() error {
	// Flushing the header would send status 200, so it waits for the first message.
	if !g.begun || g.refused {
		return nil
	}
	return http.NewResponseController(g.ResponseWriter).Flush()
}

// Flush implements http.Flusher.
func (g *guarded) Flush() { _ = g.FlushError() }

// Unwrap is used by http.ResponseController.
func (g *guarded) Unwrap() http.ResponseWriter { return g.ResponseWriter }

func (g *guarded) begin() {
	if g.begun {
		return
	}
	g.begun = true
	refused := g.call.refused
	if refused == nil {
		return
	}
	g.refused = true
	if refused.StatusCode == http.StatusForbidden {
		g.resource.challenge(g.ResponseWriter, insufficientScope, scopeIn(refused.Header.Get("WWW-Authenticate")))
		return
	}
	g.resource.challenge(g.ResponseWriter, invalidToken, "")
}

// scopeIn returns the scope that a challenge asks for.
func scopeIn(challenge string) string {
	_, rest, _ := strings.Cut(challenge, `scope="`)
	scope, _, _ := strings.Cut(rest, `"`)
	return scope
}
