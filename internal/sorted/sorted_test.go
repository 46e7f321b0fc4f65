package sorted_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/sorted"
)

func TestKeys(t *testing.T) {
	assert.Equal(t, []string{"", "a", "b", "ä"}, sorted.Keys(map[string]int{"b": 1, "ä": 2, "a": 3, "": 4}))
	assert.Nil(t, sorted.Keys(map[string]bool{}))
	assert.Nil(t, sorted.Keys[error](nil))
}

func TestDistinct(t *testing.T) {
	assert.Equal(t, []string{"GET", "HEAD", "PUT"}, sorted.Distinct([]string{"PUT", "GET", "HEAD", "GET", "PUT"}))
	assert.Empty(t, sorted.Distinct(nil))
}
