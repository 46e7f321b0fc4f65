package serve_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/serve"
)

func TestDate(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		own := func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/replaced":
				w.Header().Set("Date", "Thu, 01 Jan 1970 00:00:00 GMT")
			case "/added":
				w.Header().Add("Date", "x")
				delete(w.Header(), "Date")
			case "/suppressed":
				w.Header()["Date"] = nil
			}
		}
		run := start(own, serve.Limits{}, serve.Hooks{})
		defer run.end(t)
		c := run.dial(t)
		ask := func(path string) string {
			c.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
			return c.answer().Header.Get("Date")
		}
		now := func() string { return time.Now().UTC().Format(http.TimeFormat) }
		for _, pause := range []time.Duration{0, time.Millisecond, 998 * time.Millisecond, time.Millisecond, time.Second, 10 * time.Second} {
			time.Sleep(pause)
			assert.Equal(t, now(), ask("/"), "after %s", pause)
		}
		assert.Equal(t, "Thu, 01 Jan 1970 00:00:00 GMT", ask("/replaced"), "a handler may set its own")
		assert.Equal(t, now(), ask("/"), "which the next request does not see")
		assert.Equal(t, now(), ask("/added"))
		assert.Equal(t, now(), ask("/"))
		assert.Empty(t, ask("/suppressed"))
	})
}
