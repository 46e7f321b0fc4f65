package candor_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/middleware"
)

var (
	outdated = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sunset   = time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC)
)

type pageIn struct {
	Page int `query:"page" default:"1" validate:"gte=1"`
}

func deprecatedApp(log *bytes.Buffer) *candor.App {
	logger := slog.New(slog.NewTextHandler(log, nil))
	app := candor.New(candor.Config{Logger: logger})
	count := func(_ context.Context, in pageIn) (int, error) { return in.Page, nil }
	candor.Get(app, "/new", count)
	candor.Get(app, "/old", count, candor.Deprecated(outdated, sunset), candor.Cache(candor.CacheConfig{TTL: time.Minute}))
	v1 := candor.NewRouter("/v1", candor.Deprecated(outdated))
	candor.Get(v1, "/items", count)
	candor.Get(v1, "/gone", count, candor.Deprecated(outdated, sunset), candor.Use(middleware.RequestID()))
	app.Include(v1)
	candor.Get(app, "/undated", count, candor.Deprecated())
	return app
}

func TestDeprecationHeaders(t *testing.T) {
	t.Parallel()
	c := candor.NewTestClient(t, deprecatedApp(new(bytes.Buffer)))
	const since, end = "@1767225600", "Thu, 31 Dec 2026 23:59:59 GMT"
	for _, row := range []struct {
		target             string
		status             int
		deprecated, sunset string
	}{
		{"/new", 200, "", ""},
		{"/undated", 200, "", ""},
		{"/old", 200, since, end},
		{"/old", 200, since, end}, // from the cache
		{"/old?page=0", 422, since, end},
		{"/v1/items", 200, since, ""},
		{"/v1/gone", 200, since, end},
	} {
		got := c.Get(row.target).Status(row.status)
		assert.Equal(t, row.deprecated, strings.Join(got.Header["Deprecation"], "|"), row.target)
		assert.Equal(t, row.sunset, strings.Join(got.Header["Sunset"], "|"), row.target)
	}
}

func TestDeprecationInTheDocument(t *testing.T) {
	t.Parallel()
	app := deprecatedApp(new(bytes.Buffer))
	candortest.Conform(t, app)
	document := documentOf(t, app)
	assert.Equal(t, "true", string(document.at(t, "paths", "/old", "get", "deprecated")))
	assert.Contains(t, string(document.at(t, "paths", "/old", "get", "responses", "422", "headers")), `"Sunset"`)
	assert.Contains(t, string(document.at(t, "paths", "/v1/items", "get", "responses", "200", "headers")), `"Deprecation"`)
	assert.NotContains(t, string(document.at(t, "paths", "/undated", "get", "responses", "200")), `"headers"`)
}

// Each client of a deprecated operation is logged once an hour, and its credentials never are.
func TestClientsOfDeprecatedOperationsAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		app := deprecatedApp(&log)
		call := func(target, agent string) {
			r := httptest.NewRequest("GET", target, nil)
			r.Header.Set("User-Agent", agent)
			r.Header.Set("Authorization", "Bearer secret")
			app.ServeHTTP(httptest.NewRecorder(), r)
		}
		logged := func() int { return strings.Count(log.String(), "a deprecated operation was called") }
		call("/new", "a/1")
		call("/undated", "a/1")
		assert.Equal(t, 0, logged())
		call("/old", "a/1")
		call("/old", "a/1")
		assert.Equal(t, 1, logged())
		assert.Contains(t, log.String(), `method=GET route=/old client=192.0.2.1 user_agent=a/1 sunset=2026-12-31T23:59:59.000Z`)
		call("/old", "b/1")
		call("/v1/gone", "a/1")
		assert.Equal(t, 3, logged())
		time.Sleep(time.Hour)
		call("/old", "a/1")
		assert.Equal(t, 4, logged())
		for i := range 2500 {
			call("/old", fmt.Sprint(i))
		}
		assert.Equal(t, 2504, logged(), "the memory is bounded, and forgets")
		assert.NotContains(t, log.String(), "secret")
	})
}

func TestDeprecationMistakes(t *testing.T) {
	t.Parallel()
	for want, dates := range map[string][]time.Time{
		"Deprecated with 3 dates; give the day of the deprecation":                            {outdated, sunset, sunset},
		"Deprecated since the zero time; give a date, or none":                                {{}},
		"Deprecated with a sunset at the zero time; give a date, or leave it out":             {outdated, {}},
		"Deprecated with a sunset before the deprecation; RFC 9745 forbids that, so give the": {sunset, outdated},
	} {
		func() {
			defer func() { assert.ErrorContains(t, recover().(error), want) }()
			candor.Get(candor.New(candor.Config{}), "/", func(context.Context, candor.None) (string, error) { return "a", nil }, candor.Deprecated(dates...))
		}()
	}
}
