package middleware

import (
	"fmt"
	"maps"
	"net/http"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/mediatype"
)

// strictTransport is the one header of SecureHeaders that is sent only over HTTPS.
const strictTransport = "Strict-Transport-Security"

// secureDefaults suit an API whose responses are data.
var secureDefaults = map[string]string{
	"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	"Referrer-Policy":         "no-referrer",
	"X-Content-Type-Options":  "nosniff",
	"X-Frame-Options":         "DENY",
	strictTransport:           "max-age=31536000",
}

// SecureHeaders returns middleware that adds security headers for browsers:
//
//	Content-Security-Policy: default-src 'none'; frame-ancestors 'none'
//	Referrer-Policy: no-referrer
//	X-Content-Type-Options: nosniff
//	X-Frame-Options: DENY
//	Strict-Transport-Security: max-age=31536000, over HTTPS only
//
// Entries of headers replace these or are added; an empty value removes a header. Headers that a handler sets itself
// win, as on the documentation pages. HTML responses need their own Content-Security-Policy. An invalid header panics.
func SecureHeaders(headers map[string]string) func(http.Handler) http.Handler {
	chosen, err := chosenHeaders(headers)
	if err != nil {
		panic(fmt.Errorf("candor: middleware.SecureHeaders at %s: %w", callsite.Here(), err))
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			for _, line := range chosen {
				// Browsers ignore it over http (RFC 6797, section 8.1).
				if line.name != strictTransport || Scheme(r) == "https" {
					h[line.name] = line.values
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

// fixedHeader is the same on every response. The capacity of its values equals their length, so that appending makes a
// copy.
type fixedHeader struct {
	name   string
	values []string
}

// chosenHeaders returns the defaults with changes applied.
func chosenHeaders(changes map[string]string) ([]fixedHeader, error) {
	all := maps.Clone(secureDefaults)
	for name, value := range changes {
		if !mediatype.ValidHeader(name, []string{value}) {
			return nil, fmt.Errorf("HTTP cannot carry the header %q with the value %q", name, value)
		}
		if mediatype.OfConnection(name) {
			return nil, fmt.Errorf("the header %q is about the connection, which the server keeps", name)
		}
		// An empty value is kept until the end, because it removes a default.
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
