package main

import (
	"net/http/httptest"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The program says what the page says it does.
func TestProgram(t *testing.T) {
	app := newApp()
	stop, err := app.Start(t.Context())
	require.NoError(t, err)
	server := httptest.NewServer(app)
	defer server.Close()
	defer func() { assert.NoError(t, stop()) }()
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: server.URL + "/mcp", DisableStandaloneSSE: true}, nil)
	require.NoError(t, err)
	defer session.Close()
	for _, row := range []struct {
		tool      string
		arguments map[string]any
		says      string
	}{
		{"find_books", map[string]any{"words": "web"}, `[{"id":2,"title":"Weaving the Web"}]`},
		{"find_books", map[string]any{"words": "w"}, "The arguments are not valid:\n- words: Must have at least 2 characters (string_too_short)"},
		{"readBook", map[string]any{"book_id": 1}, `{"id":1,"title":"The Go Programming Language"}`},
		{"readBook", map[string]any{"book_id": 3}, `404 Not Found: {"detail":"no such book"}`},
	} {
		result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: row.tool, Arguments: row.arguments})
		require.NoError(t, err)
		text, ok := result.Content[0].(*sdk.TextContent)
		require.True(t, ok)
		assert.Equal(t, row.says, text.Text)
	}
}
