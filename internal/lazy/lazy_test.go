package lazy_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/lazy"
)

func TestValue(t *testing.T) {
	var value lazy.Value[int]
	made := 0
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			assert.Equal(t, 7, value.Get(func() int {
				made++
				return 7
			}))
		})
	}
	all.Wait()
	assert.Equal(t, 1, made)
}
