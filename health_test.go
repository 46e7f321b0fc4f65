package candor_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// healthAnswer asks an app that is only a handler.
func healthAnswer(h http.Handler, path string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, log := recorded()
		var broken atomic.Bool
		var asked atomic.Int32
		app := candor.New(config,
			candor.Require(func(context.Context, candor.None) error { return candor.Error(401, "who are you") }),
			candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1)}))
		app.Health("/healthz", "/readyz",
			candor.HealthCheck{Name: "database", Check: func(context.Context) error {
				asked.Add(1)
				if broken.Load() {
					return errors.New("password=secret")
				}
				return nil
			}},
			candor.HealthCheck{Name: "disk", Check: func(context.Context) error { return nil }})
		c := candor.NewTestClient(t, app)

		for range 5 {
			assert.JSONEq(t, `{"status":"live"}`, c.Get("/healthz").Status(200).Text())
			got := c.Get("/readyz").Status(200)
			assert.JSONEq(t, `{"status":"ready","checks":{"database":"ok","disk":"ok"}}`, got.Text())
			assert.Equal(t, "no-store", got.Header.Get("Cache-Control"))
			assert.Empty(t, got.Header.Get("RateLimit"))
		}
		assert.EqualValues(t, 1, asked.Load(), "at most once a second")

		broken.Store(true)
		time.Sleep(time.Second)
		assert.JSONEq(t, `{"detail":{"status":"not ready","checks":{"database":"failing","disk":"ok"}}}`, c.Get("/readyz").Status(503).Text())
		assert.Equal(t, []string{"WARN a health check fails check=database error=password=secret"}, log.take())
		c.Get("/healthz").Status(200)
		c.Head("/healthz").Status(200)
		c.Post("/readyz", nil).Status(405)
	})
}

// A check that hangs or panics makes the app not ready, and is not run again
// while it hangs.
func TestHealthOfChecksThatDoNotReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, log := recorded()
		app := candor.New(config)
		release := make(chan struct{})
		var running atomic.Int32
		app.Health("", "/readyz",
			candor.HealthCheck{Name: "hangs", Check: func(context.Context) error {
				running.Add(1)
				<-release
				return nil
			}},
			candor.HealthCheck{Name: "panics", Check: func(context.Context) error { panic("no") }})
		want := `{"detail":{"status":"not ready","checks":{"hangs":"failing","panics":"failing"}}}`
		c := candor.NewTestClient(t, app)
		for range 3 {
			assert.Equal(t, want, c.Get("/readyz").Status(503).Text())
			time.Sleep(2 * time.Second)
		}
		assert.EqualValues(t, 1, running.Load())
		assert.Len(t, log.take(), 6)
		close(release)
		synctest.Wait()
		assert.Contains(t, c.Get("/readyz").Status(503).Text(), `"hangs":"ok"`)
		c.Get("/healthz").Status(404)
	})
}

func TestHealthAroundTheLifeOfAnApp(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Health("/healthz", "/readyz")
	candor.ProvideShared(app, func(_ context.Context, _ candor.None, use func(*http.Client) error) error {
		return use(http.DefaultClient)
	})

	code, body := healthAnswer(app, "/readyz")
	assert.Equal(t, 503, code)
	assert.JSONEq(t, `{"detail":{"status":"starting or stopped"}}`, body)
	stop, err := app.Start(t.Context())
	require.NoError(t, err)
	code, _ = healthAnswer(app, "/readyz")
	assert.Equal(t, 200, code)
	require.NoError(t, stop())
	code, _ = healthAnswer(app, "/readyz")
	assert.Equal(t, 503, code)
	code, _ = healthAnswer(app, "/healthz")
	assert.Equal(t, 200, code)

	bare := candor.New(candor.Config{})
	bare.Health("", "/readyz")
	code, _ = healthAnswer(bare, "/readyz")
	assert.Equal(t, 200, code, "there is nothing to wait for")
}

// A connection that is open when the server begins to drain learns that it does.
func TestHealthWhileDraining(t *testing.T) {
	app := candor.New(candor.Config{Limits: candor.Limits{Drain: 5 * time.Second}})
	app.Health("", "/readyz")
	held, release := make(chan struct{}), make(chan struct{})
	candor.HandleHTTP(app, []string{"GET"}, "/held", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(held)
		<-release
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- app.Serve(ctx, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	responses := bufio.NewReader(conn)
	response := func() (int, string) {
		resp, err := http.ReadResponse(responses, nil)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		return resp.StatusCode, string(body)
	}
	const ready = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
	_, err = io.WriteString(conn, ready+"GET /held HTTP/1.1\r\nHost: x\r\n\r\n"+ready)
	require.NoError(t, err)
	code, _ := response()
	assert.Equal(t, 200, code)
	<-held

	// The second look waits behind a request that runs, so the connection is never idle; the listener is closed after the drain was announced.
	stop()
	for {
		late, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		late.Close()
	}
	close(release)
	code, _ = response()
	assert.Equal(t, 200, code)
	code, body := response()
	assert.Equal(t, 503, code)
	assert.JSONEq(t, `{"detail":{"status":"draining"}}`, body)
	require.NoError(t, <-served)
}

func TestHealthMistakes(t *testing.T) {
	app := candor.New(candor.Config{})
	assert.Regexp(t, `^candor: Health at .*health_test\.go:\d+: a check lacks its name or its function`,
		apptest.PanicOf(func() { app.Health("/healthz", "/readyz", candor.HealthCheck{Name: "x"}) }))
	assert.Contains(t, apptest.PanicOf(func() { app.Health("healthz", "") }), `healthz`)
}

func ExampleApp_Health() {
	app := candor.New(candor.Config{})
	app.Health("/healthz", "/readyz", candor.HealthCheck{Name: "queue", Check: func(context.Context) error {
		return errors.New("connection refused")
	}})

	show(app, "GET", "/healthz", "")
	show(app, "GET", "/readyz", "")
	// Output:
	// 200 {"status":"live"}
	// 503 {"detail":{"status":"not ready","checks":{"queue":"failing"}}}
}
