package lazy_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/lazy"
)

func TestSeen(t *testing.T) {
	var seen lazy.Seen
	var first atomic.Int32
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if seen.IsNew("a") {
				first.Add(1)
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 1, first.Load())
	assert.True(t, seen.IsNew("b"))
	assert.False(t, seen.IsNew("b"))
}
