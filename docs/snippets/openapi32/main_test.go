package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/internal/documenttest"
)

func Example() {
	r := httptest.NewRequest(http.MethodGet, "/jobs/7/changes", http.NoBody)
	w := httptest.NewRecorder()
	newApp().ServeHTTP(w, r)
	fmt.Print(w.Body)
	// Output:
	// event: started
	// data: {"type":"started","by":"Ann"}
	//
	// event: progress
	// data: {"type":"progress","percent":100}
	//
	// event: archived
	// data: {"type":"archived"}
}

// What the page shows of the document is in it.
func TestDocumentOfThePage(t *testing.T) {
	var document bytes.Buffer
	require.NoError(t, newApp().WriteOpenAPI(&document))
	documenttest.Check(t, "page", document.Bytes())
	var newer bytes.Buffer
	require.NoError(t, newApp().WriteOpenAPIAs(&newer, candor.OpenAPI32))
	item := apptest.Member(newer.Bytes(), "paths", "/jobs/{job_id}/changes", "get", "responses", "200", "content", "text/event-stream", "itemSchema")
	assert.Equal(t, []any{"data"}, item.(map[string]any)["required"])
	assert.Len(t, item.(map[string]any)["anyOf"], 4)
	c := candor.NewTestClient(t, newApp())
	for _, err := range candor.ReadLines[Job](c.Stream("GET", "/jobs", nil)) {
		require.NoError(t, err)
	}
	for _, err := range candor.ReadEvents[json.RawMessage](c.Stream("GET", "/jobs/1/changes", nil)) {
		assert.NoError(t, err)
	}
}
