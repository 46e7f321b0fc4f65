// Quickstart is a small service for items, kept in memory.
//
//	go run ./examples/quickstart
//
// Its interactive documentation is at http://127.0.0.1:8000/docs.
package main

import (
	"embed"
	"flag"
	"log"
	"os"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/source"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "the address to serve on")
	document := flag.Bool("openapi", false, "write the OpenAPI document and exit")
	flag.Parse()
	app := newApp(newShop())
	if *document {
		if err := app.WriteOpenAPI(os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := app.Run(*addr); err != nil {
		log.Fatal(err)
	}
}

// code has the comments that describe operations and types in the document.
//
//go:embed *.go
var code embed.FS

// newApp registers the routes.
func newApp(shop *Shop) *candor.App {
	app := candor.New(candor.Config{
		Title: "Items", Version: "1.0.0", Description: "Things for sale, kept in memory.",
		License: candor.License{Name: "MIT", Identifier: "MIT"},
		Source:  source.Of(code),
		Servers: []candor.Server{{URL: "/", Description: "here"}},
		Tags:    []candor.Tag{{Name: "items", Description: "What is for sale"}},
	}, candor.Tags("items"))
	candor.ProvideValue(app, shop)

	candor.Get(app, "/items", listItems)
	candor.Get(app, "/items/{item_id}", readItem, candor.Raises(ErrItemNotFound))
	candor.Post(app, "/items", createItem, candor.Status(201))
	candor.Put(app, "/items/{item_id}", replaceItem, candor.Raises(ErrItemNotFound))
	candor.Delete(app, "/items/{item_id}", deleteItem, candor.Raises(ErrItemNotFound))
	return app
}
