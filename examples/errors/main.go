// Errors is a bank account with custom forms of errors.
//
//	go run ./examples/errors                 # {"detail": ...}
//	go run ./examples/errors -dotted         # validation errors as fields and messages
//	go run ./examples/errors -problems       # RFC 9457, application/problem+json
//	curl -H 'Accept-Language: de' '127.0.0.1:8000/accounts/x'
package main

import (
	"flag"
	"log"
	"os"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "the address to serve on")
	document := flag.Bool("openapi", false, "write the OpenAPI document and exit")
	var form form
	flag.BoolVar(&form.dotted, "dotted", false, "write validation errors as fields and messages")
	flag.BoolVar(&form.problems, "problems", false, "write errors as RFC 9457 says")
	flag.Parse()
	app := newApp(form)
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
