// Uploads stores files of any size that are sent as a request body, without
// holding them in memory. Its page shows the progress of an upload.
//
//	go run ./examples/uploads -dir /tmp/kept
//	curl -T large.iso 127.0.0.1:8000/files/ -H 'Content-Type: application/octet-stream'
//	curl 127.0.0.1:8000/files/large.iso -r 0-99
//
// The page is at http://127.0.0.1:8000/.
package main

import (
	"flag"
	"log"
	"os"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "the address to serve on")
	dir := flag.String("dir", "", "the directory that keeps the files; empty is one that is removed at the end")
	document := flag.Bool("openapi", false, "write the OpenAPI document and exit")
	flag.Parse()
	app := newApp(*dir)
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
