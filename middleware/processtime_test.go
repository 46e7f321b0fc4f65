package middleware_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

func TestProcessTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := candor.New(candor.Config{}, candor.Use(middleware.ProcessTime()))
		candor.Get(app, "/", func(context.Context, candor.None) (string, error) {
			time.Sleep(1500 * time.Microsecond)
			return "", nil
		})
		assert.Equal(t, "0.001500", candor.NewTestClient(t, app).Get("/").Header.Get("X-Process-Time"))
	})
}

func ExampleProcessTime() {
	app := candor.New(candor.Config{}, candor.Use(middleware.ProcessTime()))
	candor.Get(app, "/", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })

	answer := httptest.NewRecorder()
	app.ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
	seconds, err := strconv.ParseFloat(answer.Header().Get("X-Process-Time"), 64)
	fmt.Println(seconds > 0, err)
	// Output: true <nil>
}
