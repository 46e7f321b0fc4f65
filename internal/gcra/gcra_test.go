package gcra_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/gcra"
)

func TestSpacesCountByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory, rate := gcra.New(0), gcra.Rate{Step: time.Second, Burst: 1}
		assert.Equal(t, gcra.Taken{Allowed: true, Reset: time.Second}, memory.Space("a").Take("k", rate))
		assert.Equal(t, gcra.Taken{Retry: time.Second, Reset: time.Second}, memory.Space("a").Take("k", rate))
		assert.Equal(t, gcra.Taken{Allowed: true, Reset: time.Second}, memory.Space("b").Take("k", rate))
	})
}

func TestNote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		space, rate := gcra.New(0).Space(""), gcra.Rate{Step: time.Second, Burst: 3}
		space.Note("k", 2*time.Second)
		space.Note("k", 0)
		assert.Equal(t, gcra.Taken{Allowed: true, Remaining: 0, Reset: 3 * time.Second}, space.Take("k", rate))
		time.Sleep(3 * time.Second)
		assert.Equal(t, gcra.Taken{Allowed: true, Remaining: 2, Reset: time.Second}, space.Take("k", rate))
	})
}

// TestFullSpace checks that a key evicted from a full memory comes back as one that has already made requests.
func TestFullSpace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		space, rate := gcra.New(1).Space(""), gcra.Rate{Step: time.Second, Burst: 2}
		space.Take("a", rate)
		space.Take("a", rate)
		space.Take("b", rate)
		space.Take("b", rate)
		assert.Equal(t, gcra.Taken{Retry: time.Second, Reset: 2 * time.Second}, space.Take("b", rate))
	})
}
