package mcp_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/contrib/mcp"
)

const inspectorVersion = "1.0.3"

// inspector returns the command-line client of the MCP project, installed once.
func inspector(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	dir := filepath.Join(cache, "candor-ci", "inspector-"+inspectorVersion)
	program := filepath.Join(dir, "node_modules", "@modelcontextprotocol", "inspector", "cli", "build", "index.js")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	install := exec.Command("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix", dir, "@modelcontextprotocol/inspector@"+inspectorVersion)
	said, err := install.CombinedOutput()
	require.NoError(t, err, "%s", said)
	return program
}

// Another implementation of a client lists the tools and calls them, with arguments from a command line.
func TestInspector(t *testing.T) {
	s, program := serve(t, mcp.Options{}), inspector(t)
	ask := func(args ...string) []byte {
		t.Helper()
		args = append([]string{program, s.url + "/mcp", "--transport", "http", "--header", "Authorization: Bearer token-of-ann"}, args...)
		out, err := exec.Command("node", args...).Output()
		if failed, ok := err.(*exec.ExitError); ok { //nolint:errorlint // it is not wrapped
			require.NoError(t, err, "%s", failed.Stderr)
		}
		require.NoError(t, err)
		return out
	}
	var listed struct {
		Tools []struct {
			Name string `json:"name"`
		} `json:"tools"`
	}
	require.NoError(t, json.Unmarshal(ask("--method", "tools/list"), &listed))
	assert.Len(t, listed.Tools, 27)
	for _, row := range []struct {
		tool, args, structured, says string
	}{
		{"readItem", "item_id=7", `{"id":7,"about":"en"}`, ""},
		{"createItem", `body={"name":"Lamp","price":2}`, `{"id":1,"name":"Lamp","price":2,"size":null}`, ""},
		{"growTree", `body={"name":"a"}`, `{"name":"parent","kids":[{"name":"a"}]}`, ""},
		{"lists", `ids=[1,2]`, `{"result":["1","2"]}`, ""},
		{"me", "", "", "ann"},
		{"readItem", "item_id=0", "", "The arguments are not valid:\n- item_id: Must be greater than or equal to 1 (greater_than_equal)"},
	} {
		args := []string{"--method", "tools/call", "--tool-name", row.tool}
		if row.args != "" {
			args = append(args, "--tool-arg", row.args)
		}
		var result struct {
			Content []struct {
				Text string `json:"text"`
			} `json:"content"`
			Structured json.RawMessage `json:"structuredContent"`
		}
		require.NoError(t, json.Unmarshal(ask(args...), &result))
		if row.structured != "" {
			assert.JSONEq(t, row.structured, string(result.Structured), row.tool)
		} else {
			assert.Equal(t, row.says, result.Content[0].Text, row.tool)
		}
	}
}
