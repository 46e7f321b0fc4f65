package docsui_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/docsui"
)

func TestCheckPages(t *testing.T) {
	for _, test := range []struct {
		pages       docsui.Pages
		field, want string
	}{
		{docsui.Pages{}, "", ""},
		{docsui.Pages{Swagger: "/docs", Redoc: "/redoc", RedocScript: "/redoc.js", RedocIntegrity: "sha384-x"}, "", ""},
		{docsui.Pages{Swagger: "docs"}, "Swagger", `"docs" is not a path; write "/docs"`},
		{docsui.Pages{Redoc: "/{"}, "Redoc", "{"},
		{docsui.Pages{RedocScript: "/redoc.js"}, "RedocScript", "the page is left out; say where it is in Redoc"},
		{docsui.Pages{Scalar: "/scalar", ScalarIntegrity: "sha384-x"}, "ScalarIntegrity", "name that in ScalarScript"},
	} {
		field, err := test.pages.Check()
		assert.Equal(t, test.field, field)
		if test.want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.ErrorContains(t, err, test.want)
	}
	assert.NoError(t, docsui.CheckPath("-"), "left out")
}

func TestAllPages(t *testing.T) {
	pages := docsui.Pages{Title: "API", Prefix: "/v1", Document: "/v1/openapi.json", Swagger: "/docs", Scalar: "/scalar", ScalarScript: "/scalar.js"}
	all := pages.All()
	require.Len(t, all, 2, "ReDoc is left out")
	assert.Equal(t, "Swagger", all[0].Field)
	files, err := all[0].Files()
	require.NoError(t, err)
	assert.Equal(t, "/v1/docs", files[0].Path)
	assert.Equal(t, "Scalar", all[1].Field)
	files, err = all[1].Files()
	require.NoError(t, err)
	assert.Equal(t, "/v1/scalar", files[0].Path)
}
