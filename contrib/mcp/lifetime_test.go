package mcp_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/mcp"
)

// logTo is a logger without times.
func logTo(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

const waiting = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get_wait","arguments":{}%s}}`

// In every version of the protocol, the operation is cancelled if its client disconnects.
func TestClientDisconnects(t *testing.T) {
	for _, version := range []string{"", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"} {
		t.Run(version, func(t *testing.T) {
			s := serve(t, mcp.Options{})
			with, meta := headers{}, ""
			if version != "" {
				with["Mcp-Protocol-Version"] = version
			}
			if version == "2026-07-28" {
				with["Mcp-Method"], with["Mcp-Name"] = "tools/call", "get_wait"
				meta = `,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`
			}
			ctx, leave := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				r := request(ctx, s.url, strings.ReplaceAll(waiting, "%s", meta))
				if response, err := (&http.Client{Transport: with}).Do(r); err == nil {
					text, _ := io.ReadAll(response.Body)
					if ctx.Err() == nil {
						s.saw.put("wait", response.Status+string(text))
					}
				}
			}()
			s.waitFor("begun")
			leave()
			<-done
			s.waitFor("cancelled")
		})
	}
}

// waitFor waits until the operation get_wait is in a state.
func (s *service) waitFor(state string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.saw.get("wait") == state }, time.Minute, time.Millisecond, "%s", s.saw.get("wait"))
}

// Versions with notifications cancel the operation by a notification, but only by one of the same client.
func TestCancelled(t *testing.T) {
	s := serve(t, mcp.Options{})
	response := s.open(t, t.Context(), nil, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`)
	require.NoError(t, response.Body.Close())
	session := response.Header.Get("Mcp-Session-Id")
	require.Regexp(t, `^[A-Z2-7]{26}$`, session)
	mine := headers{"Mcp-Protocol-Version": "2025-06-18", "Mcp-Session-Id": session}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := request(t.Context(), s.url, strings.ReplaceAll(waiting, "%s", ""))
		if response, err := (&http.Client{Transport: mine}).Do(r); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
		}
	}()
	s.waitFor("begun")
	const cancelled = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`
	status, _ := s.post(t, headers{"Mcp-Protocol-Version": "2025-06-18", "Mcp-Session-Id": "another"}, cancelled)
	assert.Equal(t, http.StatusAccepted, status)
	assert.Equal(t, "begun", s.saw.get("wait"))
	status, _ = s.post(t, mine, cancelled)
	assert.Equal(t, http.StatusAccepted, status)
	s.waitFor("cancelled")
	<-done
}

// An endless stream is truncated after a time.
func TestStreamsAreTruncatedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		saw := &seen{about: map[string]string{}}
		app := newApp(saw, candor.Config{Logger: slog.New(slog.DiscardHandler)})
		candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{All: true}))
		stop, err := app.Start(t.Context())
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get_endless","arguments":{}}}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		w, began := httptest.NewRecorder(), time.Now()
		app.ServeHTTP(w, r)
		assert.Equal(t, 30*time.Second, time.Since(began))
		assert.Contains(t, w.Body.String(), `"structuredContent":{"items":[{"celsius":1}],"more":true}`)
		synctest.Wait()
		assert.Equal(t, "ended", saw.get("endless"))
		require.NoError(t, stop())
	})
}

