package callers_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/callers"
)

func TestACallerIsNewOnceInAnHour(t *testing.T) {
	var seen callers.Seen
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	one, other := callers.Caller{Address: "192.0.2.1"}, callers.Caller{Address: "192.0.2.1", Agent: "curl"}
	assert.True(t, seen.IsNew(one, now))
	assert.False(t, seen.IsNew(one, now.Add(59*time.Minute)))
	assert.True(t, seen.IsNew(other, now))
	assert.True(t, seen.IsNew(one, now.Add(time.Hour)))
}

func TestWhoCalls(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "192.0.2.1:4711"
	r.Header.Set("User-Agent", strings.Repeat("x", 300))
	r.Header.Set("Authorization", "Bearer secret")
	who := callers.Of(r)
	assert.Contains(t, who.Address, "192.0.2.1")
	assert.Len(t, who.Agent, 200)
}
