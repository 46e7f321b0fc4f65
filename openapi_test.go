package candor_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type sharedDocsItem struct {
	Name string `json:"name" validate:"max=9"`
}

func sharedDocsHandler(_ context.Context, in struct {
	ID   int            `path:"id" validate:"gte=1"`
	Q    string         `query:"q" default:"x"`
	Body sharedDocsItem `body:"" doc:"The item"`
},
) (sharedDocsItem, error) {
	return in.Body, nil
}

// spoil modifies everything in an operation.
func spoil(op *openapi3.Operation) {
	for _, p := range op.Parameters {
		p.Value.Description, p.Value.Schema.Value.Title = "spoilt", "spoilt"
	}
	op.RequestBody.Value.Description = "spoilt"
	op.RequestBody.Value.Content["application/json"].Extensions = map[string]any{"x-note": "spoilt"}
	for _, r := range op.Responses.Map() {
		r.Value.Description = &[]string{"spoilt"}[0]
		for _, media := range r.Value.Content {
			media.Extensions = map[string]any{"x-note": "spoilt"}
		}
	}
	op.Responses.Set("418", &openapi3.ResponseRef{Value: openapi3.NewResponse().WithDescription("spoilt")})
}

// Options of one operation do not affect others with the same types.
func TestOperationsOfOneTypeAreDocumentedApart(t *testing.T) {
	one := func(t *testing.T, config candor.Config, options ...candor.RouteOption) (spoilt, other string) {
		app := candor.New(config)
		candor.Put(app, "/a/{id}", sharedDocsHandler, candor.OperationID("same"))
		candor.Put(app, "/b/{id}", sharedDocsHandler, append(options, candor.OperationID("spoilt"))...)
		candor.Put(app, "/c/{id}", sharedDocsHandler, candor.OperationID("other"))
		data := apptest.Document(t, app)
		texts := map[string]string{}
		for _, name := range []string{"a", "b", "c"} {
			text, err := json.Marshal(apptest.Member(data, "paths", "/"+name+"/{id}", "put"))
			require.NoError(t, err)
			texts[name] = string(text)
		}
		assert.Equal(t, texts["a"], strings.Replace(texts["c"], `"other"`, `"same"`, 1))
		return texts["b"], texts["c"]
	}
	_, plain := one(t, candor.Config{})
	rows := []struct {
		name   string
		config candor.Config
		option candor.RouteOption
	}{
		{"an edit", candor.Config{}, candor.EditOperation(spoil)},
		{"an edit of the document", candor.Config{EditDocument: func(doc *openapi3.T) { spoil(doc.Paths.Value("/b/{id}").Put) }}, nil},
		{"an example of the body", candor.Config{}, candor.RequestExample("n", sharedDocsItem{Name: "x"}, "spoilt")},
		{"an example of the answer", candor.Config{}, candor.ResponseExample(http.StatusOK, "n", sharedDocsItem{Name: "x"}, "spoilt")},
		{"a link", candor.Config{}, candor.Links(http.StatusOK, candor.Link{Name: "l", OperationID: "other", Description: "spoilt"})},
		{"a declared answer", candor.Config{}, candor.Responds[sharedDocsItem](http.StatusConflict, "spoilt")},
		{"a raised error", candor.Config{}, candor.Raises(candor.Error(http.StatusConflict, "spoilt"))},
		{"a status", candor.Config{}, candor.Status(http.StatusCreated, "spoilt")},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var options []candor.RouteOption
			if row.option != nil {
				options = append(options, row.option)
			}
			spoilt, other := one(t, row.config, options...)
			assert.Contains(t, spoilt, "spoilt")
			assert.NotEqual(t, plain, spoilt)
			assert.Equal(t, plain, other)
		})
	}
}
