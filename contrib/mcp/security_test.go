package mcp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/mcp"
	"github.com/candor-go/candor/middleware"
)

// An operation sees the caller's address, the host and the credentials, but no cookies.
func TestCaller(t *testing.T) {
	s := serve(t, mcp.Options{Forward: []string{"X-Tenant"}, Hosts: []string{"api.example.com"}})
	with := headers{"X-Key": "key-of-ann", "X-Tenant": "acme", "Cookie": "session=1", "Host": "api.example.com", "X-Other": "x"}
	session := s.connect(with, nil)
	result := call(t, session, "get_seen", `{}`)
	assert.JSONEq(t, `{"address":"127.0.0.1","host":"api.example.com","cookie":"","key":"key-of-ann","tenant":"acme"}`, structured(t, result))
	result = call(t, s.connect(nil, nil), "get_seen", `{}`)
	assert.True(t, result.IsError)
	assert.Equal(t, `401 Unauthorized: {"detail":"Not authenticated"}`, said(result))
}

// Credentials of any scheme are not arguments.
func TestCredentialsAreNoArguments(t *testing.T) {
	app := candor.New(candor.Config{Logger: nil})
	candor.Get(app, "/keys", func(_ context.Context, in struct {
		Query candor.APIKey `query:"api_key"`
		Name  string        `query:"name"`
	},
	) (candor.Text, error) {
		return candor.Text(string(in.Query) + " " + in.Name), nil
	})
	candor.Get(app, "/plain", func(_ context.Context, in struct {
		Tenant string `header:"X-Tenant,omitempty"`
	},
	) (candor.Text, error) {
		return candor.Text(in.Tenant), nil
	})
	candor.Get(app, "/cookies", func(_ context.Context, in struct {
		Session candor.APIKey `cookie:"session"`
	},
	) (candor.Text, error) {
		return candor.Text(in.Session), nil
	})
	var log strings.Builder
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{All: true, Logger: logTo(&log), Forward: []string{"X-Tenant"}}))
	s := &service{t: t, url: start(t, app)}
	assert.Equal(t, "level=WARN msg=\"an operation is no tool\" operation=\"GET /cookies\" reason=\"its credentials are a cookie, and cookies are not sent on\"\n", log.String())
	session := s.connect(headers{"X-Tenant": "acme"}, nil)
	arguments := map[string]any{}
	for tool, err := range session.Tools(t.Context(), nil) {
		require.NoError(t, err)
		input, _ := tool.InputSchema.(map[string]any)
		arguments[tool.Name] = input["properties"]
	}
	assert.Equal(t, map[string]any{"get_keys": map[string]any{"name": map[string]any{"type": "string"}}, "get_plain": map[string]any{}}, arguments)
	assert.Equal(t, "acme", said(call(t, session, "get_plain", `{}`)))
	s.query = "?api_key=k+1"
	assert.Equal(t, "k 1 ann", said(call(t, s.connect(nil, nil), "get_keys", `{"name":"ann"}`)))
}

// Limits count each caller separately, by address or credential.
func TestRateLimits(t *testing.T) {
	for name, row := range map[string]struct {
		key  func(*http.Request) string
		with [2]headers
	}{
		"by credential": {candor.ByCredential, [2]headers{{"Authorization": "Bearer token-of-ann"}, {"Authorization": "Bearer token-of-bob"}}},
		"by address":    {candor.ByClient, [2]headers{{"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{}, candor.Use(middleware.TrustedProxies("127.0.0.1")))
			candor.Provide(app, user)
			candor.Get(app, "/hello", plainText, candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1), Key: row.key}))
			candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{All: true}))
			s := &service{t: t, url: start(t, app)}
			for _, with := range row.with {
				session := s.connect(with, nil)
				assert.False(t, call(t, session, "plainText", `{}`).IsError)
				refused := call(t, session, "plainText", `{}`)
				assert.True(t, refused.IsError)
				assert.Contains(t, said(refused), "429 Too Many Requests")
				assert.Contains(t, said(refused), "Retry-After: 3")
			}
		})
	}
}

