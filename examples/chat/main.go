// Chat has rooms in which people talk over WebSockets. Its page is a
// single-page app: the path in the browser is the room.
//
//	cd examples/chat && go run .
//
// Two windows at http://127.0.0.1:8000/tea talk to each other. Several
// processes share the rooms with Redis or NATS:
//
//	go run . -addr 127.0.0.1:8001 -redis redis://127.0.0.1:6379
//	go run . -addr 127.0.0.1:8002 -redis redis://127.0.0.1:6379
package main

import (
	"flag"
	"log"
	"os"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "the address to serve on")
	document := flag.Bool("openapi", false, "write the OpenAPI document and exit")
	var s shared
	flag.StringVar(&s.redis, "redis", "", "the URL of a Redis that several processes share")
	flag.StringVar(&s.nats, "nats", "", "the URL of a NATS that several processes share")
	flag.Parse()
	app := newApp(s)
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
