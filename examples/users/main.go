// Users is the API of a product with accounts: registration, login with a
// password for a token, roles, an administration, and two versions of the API
// side by side.
//
//	cd examples/users && go run .
//
// Its interactive documentation is at http://127.0.0.1:8000/docs: register with
// POST /api/v1/users, then press Authorize.
//
// Accounts are stored in SQLite, in memory unless -db names a file, or in
// PostgreSQL if DATABASE_URL is set. SECRET signs the tokens and ADMIN_KEY
// protects /admin; both are generated at each start unless they are set.
package main

import (
	"cmp"
	"crypto/rand"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/examples/users/service"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "the address to serve on")
	file := flag.String("db", ":memory:", "the file of the SQLite database")
	document := flag.Bool("openapi", false, "write the OpenAPI document and exit")
	flag.Parse()

	s := service.Settings{
		Database: cmp.Or(os.Getenv("DATABASE_URL"), *file),
		Secret:   cmp.Or(os.Getenv("SECRET"), rand.Text()),
		AdminKey: cmp.Or(os.Getenv("ADMIN_KEY"), rand.Text()),
		Cost:     service.DefaultCost,
	}
	app := service.New(s)
	candor.ProvideValue[service.Mailer](app, service.LogMailer{Log: slog.Default()})
	if *document {
		if err := app.WriteOpenAPI(os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	if os.Getenv("ADMIN_KEY") == "" {
		// The key is for the person who starts the program, and should not be in a
		// log that is stored.
		slog.Warn("ADMIN_KEY is not set, so one was made that is valid until the process ends; it is on the standard output")
		fmt.Println("generated admin key:", s.AdminKey)
	}
	if err := app.Run(*addr); err != nil {
		log.Fatal(err)
	}
}
