package main

import (
	"context"
	"log"
	"net/http"
	"strings"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/mcp"
)

type Book struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
}

var books = []Book{{1, "The Go Programming Language"}, {2, "Weaving the Web"}}

type BookRef struct {
	BookID int `path:"book_id" validate:"gte=1" doc:"The number on the shelf"`
}

func readBook(_ context.Context, in BookRef) (Book, error) {
	if in.BookID > len(books) {
		return Book{}, candor.Error(404, "no such book")
	}
	return books[in.BookID-1], nil
}

type Search struct {
	Words string `query:"words" validate:"min=2,max=50" doc:"What the title contains"`
}

func findBooks(_ context.Context, in Search) ([]Book, error) {
	found := []Book{}
	for _, b := range books {
		if strings.Contains(strings.ToLower(b.Title), strings.ToLower(in.Words)) {
			found = append(found, b)
		}
	}
	return found, nil
}

func newApp() *candor.App {
	app := candor.New(candor.Config{
		Title: "Library", Version: "1.0.0",
		Description: "Books of a library. Search before you read one.",
	})
	candor.Get(app, "/books/{book_id}", readBook, candor.Summary("Read one book"), candor.Tags("books"))
	candor.Get(app, "/books", findBooks, candor.Summary("Find books by their title"), mcp.Tool("find_books"))

	tools := mcp.Of(app, mcp.Options{Tags: []string{"books"}})
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", tools, candor.Hidden())
	return app
}

func main() {
	if err := newApp().Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
