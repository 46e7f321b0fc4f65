// Events is a chat whose rooms are streamed as server-sent events, and exported
// as JSON Lines.
//
//	go run ./examples/events
//	curl -N 127.0.0.1:8000/rooms/tea/events
//	curl 127.0.0.1:8000/rooms/tea/messages -H 'Content-Type: application/json' -d '{"from": "ann", "text": "hello"}'
//
// Two windows at http://127.0.0.1:8000/ talk to each other.
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
	app := newApp(newChat())
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
