package mcp_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/mcp"
	"github.com/candor-go/candor/middleware"
)

// steps records events in order.
type steps struct {
	mutex sync.Mutex
	all   []string
}

func (s *steps) add(step string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.all = append(s.all, step)
}

func (s *steps) String() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return strings.Join(s.all, ", ")
}

// sharedLog is a log that is read while the server may still write: a client can have its response before the request is
// logged.
type sharedLog struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

// Write implements io.Writer.
func (l *sharedLog) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *sharedLog) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

type connection struct{}

// A call passes through the whole chain of the app: proxies, hosts, redirects, middleware, guards, validation,
// dependencies with their cleanup, background tasks, the log.
func TestChain(t *testing.T) {
	var did steps
	var log sharedLog
	app := candor.New(candor.Config{}, candor.Use(
		middleware.TrustedProxies("127.0.0.1"), middleware.AccessLog(logTo(&log)), middleware.HTTPSRedirect(),
	), candor.TrustedHosts("api.example.com"))
	candor.Provide(app, user)
	candor.ProvideScoped(app, func(_ context.Context, _ struct{}, use func(connection) error) error {
		did.add("begin")
		err := use(connection{})
		did.add("commit")
		return err
	})
	candor.Post(app, "/orders/{n}", func(_ context.Context, in struct {
		N     int        `path:"n" validate:"lte=5"`
		Who   who        `dep:""`
		Conn  connection `dep:""`
		Tasks *candor.Tasks
	},
	) (candor.Text, error) {
		did.add("handle for " + in.Who.Name)
		in.Tasks.Add(func(context.Context) error {
			did.add("task")
			return nil
		})
		return "done", nil
	}, candor.OperationID("order"), candor.Require(func(_ context.Context, in login) error {
		did.add("guard")
		return nil
	}))
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{All: true, Hosts: []string{"api.example.com"}}), candor.Hidden())
	s := &service{t: t, url: start(t, app)}
	session := s.connect(headers{
		"Host": "api.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7", "Authorization": "Bearer token-of-ann",
	}, nil)
	assert.Equal(t, "The arguments are not valid:\n- n: Must be less than or equal to 5 (less_than_equal)", said(call(t, session, "order", `{"n":6}`)))
	assert.Equal(t, "guard", did.String())
	assert.Equal(t, "done", said(call(t, session, "order", `{"n":1}`)))
	require.Eventually(t, func() bool { return strings.HasSuffix(did.String(), "task") }, 60e9, 1e6)
	assert.Equal(t, "guard, guard, begin, handle for ann, commit, task", did.String())
	assert.Contains(t, log.String(), "/orders/{n}")
	for line := range strings.Lines(log.String()) {
		assert.Contains(t, line, "192.0.2.7", "the address of the caller")
	}
}

// Included routers have a tool for each mount point, and a mounted app has its own endpoint.
func TestStructure(t *testing.T) {
	inner := candor.New(candor.Config{Title: "inner"})
	candor.Get(inner, "/text", plainText)
	candor.HandleHTTP(inner, []string{http.MethodPost}, "/mcp", mcp.Of(inner, mcp.Options{All: true}), candor.Hidden())
	app := candor.New(candor.Config{Title: "outer", Logger: slog.New(slog.DiscardHandler)})
	router := candor.NewRouter("")
	candor.Get(router, "/text/{lang}", func(_ context.Context, in struct {
		Lang string `path:"lang"`
	},
	) (candor.Text, error) {
		return candor.Text(in.Lang), nil
	})
	app.Include(router, candor.Prefix("/v1"))
	app.Include(router, candor.Prefix("/v2"))
	app.Mount("/inner", inner)
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{All: true}), candor.Hidden())
	s := &service{t: t, url: start(t, app)}
	for url, want := range map[string][]string{s.url: {"get_v1_text_lang", "get_v2_text_lang"}, s.url + "/inner": {"plainText"}} {
		session := (&service{t: t, url: url}).connect(nil, nil)
		var names []string
		for tool, err := range session.Tools(t.Context(), nil) {
			require.NoError(t, err)
			names = append(names, tool.Name)
			assert.False(t, call(t, session, tool.Name, map[bool]string{true: `{"lang":"en"}`, false: `{}`}[url == s.url]).IsError)
		}
		assert.Equal(t, want, names)
	}
}

// A call has the id of the HTTP request, so that both have the same id in the log.
func TestRequestID(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(middleware.RequestID()))
	candor.Get(app, "/id", func(ctx context.Context, _ struct{}) (candor.Text, error) {
		return candor.Text(middleware.RequestIDOf(ctx)), nil
	})
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{All: true}), candor.Hidden())
	s := &service{t: t, url: start(t, app)}
	assert.Equal(t, "id-of-the-request", said(call(t, s.connect(headers{"X-Request-Id": "id-of-the-request"}, nil), "get_id", `{}`)))
}
