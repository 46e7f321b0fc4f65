package main

import (
	"context"
	"log"
	"os"

	"github.com/candor-go/candor"
)

func readState(context.Context, candor.None) (string, error) { return "up", nil }

func main() {
	docs := candor.Docs{}
	if os.Getenv("ENVIRONMENT") == "production" {
		docs.OpenAPI = "-"
	}
	app := candor.New(candor.Config{Title: "State", Docs: docs})
	candor.Get(app, "/state", readState)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
