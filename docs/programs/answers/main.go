package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Item struct {
	Name string `json:"name"`
}

// PutItem responds with 201 or 200.
type PutItem struct {
	Status int    `status:"201,200"`
	ETag   string `header:"ETag"`
	Body   Item   `body:""`
}

type ItemRef struct {
	Name string `path:"name"`
}

func readItem(_ context.Context, in ItemRef) (Item, error) { return Item{Name: in.Name}, nil }

func putItem(_ context.Context, in ItemRef) (PutItem, error) {
	return PutItem{Status: 200, ETag: `"v2"`, Body: Item{Name: in.Name}}, nil
}

func deleteItem(context.Context, ItemRef) (candor.None, error) { return candor.None{}, nil }

func readText(_ context.Context, in ItemRef) (candor.Text, error) { return candor.Text(in.Name), nil }

func main() {
	app := candor.New(candor.Config{Title: "Items"})
	candor.Get(app, "/items/{name}", readItem)
	candor.Put(app, "/items/{name}", putItem)
	candor.Delete(app, "/items/{name}", deleteItem)
	candor.Get(app, "/items/{name}/text", readText)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
