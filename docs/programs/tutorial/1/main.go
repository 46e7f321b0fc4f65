package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type HelloIn struct {
	Name string `path:"name"`
}

type Greeting struct {
	Message string `json:"message"`
}

func hello(_ context.Context, in HelloIn) (Greeting, error) {
	return Greeting{Message: "Hello " + in.Name}, nil
}

func main() {
	app := candor.New(candor.Config{Title: "Books", Version: "0.1.0"})
	candor.Get(app, "/hello/{name}", hello)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
