package requestinfo_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/requestinfo"
)

func TestContexts(t *testing.T) {
	ctx := t.Context()
	assert.Empty(t, requestinfo.ID(ctx))
	assert.Empty(t, requestinfo.RootPath(ctx))
	assert.Empty(t, requestinfo.Client(ctx))
	assert.False(t, requestinfo.IsInProcess(httptest.NewRequestWithContext(ctx, "GET", "/", nil)))

	type key struct{}
	ctx, line := requestinfo.WithID(context.WithValue(ctx, key{}, "further out"), "4711")
	assert.Equal(t, []string{"4711"}, line)
	ctx = requestinfo.WithInProcess(requestinfo.WithClient(requestinfo.WithRootPath(ctx, "/api"), "192.0.2.1:4"))
	assert.Equal(t, "4711", requestinfo.ID(ctx))
	assert.Equal(t, "/api", requestinfo.RootPath(ctx))
	assert.Equal(t, "192.0.2.1:4", requestinfo.Client(ctx))
	assert.True(t, requestinfo.IsInProcess(httptest.NewRequestWithContext(ctx, "GET", "/", nil)))
	assert.Equal(t, "further out", ctx.Value(key{}))
}

func TestIsRootPath(t *testing.T) {
	for path, want := range map[string]bool{
		"": true, "/api": true, "/api/v1": true,
		"/": false, "/api/": false, "api": false, "//evil.example.com": false, "/a//b": false, `/\evil.example.com`: false,
		"/a?b": false, "/a#b": false, "/{id}": false,
	} {
		assert.Equal(t, want, requestinfo.IsRootPath(path), "%q", path)
	}
}

func TestAddressAndHost(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	for remote, want := range map[string]string{
		"192.0.2.1:1234": "192.0.2.1", "[2001:db8::1]:1": "2001:db8::1", "[fe80::1%eth0]:1": "fe80::1", "[::ffff:192.0.2.1]:1": "192.0.2.1",
		"": "", "@": "", "192.0.2.1": "",
	} {
		r.RemoteAddr = remote
		address, ok := requestinfo.Address(r)
		assert.Equal(t, want != "", ok, remote)
		if ok {
			assert.Equal(t, want, address.String(), remote)
		}
	}
	for host, want := range map[string]string{
		"example.com": "example.com", "example.com:8080": "example.com", "[::1]:80": "[::1]", "[::1]": "[::1]", "": "",
	} {
		r.Host = host
		assert.Equal(t, want, requestinfo.Host(r), host)
	}
}
