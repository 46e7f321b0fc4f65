package candor

import (
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/mediatype"
)

// HTTPSRedirect is middleware that leads requests over plain HTTP to the same
// URL over HTTPS, by 307, which keeps the method and the body. The health paths
// are answered as they are.
//
// The host is that of the request: put [TrustedHosts] around it. Behind a proxy
// that speaks TLS with the clients, put [TrustedProxies] around it.
func HTTPSRedirect() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return layer.Attach(&httpsRedirect{layer.Layer{Next: next}}, next)
	}
}

type httpsRedirect struct{ layer.Layer }

// Describe implements layer.Describer.
func (h *httpsRedirect) Describe(op *layer.Operation) layer.Effects {
	if op.Unguarded {
		return layer.Effects{}
	}
	return layer.Effects{Responses: []layer.Response{{Status: http.StatusTemporaryRedirect, Description: "Redirect to the same URL over HTTPS"}}}
}

// ServeHTTP implements http.Handler.
func (h *httpsRedirect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.IsUnguarded(r) || Scheme(r) == "https" {
		h.Next.ServeHTTP(w, r)
		return
	}
	_ = h.IsKnown(r, "HTTPSRedirect", "its 307 is not in the document")
	uri := r.RequestURI
	if !strings.HasPrefix(uri, "/") {
		uri = r.URL.RequestURI()
	}
	w.Header().Set("Location", "https://"+hostOf(r)+uri)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// hostOf is the host of a request without its port.
func hostOf(r *http.Request) string {
	host := r.Host
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		host = host[:colon]
	}
	return host
}

// TrustedHosts refuses requests whose Host header is none of these with 400,
// which the document lists: for those who make links of the host, and against
// pages that rebind their name to the address of the server. "*.example.com" is
// every name below example.com; ports do not matter, nor does case. The health
// paths answer under any name. It takes its place among the middleware.
func TrustedHosts(hosts ...string) Option {
	return everywhere(func(s *settings) error {
		trusted := map[string]bool{}
		for _, host := range hosts {
			name := strings.ToLower(host)
			if name == "" || strings.ContainsAny(strings.TrimPrefix(name, "*."), "*/@ ") || strings.Contains(name, ":") && !strings.HasPrefix(name, "[") {
				return fmt.Errorf(`TrustedHosts(%q); write a name without port or path, such as "example.com" or "*.example.com"`, host)
			}
			trusted[name] = true
		}
		if len(trusted) == 0 {
			return fmt.Errorf(`TrustedHosts(); list the names under which the API is reached, such as "example.com"`)
		}
		s.middleware = append(s.middleware, func(next http.Handler) http.Handler {
			return layer.Attach(&hostGuard{Layer: layer.Layer{Next: next}, trusted: trusted}, next)
		})
		return nil
	})
}

type hostGuard struct {
	layer.Layer
	trusted map[string]bool
}

var errUntrustedHost = Error(http.StatusBadRequest, "the host is not served here")

// Describe implements layer.Describer.
func (h *hostGuard) Describe(op *layer.Operation) layer.Effects {
	if op.Unguarded {
		return layer.Effects{}
	}
	return layer.Effects{Responses: []layer.Response{{Status: http.StatusBadRequest, Description: "The host is not served here", Err: errUntrustedHost}}}
}

// ServeHTTP implements http.Handler.
func (h *hostGuard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.IsUnguarded(r) && !h.trusts(strings.ToLower(hostOf(r))) {
		WriteError(w, r, errUntrustedHost)
		return
	}
	h.Next.ServeHTTP(w, r)
}

// trusts finds a name, or a pattern above it.
func (h *hostGuard) trusts(host string) bool {
	if h.trusted[host] {
		return true
	}
	for {
		_, above, found := strings.Cut(host, ".")
		if !found {
			return false
		}
		if h.trusted["*."+above] {
			return true
		}
		host = above
	}
}

