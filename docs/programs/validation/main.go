package main

import (
	"context"
	"errors"
	"log"
	"strings"

	"github.com/candor-go/candor"
)

type Stay struct {
	Email string `json:"email" validate:"email"`
	From  int    `json:"from" validate:"gte=1"`
	To    int    `json:"to" validate:"gtefield=From"`
}

// Validate is called when each field is valid by itself.
func (s Stay) Validate() error {
	if strings.HasSuffix(s.Email, "@example.com") {
		return errors.New("this is not your address")
	}
	return nil
}

type Book struct {
	Body Stay `body:""`
}

func book(_ context.Context, in Book) (Stay, error) { return in.Body, nil }

func main() {
	app := candor.New(candor.Config{Title: "Stays"})
	candor.Post(app, "/stays", book)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
