package middleware

import (
	"fmt"
	"net/http"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/mediatype"
)

// CrossOrigin returns middleware that protects against cross-site request forgery: it refuses, with a 403, requests
// that a browser sends on behalf of a page of another origin and that may change something, which means any method but
// GET, HEAD, QUERY and OPTIONS. It is for APIs that identify users by cookies; programs other than browsers are not
// affected.
//
// trusted are origins whose pages may send such requests, such as "https://app.example.com". An invalid origin panics.
// The decision is made by [http.CrossOriginProtection].
func CrossOrigin(trusted ...string) func(http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		// Checked first, because AddTrustedOrigin accepts more than a browser ever sends, such as upper case.
		err := validOrigin(origin)
		if err == nil {
			err = protection.AddTrustedOrigin(origin)
		}
		if err != nil {
			panic(fmt.Errorf("candor: middleware.CrossOrigin at %s: %w", callsite.Here(), err))
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

var errCrossOrigin = candor.Error(http.StatusForbidden, "requests from pages of this origin are refused")

// Describe implements layer.Describer.
func (g *originGuard) Describe(op *layer.Operation) layer.Effects {
	// These pass, because they change nothing.
	if mediatype.IsRead(op.Method) || op.Method == http.MethodOptions {
		return layer.Effects{}
	}
	return layer.Effects{Responses: []layer.Response{{
		Status: http.StatusForbidden, Description: "The request comes from a page of another origin", Err: errCrossOrigin,
	}}}
}

// ServeHTTP implements http.Handler.
func (g *originGuard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// net/http does not know that QUERY changes nothing.
	if r.Method != mediatype.MethodQuery && g.protection.Check(r) != nil {
		// The request is refused in any case; if the document lacks the response, that is logged.
		_ = g.IsKnown(r, "CrossOrigin", "its 403 is not in the document")
		candor.WriteError(w, r, errCrossOrigin)
		return
	}
	g.Next.ServeHTTP(w, r)
}
