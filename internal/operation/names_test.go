package operation_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/operation"
)

func TestNames(t *testing.T) {
	assert.Equal(t, "items_item_id", operation.Words("/items/{item_id}"))
	assert.Equal(t, "Read HTTP Item", operation.InWords("readHTTPItem"))
	assert.Equal(t, "httpServer", operation.LowerFirst("HTTPServer"))
	assert.Equal(t, "Älter", operation.UpperFirst("älter"))
	assert.True(t, operation.IsIdentifier("a_1"))
	assert.False(t, operation.IsIdentifier("a.b"))

	first, rest := operation.Summarize("readItem finds an item. It may be gone.", "readItem")
	assert.Equal(t, "Finds an item", first)
	assert.Equal(t, "It may be gone.", rest)
}

func TestExpressions(t *testing.T) {
	for text, isOne := range map[string]bool{
		"$url": true, "$request.query.url": true, "$request.body#/callback": true, "$response.header.Location": true,
		"$response.query.url": false, "$request.cookie.a": false, "url": false,
	} {
		_, err := operation.ParseExpression(text)
		assert.Equal(t, isOne, err == nil, text)
	}
	found, err := operation.ExpressionsIn("https://{$request.query.host}/{$request.body#/id}")
	assert.NoError(t, err)
	assert.Len(t, found, 2)
	_, err = operation.ExpressionsIn("https://{$url")
	assert.Error(t, err)
}
