package main

import (
	"crypto/rand"
	"log"

	"github.com/candor-go/candor"
)

func newApp(file DatabaseFile, secret string) *candor.App {
	app := candor.New(candor.Config{
		Title: "Books", Version: "0.7.0",
		SecuritySchemes: map[string]candor.SecurityScheme{"password": candor.OAuth2Password("/token", nil)},
	})
	provideDatabase(app, file)
	candor.ProvideValue(app, &Tokens{Secret: []byte(secret)})
	candor.Provide(app, currentUser, candor.Raises(ErrBadToken))

	candor.Get(app, "/books", listBooks)
	candor.Post(app, "/books", createBook, candor.Status(201), candor.Needs[User]())
	candor.Get(app, "/books/{id}", readBook, candor.Raises(ErrNoBook))

	candor.Post(app, "/users", register, candor.Status(201), candor.Raises(ErrNameTaken))
	candor.Post(app, "/token", login, candor.Raises(ErrBadLogin))
	candor.Get(app, "/me", readMe)
	return app
}

func main() {
	// The secret is new at each start, so tokens are valid until the program ends.
	// Step 9 makes it a setting.
	if err := newApp("books.db", rand.Text()).Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
