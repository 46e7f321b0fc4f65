package docsui

import (
	"fmt"
	"strings"

	"github.com/candor-go/candor/internal/pathtree"
)

// Pages are the pages of one document. The fields have the names that users know from their settings, and errors name
// them.
type Pages struct {
	Title string
	// Prefix is what all paths are below, and Document the path of the document, with the prefix.
	Prefix, Document string
	// Swagger, Redoc and Scalar are the paths of the pages, "" for a page that is left out.
	Swagger, Redoc, Scalar string
	// RedocScript and ScalarScript are complete URLs, or paths below the prefix; "" stands for the pinned versions.
	RedocScript, RedocIntegrity   string
	ScalarScript, ScalarIntegrity string
	Parameters, OAuth             map[string]any
	Connect                       []string
}

// Page is one page, made of the settings that a field begins with.
type Page struct {
	Field string
	Files func() ([]File, error)
}

// Check finds a page whose path is invalid, and script settings of a page that is not served. It returns the field with
// the error.
func (p *Pages) Check() (field string, err error) {
	if err := CheckPath(p.Swagger); err != nil {
		return "Swagger", err
	}
	if field, err := checkScripted("Redoc", p.Redoc, p.RedocScript, p.RedocIntegrity); err != nil {
		return field, err
	}
	return checkScripted("Scalar", p.Scalar, p.ScalarScript, p.ScalarIntegrity)
}

func checkScripted(field, path, script, integrity string) (string, error) {
	if err := CheckPath(path); err != nil {
		return field, err
	}
	if script != "" && path == "" {
		return field + "Script", fmt.Errorf("the page is left out; say where it is in %s", field)
	}
	if integrity != "" && script == "" {
		return field + "Integrity", fmt.Errorf("it is the digest of a script that is not named; name that in %sScript", field)
	}
	return "", nil
}

// CheckPath finds what is wrong with the configured path of a page or document; "" and "-" are no paths.
func CheckPath(path string) error {
	switch {
	case path == "", path == "-":
		return nil
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("%q is not a path; write %q", path, "/"+path)
	}
	_, err := pathtree.Parse(path)
	return err
}

// All returns the pages to serve.
func (p *Pages) All() []Page {
	var all []Page
	if p.Swagger != "" {
		all = append(all, Page{"Swagger", Swagger{
			Title: p.Title, Path: p.Prefix + p.Swagger, Document: p.Document, Options: p.Parameters, OAuth: p.OAuth, Connect: p.Connect,
		}.Files})
	}
	if p.Redoc != "" {
		all = append(all, Page{"Redoc", Redoc{
			Title: p.Title, Path: p.Prefix + p.Redoc, Document: p.Document, ScriptURL: p.scriptURL(p.RedocScript), Integrity: p.RedocIntegrity,
		}.Files})
	}
	if p.Scalar != "" {
		all = append(all, Page{"Scalar", Scalar{
			Title: p.Title, Path: p.Prefix + p.Scalar, Document: p.Document, Connect: p.Connect,
			ScriptURL: p.scriptURL(p.ScalarScript), Integrity: p.ScalarIntegrity,
		}.Files})
	}
	return all
}

// scriptURL returns the URL of a page's script; a configured path is relative to the prefix.
func (p *Pages) scriptURL(script string) string {
	// Two slashes are followed by a host name.
	if strings.HasPrefix(script, "/") && !strings.HasPrefix(script, "//") {
		return p.Prefix + script
	}
	return script
}
