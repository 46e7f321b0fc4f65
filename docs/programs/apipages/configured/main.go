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
				"filter":               true, // a box that filters by tag
				"persistAuthorization": true, // a reload keeps the token
				"tryItOutEnabled":      true,
				"docExpansion":         "none",
			},
		},
	})
	candor.Get(app, "/state", readState)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
