package middleware_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

func TestAccessLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, log := recorded()
		app := candor.New(config, candor.Use(middleware.RequestID(), middleware.AccessLog(config.Logger)))
		candor.Get(app, "/items/{id}", func(context.Context, struct {
			ID    int           `path:"id"`
			Token candor.APIKey `query:"token"`
		},
		) (string, error) {
			time.Sleep(5 * time.Millisecond)
			return "hello", nil
		})
		candor.HandleHTTP(app, []string{"GET"}, "/panics", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no") }))
		candor.HandleHTTP(app, []string{"GET"}, "/cut", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "some")
			panic(http.ErrAbortHandler)
		}))
		candor.HandleHTTP(app, []string{"GET"}, "/silent", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		app.Seal()
		ask := func(method, target string) []string {
			r := httptest.NewRequest(method, target, nil)
			r.Header.Set("X-Request-ID", "x")
			r.Header.Set("Authorization", "Bearer secret")
			func() {
				defer func() { _ = recover() }()
				app.ServeHTTP(httptest.NewRecorder(), r)
			}()
			return log.take()
		}
		end := " client=192.0.2.1 request_id=x"
		tests := []struct{ method, target, want string }{
			{"GET", "/items/3?token=secret", "method=GET route=/items/{id} status=200 bytes=7 duration=5ms" + end},
			{"GET", "/items/3", "method=GET route=/items/{id} status=401 bytes=30 duration=0s" + end},
			{"GET", "/secret", "method=GET route= status=404 bytes=22 duration=0s client=192.0.2.1 path=/secret request_id=x"},
			{"GET", "/none?token=secret", "method=GET route= status=404 bytes=22 duration=0s client=192.0.2.1 path=/none request_id=x"},
			{"SECRET", "/items/3", "method=OTHER route= status=405 bytes=31 duration=0s client=192.0.2.1 path=/items/3 request_id=x"},
			{"GET", "/cut", "method=GET route=/cut status=200 bytes=4 duration=0s" + end + " aborted=true"},
			{"GET", "/silent", "method=GET route=/silent status=200 bytes=0 duration=0s" + end},
		}
		for _, tc := range tests {
			got := ask(tc.method, tc.target)
			require.Len(t, got, 1, tc.target)
			assert.Equal(t, "INFO request "+tc.want, got[0])
		}
		got := ask("GET", "/panics")
		require.Len(t, got, 2)
		assert.Contains(t, got[0], "request_id=x")
		assert.Equal(t, "ERROR request method=GET route=/panics status=500 bytes=34 duration=0s"+end, got[1])
	})
}

// If inner middleware panics, the log records the 500 that is sent outside of it.
func TestAccessLogOfPanickingMiddleware(t *testing.T) {
	config, log := recorded()
	panics := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("no") })
	}
	app := candor.New(config, candor.Use(middleware.AccessLog(config.Logger), panics))
	candor.Get(app, "/", failing(nil))
	candor.NewTestClient(t, app).Get("/").Status(500)
	got := log.take()
	require.Len(t, got, 2)
	assert.Contains(t, got[0], "ERROR request method=GET route=/ status=500 bytes=0")
}

func TestAccessLogLevels(t *testing.T) {
	config, log := recorded()
	app := candor.New(config, candor.Use(middleware.AccessLog(config.Logger)))
	app.Health("/healthz", "/readyz", candor.HealthCheck{Name: "database", Check: func(context.Context) error { return errors.New("away") }})
	for status, path := range map[int]string{204: "/none", 404: "/missing", 409: "/conflict", 500: "/broken", 503: "/away"} {
		candor.HandleHTTP(app, []string{"GET"}, path, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	}
	stop, err := app.Start(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, stop()) }()
	for path, level := range map[string]string{
		"/none": "INFO", "/missing": "INFO", "/conflict": "INFO", "/broken": "ERROR", "/away": "ERROR", "/unknown": "INFO",
		"/healthz": "DEBUG", "/readyz": "WARN",
	} {
		log.take()
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
		got := log.take()
		require.NotEmpty(t, got, path)
		assert.Contains(t, got[len(got)-1], level+" request method=GET", path)
	}
}

func TestAccessLogByDefault(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(middleware.AccessLog(nil)))
	candor.Get(app, "/", failing(nil))
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	assert.Contains(t, out.String(), "status=204")
	out.Reset()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})))
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	assert.Empty(t, out.String())
}

func ExampleAccessLog() {
	log := slog.New(slog.NewTextHandler(exampleOutput{}, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "time" || a.Key == "duration" {
			return slog.Attr{}
		}
		return a
	}}))
	app := candor.New(candor.Config{}, candor.Use(middleware.AccessLog(log)))
	candor.Get(app, "/items/{id}", func(_ context.Context, in struct {
		ID int `path:"id"`
	},
	) (int, error) {
		return in.ID, nil
	})
	show(app, "GET", "/items/3?token=secret", "")
	// Output:
	// level=INFO msg=request method=GET route=/items/{id} status=200 bytes=1 client=192.0.2.1
	// 200 3
}

// exampleOutput prints to the output of the example.
type exampleOutput struct{}

func (exampleOutput) Write(p []byte) (int, error) { return fmt.Print(string(p)) }
