// The program of the README.
package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type ItemIn struct {
	Name    string  `json:"name" validate:"min=1,max=50" doc:"What it is called" example:"Laptop"`
	Price   float64 `json:"price" validate:"gte=0"`
	InStock bool    `json:"in_stock" default:"true"`
}

type Item struct {
	ID int `json:"id"`
	ItemIn
}

type CreateItem struct {
	DryRun bool   `query:"dry_run" default:"false"`
	Body   ItemIn `body:""`
}

func createItem(_ context.Context, in CreateItem) (Item, error) {
	return Item{ID: 1, ItemIn: in.Body}, nil
}

func main() {
	app := candor.New(candor.Config{Title: "Items", Version: "1.0.0"})
	candor.Post(app, "/items", createItem, candor.Status(201))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
