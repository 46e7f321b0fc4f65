// Tools is the shop of the quickstart for language models: its operations are
// tools of the Model Context Protocol.
//
//	cd examples/tools && go run .
//
// The page at http://127.0.0.1:8000 explains how to connect a client.
package main

import (
	"embed"
	"flag"
	"log"
	"net/http"
	"os"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/mcp"
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

// code has the comments that describe operations and types in the document, and
// thus to models.
//
//go:embed *.go
var code embed.FS

// newApp registers the routes, and selects those that are tools.
func newApp(shop *Shop) *candor.App {
	app := candor.New(candor.Config{
		Title: "Shop", Version: "1.0.0", Description: "Things for sale. List them before you read, change or delete one.",
		License: candor.License{Name: "MIT", Identifier: "MIT"},
		Source:  source.Of(code),
		Servers: []candor.Server{{URL: "/", Description: "here"}},
		Tags:    []candor.Tag{{Name: "items", Description: "What is for sale"}},
	}, candor.Tags("items"))
	candor.ProvideValue(app, shop)

	candor.Get(app, "/items", listItems, mcp.Tool("list_items"))
	candor.Get(app, "/items/{item_id}", readItem, mcp.Tool("read_item"), candor.Raises(ErrItemNotFound))
	candor.Post(app, "/items", createItem, mcp.Tool("create_item", mcp.Additive), candor.Status(201))
	candor.Put(app, "/items/{item_id}", replaceItem, mcp.Tool("replace_item"), candor.Raises(ErrItemNotFound))
	// Models must not delete anything: this one is not a tool.
	candor.Delete(app, "/items/{item_id}", deleteItem, mcp.NoTool(), candor.Raises(ErrItemNotFound))

	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{}), candor.Hidden())
	candor.Get(app, "/", connectPage, candor.Hidden())
	return app
}
