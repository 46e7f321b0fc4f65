package mcp_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/mcp"
)

// Every style of parameters in OpenAPI, as it is sent, for an operation of a plain handler with a hand-written
// description.
func TestStyles(t *testing.T) {
	array, mapping := openapi3.NewArraySchema().WithItems(openapi3.NewStringSchema()), openapi3.NewObjectSchema()
	parameters := []*openapi3.Parameter{
		openapi3.NewPathParameter("p").WithSchema(openapi3.NewStringSchema()),
		openapi3.NewQueryParameter("exploded").WithSchema(array),
		{In: "query", Name: "commas", Style: "form", Explode: new(bool), Schema: array.NewRef()},
		{In: "query", Name: "spaces", Style: "spaceDelimited", Explode: new(bool), Schema: array.NewRef()},
		{In: "query", Name: "pipes", Style: "pipeDelimited", Explode: new(bool), Schema: array.NewRef()},
		{In: "query", Name: "deep", Style: "deepObject", Schema: mapping.NewRef()},
		{In: "query", Name: "members", Schema: mapping.NewRef()},
		{In: "query", Name: "flat", Style: "form", Explode: new(bool), Schema: mapping.NewRef()},
		{In: "query", Name: "content", Content: openapi3.NewContentWithJSONSchema(mapping)},
		{In: "header", Name: "X-List", Schema: array.NewRef()},
	}
	app := candor.New(candor.Config{})
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s?%s %s %s", r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("X-List"), r.Method)
	})
	candor.HandleHTTP(app, []string{http.MethodGet}, "/echo/{p}", echo, mcp.Tool("echo"), candor.Responds[candor.Text](200), candor.EditOperation(func(op *openapi3.Operation) {
		op.Parameters = nil
		for _, p := range parameters {
			op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Value: p})
		}
	}))
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{}))
	session := (&service{t: t, url: start(t, app)}).connect(nil, nil)
	for _, row := range [][2]string{
		{`"p":"a b/c"`, "/echo/a%20b%2Fc?"},
		{`"p":"a%2Fb"`, "/echo/a%252Fb?"},
		{`"exploded":["a","b&c"]`, "exploded=a&exploded=b%26c"},
		{`"exploded":[]`, "/echo/p? "},
		{`"commas":["a","b"]`, "commas=a,b"},
		{`"commas":["a,b"]`, "commas=a%2Cb"},
		{`"spaces":["a","b"]`, "spaces=a%20b"},
		{`"pipes":["a","b"]`, "pipes=a%7Cb"},
		{`"deep":{"b":1,"a":["x","y"]}`, "deep%5Ba%5D=x&deep%5Ba%5D=y&deep%5Bb%5D=1"},
		{`"deep":{"a":{"b":{"c":1}},"d":null}`, "?deep%5Ba%5D%5Bb%5D%5Bc%5D=1 "},
		{`"deep":"{\"a\":true}"`, "deep%5Ba%5D=true"},
		{`"members":{"a":1,"b":"x"}`, "a=1&b=x"},
		{`"flat":{"a":1,"b":"x"}`, "flat=a,1,b,x"},
		{`"content":{"a":[1]}`, "content=%7B%22a%22%3A%5B1%5D%7D"},
		{`"X-List":["a","b"]`, " a,b "},
	} {
		arguments := "{" + row[0] + "}"
		if !strings.Contains(row[0], `"p":`) {
			arguments = `{"p":"p",` + row[0] + "}"
		}
		result := call(t, session, "echo", arguments)
		assert.False(t, result.IsError)
		assert.Contains(t, said(result), row[1], arguments)
	}
	assert.Contains(t, said(call(t, session, "echo", `{"p":".."}`)), "p: Must be neither empty")
	assert.Contains(t, said(call(t, session, "echo", `{"p":"p","deep":{"a":[{"b":1}]}}`)), "deep.a[0]: Expected a single value")
}
