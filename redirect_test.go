package candor_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

func TestRedirects(t *testing.T) {
	tests := []struct{ to, want string }{
		{"/items?q=a&n=1#top", "/items?q=a&n=1#top"},
		{"https://example.com/a%20b", "https://example.com/a%20b"},
		{"/a b", "/a%20b"},
		{"/\r\nSet-Cookie: a=b", "/%0D%0ASet-Cookie:%20a=b"},
		{"/\\evil.example", "/%5Cevil.example"},
		{"/é?q=\"<x>\"", "/%C3%A9?q=%22%3Cx%3E%22"},
		{"/\x00\x7f\xff", "/%00%7F%FF"},
		{"http://[::1]:80/", "http://[::1]:80/"},
		{"", ""},
	}
	for _, tt := range tests {
		t.Run(tt.to, func(t *testing.T) {
			app := candor.New(candor.Config{})
			candor.Get(app, "/", always(candor.Redirect(tt.to)))
			assert.Equal(t, "307\nContent-Length: 0\nLocation: "+tt.want+"\n\n", answered(candor.NewTestClient(t, app).Get("/")))
		})
	}
}

func TestRedirectWithAStatus(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/", always(candor.Redirect("/new")), candor.Status(301))
	assert.Equal(t, "301\nContent-Length: 0\nLocation: /new\n\n", answered(candor.NewTestClient(t, app).Get("/")))
}

// A location is one line of visible ASCII and still leads to where it led.
func FuzzRedirect(f *testing.F) {
	for _, seed := range []string{"/", "/a b", "/%zz", "//\\x", "/\r\n", "/é?q=1#\x80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, to string) {
		app := candor.New(candor.Config{})
		candor.Get(app, "/", always(candor.Redirect(to)))
		got := candor.NewTestClient(t, app, candor.Unchecked()).Get("/").Header.Get("Location")
		assert.False(t, strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }), "%q", got)
		decoded, err := url.PathUnescape(got)
		want, wantErr := url.PathUnescape(to)
		assert.Equal(t, wantErr == nil, err == nil)
		if err == nil {
			assert.Equal(t, want, decoded)
		}
	})
}
