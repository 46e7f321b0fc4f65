package candor_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// healthAnswer sends a GET request to a handler.
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

// A check that hangs or panics makes the app not ready, and does not run again while it hangs.
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

// A check that ends its goroutine fails, and runs again: it must not count as one that hangs.
func TestHealthOfACheckThatEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, log := recorded()
		app := candor.New(config)
		ends := true
		app.Health("", "/readyz", candor.HealthCheck{Name: "database", Check: func(context.Context) error {
			if ends {
				runtime.Goexit()
			}
			return nil
		}})
		c := candor.NewTestClient(t, app)
		start := time.Now()
		c.Get("/readyz").Status(503)
		assert.Zero(t, time.Since(start))
		assert.Equal(t, []string{"WARN a health check fails check=database error=the function ended its goroutine by runtime.Goexit"}, log.take())
		ends = false
		time.Sleep(2 * time.Second)
		c.Get("/readyz").Status(200)
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

// A client with an open connection learns that the server has begun to drain.
func TestHealthWhileDraining(t *testing.T) {
	app := candor.New(candor.Config{Limits: candor.Limits{Drain: time.Minute}})
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

	// The second request is sent while the first one runs, so the connection is never idle. The listener is closed
	// after the drain has been announced.
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

// pool is a shared dependency that a health check pings.
type pool struct{ open bool }

func (p *pool) ping(context.Context) error {
	if !p.open {
		return errors.New("the pool is closed")
	}
	return nil
}

func pingPool(ctx context.Context, in struct {
	Pool *pool `dep:""`
},
) error {
	return in.Pool.ping(ctx)
}

func TestHealthChecksWithAnInput(t *testing.T) {
	t.Run("have what the app has opened", func(t *testing.T) {
		app := candor.New(candor.Config{})
		app.Health("", "/readyz", candor.HealthCheckOf("pool", pingPool))
		opened := 0
		candor.ProvideShared(app, func(_ context.Context, _ candor.None, use func(*pool) error) error {
			opened++
			return use(&pool{open: true})
		})
		code, _ := healthAnswer(app, "/readyz")
		assert.Equal(t, 503, code, "the app has not begun")
		stop, err := app.Start(t.Context())
		require.NoError(t, err)
		code, body := healthAnswer(app, "/readyz")
		assert.Equal(t, 200, code)
		assert.JSONEq(t, `{"status":"ready","checks":{"pool":"ok"}}`, body)
		assert.Equal(t, 1, opened, "nobody else asks for it, and it is opened once")
		require.NoError(t, stop())
	})
	t.Run("or an override", func(t *testing.T) {
		app := candor.New(candor.Config{})
		app.Health("", "/readyz", candor.HealthCheckOf("pool", pingPool))
		candor.ProvideValue(app, &pool{open: true})
		candor.OverrideValue(app, &pool{})
		candor.NewTestClient(t, app).Get("/readyz").Status(503)
	})
	t.Run("one check for two apps", func(t *testing.T) {
		check := candor.HealthCheckOf("pool", pingPool)
		for _, open := range []bool{true, false} {
			app := candor.New(candor.Config{})
			app.Health("", "/readyz", check)
			candor.ProvideValue(app, &pool{open: open})
			candor.NewTestClient(t, app).Get("/readyz").Status(map[bool]int{true: 200, false: 503}[open])
		}
	})
}

func TestMistakesInHealthChecks(t *testing.T) {
	registered := func(check candor.HealthCheck) func() error {
		return func() error {
			app := candor.New(candor.Config{})
			app.Health("", "/readyz", check)
			return app.Check()
		}
	}
	for want, register := range map[string]func() error{
		"*candor_test.pool: no provider; register one with candor.ProvideShared or candor.ProvideValue": registered(candor.HealthCheckOf("pool", pingPool)),
		"the check \"page\": it outlives every request, but its input needs values of a request": registered(candor.HealthCheckOf("page", func(context.Context, struct {
			Page int `query:"page"`
		},
		) error {
			return nil
		})),
		"a check lacks its name or its function": registered(candor.HealthCheckOf[candor.None]("nil", nil)),
		"a shared value cannot depend on one that is made for each request": func() error {
			app := candor.New(candor.Config{})
			candor.Provide(app, func(context.Context, candor.None) (*pool, error) { return nil, nil })
			app.Health("", "/readyz", candor.HealthCheckOf("pool", pingPool))
			return app.Check()
		},
	} {
		t.Run(want, func(t *testing.T) {
			err := func() (err error) {
				defer func() {
					if value := recover(); value != nil {
						err, _ = value.(error)
					}
				}()
				return register()
			}()
			assert.ErrorContains(t, err, want)
			assert.ErrorContains(t, err, "candor: Health at")
		})
	}
}

func ExampleHealthCheckOf() {
	app := candor.New(candor.Config{})
	candor.ProvideShared(app, func(_ context.Context, _ candor.None, use func(*http.Client) error) error {
		return use(http.DefaultClient)
	})
	app.Health("/healthz", "/readyz", candor.HealthCheckOf("search", func(_ context.Context, in struct {
		Client *http.Client `dep:""`
	},
	) error {
		if in.Client.Timeout == 0 {
			return nil // a real check would send a request
		}
		return errors.New("slow")
	}))

	stop, err := app.Start(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	visit(app, "GET", "/readyz")
	fmt.Println(stop())
	// Output:
	// 200 {"status":"ready","checks":{"search":"ok"}}
	// <nil>
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
