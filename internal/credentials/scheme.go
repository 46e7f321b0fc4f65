package credentials

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/sorted"
	"github.com/candor-go/candor/internal/typeinfo"
)

// SchemeOf returns the name and the description of the scheme of a field. The scheme that the app declares under the
// name that the field gives, if it does, wins over the field's own; it is nil without one.
func SchemeOf(f *typeinfo.Field, given *operation.SecurityScheme) (name string, described *operation.SecurityScheme) {
	name, described = ownScheme(f)
	switch {
	case f.Scheme == "":
		return name, described
	case given == nil:
		return f.Scheme, described
	case given.Type != "" && !hasOwnWord(f): // OpenAPI has no format for tokens after another word
		return f.Scheme, given
	}
	described.Description = cmp.Or(given.Description, described.Description)
	described.Deprecated = given.Deprecated
	return f.Scheme, described
}

// ownScheme returns the scheme that a field itself describes.
func ownScheme(f *typeinfo.Field) (name string, described *operation.SecurityScheme) {
	switch kind := KindOf(f); {
	case kind == Bearer && !hasOwnWord(f):
		return "HTTPBearer", &operation.SecurityScheme{Type: "http", Scheme: "bearer", Description: f.Doc}
	case kind == Bearer:
		return "HTTP" + f.Word, &operation.SecurityScheme{Type: "http", Scheme: f.Word, Description: f.Doc}
	case kind == Basic:
		return "HTTPBasic", &operation.SecurityScheme{Type: "http", Scheme: "basic", Description: f.Doc}
	}
	names := map[typeinfo.Source]string{typeinfo.Header: "APIKeyHeader", typeinfo.Query: "APIKeyQuery", typeinfo.Cookie: "APIKeyCookie"}
	return names[f.Source], &operation.SecurityScheme{Type: "apiKey", In: f.Source.String(), Name: f.Name, Description: f.Doc}
}

// Describes returns why a declared scheme does not match the credentials of a field, nil if it does. Without a
// declaration the scheme is nil.
func Describes(s *operation.SecurityScheme, f *typeinfo.Field) error {
	kind := KindOf(f)
	switch {
	case s != nil && s.MetadataURL != "" && s.Type != "oauth2":
		return fmt.Errorf("Config.SecuritySchemes[%q] has WithMetadata, which is about servers of OAuth2; use it with an OAuth 2 scheme such as candor.OAuth2Code, or drop it", f.Scheme)
	// A scheme that is empty, or only a description, matches any field.
	case s == nil, s.Type == "", kind == Bearer && s.Type == "http":
		return nil
	case kind != Bearer:
		return fmt.Errorf("the field %s is a candor.%s, while Config.SecuritySchemes describes %q as %s, whose tokens are a candor.Bearer; describe it with candor.SecurityScheme{}.WithDescription(\"...\"), or change the field", f.Go, kind, f.Scheme, s.Type)
	case hasOwnWord(f):
		return fmt.Errorf("the field %s reads tokens after the word %q, while Config.SecuritySchemes describes %q as %s, whose tokens come after Bearer; drop the scheme tag", f.Go, f.Word, f.Scheme, s.Type)
	}
	return nil
}

// CheckScopes compares the scopes of an operation with those that the declared scheme of a field lists, in any of its
// flows: a token of any flow has its scopes. A scheme that lists none allows any.
func CheckScopes(scopes []string, f *typeinfo.Field, s *operation.SecurityScheme) error {
	listed := map[string]string{}
	if s != nil {
		for _, flow := range s.Flows {
			maps.Copy(listed, flow.Scopes)
		}
	}
	var errs []error
	for _, scope := range scopes {
		if _, ok := listed[scope]; !ok && len(listed) > 0 {
			errs = append(errs, fmt.Errorf("Scopes(%q): the security scheme %q of Config.SecuritySchemes has no such scope, it has %s; write one of these, or add it there",
				scope, f.Scheme, Quoted(sorted.Keys(listed))))
		}
	}
	return errors.Join(errs...)
}

// Quoted lists texts as Go string literals.
func Quoted(texts []string) string {
	var all []string
	for _, text := range texts {
		all = append(all, fmt.Sprintf("%q", text))
	}
	return strings.Join(all, ", ")
}
