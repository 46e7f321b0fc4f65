package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

type ReadItem struct {
	ID int `path:"id"`
}

func readItem(_ context.Context, in ReadItem) (int, error) {
	if in.ID == 2 {
		return 0, errors.New("read item: connection refused")
	}
	return in.ID, nil
}

// steady omits attributes that differ in each run.
func steady(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Value.Kind() == slog.KindDuration {
		return slog.Attr{}
	}
	return a
}

func main() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: steady}))
	app := candor.New(candor.Config{Title: "Items", Logger: logger}, candor.Use(middleware.AccessLog(logger)))
	candor.Get(app, "/items/{id}", readItem)
	for _, path := range []string{"/items/1", "/items/2", "/items/x"} {
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
}
