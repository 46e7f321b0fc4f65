package operation

import (
	"slices"

	"github.com/candor-go/candor/internal/typeinfo"
)

// SharedParameters describes parameters, each once for all operations that share it, so that the writer encodes it once.
type SharedParameters struct{ known map[parameterKey]*Parameter }

// parameterKey is what the description of a parameter depends on: the field, its name in the document, which a wildcard
// may have of its own there, and whether other names are refused.
type parameterKey struct {
	field  *typeinfo.Field
	name   string
	closed bool
}

// Of describes the parameters of an operation under the wildcard names of the document. Closed means that it refuses
// unknown keys of the query.
func (s *SharedParameters) Of(parameters *Parameters, names Wildcards, closed bool) []*Parameter {
	all := make([]*Parameter, 0, len(parameters.Fields))
	for _, f := range parameters.Fields {
		name := f.Name
		if f.Source == typeinfo.Path {
			name = names.Public(name)
		}
		if readers := parameters.Readers[f]; readers != nil {
			// The set of readers may differ between operations, so this parameter is not shared.
			all = append(all, &Parameter{Name: name, Field: f, Readers: readers})
			continue
		}
		all = append(all, s.shared(parameterKey{f, name, f.Nested && closed}))
	}
	return all
}

func (s *SharedParameters) shared(key parameterKey) *Parameter {
	p := s.known[key]
	if p == nil {
		if s.known == nil {
			s.known = map[parameterKey]*Parameter{}
		}
		p = &Parameter{Name: key.name, Field: key.field, Closed: key.closed}
		s.known[key] = p
	}
	return p
}

// OfPlain describes the parameters of an operation whose handler has no types: beside those that its guards read, all
// wildcards of the path.
func (s *SharedParameters) OfPlain(parameters *Parameters, names Wildcards, closed bool) []*Parameter {
	read := s.Of(parameters, names, closed)
	all := slices.Clip(read)
	for _, name := range names.Documented {
		isRead := func(p *Parameter) bool {
			return p.Name == name && p.Field.Source == typeinfo.Path && !p.Field.Hidden
		}
		if !slices.ContainsFunc(read, isRead) {
			all = append(all, &Parameter{Name: name})
		}
	}
	return all
}
