package main

import (
	"context"
	"log"
	"sync"

	"github.com/candor-go/candor"
)

type Review struct {
	Author string `json:"author" validate:"min=1,max=40" doc:"Who wrote it"`
	Stars  int    `json:"stars" validate:"gte=1,lte=5"`
	Text   string `json:"text,omitempty" validate:"max=500"`
}

// Reviews keeps reviews in memory.
type Reviews struct {
	mutex   sync.Mutex
	reviews []Review
}

var ErrReviewed = candor.Error(409, "one review each")

type PostReview struct {
	Body    Review   `body:""`
	Reviews *Reviews `dep:""`
}

type Posted struct {
	Location string `header:"Location"`
	Body     Review `body:""`
}

func postReview(_ context.Context, in PostReview) (Posted, error) {
	in.Reviews.mutex.Lock()
	defer in.Reviews.mutex.Unlock()
	for _, review := range in.Reviews.reviews {
		if review.Author == in.Body.Author {
			return Posted{}, ErrReviewed
		}
	}
	in.Reviews.reviews = append(in.Reviews.reviews, in.Body)
	return Posted{Location: "/reviews", Body: in.Body}, nil
}

type ListReviews struct {
	Author  string   `query:"author,omitempty"`
	Limit   int      `query:"limit" default:"10" validate:"gte=1,lte=100"`
	Reviews *Reviews `dep:""`
}

func listReviews(_ context.Context, in ListReviews) ([]Review, error) {
	in.Reviews.mutex.Lock()
	defer in.Reviews.mutex.Unlock()
	found := []Review{}
	for _, review := range in.Reviews.reviews {
		if in.Author == "" || in.Author == review.Author {
			found = append(found, review)
		}
	}
	return found[:min(len(found), in.Limit)], nil
}

func main() {
	app := candor.New(candor.Config{Title: "Reviews", Version: "1.0.0", ProblemDetails: true})
	candor.ProvideValue(app, &Reviews{})
	candor.Post(app, "/reviews", postReview, candor.Status(201), candor.OperationID("post-review"), candor.Raises(ErrReviewed))
	candor.Get(app, "/reviews", listReviews, candor.OperationID("list-reviews"))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
