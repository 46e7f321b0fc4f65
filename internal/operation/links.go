package operation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/sorted"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Link describes how a response leads to another operation. Its values are runtime expressions or constants.
type Link struct {
	Name, OperationID string
	Parameters        map[string]string
	RequestBody       string
	Description       string
}

// componentName is the syntax of names in a document.
var componentName = lazy.Regexp{Text: `^[A-Za-z0-9._-]+$`}

// IsName reports whether a document allows the name for a link, an example or a webhook.
func IsName(name string) bool { return componentName.Get().MatchString(name) }

// Check finds what is wrong with the link itself.
func (l Link) Check() error {
	switch {
	case !IsName(l.Name):
		return fmt.Errorf("the name of a link is %q; use letters, digits, dots, dashes and underscores", l.Name)
	case l.OperationID == "":
		return fmt.Errorf("the link %q has no target; name an operation by its id", l.Name)
	}
	for _, text := range l.values() {
		if strings.HasPrefix(text, "$") {
			if _, err := ParseExpression(text); err != nil {
				return fmt.Errorf("the link %q: %w", l.Name, err)
			}
		}
	}
	return nil
}

// values lists the values that the link passes on.
func (l Link) values() []string {
	values := []string{l.RequestBody}
	for _, name := range sorted.Keys(l.Parameters) {
		values = append(values, l.Parameters[name])
	}
	return values
}

// Starts returns why a link cannot begin at an operation with these values.
func (l Link) Starts(from Values) error {
	for _, text := range l.values() {
		x, err := ParseExpression(text)
		if err != nil {
			continue // a constant
		}
		if err := from.Check(x); err != nil {
			return fmt.Errorf("the link %q: %w", l.Name, err)
		}
	}
	return nil
}

// Reaches returns why a link cannot lead to an operation with these parameters.
func (l Link) Reaches(parameters []*typeinfo.Field) error {
	for _, name := range sorted.Keys(l.Parameters) {
		// A parameter may be qualified by its source, to distinguish it from another of the same name.
		isMeant := func(f *typeinfo.Field) bool { return f.Name == name || f.Source.String()+"."+f.Name == name }
		if !slices.ContainsFunc(parameters, isMeant) {
			return fmt.Errorf("the link %q: the operation %q has no parameter %q; name one that it has", l.Name, l.OperationID, name)
		}
	}
	return nil
}

// Public returns the link with the wildcard names of the document, from one path to another.
func (l Link) Public(from, to Wildcards) Link {
	parameters := map[string]string{}
	for name, value := range l.Parameters {
		source, plain, qualified := strings.Cut(name, ".")
		switch {
		// Only the names of wildcards differ between route and document.
		case qualified && source == typeinfo.Path.String():
			name = source + "." + to.Public(plain)
		case !qualified:
			name = to.Public(name)
		}
		parameters[name] = from.expression(value)
	}
	l.Parameters, l.RequestBody = parameters, from.expression(l.RequestBody)
	return l
}

// Wildcards are the names of the wildcards of a path: those of its route, and those that the document has instead.
type Wildcards struct{ Own, Documented []string }

// Public returns the name of a wildcard in the document.
func (w Wildcards) Public(wildcard string) string {
	if i := slices.Index(w.Own, wildcard); i >= 0 {
		return w.Documented[i]
	}
	return wildcard
}

// expression converts a runtime expression about a request.
func (w Wildcards) expression(text string) string {
	if name, ok := strings.CutPrefix(text, "$request.path."); ok {
		return "$request.path." + w.Public(name)
	}
	return text
}

// URL converts the runtime expressions in the URL of a callback.
func (w Wildcards) URL(url string, in []*Expression) string {
	for _, x := range in {
		url = strings.ReplaceAll(url, "{"+x.Text+"}", "{"+w.expression(x.Text)+"}")
	}
	return url
}
