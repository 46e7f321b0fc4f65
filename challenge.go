package candor

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Challenge adds parameters to the challenges by which 401 responses ask for
// credentials, in the header WWW-Authenticate (RFC 9110, section 11.6.1). Put it
// into [Config].
//
// Every 401 response of an operation with security fields has the header: the
// challenge of the credentials that are missing, or, where a handler, guard or
// provider returns an error with the status 401, one for each of the operation's
// schemes. An error that has the header itself keeps it.
type Challenge struct {
	// Realm names what is protected, in the challenges of all schemes. The realm
	// tag of a field comes before it.
	Realm string
	// ResourceMetadata is the URL of a document from which clients learn where
	// tokens are issued (RFC 9728, section 5.1), in the challenges of bearer
	// tokens.
	ResourceMetadata string
	// Scopes says which scopes the operation asks for (RFC 6750, section 3), in
	// the challenges of bearer tokens that are held against them.
	Scopes bool
}

// check finds what no client could read.
func (c Challenge) check() error {
	if err := checkRealm(c.Realm); err != nil {
		return fmt.Errorf("Config.Challenge: %w", err)
	}
	if c.ResourceMetadata == "" {
		return nil
	}
	at, err := url.Parse(c.ResourceMetadata)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "" || at.Fragment != "" {
		return fmt.Errorf("Config.Challenge.ResourceMetadata is %q; write the whole URL, such as \"https://api.example.com/.well-known/oauth-protected-resource\"", c.ResourceMetadata)
	}
	return nil
}

func checkRealm(realm string) error {
	if !mediatype.ValidHeader("WWW-Authenticate", []string{realm}) {
		return fmt.Errorf("HTTP cannot carry the realm %q; leave out control characters", realm)
	}
	return nil
}

// of is the challenge for the credentials of a field, which are held against
// these scopes.
func (c Challenge) of(f *typeinfo.Field, scopes []string) string {
	challenge := challengeWord(f)
	add := func(name, value string) {
		if value == "" {
			return
		}
		separator := " "
		if strings.Contains(challenge, "=") {
			separator = ", "
		}
		challenge += separator + name + `="` + quotedPairs.Replace(value) + `"`
	}
	add("realm", cmp.Or(f.Realm, c.Realm))
	if indirectName(f) != "Bearer" {
		return challenge
	}
	if c.Scopes {
		add("scope", strings.Join(scopes, " "))
	}
	add("resource_metadata", c.ResourceMetadata)
	return challenge
}

// quotedPairs escapes what ends a quoted string (RFC 9110, section 5.6.4).
var quotedPairs = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// challengeWord is what the challenge for the credentials of a field begins
// with.
func challengeWord(f *typeinfo.Field) string { return cmp.Or(f.Word, indirectName(f)) }

// unauthenticated is the response to missing or unreadable credentials.
func unauthenticated(challenges ...string) *HTTPError {
	e := Error(http.StatusUnauthorized, "Not authenticated")
	e.header = http.Header{wwwAuthenticate: challenges}
	return e
}
