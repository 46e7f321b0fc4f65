package lazy_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/lazy"
)

func TestRegexp(t *testing.T) {
	word := lazy.Regexp{Text: `^[a-z]+$`}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			assert.True(t, word.Get().MatchString("word"))
			assert.False(t, word.Get().MatchString("2"))
		})
	}
	all.Wait()
	made := word.Get()
	assert.Same(t, made, word.Get(), "compiled once")

	wrong := lazy.Regexp{Text: `(`}
	assert.Panics(t, func() { wrong.Get() })
}
