package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

func readState(context.Context, candor.None) (string, error) { return "up", nil }

func main() {
	app := candor.New(candor.Config{
		Title: "State",
		Docs: candor.Docs{
			Swagger: "/explore",
			Redoc:   "-", // no ReDoc
			Parameters: map[string]any{
				"tryItOutEnabled":      true,   // operations can be tried at once
				"docExpansion":         "none", // tags are collapsed
				"persistAuthorization": false,  // reloading the page discards credentials
			},
		},
	})
	candor.Get(app, "/state", readState)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
