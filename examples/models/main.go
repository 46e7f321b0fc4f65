// Models is a parcel service whose types show what a body can express: unions,
// enums, strict objects, partial updates and responses with headers.
//
//	go run ./examples/models
//
// Its interactive documentation is at http://127.0.0.1:8000/docs.
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
	app := newApp(newDepot())
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
