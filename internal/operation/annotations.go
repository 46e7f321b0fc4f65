package operation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Annotations are what options say about operations for the document alone.
type Annotations struct {
	Extensions   map[string]json.RawMessage
	ExternalDocs ExternalDocs
	Servers      []Server
	Links        []StatusLink
	Examples     []StatusExample
}

// StatusLink is a link of the responses with a status.
type StatusLink struct {
	Status int
	Link
}

// StatusExample is an example of the responses with a status, or of the request body if that is 0.
type StatusExample struct {
	Status int
	Example
	// Given is the value as the user gave it.
	Given any
}

// String returns the option that made the example.
func (x *StatusExample) String() string {
	if x.Status == 0 {
		return fmt.Sprintf("RequestExample(%q)", x.Name)
	}
	return fmt.Sprintf("ResponseExample(%d, %q)", x.Status, x.Name)
}

// Inherit adds what the outer scope says.
func (a *Annotations) Inherit(outer *Annotations) {
	// Cloned, because the outer map is shared with other routes.
	extensions := maps.Clone(outer.Extensions)
	if extensions == nil {
		extensions = a.Extensions
	} else {
		maps.Copy(extensions, a.Extensions)
	}
	a.Extensions = extensions
	a.ExternalDocs = cmp.Or(a.ExternalDocs, outer.ExternalDocs)
	if a.Servers == nil {
		a.Servers = outer.Servers
	}
	a.Links = append(slices.Clip(outer.Links), a.Links...)
	a.Examples = append(slices.Clip(outer.Examples), a.Examples...)
}

// Extend sets an extension. The map may be shared, so it is copied.
func (a *Annotations) Extend(name string, value json.RawMessage) {
	all := map[string]json.RawMessage{}
	maps.Copy(all, a.Extensions)
	all[name] = value
	a.Extensions = all
}

// CheckExample finds an example without a proper name of its own.
func (a *Annotations) CheckExample(x *StatusExample) error {
	same := func(o StatusExample) bool { return o.Status == x.Status && o.Name == x.Name }
	switch {
	case !IsName(x.Name):
		return fmt.Errorf("%s; the name consists of letters, digits, dots, dashes and underscores", x)
	case slices.ContainsFunc(a.Examples, same):
		return fmt.Errorf("%s is listed twice; give one of them another name", x)
	}
	return nil
}
