package candor

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/operation"
)

// webhook is a request that the API sends: a webhook or a callback. It is documented like an operation, but never
// served.
type webhook struct {
	site *callsite.Site
	name string
	// url is the target of a callback; addresses are the runtime expressions in it.
	url       string
	addresses []*operation.Expression
	method    string
	// handler holds the types of the request and of the expected response.
	handler *function
	set     *settings
}

// configError is a configuration error of a webhook; an error of a callback belongs to its route.
func (w *webhook) configError(err error) error {
	return fmt.Errorf("candor: Webhook(%q) at %s: %w", w.name, w.site, err)
}

// ExternalDocs links to a page with more information.
type ExternalDocs struct{ URL, Description string }

// Tag describes a group of operations.
type Tag struct {
	Name, Description string
	// Summary is the display name; Parent names the tag that this one is nested under. A parent that is not described
	// in Config.Tags, or a cycle of parents, is a configuration error. Kind says what the tag is for, such as "nav",
	// "badge" or "audience". OpenAPI has these fields from 3.2 on; older versions have them as x-displayName (which
	// ReDoc shows), x-parent and x-kind.
	Summary, Parent, Kind string
	ExternalDocs          ExternalDocs
}

// Server is a URL at which the API can be reached.
type Server struct {
	// URL may contain variables in braces: "https://{region}.example.com".
	URL, Description string
	// Name is a short name for tools to show. OpenAPI has it from 3.2 on; older versions have it as x-name.
	Name      string
	Variables map[string]ServerVariable
}

// ServerVariable is a part of a server's URL that the client chooses.
type ServerVariable struct {
	// Default is required; Enum lists the allowed values, if they are limited.
	Default, Description string
	Enum                 []string
}

// describe converts the server to plain data.
func (s *Server) describe() operation.Server {
	server := operation.Server{URL: s.URL, Name: s.Name, Description: s.Description}
	if len(s.Variables) > 0 {
		server.Variables = make(map[string]operation.ServerVariable, len(s.Variables))
	}
	for name, v := range s.Variables {
		server.Variables[name] = operation.ServerVariable(v)
	}
	return server
}

// Link describes how a response leads to another operation; see [Links].
type Link struct {
	// Name identifies the link in generated code; OperationID is the target operation.
	Name, OperationID string
	// Parameters maps the parameters of the target operation to their values: a runtime expression such as
	// "$response.body#/id", or a constant.
	Parameters map[string]string
	// RequestBody is the body of the target operation, likewise an expression or a constant.
	RequestBody string
	Description string
}

// Extension adds a specification extension to operations in the document. The name must begin with "x-"; the value is
// written as JSON.
func Extension(name string, value any) Option {
	return everywhere(func(s *settings) error {
		if !strings.HasPrefix(name, "x-") {
			return fmt.Errorf("Extension(%q); the names of extensions begin with x-, so write %q", name, "x-"+name)
		}
		data, err := encodeJSON(value)
		if err != nil {
			return fmt.Errorf("Extension(%q): the value cannot be written as JSON; keep to strings, numbers, booleans, lists, maps and structs (%w)", name, err)
		}
		s.annotations.Extend(name, data)
		return nil
	})
}

// applyRoute implements [RouteOption]: the page is linked from the operation.
func (e ExternalDocs) applyRoute(s *settings) error {
	if e.URL == "" {
		return errors.New("ExternalDocs without a URL; say where the page is")
	}
	s.annotations.ExternalDocs = operation.ExternalDocs(e)
	return nil
}

// applyRoute implements [RouteOption]: the route is reached at this server only.
func (s Server) applyRoute(to *settings) error {
	server := s.describe()
	if err := server.Check(); err != nil {
		return err
	}
	to.annotations.Servers = append(to.annotations.Servers, server)
	return nil
}

// Links documents where responses with the status lead. A link to an operation, parameter or response member that does
// not exist is a configuration error.
func Links(status int, links ...Link) RouteOption {
	return onRoute(func(s *settings) error {
		if err := validDeclared("Links", status); err != nil {
			return err
		}
		for _, l := range links {
			link := operation.Link(l)
			if err := link.Check(); err != nil {
				return fmt.Errorf("Links(%d): %w", status, err)
			}
			s.annotations.Links = append(s.annotations.Links, operation.StatusLink{Status: status, Link: link})
		}
		return nil
	})
}

// RequestExample adds a named example of the request body to the document. The value has the type of the body or, where
// the fields of the input are members of the body or of a form, is a map. A value that the operation would reject is a
// configuration error. The optional text is a summary.
func RequestExample(name string, value any, summary ...string) RouteOption {
	return onRoute(func(s *settings) error { return s.addExample(0, name, value, summary) })
}

// ResponseExample adds a named example of a response body to the document. The value has the type of the responses with
// that status and must satisfy its rules. The optional text is a summary.
func ResponseExample(status int, name string, value any, summary ...string) RouteOption {
	return onRoute(func(s *settings) error {
		if err := validDeclared("ResponseExample", status); err != nil {
			return err
		}
		return s.addExample(status, name, value, summary)
	})
}

// Deprecated marks operations as deprecated in the document. They are still served.
//
// Optional dates say since when, and until when:
//
//	candor.Deprecated(since)         // Deprecation: @1767225600 (RFC 9745)
//	candor.Deprecated(since, sunset) // and Sunset: Thu, 31 Dec 2026 ... (RFC 8594)
//
// Every response of the operation then has these headers, which the document describes, and the app logs which clients
// still call it: their address and User-Agent, never credentials, once an hour for each client and operation. After the
// sunset the operation is still served until you remove it. Dates of a route win over those of its router or app. A
// sunset before the first date, and a third date, panic.
func Deprecated(dates ...time.Time) Option {
	return everywhere(func(s *settings) error {
		s.deprecated = true
		if len(dates) == 0 {
			return nil
		}
		if err := checkDeprecation(dates); err != nil {
			return err
		}
		s.deprecation = &deprecation{since: dates[0]}
		if len(dates) > 1 {
			s.deprecation.sunset = dates[1]
		}
		return nil
	})
}

func checkDeprecation(dates []time.Time) error {
	switch {
	case len(dates) > 2:
		return fmt.Errorf("Deprecated with %d dates; give the day of the deprecation, and the one of the sunset", len(dates))
	case dates[0].IsZero():
		return errors.New("Deprecated since the zero time; give a date, or none")
	case len(dates) == 2 && dates[1].IsZero():
		return errors.New("Deprecated with a sunset at the zero time; give a date, or leave it out")
	case len(dates) == 2 && dates[1].Before(dates[0]):
		return errors.New("Deprecated with a sunset before the deprecation; RFC 9745 forbids that, so give the earlier date first")
	}
	return nil
}

// deprecation says since when an operation is deprecated and when it is to be removed; sunset is zero if that is not
// known.
type deprecation struct{ since, sunset time.Time }

// or returns d or, if it is nil, the value of the outer scope.
func (d *deprecation) or(outer *deprecation) *deprecation { return cmp.Or(d, outer) }
