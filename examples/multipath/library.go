package main

import (
	"context"
	"strings"

	"github.com/candor-go/candor"
)

// Book is a book of the library.
type Book struct {
	ID      int      `json:"id"`
	Title   string   `json:"title"`
	Authors []string `json:"authors"`
	Genre   string   `json:"genre" validate:"oneof=novel play poem"`
}

// BookV1 is a book in version 1.
type BookV1 struct {
	ID     int    `json:"id"`
	Title  string `json:"title"`
	Author string `json:"author"`
}

// BookRef names a book in a path.
type BookRef struct {
	ID int `path:"id" validate:"gte=1"`
}

// ErrBookNotFound is the response to an unknown id.
var ErrBookNotFound = candor.Error(404, "book not found")

// library stores the books. Its methods are the handlers.
type library struct{ books []Book }

func newLibrary() *library {
	return &library{books: []Book{
		{1, "Middlemarch", []string{"George Eliot"}, "novel"},
		{2, "The Talisman", []string{"Stephen King", "Peter Straub"}, "novel"},
		{3, "Woyzeck", []string{"Georg Büchner"}, "play"},
	}}
}

// read finds a book by its number.
func (l *library) read(_ context.Context, in BookRef) (Book, error) {
	if in.ID > len(l.books) {
		return Book{}, ErrBookNotFound
	}
	return l.books[in.ID-1], nil
}

// readV1 finds a book by its number, with all its authors in one text.
func (l *library) readV1(ctx context.Context, in BookRef) (BookV1, error) {
	book, err := l.read(ctx, in)
	return BookV1{ID: book.ID, Title: book.Title, Author: strings.Join(book.Authors, ", ")}, err
}

// count counts the books.
func (l *library) count(context.Context, candor.None) (int, error) {
	return len(l.books), nil
}

// of returns the handler for one genre.
func (l *library) of(genre string) func(context.Context, candor.None) ([]Book, error) {
	return func(context.Context, candor.None) ([]Book, error) {
		var found []Book
		for _, book := range l.books {
			if book.Genre == genre {
				found = append(found, book)
			}
		}
		return found, nil
	}
}
