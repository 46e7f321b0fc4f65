package benchmarks

import (
	"context"
	"net/http"
	"slices"

	"github.com/candor-go/candor"
)

type candorSearch struct {
	ID    int    `path:"id" validate:"gte=1"`
	Q     string `query:"q,omitempty" validate:"max=50"`
	Limit int    `query:"limit" default:"20" validate:"gte=1,lte=100"`
}

// Candor is Candor with its defaults, which include the validation of responses.
func Candor() Contender { return CandorWith() }

func candorHub() http.Handler {
	app := candor.New(candor.Config{Title: "Hub", Version: "1.0.0"})
	for _, r := range HubRoutes() {
		switch len(r.Wildcards) {
		case 0:
			candorHit(app, r, func(candor.None) []string { return nil })
		case 1:
			candorHit(app, r, inOne.values)
		case 2:
			candorHit(app, r, inTwo.values)
		case 3:
			candorHit(app, r, inThree.values)
		}
	}
	return app
}

func candorHit[In any](app *candor.App, r HubRoute, values func(In) []string) {
	name := r.String()
	candor.Handle(app, []string{r.Method}, r.Path, func(_ context.Context, in In) (Hit, error) {
		return Hit{Route: name, Values: values(in)}, nil
	})
}

// CandorWith is Candor with options in addition to the defaults.
func CandorWith(options ...candor.Option) Contender {
	return onHTTP{"candor", "github.com/candor-go/candor", func() http.Handler { return newCandorWith(options...) }, candorHub, candorLarge}
}

func newCandorWith(options ...candor.Option) http.Handler {
	items := stock()
	// The types with tags for gin and huma as well.
	foreign := []string{"binding", "enum", "format", "maxItems", "maximum", "maxLength", "minItems", "minLength", "minimum", "required"}
	app := candor.New(candor.Config{Title: "Items", Version: "1.0.0", ForeignTags: foreign}, options...)
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
	odd := oddities()
	candor.Get(app, "/oddities", func(context.Context, candor.None) ([]Item, error) { return odd, nil })
	candor.Post(app, "/orders", func(_ context.Context, in struct {
		Body Order `body:""`
	},
	) (Order, error) {
		return in.Body, nil
	})
	candor.Post(app, "/stock", func(_ context.Context, in struct {
		Body map[string]int `body:""`
	},
	) (Count, error) {
		return Count{len(in.Body)}, nil
	})
	candor.Post(app, "/upload", func(_ context.Context, in struct {
		Title string        `form:"title"`
		File  candor.Upload `file:"file"`
	},
	) (Uploaded, error) {
		return Uploaded{in.Title, in.File.Filename, in.File.Size}, nil
	})
	candor.ProvideValue(app, newAccounts())
	candor.Provide(app, newCandorToken)
	candor.Provide(app, candorAccount, candor.Raises(errCandorUnknown))
	candor.Provide(app, candorEditor, candor.Raises(errCandorNoRole))
	candor.Get(app, "/me", func(_ context.Context, in struct {
		Editor candorEditing `dep:""`
	},
	) (*Account, error) {
		return in.Editor.account, nil
	})
	return app
}

var (
	errCandorUnknown = candor.Error(401, errUnknown.Error()).WithHeader("WWW-Authenticate", `Bearer error="invalid_token"`)
	errCandorNoRole  = candor.Error(403, errNoRole.Error())
)

// candorToken is the token of a client.
type candorToken string

// candorEditing is the account of an editor.
type candorEditing struct{ account *Account }

// newCandorToken is the first link of the chain, which needs a bearer token.
func newCandorToken(_ context.Context, in struct{ Token candor.Bearer }) (candorToken, error) {
	return candorToken(in.Token), nil
}

// candorAccount is the second: the token's account.
func candorAccount(_ context.Context, in struct {
	Token candorToken `dep:""`
	Users accounts    `dep:""`
},
) (*Account, error) {
	account, err := in.Users.find(string(in.Token))
	if err != nil {
		return nil, errCandorUnknown
	}
	return account, nil
}

// candorEditor is the third: the account with its role.
func candorEditor(_ context.Context, in struct {
	Account *Account `dep:""`
},
) (candorEditing, error) {
	if !slices.Contains(in.Account.Roles, role) {
		return candorEditing{}, errCandorNoRole
	}
	return candorEditing{in.Account}, nil
}
