package main

import (
	"context"
	"embed"
	"io/fs"
	"log"

	"github.com/candor-go/candor"
)

func readState(context.Context, candor.None) (string, error) { return "up", nil }

// assets has redoc.standalone.js and scalar.js, of the npm packages redoc and
// @scalar/api-reference.
//
//go:embed assets
var assets embed.FS

func main() {
	app := candor.New(candor.Config{
		Title: "State",
		Docs: candor.Docs{
			RedocScript:  "/assets/redoc.standalone.js",
			Scalar:       "/scalar",
			ScalarScript: "/assets/scalar.js",
		},
	})
	scripts, err := fs.Sub(assets, "assets")
	if err != nil {
		log.Fatal(err)
	}
	app.Mount("/assets", candor.Static(scripts))
	candor.Get(app, "/state", readState)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
