package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/candor-go/candor"
)

type ReadItem struct {
	ID int `path:"id" validate:"gte=1"`
}

var ErrSold = candor.Error(409, "sold")

func readItem(_ context.Context, in ReadItem) (string, error) {
	names := []string{"lamp", "desk"}
	switch in.ID {
	case 3:
		return "", ErrSold // Raises(ErrSold) is missing below
	case 4:
		return "", errors.New("read item: connection refused")
	}
	return names[in.ID-1], nil
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
	app := candor.New(candor.Config{Title: "Items", Logger: logger, Dev: true})
	candor.Get(app, "/items/{id}", readItem)
	for _, path := range []string{"/items/1?token=secret", "/items/x", "/things", "/items/3", "/items/4", "/items/5"} {
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
}
