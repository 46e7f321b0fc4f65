package docsui

import (
	"encoding/json"
	"fmt"
	"html"
)

// The Scalar a page loads if no other is named, and the digest of that file.
const (
	scalarURL       = "https://cdn.jsdelivr.net/npm/@scalar/api-reference@1.46.4/dist/browser/standalone.js"
	scalarIntegrity = "sha384-BbTs28WithFYxTDCiH0YPK5tv3MflhBVpABoMjfb9UqXa/hegSE9I4THoddKejMF"
)

// Scalar is a page with Scalar's API reference, which the reader's browser loads from ScriptURL. Where it cannot, the
// page says so. Nothing else is asked of another host: neither fonts nor its maker's services.
type Scalar struct {
	// Title is the API's; the page's is "Title - Scalar".
	Title string

	// Path is where the page is, "/scalar" if empty.
	Path string

	// Document is where the OpenAPI document is: a path of the same app, or a complete URL.
	Document string

	// ScriptURL is where Scalar's standalone.js is: a complete URL, or a path of the same app for a copy of one's own.
	// If empty it is a pinned version at a public mirror.
	ScriptURL string

	// Integrity is the digest of that script, "sha384-...". A script from another host must have one.
	Integrity string

	// Connect lists the origins besides the page's own to which it may send requests.
	Connect []string
}

// Files returns the page, which is its only file.
func (c Scalar) Files() ([]File, error) {
	if c.Path == "" {
		c.Path = "/scalar"
	}
	if c.ScriptURL == "" {
		c.ScriptURL, c.Integrity = scalarURL, scalarIntegrity
	}
	s := script{name: "Scalar", page: c.Path, url: c.ScriptURL, integrity: c.Integrity}
	scripts, err := s.directive()
	if err != nil {
		return nil, fmt.Errorf("scalar: %w", err)
	}
	settings, err := json.Marshal(map[string]any{
		"url":                relative(c.Path, c.Document),
		"withDefaultFonts":   false,
		"telemetry":          false,
		"proxyUrl":           "",
		"persistAuth":        true,
		"hideClientButton":   true,
		"showDeveloperTools": "never",
		"agent":              map[string]any{"disabled": true},
		"mcp":                map[string]any{"disabled": true},
	})
	if err != nil {
		return nil, fmt.Errorf("scalar: %w", err)
	}
	body := `<script id="api-reference" type="application/json" data-configuration="` + html.EscapeString(string(settings)) + `"></script>`
	page := written(c.Path, s.document(c.Title, body))
	page.contentType = contentType(".html")
	// Scalar writes its styles into the page.
	page.policy = policy(scripts, "style-src 'unsafe-inline'", "img-src 'self' data:", "font-src 'self' data:",
		connectSources(c.Document, c.Connect))
	return []File{page}, nil
}
