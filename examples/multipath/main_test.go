package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

const eliot = `{"id":1,"title":"Middlemarch","authors":["George Eliot"],"genre":"novel"}`

func TestPaths(t *testing.T) {
	c := candor.NewTestClient(t, newApp(newLibrary()))
	for _, row := range []struct {
		target string
		status int
		want   string
	}{
		{"/books/1", 200, eliot},
		{"/publications/1", 200, eliot},
		{"/book.php/1", 200, eliot},
		{"/books/9", 404, `{"detail":"book not found"}`},
		{"/publications/9", 404, `{"detail":"book not found"}`},
		{"/v2/books/1", 200, eliot},
		{"/v1/books/2", 200, `{"id":2,"title":"The Talisman","author":"Stephen King, Peter Straub"}`},
		{"/v1/books/9", 404, `{"detail":"book not found"}`},
		{"/v1/count", 200, `3`},
		{"/v2/count", 200, `3`},
		{"/shelves/plays", 200, `[{"id":3,"title":"Woyzeck","authors":["Georg Büchner"],"genre":"play"}]`},
		{"/shelves/poems", 200, `[]`},
		{"/shelves/maps", 404, `{"detail":"Not Found"}`},
	} {
		t.Run(row.target, func(t *testing.T) {
			assert.JSONEq(t, row.want, c.Get(row.target).Status(row.status).Text())
		})
	}
}

type operation struct {
	OperationID string   `json:"operationId"`
	Summary     string   `json:"summary"`
	Tags        []string `json:"tags"`
	Deprecated  bool     `json:"deprecated"`
}

type document struct {
	Info  struct{ Title, Version string }
	Paths map[string]struct{ Get operation }
}

func TestDocuments(t *testing.T) {
	app := newApp(newLibrary())
	var text bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&text))
	var whole document
	require.NoError(t, json.Unmarshal(text.Bytes(), &whole))

	assert.Equal(t, operation{OperationID: "libraryRead", Summary: "Read a book", Tags: []string{"books"}}, whole.Paths["/books/{id}"].Get)
	publication := whole.Paths["/publications/{id}"].Get
	assert.Equal(t, "Read a publication", publication.Summary)
	assert.Contains(t, publication.Tags, "publications")
	assert.NotContains(t, whole.Paths, "/book.php/{id}")
	assert.True(t, whole.Paths["/v1/books/{id}"].Get.Deprecated)
	assert.False(t, whole.Paths["/v2/books/{id}"].Get.Deprecated)
	assert.Equal(t, "List plays", whole.Paths["/shelves/plays"].Get.Summary)

	ids := map[string]bool{}
	for path, item := range whole.Paths {
		assert.False(t, ids[item.Get.OperationID], "%s of %s", item.Get.OperationID, path)
		ids[item.Get.OperationID] = true
	}

	c := candor.NewTestClient(t, app)
	for version, want := range map[string]string{"v1": "1.4.2", "v2": "2.0.0"} {
		var one document
		c.Get("/" + version + "/openapi.json").Status(200).JSON(&one)
		assert.Equal(t, want, one.Info.Version)
		assert.Len(t, one.Paths, 2)
		c.Get("/" + version + "/docs").Status(200)
	}
}
