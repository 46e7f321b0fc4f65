package serve_test

import (
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/serve"
)

// frame is a frame of HTTP/2 (RFC 9113, section 4.1) on stream 1, or on 0 for settings.
func frame(typ, flags byte, payload string) string {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(typ))
	stream := uint32(1)
	if typ == 4 {
		stream = 0
	}
	return string(binary.BigEndian.AppendUint32(append(head, flags), stream)) + payload
}

// fields writes header fields without compression (RFC 7541, section 6.2.2).
func fields(pairs ...string) string {
	var b strings.Builder
	for i, text := range pairs {
		if i%2 == 0 {
			b.WriteByte(0)
		}
		b.WriteByte(byte(len(text)))
		b.WriteString(text)
	}
	return b.String()
}

// Each of these is a 400 over HTTP/1, where net/http finds it.
func TestMalformedStreams(t *testing.T) {
	get := []string{":method", "GET", ":scheme", "http", ":path", "/"}
	rows := map[string]struct {
		fields []string
		body   string
		served bool
	}{
		"a host":                      {fields: append(get, ":authority", "x.example:80"), served: true},
		"no host":                     {fields: get, served: true},
		"an address":                  {fields: append(get, ":authority", "[::1]:80"), served: true},
		"the host twice":              {fields: append(get, ":authority", "x.example", "host", "X.example"), served: true},
		"a default port":              {fields: append(get, ":authority", "x.example:443", "host", "x.example"), served: true},
		"another port":                {fields: append(get, ":authority", "x.example:443", "host", "x.example:8443")},
		"another host":                {fields: append(get, ":authority", "x.example", "host", "y.example")},
		"two hosts":                   {fields: append(get, "host", "x.example", "host", "y.example")},
		"a space in the host":         {fields: append(get, ":authority", "x y")},
		"a slash in the host":         {fields: append(get, ":authority", "x/y")},
		"a host outside of ASCII":     {fields: append(get, ":authority", "\xc3\xa9")},
		"a method":                    {fields: []string{":method", "M-SEARCH", ":scheme", "http", ":path", "/", ":authority", "x"}, served: true},
		"a space in the method":       {fields: []string{":method", "G T", ":scheme", "http", ":path", "/", ":authority", "x"}},
		"a parenthesis in the method": {fields: []string{":method", "GE(T", ":scheme", "http", ":path", "/", ":authority", "x"}},
		"a length":                    {fields: append(get, ":authority", "x", "content-length", "5"), body: "hello", served: true},
		"the length twice":            {fields: append(get, ":authority", "x", "content-length", "5", "content-length", "5"), body: "hello", served: true},
		"no body of a length":         {fields: append(get, ":authority", "x", "content-length", "5")},
		"no body of no length":        {fields: append(get, ":authority", "x", "content-length", "0"), served: true},
		"two lengths":                 {fields: append(get, ":authority", "x", "content-length", "5", "content-length", "6"), body: "hello"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var served atomic.Bool
				hooks := serve.Hooks{Refusal: func(status int) (string, []byte) {
					assert.Equal(t, 400, status)
					return "application/json", []byte(`{"detail":"bad request"}`)
				}}
				r := protocols{Protocols: serve.Protocols{H2C: true}}.start(func(_ http.ResponseWriter, r *http.Request) {
					body, err := io.ReadAll(r.Body)
					assert.NoError(t, err)
					assert.Equal(t, row.body, string(body))
					served.Store(true)
				}, serve.Limits{}, hooks)
				const end, complete = 1, 4
				reset := frame(3, 0, "\x00\x00\x00\x01") // PROTOCOL_ERROR
				flags := byte(complete)
				if row.body == "" {
					flags |= end
				}
				text := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, "") + frame(1, flags, fields(row.fields...))
				if row.body != "" {
					text += frame(0, end, row.body)
				}
				conn := r.pipes.dial()
				go func() { _, _ = io.WriteString(conn, text) }()
				got := make(chan string, 1)
				go func() {
					all, _ := io.ReadAll(conn)
					got <- string(all)
				}()
				time.Sleep(time.Second)
				require.NoError(t, conn.Close())
				assert.Equal(t, row.served, served.Load())
				// From Go 1.27 on net/http itself resets a stream whose length is wrong.
				all := <-got
				isRefused := strings.Contains(all, `{"detail":"bad request"}`) || strings.Contains(all, reset)
				assert.Equal(t, !row.served, isRefused, "%q", all)
				r.end(t)
				time.Sleep(5 * time.Minute)
			})
		})
	}
}
