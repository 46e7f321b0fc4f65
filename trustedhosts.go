package candor

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/requestinfo"
)

// TrustedHosts refuses requests whose Host header is none of these with 400,
// which the document lists: for those who make links of the host, and against
// pages that rebind their name to the address of the server. "*.example.com" is
// every name below example.com; ports do not matter, nor does case. The health
// paths are served under any name. It runs in its position among the middleware.
func TrustedHosts(hosts ...string) Option {
	return everywhere(func(s *settings) error {
		trusted := map[string]bool{}
		for _, host := range hosts {
			name := strings.ToLower(host)
			// An IPv6 address has colons and is in wrappers; any other colon is that of
			// a port, which would never match.
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
	if !h.IsUnguarded(r) && !h.trusts(strings.ToLower(requestinfo.Host(r))) {
		WriteError(w, r, errUntrustedHost)
		return
	}
	h.Next.ServeHTTP(w, r)
}

// trusts looks for the name, then for a pattern of each name above it.
func (h *hostGuard) trusts(host string) bool {
	if h.trusted[host] {
		return true
	}
	// "*.example.com" does not match example.com itself: a label is removed first.
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
