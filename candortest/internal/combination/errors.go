package combination

import (
	"context"

	"github.com/candor-go/candor"
)

// shortage is an error with its own response.
type shortage struct{ missing int }

func (shortage) Error() string { return "short" }

type (
	missingOut struct {
		Missing int `json:"missing" validate:"gte=1"`
	}
	listOut struct {
		Errors []string `json:"errors"`
	}
)

var errTaken = candor.Error(409, []any{"taken", 3})

// forms are the ways in which routers write errors.
var forms = []named[func(r *candor.Router)]{
	{"plain", func(*candor.Router) {}},
	{"dotted", func(r *candor.Router) { candor.OnError(r, candor.DottedFaults) }},
	{"own", func(r *candor.Router) {
		candor.OnError(r, func(context.Context, *candor.ValidationError) (listOut, error) { return listOut{[]string{"no"}}, nil }, candor.Status(400))
	}},
	{"status", func(r *candor.Router) {
		candor.OnStatus(r, 409, func(context.Context, *candor.HTTPError) (listOut, error) { return listOut{[]string{"taken"}}, nil })
	}},
	{"page", func(r *candor.Router) {
		candor.OnStatus(r, 422, func(context.Context, *candor.HTTPError) (candor.HTML, error) { return "<p>no</p>", nil })
	}},
}

// judged has a Validate method that checks more than its schema.
type judged struct {
	From int `json:"from" validate:"gte=0"`
	To   int `json:"to" validate:"gte=0"`
}

// Validate implements the interface.
func (j judged) Validate() error {
	if j.From > j.To {
		return candor.Invalid("ends before it begins", "to")
	}
	return nil
}

// addErrors registers every way to fail in every form.
func addErrors(app *candor.App) {
	for _, f := range forms {
		router := candor.NewRouter(at("errors", f.name))
		f.it(router)
		candor.OnError(router, func(_ context.Context, err shortage) (missingOut, error) { return missingOut{err.missing}, nil }, candor.Status(402))
		candor.Post(router, "/judged", echo[judged], id("errors", f.name, "judged"))
		candor.Put(router, "/change", echo[change], id("errors", f.name, "change"), candor.ForbidExtra())
		candor.Get(router, "/raised", func(_ context.Context, in counted) (reading, error) {
			switch in.N {
			case 1:
				return reading{}, errTaken
			case 2:
				return reading{}, shortage{in.N}
			case 3:
				return reading{}, candor.Invalid("is taken", "query", "n")
			}
			return reading{N: in.N}, nil
		}, id("errors", f.name, "raised"), candor.Raises(errTaken), candor.RaisesType[shortage]())
		app.Include(router)
	}
}
