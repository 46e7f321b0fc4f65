package etag_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/etag"
)

func TestTagsOfFiles(t *testing.T) {
	var files etag.Files
	tag := func(name, content string) string {
		reader := strings.NewReader(content)
		tag, err := files.Tag(name, int64(len(content)), reader)
		require.NoError(t, err)
		assert.Equal(t, len(content), reader.Len(), "the content is rewound")
		return tag
	}
	first := tag("a", "one")
	assert.True(t, etag.IsTag(first), first)
	assert.Equal(t, first, tag("b", "one"), "equal contents have equal tags")
	assert.Equal(t, first, tag("a", "two"), "a content of the same size is not read again")
	assert.NotEqual(t, first, tag("a", "three"), "one of another size is")
}
