package main

import (
	"context"
	"fmt"
	"log"
	"sync"

	"github.com/candor-go/candor"
)

type BookIn struct {
	Title  string `json:"title" validate:"min=1,max=200" example:"Emma"`
	Author string `json:"author" validate:"min=1,max=100" example:"Jane Austen"`
}

type Book struct {
	ID int `json:"id"`
	BookIn
}

var ErrNoBook = candor.Error(404, "book not found")

var (
	mutex sync.Mutex
	shelf = map[int]Book{}
)

type CreateBook struct {
	Body BookIn `body:""`
}

type CreatedBook struct {
	Location string `header:"Location"`
	Body     Book   `body:""`
}

func createBook(_ context.Context, in CreateBook) (CreatedBook, error) {
	mutex.Lock()
	defer mutex.Unlock()
	book := Book{ID: len(shelf) + 1, BookIn: in.Body}
	shelf[book.ID] = book
	return CreatedBook{Location: fmt.Sprintf("/books/%d", book.ID), Body: book}, nil
}

type BookRef struct {
	ID int `path:"id" validate:"gte=1"`
}

func readBook(_ context.Context, in BookRef) (Book, error) {
	mutex.Lock()
	defer mutex.Unlock()
	book, ok := shelf[in.ID]
	if !ok {
		return Book{}, ErrNoBook
	}
	return book, nil
}

func main() {
	app := candor.New(candor.Config{Title: "Books", Version: "0.4.0"})
	candor.Post(app, "/books", createBook, candor.Status(201))
	candor.Get(app, "/books/{id}", readBook, candor.Raises(ErrNoBook))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
