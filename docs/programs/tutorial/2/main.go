package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Book struct {
	ID     int    `json:"id"`
	Title  string `json:"title"`
	Author string `json:"author"`
}

var shelf = []Book{
	{1, "Emma", "Jane Austen"},
	{2, "Persuasion", "Jane Austen"},
	{3, "Middlemarch", "George Eliot"},
}

type ListBooks struct {
	Author string `query:"author,omitempty" doc:"Only books of this author"`
	Limit  int    `query:"limit" default:"10" validate:"gte=1,lte=100"`
}

func listBooks(_ context.Context, in ListBooks) ([]Book, error) {
	found := []Book{}
	for _, book := range shelf {
		if in.Author == "" || book.Author == in.Author {
			found = append(found, book)
		}
	}
	return found[:min(in.Limit, len(found))], nil
}

func main() {
	app := candor.New(candor.Config{Title: "Books", Version: "0.2.0"})
	candor.Get(app, "/books", listBooks)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