const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}`

// Each row is a request, and whether it is allowed.
func TestOrigins(t *testing.T) {
	s := serve(t, mcp.Options{Origins: []string{"https://chat.example.com"}, Hosts: []string{"api.example.com"}})
	for _, row := range []struct {
		name   string
		with   headers
		status int
	}{
		{"no browser", nil, 200},
		{"a page of another origin", headers{"Origin": "https://evil.example.com"}, 403},
		{"the same for fetch", headers{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"}, 403},
		{"a page of its own", headers{"Sec-Fetch-Site": "same-origin"}, 200},
		{"a page that is trusted", headers{"Sec-Fetch-Site": "cross-site", "Origin": "https://chat.example.com"}, 200},
		{"a name that anybody made up", headers{"Host": "evil.example.com"}, 403},
		{"a name of its own", headers{"Host": "API.example.com:443"}, 200},
		{"loopback by another name", headers{"Host": "localhost:1"}, 200},
		{"loopback in version 6", headers{"Host": "[::1]:1"}, 200},
		{"a version that there is not", headers{"Mcp-Protocol-Version": "2024-01-01"}, 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, body := s.post(t, row.with, list)
			assert.Equal(t, row.status, status, body)
		})
	}
	response, err := http.Get(s.url + "/mcp")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
}

type scoped struct {
	Token candor.Bearer
	Needs candor.RequiredScopes
}

// protected is an app whose operations require tokens for its endpoint.
func protected(t *testing.T) *service {
	app := candor.New(candor.Config{Challenge: candor.Challenge{Scopes: true}})
	candor.Provide(app, func(_ context.Context, in scoped) (who, error) {
		switch {
		case in.Token != "good" && in.Token != "better":
			return who{}, candor.Error(401, "the token is not for this resource")
		case len(in.Needs) > 0 && in.Token != "better":
			return who{}, candor.Error(403, "more scopes are needed").WithHeader("WWW-Authenticate", `Bearer error="insufficient_scope", scope="write"`)
		}
		return who{"ann"}, nil
	})
	candor.Get(app, "/me", me)
	candor.Post(app, "/me", me, candor.OperationID("write_me"), candor.Scopes("write"))
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{All: true, Resource: mcp.Resource{
		URL: "https://api.example.com/mcp", AuthorizationServers: []string{"https://auth.example.com"}, Scopes: []string{"read"}, Documentation: "https://example.com/docs",
	}}), candor.Hidden())
	return &service{t: t, url: start(t, app)}
}

// A client finds out how to get tokens: from the challenge to the metadata.
func TestChallenges(t *testing.T) {
	s := protected(t)
	const about = `resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"`
	callOf := func(tool string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":{}}}`
	}
	for _, row := range []struct {
		name, token, message string
		status               int
		challenge            string
	}{
		{"without a token nothing is told", "", list, 401, `Bearer ` + about + `, scope="read"`},
		{"the endpoint looks into no token", "bad", list, 200, ""},
		{"an operation that refuses a token refuses the request", "bad", callOf("me"), 401, `Bearer error="invalid_token", ` + about + `, scope="read"`},
		{"one that wants more scopes, too", "good", callOf("write_me"), 403, `Bearer error="insufficient_scope", ` + about + `, scope="write"`},
		{"a token that will do", "good", callOf("me"), 200, ""},
		{"one with more scopes", "better", callOf("write_me"), 200, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			with := headers{}
			if row.token != "" {
				with["Authorization"] = "Bearer " + row.token
			}
			response := s.open(t, t.Context(), with, row.message)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, row.status, response.StatusCode)
			assert.Equal(t, row.challenge, response.Header.Get("WWW-Authenticate"))
		})
	}
	recorded := httptest.NewRecorder()
	response, err := http.Get(s.url + "/.well-known/oauth-protected-resource/mcp")
	require.NoError(t, err)
	require.NoError(t, response.Write(recorded.Body))
	require.NoError(t, response.Body.Close())
	assert.Equal(t, "*", response.Header.Get("Access-Control-Allow-Origin"))
	assert.Contains(t, recorded.Body.String(), `{"resource":"https://api.example.com/mcp","authorization_servers":["https://auth.example.com"],"scopes_supported":["read"],"bearer_methods_supported":["header"],"resource_documentation":"https://example.com/docs"}`)
}

// A tool that is its own endpoint is rejected.
func TestNoLoops(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{}), mcp.Tool("loop"))
	s := &service{t: t, url: start(t, app)}
	result, err := s.connect(nil, nil).CallTool(t.Context(), &sdk.CallToolParams{Name: "loop", Arguments: map[string]any{}})
	require.NoError(t, err)
	assert.Contains(t, said(result), "508 Loop Detected")
}
