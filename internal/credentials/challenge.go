package credentials

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Challenge has the parameters of the challenges in WWW-Authenticate (RFC 9110, section 11.6.1), as the app sets them.
type Challenge struct {
	// Realm names the protected area; that of a field wins.
	Realm string
	// ResourceMetadata is a URL for the challenges for bearer tokens (RFC 9728, section 5.1).
	ResourceMetadata string
	// Scopes lists the required scopes in the challenges for bearer tokens (RFC 6750, section 3).
	Scopes bool
}

// Check finds parameters that would make the header invalid.
func (c Challenge) Check() error {
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

// Challenges are the challenges of an operation.
type Challenges struct {
	// Missing are those for missing credentials: of a field, or of a choice by its first field, whose 401 lists every
	// alternative.
	Missing map[*typeinfo.Field][]string
	// All are those of every other 401.
	All []string
}

// For returns the challenges for the fields of an operation and their choices. scopesOf returns the scopes that the
// credentials of a field are compared with.
func (c Challenge) For(fields []*typeinfo.Field, choices []Choice, scopesOf func(*typeinfo.Field) []string) *Challenges {
	found := &Challenges{Missing: map[*typeinfo.Field][]string{}}
	own := map[*typeinfo.Field]string{}
	for _, f := range fields {
		own[f] = c.of(f, scopesOf(f))
		found.Missing[f] = []string{own[f]}
		found.All = appendNew(found.All, own[f])
	}
	for _, choice := range choices {
		var all []string
		for _, f := range choice {
			all = appendNew(all, own[f])
		}
		found.Missing[choice[0]] = all
	}
	return found
}

func appendNew(all []string, challenge string) []string {
	if slices.Contains(all, challenge) {
		return all
	}
	return append(all, challenge)
}

// of returns the challenge for the credentials of a field, with the scopes they are compared with.
func (c Challenge) of(f *typeinfo.Field, scopes []string) string {
	challenge := Word(f)
	add := func(name, value string) {
		if value == "" {
			return
		}
		// The first parameter follows the scheme after a space, others after a comma (RFC 9110, section 11.2).
		separator := " "
		if strings.Contains(challenge, "=") {
			separator = ", "
		}
		challenge += separator + name + `="` + quotedPairs.Replace(value) + `"`
	}
	add("realm", cmp.Or(f.Realm, c.Realm))
	if KindOf(f) != Bearer {
		return challenge
	}
	if c.Scopes {
		add("scope", strings.Join(scopes, " "))
	}
	add("resource_metadata", c.ResourceMetadata)
	return challenge
}

// quotedPairs escapes the characters that would end a quoted string (RFC 9110, section 5.6.4).
var quotedPairs = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
