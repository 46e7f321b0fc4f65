package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Order struct {
	ID int64 `json:"id,string"`
}

func readOrder(context.Context, candor.None) (Order, error) {
	return Order{ID: 9007199254740993}, nil
}

func main() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/order", readOrder)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
