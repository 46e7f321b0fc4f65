package candor

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/dependency"
	"github.com/candor-go/candor/internal/typeinfo"
)

// requiredScopes is the type of inputs that receive the scopes of their operation.
var requiredScopes = reflect.TypeFor[RequiredScopes]()

// credentialPlan are the credentials that the functions of an endpoint read. It is shared by all that read none.
type credentialPlan struct {
	security []*typeinfo.Field
	// choices are sets of credentials of which one is required.
	choices []credentials.Choice
	// scoped are the security fields whose credentials are compared with the scopes.
	scoped []*typeinfo.Field
	// refusals are the responses to missing credentials, by field or by the first field of a choice.
	refusals map[*typeinfo.Field]*HTTPError
}

// noCredentials is the plan of endpoints that read none.
var noCredentials = &credentialPlan{}

// scopedFields returns the security fields whose credentials are compared with the scopes of the operation: those read
// by a function, or by its dependencies, that also reads [RequiredScopes]. For a request that the API sends these are
// all security fields, because its receiver checks them.
func (e *endpoint) scopedFields() []*typeinfo.Field {
	if e.webhook != nil {
		return e.security
	}
	var found []*typeinfo.Field
	reached := map[int]bool{}
	for i, p := range e.nodes {
		if slices.ContainsFunc(p.desc.Ready, func(f *typeinfo.Field) bool { return f.Type.Go == requiredScopes }) {
			e.reach(i, reached)
		}
	}
	for i, p := range e.nodes {
		if reached[i] {
			found = append(found, credentials.Fields(p.desc)...)
		}
	}
	return found
}

// reach adds a node and its dependencies.
func (e *endpoint) reach(index int, reached map[int]bool) {
	if reached[index] {
		return
	}
	reached[index] = true
	for _, d := range e.nodes[index].deps {
		// A singleton reads no credentials of a request.
		if d.node != dependency.Singleton {
			e.reach(d.node, reached)
		}
	}
}

// compileChallenges makes the 401 responses for missing credentials, and the challenges of other 401 responses.
func (e *endpoint) compileChallenges(c Challenge) {
	if len(e.security) == 0 {
		return
	}
	challenges := credentials.Challenge(c).For(e.security, e.choices, e.scopesOf)
	e.refusals = map[*typeinfo.Field]*HTTPError{}
	for f, missing := range challenges.Missing {
		e.refusals[f] = unauthenticated(missing...)
	}
	// A 401 that the handler returns has the same challenges.
	e.errors = e.errors.challenging(challenges.All)
}

// checkPublic finds fields that ask for credentials in a public route.
func (e *endpoint) checkPublic() error {
	if !e.set.public {
		return nil
	}
	if len(e.set.scopes) > 0 {
		return fmt.Errorf("Public and Scopes(%s) contradict each other; drop one of them", credentials.Quoted(e.set.scopes))
	}
	i := slices.IndexFunc(e.nodes, func(p *node) bool { return credentials.In(p.desc) })
	if i < 0 {
		return nil
	}
	reader := "the input of the handler"
	if p := e.nodes[i].provider; p != nil {
		reader = p.String()
	}
	field := credentials.Fields(e.nodes[i].desc)[0].Go
	return fmt.Errorf("Public: the field %s of %s reads credentials; drop the field or the dependency that has it, or drop Public", field, reader)
}

// checkScopes finds scopes that nothing checks, and scopes that no client can request. If a test has overridden a
// provider, the original may be the one that checks them.
func (e *endpoint) checkScopes(schemes map[string]SecurityScheme) error {
	scopes := e.set.scopes
	switch {
	case len(scopes) == 0, e.set.public:
		return nil
	case len(e.scoped) > 0:
		return e.checkScopesOf(schemes)
	// The provider that a test has replaced may be the one that compares scopes.
	case e.overridden:
		return nil
	case len(e.security) == 0:
		return fmt.Errorf("Scopes(%s): no input of the operation has a security field, so there are no credentials that could have a scope; add one such as candor.Bearer beside a field of type candor.RequiredScopes to a provider or guard that compares them, or drop the scopes", credentials.Quoted(scopes))
	}
	return fmt.Errorf("Scopes(%s): nothing checks the scopes, so any credentials would do; add a field of type candor.RequiredScopes to the provider or guard that reads the credentials, and compare, or drop the scopes", credentials.Quoted(scopes))
}

// checkScopesOf compares the scopes with those that the OAuth2 flows list.
func (e *endpoint) checkScopesOf(schemes map[string]SecurityScheme) error {
	var errs []error
	for _, f := range e.scoped {
		errs = append(errs, credentials.CheckScopes(e.set.scopes, f, schemes[f.Scheme].scheme))
	}
	return errors.Join(errs...)
}

// scopesOf returns the scopes listed for the security scheme of a field. Schemes without scopes of their own take them
// as role names.
func (e *endpoint) scopesOf(f *typeinfo.Field) []string {
	if !slices.Contains(e.scoped, f) {
		return []string{}
	}
	// Never nil: OpenAPI requires a list, even an empty one.
	return append([]string{}, e.set.scopes...)
}
