package candor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/callsite"
)

// webhook is a request that the API sends: a webhook, or a callback. It is
// documented as one that is read, and nothing of it is served.
type webhook struct {
	site *callsite.Site
	name string
	// url is where a callback goes, and addresses are the expressions in it.
	url       string
	addresses []*runtimeExpression
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
	ExternalDocs      ExternalDocs
}

// Server is a place where the API is reached.
type Server struct {
	// URL may hold variables in braces: "https://{region}.example.com".
	URL, Description string
	Variables        map[string]ServerVariable
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
			return fmt.Errorf("the server %q: the default %q of the variable %q is none of its values; add it to Enum", s.URL, v.Default, m[1])
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
		return fmt.Errorf("the link %q leads nowhere; name an operation by its id", l.Name)
	}
	for _, text := range l.values() {
		if strings.HasPrefix(text, "$") {
			if _, err := parseExpression(text); err != nil {
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
