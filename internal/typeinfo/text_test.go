package typeinfo_test

import (
	"net/netip"
	"net/url"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/typeinfo"
)

func TestTextOfURLs(t *testing.T) {
	described, err := typeinfo.Of(reflect.TypeFor[url.URL]())
	require.NoError(t, err)
	assert.Equal(t, typeinfo.Text, described.Kind)
	assert.Equal(t, "uri", described.Format)
	for _, text := range []string{
		"https://example.com/a?b=c", "http://user:p%40ss@[2001:db8::1]:8080/a;b/@c?d=/?#e/?", "mailto:ada@example.com", "urn:isbn:0451450523",
		"https://example.com", "https://example.com?q=1", "file:///etc/hosts", "file:/", "file:/etc", "data:,a%20b", "https://example.com/~a/'b'(c)*!$&+,;=",
	} {
		var got url.URL
		require.NoError(t, described.ReadText(&got, []byte(text)), text)
		again, err := described.WriteText(&got)
		require.NoError(t, err, text)
		assert.Equal(t, text, string(again))
	}
	for _, text := range []string{"", "/a", "//example.com", "example.com", "?q=1", "https://exa mple.com", "https://a/b c", "https://a/ä", "https://a/%zz", "https://a/b#c#d", "1a:b", "b:", "b:?q", "https://a/\x7f", "https://a/<b>"} {
		var got url.URL
		assert.Error(t, described.ReadText(&got, []byte(text)), text)
		assert.Zero(t, got)
	}
	for _, u := range []url.URL{{}, {Path: "/a"}, {Host: "example.com", Path: "/a"}} {
		_, err := described.WriteText(&u)
		assert.Error(t, err, u.String())
	}
	assert.True(t, typeinfo.ReadsText(reflect.TypeFor[url.URL]()) && typeinfo.WritesText(reflect.TypeFor[netip.Addr]()))
	assert.False(t, typeinfo.ReadsText(reflect.TypeFor[string]()) || typeinfo.WritesText(reflect.TypeFor[string]()))
}
