package candor

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/credentials"
)

// Bearer is the token of an Authorization header with the scheme Bearer (RFC 6750). As a field of an input it needs no
// tag. A request without a token gets a 401 with WWW-Authenticate: Bearer before its body is read, and the document
// says so. A *Bearer is optional, and nil without a token.
//
// With `security:"name"` the field belongs to a scheme of Config.SecuritySchemes, such as OAuth2, whose tokens come the
// same way.
//
// With `scheme:"Token"` the scheme is that word instead of Bearer, also in the challenge; `realm:"..."` names the
// protected area.
//
// To accept one of several credentials, use a struct of pointers to security types with the tag `security:"any"`: a
// request with none of them gets a 401.
type Bearer string

// Basic is the user name and password of an Authorization header with the scheme Basic (RFC 7617). A request without
// them gets a 401, with a WWW-Authenticate header that has the realm of the field's realm tag. A *Basic is optional.
type Basic struct {
	Username string
	// Password is as it was sent; compare it with [SecretsEqual].
	Password string
}

// APIKey is a key sent where the field's tag says: `header:"X-API-Key"`, `query:"api_key"` or `cookie:"session"`. A
// request without it gets a 401 with WWW-Authenticate: APIKey, or the word of the field's scheme tag; an empty key
// counts as absent. A *APIKey is optional. `security:"name"` sets the name of its scheme in the document, which
// Config.SecuritySchemes may describe. If several keys are sent, the last one counts, or the first of several cookies.
// A key that is not valid UTF-8 gets a 401, too.
type APIKey string

// RequiredScopes is an input with the scopes that its operation requires, set by the option [Scopes] on the route, its
// routers and its providers. A provider or guard takes it as a field, together with the credentials or what was made
// from them, and checks the scopes.
type RequiredScopes []string

// SecretsEqual compares a secret with what a client sent. The time it takes depends only on the length of the latter.
func SecretsEqual(secret, sent string) bool {
	a, b := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(sent))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// credentialFiller fills in the credentials of a request; field is a pointer to what reader is for.
func credentialFiller(field any, reader *credentials.Reader) filler {
	return func(from *requestScope) error {
		sent, ok := reader.Read(from.r)
		switch problem := reader.Check(sent); {
		case !ok && reader.Field.Required:
			return from.metadata.refusal(reader.Field)
		case !ok:
			return nil
		case problem != "":
			return from.metadata.refusal(reader.Field).With(problem)
		}
		setCredential(field, sent)
		return nil
	}
}

// setCredential stores credentials in the field that field points to. An optional field is a pointer.
func setCredential(field any, sent credentials.Value) {
	switch field := field.(type) {
	case *Bearer:
		*field = Bearer(sent.Password)
	case **Bearer:
		*field = new(Bearer)
		**field = Bearer(sent.Password)
	case *Basic:
		*field = Basic(sent)
	case **Basic:
		*field = new(Basic)
		**field = Basic(sent)
	case *APIKey:
		*field = APIKey(sent.Password)
	case **APIKey:
		*field = new(APIKey)
		**field = APIKey(sent.Password)
	}
}

// isCredential reports whether field points to a field with credentials.
func isCredential(field any) bool {
	switch field.(type) {
	case *Bearer, **Bearer, *Basic, **Basic, *APIKey, **APIKey:
		return true
	}
	return false
}

// choiceFiller refuses a request with none of the credentials of a choice in an input, after all were read.
func choiceFiller(choice credentials.Choice, input reflect.Value) filler {
	var found []reflect.Value
	for _, f := range choice {
		found = append(found, input.FieldByIndex(f.Index))
	}
	isThere := func(v reflect.Value) bool { return !v.IsNil() }
	return func(from *requestScope) error {
		if slices.ContainsFunc(found, isThere) {
			return nil
		}
		return from.metadata.refusal(choice[0])
	}
}

// unauthenticated returns the response to missing or unreadable credentials.
func unauthenticated(challenges ...string) *HTTPError {
	e := Error(http.StatusUnauthorized, "Not authenticated")
	e.header = http.Header{wwwAuthenticate: challenges}
	return e
}
