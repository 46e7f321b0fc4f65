package operation_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/operation"
)

func jsonBody(kind operation.Kind, examples ...operation.Example) []operation.Content {
	return []operation.Content{{
		Media: operation.Media{Type: "application/json", Examples: examples}, Values: []operation.Value{{Kind: kind}},
	}}
}

func TestMerge(t *testing.T) {
	all := &operation.Responses{}
	all.Merge(&operation.Response{Status: 404, Description: "no item", Content: jsonBody(operation.JSON), Headers: []operation.Header{
		{Name: "Both", Required: true}, {Name: "First", Required: true},
	}})
	all.Merge(&operation.Response{Status: 404, Description: "no user", Content: jsonBody(operation.Text), Headers: []operation.Header{
		{Name: "Both", Required: true}, {Name: "Second", Required: true},
	}})
	all.Merge(&operation.Response{Status: 404, Description: "no item", Content: []operation.Content{{Media: operation.Media{Type: "text/plain"}}}})
	all.Merge(&operation.Response{Status: 404, Description: "Not Found"})
	require.Len(t, all.All, 1)
	r := all.To(404)
	assert.Equal(t, "no item; no user", r.Description, "each text once, and no reason phrase beside others")
	require.Len(t, r.Content, 2)
	assert.Len(t, r.In("application/json").Values, 2, "either body may be sent")
	for _, h := range r.Headers {
		assert.False(t, h.Required, "%s: not every response of the status has it", h.Name)
	}
	assert.Len(t, r.Headers, 3)
}

func TestExamplesOfErrors(t *testing.T) {
	body := func(text string) json.RawMessage { return json.RawMessage(`"` + text + `"`) }
	first := &operation.Response{Status: 404, Content: append(jsonBody(operation.JSON), operation.Content{Media: operation.Media{Type: "application/cbor"}})}
	first.ShowError(body("item"))
	first.ShowError(body("user"))
	first.ShowError(body("item"))
	var names []string
	for _, x := range first.In("application/json").Examples {
		names = append(names, x.Name)
	}
	assert.Equal(t, []string{"not_found", "not_found_2"}, names, "equal examples are shown once")
	assert.Empty(t, first.In("application/cbor").Examples, "the example is JSON")

	all := &operation.Responses{}
	all.Merge(first)
	all.Merge(&operation.Response{Status: 404, Content: jsonBody(operation.JSON,
		operation.Example{Name: "b", Value: body("order")}, operation.Example{Name: "a", Value: body("user")})})
	examples := all.To(404).In("application/json").Examples
	require.Len(t, examples, 3)
	assert.Equal(t, "not_found_3", examples[2].Name)
	assert.JSONEq(t, `"order"`, string(examples[2].Value))
}

func TestCovers(t *testing.T) {
	all := &operation.Responses{}
	all.Set(operation.NewResponse(4000, ""))
	all.Set(operation.NewResponse(200, ""))
	for status, covered := range map[int]bool{404: true, 499: true, 200: true, 201: false, 500: false} {
		assert.Equal(t, covered, all.Covers(status), status)
	}
	assert.Equal(t, "Status 4XX", all.To(4000).Description)
	assert.Equal(t, "OK", all.To(200).Description)
	assert.Equal(t, "Any other response", operation.NewResponse(1000, "").Description)
}

func TestShow(t *testing.T) {
	op := &operation.Operation{
		Body:      &operation.Body{Media: []operation.Media{{Type: "application/json"}, {Type: "application/cbor"}, {Type: "multipart/form-data"}}},
		Responses: &operation.Responses{All: []*operation.Response{{Status: 200, Content: jsonBody(operation.JSON)}}},
	}
	op.Show(0, operation.Example{Name: "sent"})
	op.Show(200, operation.Example{Name: "received"})
	op.Show(404, operation.Example{Name: "of no response"})
	assert.NotNil(t, op.Body.Media[0].Example("sent"))
	assert.Nil(t, op.Body.Media[1].Example("sent"), "a format of bytes")
	assert.NotNil(t, op.Body.Media[2].Example("sent"))
	assert.NotNil(t, op.Responses.To(200).In("application/json").Example("received"))
}
