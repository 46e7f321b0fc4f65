package candor_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type beast struct {
	candor.OneOf `json:"kind"`
	Cat          *tomcat `case:"cat"`
	Dog          *hound  `case:"dog"`
}

type tomcat struct {
	Lives int `json:"lives" validate:"gte=1" default:"9"`
}

type hound struct {
	Name  string `json:"name"`
	Barks bool   `json:"barks,omitempty"`
}

func TestUnions(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Body []beast `body:""`
	},
	) ([]beast, error) {
		return in.Body, nil
	})
	candor.Post(app, "/strict", apptest.Echo[struct {
		Body beast `body:"beast"`
	}], candor.ForbidExtra())
	c := candor.NewTestClient(t, app)
	posts(t, c, "/", [][2]string{
		{`[{"kind":"cat"},{"name":"Rex","kind":"dog","x":1}]`, `200 [{"kind":"cat","lives":9},{"kind":"dog","name":"Rex"}]`},
		{`[{"kind":"cat","lives":0},{"kind":"dog"}]`, "greater_than_equal [\"body\",0,\"cat\",\"lives\"] {\"ge\":1}\nmissing [\"body\",1,\"dog\",\"name\"]"},
		{`[{"kind":"cow"},{"name":"Rex"},5]`, "union_tag_invalid [\"body\",0] {\"discriminator\":\"'kind'\",\"expected_tags\":\"'cat', 'dog'\",\"tag\":\"cow\"}\n" +
			"union_tag_not_found [\"body\",1] {\"discriminator\":\"'kind'\"}\nmodel_attributes_type [\"body\",2]"},
	}...)
	posts(t, c, "/strict", [2]string{`{"beast":{"kind":"cat","x":1}}`, `extra_forbidden ["body","beast","cat","x"]`})
	schemas := apptest.DocumentMember(t, c, "components", "schemas").(map[string]any)
	assert.Equal(t, map[string]any{
		"oneOf": []any{
			map[string]any{"$ref": "#/components/schemas/beastCat"}, map[string]any{"$ref": "#/components/schemas/beastDog"},
		},
		"discriminator": map[string]any{"propertyName": "kind", "mapping": map[string]any{
			"cat": "#/components/schemas/beastCat", "dog": "#/components/schemas/beastDog",
		}},
	}, schemas["beast"])
	assert.Equal(t, false, schemas["beastCatStrict"].(map[string]any)["additionalProperties"])
}
