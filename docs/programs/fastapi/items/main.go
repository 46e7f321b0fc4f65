package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Item struct {
	Name  string   `json:"name" validate:"min=1,max=50"`
	Price float64  `json:"price" validate:"gt=0"`
	Tax   *float64 `json:"tax"`
	Tags  []string `json:"tags,omitempty"`
}

var ErrItemNotFound = candor.Error(404, "Item not found")

type ReadItem struct {
	ItemID int     `path:"item_id"`
	Q      *string `query:"q" validate:"max=50"`
}

func readItem(_ context.Context, in ReadItem) (Item, error) {
	if in.ItemID != 1 {
		return Item{}, ErrItemNotFound
	}
	return Item{Name: "Foo", Price: 50.2}, nil
}

type CreateItem struct {
	Body Item `body:""`
}

func createItem(_ context.Context, in CreateItem) (Item, error) {
	return in.Body, nil
}

func main() {
	app := candor.New(candor.Config{Title: "Items"})
	candor.Get(app, "/items/{item_id}", readItem, candor.Raises(ErrItemNotFound))
	candor.Post(app, "/items", createItem, candor.Status(201), candor.Tags("items"))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
