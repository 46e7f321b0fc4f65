package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type ReadItem struct {
	ID int `path:"id"`
}

func readItem(_ context.Context, in ReadItem) (int, error) {
	if in.ID != 1 {
		return 0, candor.Error(404, "item not found")
	}
	return in.ID, nil
}

func newApp() *candor.App {
	app := candor.New(candor.Config{Title: "Items"})
	candor.Get(app, "/items/{id}", readItem) // candor.Raises(ErrNoItem) is missing
	return app
}

func main() {
	if err := newApp().Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
