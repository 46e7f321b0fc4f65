package main

import (
	"context"
	"database/sql"
	"errors"

	"github.com/candor-go/candor"
)

type BookIn struct {
	Title  string `json:"title" validate:"min=1,max=200" example:"Emma"`
	Author string `json:"author" validate:"min=1,max=100" example:"Jane Austen"`
}

type Book struct {
	ID int64 `json:"id"`
	BookIn
}

var ErrNoBook = candor.Error(404, "book not found")

type CreateBook struct {
	Body BookIn  `body:""`
	Tx   *sql.Tx `dep:""`
}

func createBook(ctx context.Context, in CreateBook) (Book, error) {
	book := Book{BookIn: in.Body}
	err := in.Tx.QueryRowContext(ctx, "INSERT INTO books (title, author) VALUES ($1, $2) RETURNING id", book.Title, book.Author).Scan(&book.ID)
	return book, err
}

type ReadBook struct {
	ID int64   `path:"id" validate:"gte=1"`
	Tx *sql.Tx `dep:""`
}

func readBook(ctx context.Context, in ReadBook) (Book, error) {
	book := Book{ID: in.ID}
	err := in.Tx.QueryRowContext(ctx, "SELECT title, author FROM books WHERE id = $1", in.ID).Scan(&book.Title, &book.Author)
	if errors.Is(err, sql.ErrNoRows) {
		return book, ErrNoBook
	}
	return book, err
}

type ListBooks struct {
	After int64   `query:"after" default:"0" doc:"The id of the last book of the page before"`
	Limit int     `query:"limit" default:"10" validate:"gte=1,lte=100"`
	Tx    *sql.Tx `dep:""`
}

func listBooks(ctx context.Context, in ListBooks) ([]Book, error) {
	rows, err := in.Tx.QueryContext(ctx, "SELECT id, title, author FROM books WHERE id > $1 ORDER BY id LIMIT $2", in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	books := []Book{}
	for rows.Next() {
		var book Book
		if err := rows.Scan(&book.ID, &book.Title, &book.Author); err != nil {
			return nil, err
		}
		books = append(books, book)
	}
	return books, rows.Err()
}
