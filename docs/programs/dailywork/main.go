package main

import (
	"context"
	"errors"
	"flag"
	"log"

	"github.com/candor-go/candor"
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
	dev := flag.Bool("dev", false, "log what helps while developing")
	flag.Parse()
	app := candor.New(candor.Config{Title: "Items", Dev: *dev})
	candor.Get(app, "/items/{id}", readItem, candor.Raises(ErrNoItem))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
