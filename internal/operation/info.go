package operation

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/pathtree"
	"github.com/candor-go/candor/internal/sorted"
)

// Info is what a document says about the API as a whole.
type Info struct {
	Title, Version       string
	Summary, Description string
	TermsOfService       string
	Contact              Contact
	License              License
	ExternalDocs         ExternalDocs
	Tags                 []Tag
	Servers              []Server
}

// Contact says who is responsible for the API.
type Contact struct{ Name, URL, Email string }

// License is the license of the API.
type License struct{ Name, Identifier, URL string }

// ExternalDocs is a page with more information.
type ExternalDocs struct{ URL, Description string }

// Tag describes a group of operations.
type Tag struct {
	Name, Summary, Description string
	// Parent is the parent tag, Kind its category.
	Parent, Kind string
	ExternalDocs ExternalDocs
}

// Server is a URL at which the API is available.
type Server struct {
	URL, Name, Description string
	Variables              map[string]ServerVariable
}

// ServerVariable is a variable in a server's URL.
type ServerVariable struct {
	Default, Description string
	Enum                 []string
}

// Check finds values that the document could not express.
func (i *Info) Check() error {
	for _, s := range i.Servers {
		if err := s.Check(); err != nil {
			return err
		}
	}
	for n, tag := range i.Tags {
		switch {
		case tag.Name == "":
			return errors.New("a tag without a name; give it a name")
		case slices.ContainsFunc(i.Tags[:n], func(other Tag) bool { return other.Name == tag.Name }):
			return fmt.Errorf("the tag %q is described twice; put both into one", tag.Name)
		case tag.ExternalDocs.URL == "" && tag.ExternalDocs.Description != "":
			return fmt.Errorf("the external documentation of the tag %q has no URL; say where it is", tag.Name)
		}
	}
	if i.ExternalDocs.URL == "" && i.ExternalDocs.Description != "" {
		return errors.New("ExternalDocs without a URL; say where the page is")
	}
	return i.checkParents()
}

// checkParents finds parents that do not exist, and cycles.
func (i *Info) checkParents() error {
	parents := map[string]string{}
	for _, tag := range i.Tags {
		parents[tag.Name] = tag.Parent
	}
	for _, tag := range i.Tags {
		if _, ok := parents[tag.Parent]; !ok && tag.Parent != "" {
			return fmt.Errorf("the tag %q is a part of %q, which is not among the tags; describe it, too", tag.Name, tag.Parent)
		}
	}
	for _, tag := range i.Tags {
		// After as many steps as there are tags, the walk has reached a tag without a parent, or is in a cycle.
		name := tag.Name
		for range i.Tags {
			name = parents[name]
		}
		if name != "" {
			return fmt.Errorf("the tag %q is a part of itself, by way of %q; let one of them have no Parent", name, parents[name])
		}
	}
	return nil
}

// Inherit fills in what i leaves empty.
func (i *Info) Inherit(outer *Info) {
	i.Title = cmp.Or(i.Title, outer.Title)
	i.Version = cmp.Or(i.Version, outer.Version)
	i.Summary = cmp.Or(i.Summary, outer.Summary)
	i.Description = cmp.Or(i.Description, outer.Description)
	i.TermsOfService = cmp.Or(i.TermsOfService, outer.TermsOfService)
	i.Contact = cmp.Or(i.Contact, outer.Contact)
	i.License = cmp.Or(i.License, outer.License)
	i.ExternalDocs = cmp.Or(i.ExternalDocs, outer.ExternalDocs)
	// An empty list is kept: it says that there are none.
	if i.Tags == nil {
		i.Tags = outer.Tags
	}
	if i.Servers == nil {
		i.Servers = outer.Servers
	}
}

var serverVariables = lazy.Regexp{Text: `\{([^{}]*)\}`}

// Check finds variables that are not declared or not used.
func (s *Server) Check() error {
	var names []string
	for _, m := range serverVariables.Get().FindAllStringSubmatch(s.URL, -1) {
		names = append(names, m[1])
		v, ok := s.Variables[m[1]]
		switch {
		case !ok || v.Default == "":
			return fmt.Errorf("the server %q has the variable %q, which has no default; give it one in Variables", s.URL, m[1])
		case len(v.Enum) > 0 && !slices.Contains(v.Enum, v.Default):
			return fmt.Errorf("the server %q: the default %q of the variable %q is not one of its values; add it to Enum", s.URL, v.Default, m[1])
		}
	}
	for _, name := range sorted.Keys(s.Variables) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("the server %q has no {%s}; put the variable into the URL, or leave it out", s.URL, name)
		}
	}
	return nil
}

// ServeAt puts the prefixes at which the API is reached before its other servers, each URL once. Wildcards in a prefix
// become variables.
func (i *Info) ServeAt(prefixes []string) {
	var servers []Server
	for _, prefix := range prefixes {
		if prefix != "" {
			servers = append(servers, serverAt(prefix))
		}
	}
	for _, s := range i.Servers {
		if !slices.ContainsFunc(servers, func(o Server) bool { return o.URL == s.URL }) {
			servers = append(servers, s)
		}
	}
	i.Servers = servers
}

func serverAt(prefix string) Server {
	s := Server{URL: prefix}
	pattern, err := pathtree.Parse(prefix)
	if err != nil {
		return s
	}
	for _, name := range pattern.SharedNames() {
		if s.Variables == nil {
			s.Variables = map[string]ServerVariable{}
		}
		// OpenAPI requires a default, and no value is known here.
		s.Variables[name] = ServerVariable{Default: name}
	}
	return s
}

// reachable returns where clients find a URL without a host: below the path of the first server. Wildcards in that have
// their defaults.
func (i *Info) reachable(at string) string {
	target, err := url.Parse(at)
	if err != nil || at == "" || target.IsAbs() || target.Host != "" || len(i.Servers) == 0 {
		return at
	}
	first := i.Servers[0]
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
