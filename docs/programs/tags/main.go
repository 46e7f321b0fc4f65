package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Review struct {
	Author string `json:"author" validate:"min=1,max=50" doc:"Who wrote it" example:"Ann"`
	Stars  int    `json:"stars" validate:"gte=1,lte=5"`
	Text   string `json:"text,omitempty"`
}

type AddReview struct {
	Book   int      `path:"book" validate:"gte=1"`
	Notify []string `query:"notify,omitempty" validate:"dive,email"`
	Lang   string   `header:"X-Language" default:"en"`
	Body   Review   `body:""`
}

type Reviewed struct {
	Location string `header:"Location"`
	Body     Review `body:""`
}

func addReview(_ context.Context, in AddReview) (Reviewed, error) {
	return Reviewed{Location: "/reviews/1", Body: in.Body}, nil
}

func main() {
	app := candor.New(candor.Config{Title: "Reviews"})
	candor.Post(app, "/books/{book}/reviews", addReview, candor.Status(201))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
