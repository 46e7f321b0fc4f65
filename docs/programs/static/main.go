package main

import (
	"context"
	"log"
	"os"

	"github.com/candor-go/candor"
)

func readState(context.Context, candor.None) (string, error) { return "up", nil }

func main() {
	if err := os.MkdirAll("public", 0o755); err != nil {
		log.Fatal(err)
	}
	app := candor.New(candor.Config{Title: "Site"})
	candor.Get(app, "/api/state", readState)
	app.Mount("/files", candor.Static(os.DirFS("public")))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
