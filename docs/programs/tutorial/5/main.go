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
}

type Book struct {
	ID int `json:"id"`
	BookIn
}

var ErrNoBook = candor.Error(404, "book not found")

// Shelf keeps books. It may be used by several requests at once.
type Shelf struct {
	mutex sync.Mutex
	books []Book
}

func (s *Shelf) Add(in BookIn) Book {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	book := Book{ID: len(s.books) + 1, BookIn: in}
	s.books = append(s.books, book)
	return book
}

func (s *Shelf) Find(id int) (Book, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if id > len(s.books) {
		return Book{}, ErrNoBook
	}
	return s.books[id-1], nil
}

type CreateBook struct {
	Body  BookIn `body:""`
	Shelf *Shelf `dep:""`
}

func createBook(_ context.Context, in CreateBook) (Book, error) {
	return in.Shelf.Add(in.Body), nil
}

type ReadBook struct {
	ID    int    `path:"id" validate:"gte=1"`
	Shelf *Shelf `dep:""`
}

func readBook(_ context.Context, in ReadBook) (Book, error) {
	return in.Shelf.Find(in.ID)
}

func main() {
	app := candor.New(candor.Config{Title: "Books", Version: "0.5.0"})
	candor.ProvideValue(app, &Shelf{})
	candor.Post(app, "/books", createBook, candor.Status(201))
	candor.Get(app, "/books/{id}", readBook, candor.Raises(ErrNoBook))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
