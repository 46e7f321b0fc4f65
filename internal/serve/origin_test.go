package serve_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/serve"
)

func TestOrigin(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "http://127.0.0.1:80", serve.Origin(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, false))
	assert.Equal(t, "https://localhost:443", serve.Origin(&net.TCPAddr{IP: net.IPv4zero, Port: 443}, true))
	assert.Equal(t, "http://localhost:80", serve.Origin(&net.TCPAddr{IP: net.IPv6unspecified, Port: 80}, false))
	assert.Equal(t, "http://[::1]:80", serve.Origin(&net.TCPAddr{IP: net.IPv6loopback, Port: 80}, false))
	assert.Equal(t, "http:///run/app.sock", serve.Origin(&net.UnixAddr{Name: "/run/app.sock", Net: "unix"}, false))
}
