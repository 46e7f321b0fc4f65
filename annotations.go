package candor

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/operation"
)

// webhook is a request that the API sends: a webhook, or a callback. It is
// documented as one that is read, and nothing of it is served.
type webhook struct {
	site *callsite.Site
	name string
	// url is where a callback goes, and addresses are the expressions in it.
	url       string
	addresses []*operation.Expression
	method    string
	// handler has the types of the request and of what is expected back.
	handler *function
	set     *settings
}

// annotations are what options say about an operation for the document alone.
type annotations struct {
	extensions   map[string]json.RawMessage
	externalDocs ExternalDocs
	servers      []Server
	links        []statusLink
	examples     []namedExample
	callbacks    []*webhook
}

// inherit is what a says inside of outer.
func (a annotations) inherit(outer annotations) annotations {
	// The outer map belongs to other routes, too.
	extensions := maps.Clone(outer.extensions)
	if extensions == nil {
		extensions = a.extensions
	} else {
		maps.Copy(extensions, a.extensions)
	}
	a.extensions = extensions
	a.externalDocs = cmp.Or(a.externalDocs, outer.externalDocs)
	if a.servers == nil {
		a.servers = outer.servers
	}
	a.links = slices.Concat(outer.links, a.links)
	a.examples = slices.Concat(outer.examples, a.examples)
	a.callbacks = slices.Concat(outer.callbacks, a.callbacks)
	return a
}

// ExternalDocs is a page with more about something.
type ExternalDocs struct{ URL, Description string }

// Tag describes a group of operations.
type Tag struct {
	Name, Description string
	// Summary is what a reader sees in the place of the name. Parent is the name of
	// the tag that this one is a part of: one that is not described, or that is a part
	// of this one itself, is a configuration error. Kind says what the tag is for, such
	// as "nav", "badge" or "audience". OpenAPI has them from 3.2 on; the older versions
	// have them as x-displayName, which ReDoc shows, x-parent and x-kind.
	Summary, Parent, Kind string
	ExternalDocs          ExternalDocs
}

// Server is a place where the API is reached.
type Server struct {
	// URL may hold variables in braces: "https://{region}.example.com".
	URL, Description string
	// Name is what tools may call it. OpenAPI has it from 3.2 on, the older versions as
	// x-name.
	Name      string
	Variables map[string]ServerVariable
}

// ServerVariable is a part of a server's URL that the client chooses.
type ServerVariable struct {
	// Default is needed; Enum lists all values, if they are limited.
	Default, Description string
	Enum                 []string
}

// check finds variables that are not declared, or not used.
func (s Server) check() error {
	var names []string
	for _, m := range serverVariables.FindAllStringSubmatch(s.URL, -1) {
		names = append(names, m[1])
		v, ok := s.Variables[m[1]]
		switch {
		case !ok || v.Default == "":
			return fmt.Errorf("the server %q has the variable %q, which has no default; give it one in Variables", s.URL, m[1])
		case len(v.Enum) > 0 && !slices.Contains(v.Enum, v.Default):
			return fmt.Errorf("the server %q: the default %q of the variable %q is not one of its values; add it to Enum", s.URL, v.Default, m[1])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Variables)) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("the server %q has no {%s}; put the variable into the URL, or leave it out", s.URL, name)
		}
	}
	return nil
}

var serverVariables = regexp.MustCompile(`\{([^{}]*)\}`)

// Link says how a response leads to another operation: see [Links].
type Link struct {
	// Name is how generated code calls it, OperationID the operation it leads
	// to.
	Name, OperationID string
	// Parameters says where the values of that operation's parameters come
	// from: a runtime expression such as "$response.body#/id", or a constant.
	Parameters map[string]string
	// RequestBody does so for its body.
	RequestBody string
	Description string
}

// statusLink is a link of the responses of a status.
type statusLink struct {
	status int
	Link
}

var componentName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func (l Link) check() error {
	switch {
	case !componentName.MatchString(l.Name):
		return fmt.Errorf("the name of a link is %q; use letters, digits, dots, dashes and underscores", l.Name)
	case l.OperationID == "":
		return fmt.Errorf("the link %q has no target; name an operation by its id", l.Name)
	}
	for _, text := range l.values() {
		if strings.HasPrefix(text, "$") {
			if _, err := operation.ParseExpression(text); err != nil {
				return fmt.Errorf("the link %q: %w", l.Name, err)
			}
		}
	}
	return nil
}

// values are what the link passes on.
func (l Link) values() []string {
	values := []string{l.RequestBody}
	for _, name := range slices.Sorted(maps.Keys(l.Parameters)) {
		values = append(values, l.Parameters[name])
	}
	return values
}

// namedExample is the example of a body; status is 0 for a request's.
type namedExample struct {
	status        int
	name, summary string
	value         any
	data          json.RawMessage
}

func (x namedExample) String() string {
	if x.status == 0 {
		return fmt.Sprintf("RequestExample(%q)", x.name)
	}
	return fmt.Sprintf("ResponseExample(%d, %q)", x.status, x.name)
}

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
