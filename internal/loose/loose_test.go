package loose_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/loose"
)

func TestTakeSince(t *testing.T) {
	var routers loose.Routers
	assert.Empty(t, routers.TakeSince(0))
	assert.Equal(t, 0, routers.Made())
	for _, prefix := range []string{"/before", "/b", "/included", "/a"} {
		routers.Add(routers.Next(), loose.Router{Prefix: prefix})
	}
	routers.Remove(3)
	assert.Equal(t, 4, routers.Made())
	assert.Equal(t, []loose.Router{{Prefix: "/b"}, {Prefix: "/a"}}, routers.TakeSince(1))
	assert.Empty(t, routers.TakeSince(1), "each is taken once")
	assert.Equal(t, []loose.Router{{Prefix: "/before"}}, routers.TakeSince(0))
}
