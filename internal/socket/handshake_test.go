package socket_test

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/socket"
)

func TestCheck(t *testing.T) {
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	for name, row := range map[string]struct {
		method  string
		header  map[string]string
		origins []string
		want    int // 0 for a handshake
	}{
		"a handshake":                  {},
		"lists and cases":              {header: map[string]string{"Connection": "keep-alive, upgrade", "Upgrade": "h2c, WebSocket"}},
		"another method":               {method: http.MethodPost, want: 426},
		"no upgrade":                   {header: map[string]string{"Connection": "close"}, want: 426},
		"another protocol":             {header: map[string]string{"Upgrade": "h2c"}, want: 426},
		"an old version":               {header: map[string]string{"Sec-WebSocket-Version": "8"}, want: 426},
		"no key":                       {header: map[string]string{"Sec-WebSocket-Key": ""}, want: 400},
		"a short key":                  {header: map[string]string{"Sec-WebSocket-Key": "c2hvcnQ="}, want: 400},
		"a key that is no base64":      {header: map[string]string{"Sec-WebSocket-Key": "!"}, want: 400},
		"its own origin":               {header: map[string]string{"Origin": "https://EXAMPLE.com"}},
		"another origin":               {header: map[string]string{"Origin": "https://other.com"}, want: 403},
		"an origin without a host":     {header: map[string]string{"Origin": "null"}, want: 403},
		"an origin that is none":       {header: map[string]string{"Origin": "%"}, want: 403},
		"an origin that may":           {header: map[string]string{"Origin": "https://a.other.com"}, origins: []string{"*.other.com"}},
		"a scheme that may not":        {header: map[string]string{"Origin": "http://other.com"}, origins: []string{"https://other.com"}, want: 403},
		"every origin":                 {header: map[string]string{"Origin": "null"}, origins: []string{"*"}},
		"a refusal before the origins": {header: map[string]string{"Origin": "https://other.com", "Upgrade": ""}, want: 426},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), cmp.Or(row.method, http.MethodGet), "http://example.com/", nil)
			for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key} {
				r.Header.Set(name, value)
			}
			for name, value := range row.header {
				r.Header.Set(name, value)
			}
			refused := socket.Check(r, row.origins)
			if row.want == 0 {
				assert.Nil(t, refused)
				return
			}
			require.NotNil(t, refused)
			assert.Equal(t, row.want, refused.Status)
			if row.want == http.StatusUpgradeRequired {
				assert.Equal(t, "websocket", refused.Header["Upgrade"])
			}
		})
	}
}

// The error for clients of HTTP/2 and HTTP/1.0, which has no upgrade, names the required protocol, without a header
// that HTTP/2 forbids.
// What is left of a body would be read as messages.
func TestCheckOfABody(t *testing.T) {
	for _, length := range []int64{5, -1} { // -1 is chunked
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/", nil)
		for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
			r.Header.Set(name, value)
		}
		assert.Nil(t, socket.Check(r, nil))
		r.ContentLength = length
		assert.Equal(t, 400, socket.Check(r, nil).Status)
	}
}

// Of two origins none is known to be the page's.
func TestCheckOfTwoOrigins(t *testing.T) {
	for _, origins := range [][]string{{"http://example.com", "http://evil.com"}, {"", "http://evil.com"}, {"http://evil.com", "http://example.com"}} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/", nil)
		for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
			r.Header.Set(name, value)
		}
		r.Header["Origin"] = origins
		assert.Equal(t, 403, socket.Check(r, nil).Status, origins)
	}
}

func TestCheckOverOtherProtocols(t *testing.T) {
	for _, version := range [][2]int{{2, 0}, {1, 0}, {0, 9}} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/", nil)
		for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
			r.Header.Set(name, value)
		}
		r.ProtoMajor, r.ProtoMinor = version[0], version[1]
		refused := socket.Check(r, nil)
		require.NotNil(t, refused)
		assert.Equal(t, http.StatusUpgradeRequired, refused.Status)
		assert.Contains(t, refused.Detail, "HTTP/1.1")
		assert.Empty(t, refused.Header)
	}
}

// If a response writer hides its connection, Accept returns an error and sends nothing.
func TestAcceptWithoutConnection(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	conn, begun, err := socket.Accept(t.Context(), w, r, socket.Config{})
	require.ErrorContains(t, err, "*httptest.ResponseRecorder hides it")
	assert.Nil(t, conn)
	assert.False(t, begun)
	assert.Empty(t, w.Body.String())
}
