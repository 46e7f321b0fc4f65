package lazy_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/lazy"
)

func TestMap(t *testing.T) {
	var values lazy.Map
	made := 0
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			assert.Equal(t, 7, values.Get("seven", func() any {
				made++
				return 7
			}))
		})
	}
	all.Wait()
	assert.Equal(t, 1, made)
	assert.Equal(t, 8, values.Get("eight", func() any { return 8 }), "each key has its own value")
}
