package combination

import (
	"context"

	"github.com/candor-go/candor"
)

var (
	errDenied = candor.Error(403, "denied")
	errLocked = candor.Error(423, "locked").WithHeader("Retry-After", "3")
)

// The inputs of guards. Some read the same parameters as handlers, with the same rules or with others.
type (
	bearer struct {
		Token candor.Bearer
	}
	key struct {
		Key candor.APIKey `header:"X-Key"`
	}
	basic struct {
		User candor.Basic `realm:"combination"`
	}
	either struct {
		Token *candor.Bearer
		Key   *candor.APIKey `cookie:"key"`
	}
	sameQuery struct {
		Page int `query:"page" validate:"gte=1"`
	}
	tighter struct {
		Page int `query:"page" validate:"lte=50"`
	}
	other struct {
		Version string `header:"X-Version,omitempty" pattern:"^[0-9]+$"`
		Tenant  string `cookie:"tenant" default:"none" validate:"max=5"`
	}
)

func allow[In any](context.Context, In) error { return nil }

// locked rejects some requests.
func locked(_ context.Context, in struct {
	Lock bool `query:"lock" default:"false"`
},
) error {
	if in.Lock {
		return errLocked
	}
	return nil
}

var guards = []named[candor.Option]{
	{"bearer", candor.Require(allow[bearer])},
	{"key", candor.Require(allow[key])},
	{"basic", candor.Require(allow[basic])},
	{"either", candor.Require(allow[either])},
	{"same", candor.Require(allow[sameQuery])},
	{"tighter", candor.Require(allow[tighter])},
	{"other", candor.Require(allow[other])},
	{"locked", candor.Require(locked, candor.Raises(errLocked))},
	{"scoped", candor.Needs[*transaction]()},
	{"caller", candor.Needs[*caller]()},
	{"around", candor.Around(func(_ context.Context, _ other, next func() error) error { return next() })},
}

// Inputs of handlers behind a guard.
type (
	paged struct {
		Page int `query:"page" validate:"gte=1"`
	}
	itemised struct {
		Item string `path:"item" validate:"max=5"`
		Page int    `query:"page" default:"1" validate:"gte=1,lte=100"`
	}
)

func addGuards(app *candor.App) {
	for _, g := range guards {
		router := candor.NewRouter(at("guards", g.name), g.it)
		candor.Get(router, "/paged", taken[paged], id("guard", g.name, "paged"))
		candor.Put(router, "/items/{item}", func(_ context.Context, in struct {
			itemised
			Body   person  `body:""`
			Caller *caller `dep:""`
		},
		) (person, error) {
			if in.Body.Age == 150 {
				return person{}, errDenied
			}
			return in.Body, nil
		}, id("guard", g.name, "item"), candor.Raises(errDenied))
		candor.Post(router, "/form", taken[fields], id("guard", g.name, "form"))
		app.Include(router)
	}
}
