// Export streams the rows of a table as JSON Lines from a database cursor: a
// million rows need no more memory than one.
//
//	cd examples/export && go run .
//	curl -s '127.0.0.1:8000/readings' | wc -l
//	curl '127.0.0.1:8000/readings?station=7&limit=3'
//
// The table is in SQLite, in a temporary file unless -db names one, with a
// million rows unless -rows is set.
package main

import (
	"flag"
	"log"
	"os"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "the address to serve on")
	file := flag.String("db", "", "the file of the SQLite database; empty is one that is removed at the end")
	rows := flag.Int("rows", 1_000_000, "how many rows a new table has")
	document := flag.Bool("openapi", false, "write the OpenAPI document and exit")
	flag.Parse()
	app := newApp(store{*file, *rows})
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
