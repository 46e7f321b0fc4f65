package main

import (
	"log"

	"github.com/candor-go/candor"
)

func newApp(file DatabaseFile) *candor.App {
	app := candor.New(candor.Config{Title: "Books", Version: "0.6.0"})
	provideDatabase(app, file)
	candor.Get(app, "/books", listBooks)
	candor.Post(app, "/books", createBook, candor.Status(201))
	candor.Get(app, "/books/{id}", readBook, candor.Raises(ErrNoBook))
	return app
}

func main() {
	if err := newApp("books.db").Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