// CrossOrigin is middleware that refuses, with 403, requests that a browser
// sends for a page of another origin and that may change something: those with
// other methods than GET, HEAD and OPTIONS. It is for APIs that know their users
// by cookies; programs other than browsers are not affected.
//
// trusted are origins whose pages may, such as "https://app.example.com". One
// that is none panics. See [http.CrossOriginProtection], which decides.
func CrossOrigin(trusted ...string) func(http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		err := validOrigin(origin)
		if err == nil {
			err = protection.AddTrustedOrigin(origin)
		}
		if err != nil {
			panic(fmt.Errorf("candor: CrossOrigin at %s: %w", callsite.Here(), err))
		}
	}
	return func(next http.Handler) http.Handler {
		return layer.Attach(&originGuard{Layer: layer.Layer{Next: next}, protection: protection}, next)
	}
}

type originGuard struct {
	layer.Layer
	protection *http.CrossOriginProtection
}

var errCrossOrigin = Error(http.StatusForbidden, "requests from pages of this origin are refused")

// Describe implements layer.Describer.
func (g *originGuard) Describe(op *layer.Operation) layer.Effects {
	if op.Method == http.MethodGet || op.Method == http.MethodHead || op.Method == http.MethodOptions {
		return layer.Effects{}
	}
	return layer.Effects{Responses: []layer.Response{{
		Status: http.StatusForbidden, Description: "The request comes from a page of another origin", Err: errCrossOrigin,
	}}}
}

// ServeHTTP implements http.Handler.
func (g *originGuard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.protection.Check(r) != nil {
		_ = g.IsKnown(r, "CrossOrigin", "its 403 is not in the document")
		WriteError(w, r, errCrossOrigin)
		return
	}
	g.Next.ServeHTTP(w, r)
}

// strictTransport is the one header of SecureHeaders that is for HTTPS only.
const strictTransport = "Strict-Transport-Security"

// secureDefaults suit an API whose answers are data.
var secureDefaults = map[string]string{
	"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	"Referrer-Policy":         "no-referrer",
	"X-Content-Type-Options":  "nosniff",
	"X-Frame-Options":         "DENY",
	strictTransport:           "max-age=31536000",
}

// SecureHeaders is middleware that sends headers which make browsers careful:
//
//	Content-Security-Policy: default-src 'none'; frame-ancestors 'none'
//	Referrer-Policy: no-referrer
//	X-Content-Type-Options: nosniff
//	X-Frame-Options: DENY
//	Strict-Transport-Security: max-age=31536000, over HTTPS only
//
// headers are put in the place of these, or beside them; an empty one takes a
// header out. What a handler sets itself stands, as on the pages of the
// document. Answers that are HTML need a Content-Security-Policy of their own. A
// header that HTTP cannot carry panics.
func SecureHeaders(headers map[string]string) func(http.Handler) http.Handler {
	chosen, err := chosenHeaders(headers)
	if err != nil {
		panic(fmt.Errorf("candor: SecureHeaders at %s: %w", callsite.Here(), err))
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			for _, line := range chosen {
				if line.name != strictTransport || Scheme(r) == "https" {
					h[line.name] = line.values
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

// fixedHeader is the same on every answer. Its values have no room behind them,
// so that adding one makes a copy.
type fixedHeader struct {
	name   string
	values []string
}

// chosenHeaders are the defaults, changed.
func chosenHeaders(changes map[string]string) ([]fixedHeader, error) {
	all := maps.Clone(secureDefaults)
	for name, value := range changes {
		if !mediatype.ValidHeader(name, []string{value}) {
			return nil, fmt.Errorf("HTTP cannot carry the header %q with the value %q", name, value)
		}
		all[http.CanonicalHeaderKey(name)] = value
	}
	var chosen []fixedHeader
	for name, value := range all {
		if value != "" {
			chosen = append(chosen, fixedHeader{name, []string{value}})
		}
	}
	return chosen, nil
}
