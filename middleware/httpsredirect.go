package middleware

import (
	"net/http"
	"strings"

	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/requestinfo"
)

// HTTPSRedirect returns middleware that redirects requests over plain HTTP to the same URL with HTTPS, with a 307,
// which keeps the method and the body. The health paths are not redirected.
//
// The host is taken from the request, so put it inside of [candor.TrustedHosts]. Behind a proxy that terminates TLS,
// put it inside of [TrustedProxies].
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
	// The URL as it was sent: a mount may have shortened r.URL. An absolute URL, as clients send it to proxies, is not
	// a path.
	uri := r.RequestURI
	if !strings.HasPrefix(uri, "/") {
		uri = r.URL.RequestURI()
	}
	w.Header().Set("Location", "https://"+requestinfo.Host(r)+uri)
	w.WriteHeader(http.StatusTemporaryRedirect)
}
