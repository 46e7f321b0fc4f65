package candor

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// Extension puts a member of your own into operations of the document, for
// tools that know it. The name begins with "x-"; the value is written as JSON.
func Extension(name string, value any) Option {
	return everywhere(func(s *settings) error {
		if !strings.HasPrefix(name, "x-") {
			return fmt.Errorf("Extension(%q); the names of extensions begin with x-, so write %q", name, "x-"+name)
		}
		data, err := encodeJSON(value)
		if err != nil {
			return fmt.Errorf("Extension(%q): the value cannot be written as JSON; keep to strings, numbers, booleans, lists, maps and structs (%w)", name, err)
		}
		s.extensions = maps.Clone(s.extensions)
		if s.extensions == nil {
			s.extensions = map[string]json.RawMessage{}
		}
		s.extensions[name] = data
		return nil
	})
}

// applyRoute makes a page with more about an operation an option of its route.
func (e ExternalDocs) applyRoute(s *settings) error {
	if e.URL == "" {
		return errors.New("ExternalDocs without a URL; say where the page is")
	}
	s.externalDocs = e
	return nil
}

// applyRoute makes a server an option of the routes that are reached there
// only.
func (s Server) applyRoute(to *settings) error {
	if err := s.check(); err != nil {
		return err
	}
	to.servers = append(to.servers, s)
	return nil
}

// Links documents where answers of a status lead. Operations and parameters
// that do not exist are configuration errors, and so are members that the response does not
// have.
func Links(status int, links ...Link) RouteOption {
	return onRoute(func(s *settings) error {
		if err := validDeclared("Links", status); err != nil {
			return err
		}
		for _, l := range links {
			if err := l.check(); err != nil {
				return fmt.Errorf("Links(%d): %w", status, err)
			}
			s.links = append(s.links, statusLink{status: status, Link: l})
		}
		return nil
	})
}

// RequestExample shows a body in the document, beside others, under a name. It
// is a value of the body's type, or where fields are members of the body or of
// a form, a map. A value that the operation would refuse is a configuration error. The text
// is a summary.
func RequestExample(name string, value any, summary ...string) RouteOption {
	return onRoute(func(s *settings) error { return s.addExample(0, name, value, summary) })
}

// ResponseExample shows the body of a response in the document, beside others,
// under a name. It is a value of the type that answers of the status have, and
// keeps their rules. The text is a summary.
func ResponseExample(status int, name string, value any, summary ...string) RouteOption {
	return onRoute(func(s *settings) error {
		if err := validDeclared("ResponseExample", status); err != nil {
			return err
		}
		return s.addExample(status, name, value, summary)
	})
}
