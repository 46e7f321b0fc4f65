package main

import (
	"context"
	"log"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type Review struct {
	Author string `json:"author" minLength:"1" maxLength:"40" doc:"Who wrote it"`
	Stars  int    `json:"stars" minimum:"1" maximum:"5"`
	Text   string `json:"text,omitempty" maxLength:"500"`
}

type PostReview struct {
	Body Review
}

type Posted struct {
	Location string `header:"Location"`
	Body     Review
}

type ListReviews struct {
	Author string `query:"author"`
	Limit  int    `query:"limit" default:"10" minimum:"1" maximum:"100"`
}

type Reviews struct {
	Body []Review
}

func main() {
	var mutex sync.Mutex
	reviews := []Review{}

	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Reviews", "1.0.0"))
	huma.Register(api, huma.Operation{
		Method: http.MethodPost, Path: "/reviews", OperationID: "post-review", DefaultStatus: http.StatusCreated,
	}, func(_ context.Context, in *PostReview) (*Posted, error) {
		mutex.Lock()
		defer mutex.Unlock()
		for _, review := range reviews {
			if review.Author == in.Body.Author {
				return nil, huma.Error409Conflict("one review each")
			}
		}
		reviews = append(reviews, in.Body)
		return &Posted{Location: "/reviews", Body: in.Body}, nil
	})
	huma.Register(api, huma.Operation{Method: http.MethodGet, Path: "/reviews", OperationID: "list-reviews"},
		func(_ context.Context, in *ListReviews) (*Reviews, error) {
			mutex.Lock()
			defer mutex.Unlock()
			found := []Review{}
			for _, review := range reviews {
				if in.Author == "" || in.Author == review.Author {
					found = append(found, review)
				}
			}
			return &Reviews{Body: found[:min(len(found), in.Limit)]}, nil
		})
	log.Fatal(http.ListenAndServe(":8000", mux))
}
