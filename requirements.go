package candor

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

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
	needs := operation.Needs{Scopes: map[string][]string{}}
	for _, f := range e.security {
		name := b.scheme(f)
		if needs.Scopes[name] == nil || slices.Contains(e.scoped, f) {
			needs.Scopes[name] = e.scopesOf(f)
		}
		switch {
		case f.Required:
			needs.Required = append(needs.Required, name)
		case f.Choice == "":
			needs.Optional = appendNew(needs.Optional, []string{name})
		}
	}
	for _, choice := range e.choices {
		var names []string
		for _, f := range choice {
			names = append(names, b.scheme(f))
		}
		needs.Choices = append(needs.Choices, names)
	}
	return needs.Alternatives()
}

// namedSchemes adds the schemes that fields name to the API, before any other takes the name.
func (b *apiBuilder) namedSchemes(endpoints []*endpoint) {
	for _, e := range endpoints {
		for _, f := range e.security {
			if f.Scheme != "" {
				b.scheme(f)
			}
		}
		b.namedSchemes(e.callbacks)
	}
}

// scheme adds the scheme of a field to the API and returns its name. Two different API keys get different names.
func (b *apiBuilder) scheme(f *typeinfo.Field) string {
	name, described := credentials.SchemeOf(f, b.config.SecuritySchemes[f.Scheme].scheme)
	isOther := func() bool {
		known, ok := b.api.Schemes[name]
		return ok && !credentials.Same(&known, described)
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
