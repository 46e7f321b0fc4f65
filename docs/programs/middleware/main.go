package main

import (
	"context"
	"log"
	"net/http"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

var ErrClosed = candor.Error(503, "back in a minute").WithHeader("Retry-After", "60")

func maintenance(w http.ResponseWriter, r *http.Request, next http.Handler) error {
	if r.Header.Get("X-Closed") != "" {
		return ErrClosed
	}
	next.ServeHTTP(w, r)
	return nil
}

func readState(context.Context, candor.None) (string, error) { return "up", nil }

func main() {
	app := candor.New(candor.Config{Title: "State"}, candor.Use(
		middleware.RequestID(),
		middleware.SecureHeaders(nil),
		candor.Documented(candor.Middleware(maintenance), candor.Raises(ErrClosed))))
	candor.Get(app, "/state", readState)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
