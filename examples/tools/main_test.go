package main

import (
	"net/http/httptest"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/internal/documenttest"
)

// The service behaves as documented.
func TestConform(t *testing.T) {
	candortest.Conform(t, newApp(newShop()))
}

// The document changes only on purpose.
func TestGoldenDocument(t *testing.T) {
	documenttest.Golden(t, "document", newApp(newShop()))
}

// A client acts like a model: it lists, adds and changes items, and gets an
// error.
func TestTools(t *testing.T) {
	app := newApp(newShop())
	stop, err := app.Start(t.Context())
	require.NoError(t, err)
	server := httptest.NewServer(app)
	defer server.Close()
	defer func() { assert.NoError(t, stop()) }()
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: server.URL + "/mcp", DisableStandaloneSSE: true}, nil)
	require.NoError(t, err)
	defer session.Close()
	var names []string
	for tool, err := range session.Tools(t.Context(), nil) {
		require.NoError(t, err)
		names = append(names, tool.Name)
	}
	assert.Equal(t, []string{"create_item", "list_items", "read_item", "replace_item"}, names)
	for _, row := range []struct {
		tool      string
		arguments map[string]any
		says      string
	}{
		{"list_items", nil, `[{"id":1,"name":"Laptop","price":999.5,"in_stock":true,"tags":["computer"]}]`},
		{"create_item", map[string]any{"body": map[string]any{"name": "Mouse", "price": 20}}, `{"id":2,"name":"Mouse","price":20,"in_stock":true}`},
		{"replace_item", map[string]any{"item_id": 2, "body": map[string]any{"name": "", "price": -1}}, "The arguments are not valid:\n- body.name: Must have at least 1 character (string_too_short)\n- body.price: Must be greater than or equal to 0 (greater_than_equal)"},
		{"read_item", map[string]any{"item_id": 2}, `{"id":2,"name":"Mouse","price":20,"in_stock":true}`},
		{"read_item", map[string]any{"item_id": 3}, `404 Not Found: {"detail":"item not found"}`},
	} {
		result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: row.tool, Arguments: row.arguments})
		require.NoError(t, err)
		text, ok := result.Content[0].(*sdk.TextContent)
		require.True(t, ok)
		assert.Equal(t, row.says, text.Text)
	}
}

// The page shows the URL of the endpoint as the reader reaches it.
func TestPage(t *testing.T) {
	c := candor.NewTestClient(t, newApp(newShop()))
	page := c.Get("/").Status(200).Text()
	assert.Contains(t, page, "claude mcp add --transport http shop http://testserver/mcp")
}
