package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Search struct {
	Shop   string   `path:"shop" json:"shop"`
	Words  []string `query:"word" json:"words"`
	Limit  int      `query:"limit" default:"10" validate:"gte=1,lte=100" json:"limit"`
	Locale *string  `header:"Accept-Language" json:"locale"`
	Visit  string   `cookie:"visit,omitempty" json:"visit"`
}

func search(_ context.Context, in Search) (Search, error) { return in, nil }

func main() {
	app := candor.New(candor.Config{Title: "Search"})
	candor.Get(app, "/shops/{shop}/search", search)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
