package candor

import (
	"slices"

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
	return b.api.Use(name, f.Scheme != "", described)
}
