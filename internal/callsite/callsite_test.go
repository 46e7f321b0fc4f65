package callsite

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIsOwn(t *testing.T) {
	for function, want := range map[string]bool{
		"github.com/candor-go/candor.Get[...]":            true,
		"github.com/candor-go/candor.(*Router).Include":   true,
		"github.com/candor-go/candor/hub.New[...]":        true,
		"github.com/candor-go/candor/middleware.CORS":     true,
		"github.com/candor-go/candor/idempotency.Keys":    true,
		"github.com/candor-go/candor_test.TestRoutes":     false,
		"github.com/candor-go/candor/hub_test.TestCodec":  false,
		"github.com/candor-go/candor/examples/chat.Rooms": false,
		"github.com/candor-go/candorette.Get":             false,
		"main.main":                                       false,
		"":                                                false,
	} {
		assert.Equal(t, want, IsOwn(function), function)
	}
}

func TestSite(t *testing.T) {
	assert.Empty(t, (*Site)(nil).String())
	assert.Regexp(t, `/callsite_test\.go:\d+$`, Here().String())
}

func TestMark(t *testing.T) {
	var s Site
	s.Mark(1)
	assert.Regexp(t, `/callsite_test\.go:\d+$`, s.String())
	assert.Len(t, s.calls(), 2, "the function that calls Mark and the one that calls it")
}
