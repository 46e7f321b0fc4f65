package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Order struct {
	Article string `json:"article" validate:"min=1"`
	Pieces  int    `json:"pieces" validate:"gte=1,lte=100"`
}

type PlaceOrder struct {
	Body Order `body:""`
}

func placeOrder(_ context.Context, in PlaceOrder) (Order, error) { return in.Body, nil }

func main() {
	app := candor.New(candor.Config{Title: "Orders"})
	candor.Post(app, "/orders", placeOrder)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
