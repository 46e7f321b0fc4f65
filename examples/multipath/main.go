// Multipath is a library of books with many paths: aliases, an old path that is
// not documented, two versions, and routes from a table.
//
//	go run ./examples/multipath
//
// Each version has its own documentation, at http://127.0.0.1:8000/v1/docs and
// http://127.0.0.1:8000/v2/docs; http://127.0.0.1:8000/docs has all of it.
package main

import (
	"flag"
	"log"
	"os"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "the address to serve on")
	document := flag.Bool("openapi", false, "write the OpenAPI document and exit")
	flag.Parse()
	app := newApp(newLibrary())
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
