package main

import (
	"context"
	"log"
	"sync"

	"github.com/candor-go/candor"
)

type BookIn struct {
	Title  string `json:"title" validate:"min=1,max=200" example:"Emma"`
	Author string `json:"author" validate:"min=1,max=100" example:"Jane Austen"`
	Year   *int   `json:"year" validate:"gte=1450" doc:"The year of the first edition"`
}

type Book struct {
	ID int `json:"id"`
	BookIn
}

var (
	mutex sync.Mutex
	shelf []Book
)

type CreateBook struct {
	Body BookIn `body:""`
}

func createBook(_ context.Context, in CreateBook) (Book, error) {
	mutex.Lock()
	defer mutex.Unlock()
	book := Book{ID: len(shelf) + 1, BookIn: in.Body}
	shelf = append(shelf, book)
	return book, nil
}

func main() {
	app := candor.New(candor.Config{Title: "Books", Version: "0.3.0"})
	candor.Post(app, "/books", createBook)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
