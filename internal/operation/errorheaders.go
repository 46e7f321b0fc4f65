package operation

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/candor-go/candor/internal/mediatype"
)

// SentError is an error as it is sent. Its body is nil if that is not known.
type SentError struct {
	Status int
	Header http.Header
	Body   json.RawMessage
}

// errorHeaderDocs describes the standard headers of errors.
var errorHeaderDocs = map[string]string{
	"Accept":           "The media types that a body may have",
	"Accept-Encoding":  "The encodings that a body may have",
	"Allow":            "The allowed methods",
	"Retry-After":      "After how many seconds, or when, to try again",
	"Www-Authenticate": "The credentials that are needed",
}

// RetryAfter describes the header in its form with a number of seconds (RFC 9110, section 10.2.3).
func RetryAfter() Header {
	return Header{Name: "Retry-After", Description: "In how many seconds to ask again", Type: "integer"}
}

// addErrorHeaders adds the headers of errors.
func (r *Response) addErrorHeaders(errs []SentError) {
	for _, err := range errs {
		for name, values := range err.Header {
			// The server leaves out a header that HTTP cannot carry, too.
			if mediatype.CheckResponse(err.Status, name, values) != nil || r.Header(name) != nil {
				continue
			}
			h := Header{Name: headerName(name), Description: errorHeaderDocs[name], Required: isChallenge(name, errs)}
			if name == "Retry-After" && areSeconds(errs) {
				h.Description, h.Type = RetryAfter().Description, RetryAfter().Type
			}
			r.Put(h)
		}
	}
}

// areSeconds reports whether every Retry-After among these errors is a number of seconds, and not a date.
func areSeconds(errs []SentError) bool {
	return !slices.ContainsFunc(errs, func(err SentError) bool {
		return slices.ContainsFunc(err.Header["Retry-After"], func(text string) bool {
			_, notANumber := strconv.ParseUint(text, 10, 32)
			return notANumber != nil
		})
	})
}

// isChallenge reports whether the header is WWW-Authenticate, which a 401 must have (RFC 9110, section 15.5.2), and all
// of these errors send it.
func isChallenge(name string, errs []SentError) bool {
	return name == "Www-Authenticate" && !slices.ContainsFunc(errs, func(err SentError) bool {
		values := err.Header[name]
		return err.Status != http.StatusUnauthorized || len(values) == 0 || !mediatype.ValidHeader(name, values)
	})
}

// headerName returns a header's name as its RFC spells it.
func headerName(name string) string {
	if name == "Www-Authenticate" {
		return "WWW-Authenticate"
	}
	return name
}
