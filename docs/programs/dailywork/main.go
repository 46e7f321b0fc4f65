package main

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"os"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

type ReadItem struct {
	ID int `path:"id" validate:"gte=1"`
}

type Item struct {
	ID int `json:"id"`
}

var ErrNoItem = candor.Error(404, "item not found")

func readItem(_ context.Context, in ReadItem) (Item, error) {
	switch in.ID {
	case 2:
		return Item{}, ErrNoItem
	case 3:
		return Item{}, errors.New("read item: connection refused")
	}
	return Item{ID: in.ID}, nil
}

func main() {
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	app := candor.New(candor.Config{Title: "Items", Logger: logger}, candor.Use(middleware.AccessLog(logger)))
	candor.Get(app, "/items/{id}", readItem, candor.Raises(ErrNoItem))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
