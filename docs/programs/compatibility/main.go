package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Book struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
}

type ReadBook struct {
	BookID int `path:"book_id" validate:"gte=1"`
}

func readBook(_ context.Context, in ReadBook) (Book, error) {
	return Book{in.BookID, "Weaving the Web"}, nil
}

func newApp() *candor.App {
	app := candor.New(candor.Config{Title: "Library", Version: "1.0.0"})
	candor.Get(app, "/books/{book_id}", readBook)
	return app
}

func main() {
	if err := newApp().Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
