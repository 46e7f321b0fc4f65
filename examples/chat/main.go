// Chat has rooms in which people talk over WebSockets. Its page is a
// single-page app: the path in the browser is the room.
//
//	go run ./examples/chat
//
// Two windows at http://127.0.0.1:8000/tea talk to each other.
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
	app := newApp()
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
