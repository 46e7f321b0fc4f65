// Command openapi32 serves jobs whose document uses words of OpenAPI 3.2.
package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

// Change is what happens to a job. The case is the name of the event.
type Change struct {
	candor.OneOf `json:"type" event:"name"`
	Started      *Started  `case:"started"`
	Progress     *Progress `case:"progress"`
	Other        *Other    `case:"*"`
}

type Started struct {
	By string `json:"by" example:"Ann"`
}

type Progress struct {
	Percent int `json:"percent" validate:"gte=0,lte=100"`
}

// Other is a change that today's clients do not know.
type Other struct {
	Type string `json:"type"`
}

type JobRef struct {
	JobID int `path:"job_id" validate:"gte=1" example:"7"`
}

func follow(ctx context.Context, in JobRef) (candor.Events[Change], error) {
	return func(yield func(candor.Event[Change], error) bool) {
		for _, change := range []Change{{Started: &Started{By: "Ann"}}, {Progress: &Progress{Percent: 100}}, {Other: &Other{Type: "archived"}}} {
			if ctx.Err() != nil || !yield(candor.Event[Change]{Data: change}, nil) {
				return
			}
		}
	}, nil
}

type Job struct {
	ID   int    `json:"id"`
	Name string `json:"name" validate:"min=1"`
}

type Export struct {
	Theme string `cookie:"theme,omitempty" example:"dark"`
}

func export(context.Context, Export) (candor.JSONLines[Job], error) {
	return func(yield func(Job, error) bool) { yield(Job{ID: 7, Name: "resize"}, nil) }, nil
}

type SearchIn struct {
	Words string `json:"words" validate:"min=2"`
}

type Search struct {
	Body SearchIn `body:""`
}

func search(_ context.Context, in Search) ([]Job, error) {
	return []Job{{ID: 7, Name: in.Body.Words}}, nil
}

func newApp() *candor.App {
	app := candor.New(candor.Config{
		Title: "Jobs", Version: "1.0.0",
		Tags: []candor.Tag{
			{Name: "work", Summary: "Work", Kind: "nav"},
			{Name: "jobs", Summary: "Jobs that run now", Parent: "work", Kind: "nav"},
		},
		Servers: []candor.Server{{URL: "/", Name: "here"}},
	})
	jobs := candor.NewRouter("/jobs", candor.Tags("jobs"))
	candor.Get(jobs, "", export, candor.Summary("List all jobs, one a line"))
	candor.Query(jobs, "", search, candor.Summary("Search jobs"))
	candor.Get(jobs, "/{job_id}/changes", follow, candor.Summary("Follow a job live"))
	app.Include(jobs)
	return app
}

func main() {
	if err := newApp().Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
