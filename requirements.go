package candor

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/sorted"
	"github.com/candor-go/candor/internal/typeinfo"
)

// schemeSet is a set of security schemes that are required together.
type schemeSet map[string]bool

// security describes the credentials that an endpoint reads: all required ones together with one of each choice,
// optionally combined with an optional one. If no credentials are required, an empty alternative says so.
func (b *apiBuilder) security(e *endpoint) [][]operation.SchemeUse {
	switch {
	case e.set.public:
		return [][]operation.SchemeUse{}
	case len(e.security) == 0:
		return nil
	}
	// Several fields may read one scheme; those that are compared with the scopes say which scopes are required.
	required, scopes := schemeSet{}, map[string][]string{}
	var optional []string
	for _, f := range e.security {
		name := b.scheme(f)
		if scopes[name] == nil || slices.Contains(e.scoped, f) {
			scopes[name] = e.scopesOf(f)
		}
		switch {
		case f.Required:
			required[name] = true
		case f.Choice == "":
			optional = appendNew(optional, []string{name})
		}
	}
	needed := b.chosen(required, e.choices)
	var all [][]operation.SchemeUse
	for _, name := range optional {
		for _, set := range needed {
			if !set[name] {
				all = append(all, set.with(name).uses(scopes))
			}
		}
	}
	for _, set := range needed {
		all = append(all, set.uses(scopes))
	}
	return all
}

// chosen returns the combinations of the required schemes with one of each choice. A combination that contains another
// is left out.
func (b *apiBuilder) chosen(required schemeSet, choices []choicePlan) []schemeSet {
	ways := []schemeSet{required}
	for _, choice := range choices {
		var longer []schemeSet
		for _, way := range ways {
			for _, f := range choice {
				longer = append(longer, way.with(b.scheme(f)))
			}
		}
		ways = longer
	}
	var shortest []schemeSet
	for _, way := range ways {
		if !slices.ContainsFunc(shortest, func(other schemeSet) bool { return other.isPartOf(way) }) {
			shortest = slices.DeleteFunc(shortest, func(other schemeSet) bool { return way.isPartOf(other) })
			shortest = append(shortest, way)
		}
	}
	return shortest
}

// with returns a set with one more scheme.
func (s schemeSet) with(name string) schemeSet {
	more := maps.Clone(s)
	more[name] = true
	return more
}

// isPartOf reports whether s is a subset of other.
func (s schemeSet) isPartOf(other schemeSet) bool {
	for name := range s {
		if !other[name] {
			return false
		}
	}
	return true
}

// uses returns the schemes with the scopes required of each.
func (s schemeSet) uses(scopes map[string][]string) []operation.SchemeUse {
	var all []operation.SchemeUse
	for _, name := range sorted.Keys(s) {
		all = append(all, operation.SchemeUse{Scheme: name, Scopes: scopes[name]})
	}
	return all
}

// namedSchemes adds the schemes that fields name to the API, before any other takes the name.
func (b *apiBuilder) namedSchemes(e *endpoint) {
	for _, f := range e.security {
		if f.Scheme != "" {
			b.scheme(f)
		}
	}
	for _, c := range e.callbacks {
		b.namedSchemes(c)
	}
}

// scheme adds the scheme of a field to the API and returns its name. Two different API keys get different names.
func (b *apiBuilder) scheme(f *typeinfo.Field) string {
	name, described := schemeOf(f, b.config.SecuritySchemes)
	isOther := func() bool {
		known, ok := b.api.Schemes[name]
		return ok && !sameCredentials(&known, described)
	}
	if f.Scheme == "" {
		// Names depend on the order in which operations ask for them, which is the order of the document.
		for base, n := name, 2; isOther(); n++ {
			name = fmt.Sprintf("%s%d", base, n)
		}
	}
	if _, ok := b.api.Schemes[name]; !ok {
		b.api.Schemes[name] = b.reachable(described)
	}
	return name
}

// reachable returns the scheme with its URLs as clients reach them.
func (b *apiBuilder) reachable(scheme *operation.SecurityScheme) operation.SecurityScheme {
	s := *scheme
	s.OpenIDConnectURL, s.MetadataURL = b.reachableURL(s.OpenIDConnectURL), b.reachableURL(s.MetadataURL)
	s.Flows = slices.Clone(s.Flows)
	for i := range s.Flows {
		flow := &s.Flows[i]
		for _, at := range []*string{&flow.TokenURL, &flow.AuthorizationURL, &flow.RefreshURL, &flow.DeviceURL} {
			*at = b.reachableURL(*at)
		}
	}
	return s
}

// reachableURL returns where clients find a URL without a host: below the path of the first server. Wildcards in that
// have their defaults.
func (b *apiBuilder) reachableURL(at string) string {
	target, err := url.Parse(at)
	if err != nil || at == "" || target.IsAbs() || target.Host != "" || len(b.info.Servers) == 0 {
		return at
	}
	first := b.info.Servers[0]
	prefix := first.URL
	for name, variable := range first.Variables {
		prefix = strings.ReplaceAll(prefix, "{"+name+"}", variable.Default)
	}
	server, err := url.Parse(prefix)
	if err != nil || strings.Trim(server.Path, "/") == "" {
		return at
	}
	base := url.URL{Path: strings.TrimSuffix(server.Path, "/") + "/"}
	target.Path = strings.TrimPrefix(target.Path, "/")
	return base.ResolveReference(target).String()
}
