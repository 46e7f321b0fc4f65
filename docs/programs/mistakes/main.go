package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type ListItems struct {
	Limit int `query:"limit" defualt:"10"`
}

func listItems(_ context.Context, in ListItems) (int, error) { return in.Limit, nil }

func main() {
	app := candor.New(candor.Config{Title: "Items"})
	candor.Get(app, "/items", listItems)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