// Clients of older versions start with a handshake, or call without.
func TestOlderVersions(t *testing.T) {
	s := serve(t, mcp.Options{})
	for _, version := range []string{"2025-03-26", "2025-06-18", "2025-11-25"} {
		status, body := s.post(t, nil, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"`+version+`","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`)
		assert.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, `"protocolVersion":"`+version+`"`)
		status, body = s.post(t, headers{"Mcp-Protocol-Version": version}, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"stream","arguments":{"n":1}}}`)
		assert.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, `{"items":[{"celsius":0}]}`)
	}
}

// A configuration error prevents the start, and says what to write.
func TestErrorsAtStart(t *testing.T) {
	text := func(context.Context, struct{}) (candor.Text, error) { return "", nil }
	for _, row := range []struct {
		name    string
		options mcp.Options
		routes  func(app *candor.App)
		says    string
	}{
		{"no tools", mcp.Options{}, func(app *candor.App) { candor.Get(app, "/", text) }, "no operation is a tool; choose some by mcp.Tool, Options.Tags or Options.All"},
		{
			"a tag that no operation has",
			mcp.Options{Tags: []string{"item"}},
			func(app *candor.App) { candor.Get(app, "/", text, candor.Tags("items")) },
			`Options.Tags: no operation of the document has the tag "item"; it has items`,
		},
		{
			"two tools of one name", mcp.Options{}, func(app *candor.App) {
				candor.Get(app, "/a", text, mcp.Tool("same"))
				candor.Get(app, "/b", text, mcp.Tool("same"))
			}, `GET /a and GET /b are both the tool "same"; rename one with mcp.Tool`,
		},
		{
			"a tool that needs a cookie", mcp.Options{}, func(app *candor.App) {
				candor.Get(app, "/", func(context.Context, struct {
					Cart string `cookie:"cart"`
				},
				) (candor.Text, error) {
					return "", nil
				}, mcp.Tool("cart"))
			}, `mcp.Tool("cart") of GET /: it needs the cookie "cart", and cookies are not sent on; drop it`,
		},
		{
			"an extension that Tool did not write",
			mcp.Options{},
			func(app *candor.App) { candor.Get(app, "/", text, candor.Extension("x-mcp", true)) },
			"GET /: the extension x-mcp of the document is true; write it by mcp.Tool",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			row.routes(app)
			candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, row.options))
			_, err := app.Start(t.Context())
			require.ErrorContains(t, err, row.says)
			require.Regexp(t, `mcp.Of at .*lifetime_test.go:\d+: `, err.Error())
		})
	}
}

// Invalid options panic.
func TestMistakes(t *testing.T) {
	app := candor.New(candor.Config{})
	resource := mcp.Resource{URL: "https://api.example.com/mcp"}
	for _, row := range []struct {
		name string
		f    func()
		says string
	}{
		{"no app", func() { mcp.Of(nil, mcp.Options{}) }, `the app is nil`},
		{"a negative limit", func() { mcp.Of(app, mcp.Options{MaxItems: -1}) }, "a limit of Options is negative; leave it out for its default"},
		{"all and some", func() { mcp.Of(app, mcp.Options{All: true, Tags: []string{"a"}}) }, "Options.All chooses every operation, so Tags (a) have no effect"},
		{"cookies", func() { mcp.Of(app, mcp.Options{Forward: []string{"cookie"}}) }, `Options.Forward has "cookie"; name a header that is not Cookie`},
		{"an origin with a path", func() { mcp.Of(app, mcp.Options{Origins: []string{"https://a.example/x"}}) }, "Options.Origins: "},
		{"a document that is no path", func() { mcp.Of(app, mcp.Options{Documents: []string{"openapi.json"}}) }, `Options.Documents has "openapi.json"`},
		{"a resource without a URL", func() { mcp.Of(app, mcp.Options{Resource: mcp.Resource{Scopes: []string{"a"}}}) }, "Options.Resource has no URL"},
		{"one without an issuer", func() { mcp.Of(app, mcp.Options{Resource: resource}) }, "Options.Resource has no AuthorizationServers"},
		{"one without TLS", func() {
			mcp.Of(app, mcp.Options{Resource: mcp.Resource{URL: "http://api.example.com/mcp", AuthorizationServers: []string{"https://a.example"}}})
		}, `the URL "http://api.example.com/mcp"; write one with https`},
		{"a name with a dot", func() { mcp.Tool("items.read") }, `"items.read" is not a name of a tool that all clients accept`},
		{"a long name", func() { mcp.Tool(strings.Repeat("x", 65)) }, "up to 64 letters"},
		{"a hint that there is not", func() { mcp.Tool("x", "harmless") }, `there is no hint "harmless"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			defer func() {
				err, _ := recover().(error)
				require.ErrorContains(t, err, row.says)
				require.Regexp(t, `^candor: mcp\.\w+(\(.*\))? at .*lifetime_test.go:\d+: `, err.Error())
			}()
			row.f()
		})
	}
}
