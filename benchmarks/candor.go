package benchmarks

import (
	"context"
	"net/http"

	"github.com/candor-go/candor"
)

type candorSearch struct {
	ID    int    `path:"id" validate:"gte=1"`
	Q     string `query:"q,omitempty" validate:"max=50"`
	Limit int    `query:"limit" default:"20" validate:"gte=1,lte=100"`
}

// Candor is Candor with all its defaults: answers are checked, too.
func Candor() Contender { return contender{"candor", newCandor} }

func newCandor() http.Handler {
	items := stock()
	app := candor.New(candor.Config{Title: "Items", Version: "1.0.0"})
	candor.Get(app, "/", func(context.Context, candor.None) (Greeting, error) {
		return Greeting{greeting}, nil
	})
	candor.Get(app, "/items/{id}", func(_ context.Context, in candorSearch) (Search, error) {
		return Search(in), nil
	})
	candor.Get(app, "/items", func(context.Context, candor.None) ([]Item, error) { return items, nil })
	candor.Post(app, "/items", func(_ context.Context, in struct {
		Body Item `body:""`
	},
	) (Item, error) {
		return in.Body, nil
	})
	candor.Post(app, "/items/batch", func(_ context.Context, in struct {
		Body []Item `body:""`
	},
	) (Count, error) {
		return Count{len(in.Body)}, nil
	})
	return app
}
