package docsui

import (
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"path"
	"strings"
)

// assets holds the files of Swagger UI that the page needs, of the module swgui, and the parts of the page that Swagger
// UI does not bring. swgui itself would embed 160 KB more that nothing serves.
//
//go:embed assets/swagger-ui/*.gz assets/swagger-ui/*.png assets/*.css assets/*.js assets/*.html
var assets embed.FS

// Swagger is a page with Swagger UI, which is served from the executable.
type Swagger struct {
	// Title is the API's; the page's is "Title - Swagger UI".
	Title string

	// Path is where the page is, "/docs" if empty. Its files are below it.
	Path string

	// Document is where the OpenAPI document is: a path of the same app, or a complete URL.
	Document string

	// Options are parameters of Swagger UI, over the ones this package sets. They must be JSON.
	Options map[string]any

	// OAuth fills in the authorization dialog ("clientId", "scopes", ...) if it is not nil. It must be JSON and holds
	// no secret: everyone who sees the page sees it.
	OAuth map[string]any

	// Connect lists further origins that "Try it out" may call, such as those of the document's servers and of an
	// authorization server's token endpoint.
	Connect []string
}

// Files returns the page, which comes first, and the files it consists of. Among them is oauth2-redirect, the
// redirect URI of the authorization-code and implicit flows.
func (s Swagger) Files() ([]File, error) {
	if s.Path == "" {
		s.Path = "/docs"
	}
	start, err := s.startScript()
	if err != nil {
		return nil, fmt.Errorf("swagger ui: %w", err)
	}
	page := written(s.Path, s.page())
	page.contentType = contentType(".html")
	page.policy = policy("script-src 'self'", "style-src 'self'", "img-src 'self' data:",
		connectSources(s.Document, s.Connect))
	files := []File{page, written(s.filePath("init.js"), start)}
	for _, asset := range []string{
		"swagger-ui/swagger-ui.css", "swagger-ui/swagger-ui-bundle.js", "swagger-ui/favicon-16x16.png", "swagger-ui/favicon-32x32.png",
		"page.css", "plugin.js", "oauth2-redirect.js", "oauth2-redirect.html",
	} {
		file, err := embedded(s.filePath(strings.TrimSuffix(path.Base(asset), ".html")), assets, "assets/"+asset)
		if err != nil {
			return nil, fmt.Errorf("swagger ui: %w", err)
		}
		if strings.HasSuffix(asset, ".html") {
			file.policy = policy("script-src 'self'", "img-src 'self'")
		}
		files = append(files, file)
	}
	return files, nil
}

// filePath is the path of one of the page's files.
func (s Swagger) filePath(name string) string {
	return strings.TrimSuffix(s.Path, "/") + "/" + name
}

func (s Swagger) page() string {
	link := func(name string) string { return html.EscapeString(relative(s.Path, s.filePath(name))) }
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>` + html.EscapeString(s.Title) + ` - Swagger UI</title>
<link rel="icon" type="image/png" sizes="32x32" href="` + link("favicon-32x32.png") + `">
<link rel="icon" type="image/png" sizes="16x16" href="` + link("favicon-16x16.png") + `">
<link rel="stylesheet" href="` + link("swagger-ui.css") + `">
<link rel="stylesheet" href="` + link("page.css") + `">
</head>
<body>
<div id="swagger-ui"></div>
<script src="` + link("swagger-ui-bundle.js") + `"></script>
<script src="` + link("plugin.js") + `"></script>
<script src="` + link("init.js") + `"></script>
</body>
</html>
`
}

// startScript is a separate file because the page's policy forbids inline scripts. It also needs no HTML escaping: the
// output of encoding/json is JavaScript.
func (s Swagger) startScript() (string, error) {
	options := map[string]any{
		"dom_id":               "#swagger-ui",
		"url":                  relative(s.Path, s.Document),
		"layout":               "BaseLayout",
		"deepLinking":          true,
		"showExtensions":       true,
		"showCommonExtensions": true,
		"filter":               true, // a box that filters by tag
		"persistAuthorization": true, // survives a reload
		"validatorUrl":         nil,  // else the document's URL is sent to a service of Swagger's
	}
	// Last, so that the user's options win.
	maps.Copy(options, s.Options)
	settings, err := json.MarshalIndent(options, "", "  ")
	if err != nil {
		return "", fmt.Errorf("options: %w", err)
	}
	oauth, err := json.MarshalIndent(s.OAuth, "", "  ")
	if err != nil {
		return "", fmt.Errorf("oauth: %w", err)
	}
	return `"use strict";
const options = ` + string(settings) + `;
const oauth = ` + string(oauth) + `;
options.plugins = [window.CandorPlugin];
options.oauth2RedirectUrl ??= new URL("oauth2-redirect", document.currentScript.src).href;
window.ui = SwaggerUIBundle(options);
if (oauth) window.ui.initOAuth(oauth);
`, nil
}
