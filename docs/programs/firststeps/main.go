package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Greet struct {
	Name  string `path:"name" validate:"max=20"`
	Times int    `query:"times" default:"1" validate:"gte=1,lte=3"`
}

type Greeting struct {
	Text string `json:"text"`
}

func greet(_ context.Context, in Greet) (Greeting, error) {
	text := "Hello"
	for range in.Times {
		text += " " + in.Name
	}
	return Greeting{Text: text}, nil
}

func newApp() *candor.App {
	app := candor.New(candor.Config{Title: "Greeter"})
	candor.Get(app, "/hello/{name}", greet)
	return app
}

func main() {
	if err := newApp().Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
