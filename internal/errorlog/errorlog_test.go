package errorlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/develop"
	"github.com/candor-go/candor/internal/errorlog"
	"github.com/candor-go/candor/internal/panics"
)

// records returns the lines that are logged, without their time.
func records(log func(l *slog.Logger)) []string {
	var text bytes.Buffer
	log(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})))
	return strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
}

func request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/items/1?secret=x", nil)
	r.Pattern = "/items/{id}"
	return r
}

func TestRequest(t *testing.T) {
	t.Parallel()
	got := records(func(l *slog.Logger) {
		errorlog.Log{To: l}.Request(request(), slog.LevelWarn, "request failed", errors.New("no rows"), "more", 1)
	})
	assert.Equal(t, []string{`level=WARN msg="request failed" method=GET route=/items/{id} error="no rows" more=1`}, got)
}

func TestPanic(t *testing.T) {
	t.Parallel()
	failure := fmt.Errorf("a step: %w", panics.New("boom"))
	got := records(func(l *slog.Logger) {
		errorlog.Log{To: l}.Request(request(), slog.LevelError, "request failed", failure)
	})
	if assert.Len(t, got, 1) {
		assert.Contains(t, got[0], "stack=")
	}
	got = records(func(l *slog.Logger) {
		errorlog.Log{To: l, Dev: develop.New(l, "API", nil)}.Request(request(), slog.LevelError, "request failed", failure)
	})
	assert.Greater(t, len(got), 2, "each line of the stack is a record under development")
	assert.NotContains(t, got[0], "stack=")
}

func TestTask(t *testing.T) {
	t.Parallel()
	got := records(func(l *slog.Logger) {
		errorlog.Log{To: l}.Task(t.Context(), errors.New("no mail"), []any{"task", "send"})
	})
	assert.Equal(t, []string{`level=ERROR msg="background task failed" error="no mail" task=send`}, got)
}

func TestCacheStore(t *testing.T) {
	t.Parallel()
	got := records(func(l *slog.Logger) {
		log := errorlog.Log{To: l}
		log.CacheStore(request(), fmt.Errorf("bypassed: %w", budget.ErrOpen))
		log.CacheStore(request(), errors.New("away"))
	})
	assert.Equal(t, []string{`level=ERROR msg="the store of a cache fails" route=/items/{id} error=away`}, got)
}
