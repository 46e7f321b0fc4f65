package benchmarks

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type humaItem struct {
	Name     string   `json:"name" minLength:"1" maxLength:"50"`
	Email    string   `json:"email" format:"email"`
	Price    float64  `json:"price" minimum:"0" maximum:"100000"`
	Quantity int      `json:"quantity" minimum:"1" maximum:"1000"`
	Category string   `json:"category" enum:"books,electronics,garden,toys"`
	Tags     []string `json:"tags" maxItems:"5" minLength:"1" maxLength:"20"`
}

type humaSearch struct {
	ID    int    `path:"id" minimum:"1"`
	Q     string `query:"q" maxLength:"50"`
	Limit int    `query:"limit" default:"20" minimum:"1" maximum:"100"`
}

// humaAnswer is a response body in huma's envelope.
type humaAnswer[T any] struct{ Body T }

func humaBody[T any](body T) (*humaAnswer[T], error) { return &humaAnswer[T]{body}, nil }

// Huma is huma on net/http's mux, its leanest adapter.
func Huma() Contender {
	return onHTTP{"huma", "github.com/danielgtaylor/huma/v2", newHuma, humaHub, humaLarge}
}

func humaHub() http.Handler {
	config := huma.DefaultConfig("Hub", "1.0.0")
	config.CreateHooks = nil
	mux := http.NewServeMux()
	api := humago.New(mux, config)
	for _, r := range HubRoutes() {
		switch len(r.Wildcards) {
		case 0:
			humaHit(api, r, func(*struct{}) []string { return nil })
		case 1:
			humaHit(api, r, (*inOne).values)
		case 2:
			humaHit(api, r, (*inTwo).values)
		case 3:
			humaHit(api, r, (*inThree).values)
		}
	}
	return mux
}

func humaHit[In any](api huma.API, r HubRoute, values func(*In) []string) {
	name := r.String()
	huma.Register(api, huma.Operation{OperationID: name, Method: r.Method, Path: r.Path, DefaultStatus: http.StatusOK},
		func(_ context.Context, in *In) (*humaAnswer[Hit], error) {
			return humaBody(Hit{Route: name, Values: values(in)})
		})
}

func newHuma() http.Handler {
	items := make([]humaItem, 0, 100)
	for _, item := range stock() {
		items = append(items, humaItem(item))
	}
	config := huma.DefaultConfig("Items", "1.0.0")
	config.CreateHooks = nil // no $schema members and Link headers, which the others do not send either
	mux := http.NewServeMux()
	api := humago.New(mux, config)
	huma.Get(api, "/{$}", func(context.Context, *struct{}) (*humaAnswer[Greeting], error) {
		return humaBody(Greeting{greeting})
	})
	huma.Get(api, "/items/{id}", func(_ context.Context, in *humaSearch) (*humaAnswer[Search], error) {
		return humaBody(Search(*in))
	})
	huma.Get(api, "/items", func(context.Context, *struct{}) (*humaAnswer[[]humaItem], error) {
		return humaBody(items)
	})
	ok := func(o *huma.Operation) { o.DefaultStatus = http.StatusOK }
	huma.Post(api, "/items", func(_ context.Context, in *struct{ Body humaItem }) (*humaAnswer[humaItem], error) {
		return humaBody(in.Body)
	}, ok)
	huma.Post(api, "/items/batch", func(_ context.Context, in *struct{ Body []humaItem }) (*humaAnswer[Count], error) {
		return humaBody(Count{len(in.Body)})
	}, ok)
	odd := make([]humaItem, 0, 100)
	for _, item := range oddities() {
		odd = append(odd, humaItem(item))
	}
	huma.Get(api, "/oddities", func(context.Context, *struct{}) (*humaAnswer[[]humaItem], error) {
		return humaBody(odd)
	})
	huma.Post(api, "/orders", func(_ context.Context, in *struct{ Body Order }) (*humaAnswer[Order], error) {
		return humaBody(in.Body)
	}, ok)
	huma.Post(api, "/stock", func(_ context.Context, in *struct{ Body map[string]int }) (*humaAnswer[Count], error) {
		return humaBody(Count{len(in.Body)})
	}, ok)
	huma.Post(api, "/upload", func(_ context.Context, in *struct {
		RawBody huma.MultipartFormFiles[humaForm]
	},
	) (*humaAnswer[Uploaded], error) {
		form := in.RawBody.Data()
		return humaBody(Uploaded{form.Title, form.File.Filename, form.File.Size})
	}, ok)
	users := newAccounts()
	huma.Get(api, "/me", func(_ context.Context, in *humaCredentials) (*humaAnswer[*Account], error) {
		account, err := users.editor(in.Authorization)
		if err != nil {
			return nil, humaRefusal(err)
		}
		return humaBody(account)
	})
	return mux
}

type humaForm struct {
	Title string        `form:"title" required:"true"`
	File  huma.FormFile `form:"file" required:"true"`
}

// humaCredentials is a parameter: huma documents security, but leaves the check to the handler or to middleware.
type humaCredentials struct {
	Authorization string `header:"Authorization"`
}

func humaRefusal(err error) error {
	status, challenge, body := refusal(err)
	refused := huma.NewError(status, body.Detail)
	if challenge == "" {
		return refused
	}
	return huma.ErrorWithHeaders(refused, http.Header{"Www-Authenticate": {challenge}})
}
