package benchmarks

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/candor-go/candor"
)

// documentGroups is how many groups of four operations the API has.
const documentGroups = 250

// Document builds the document of an API with a thousand operations, from
// nothing: it registers them, and writes what there is to say as JSON. Huma
// makes most of it while operations are registered, Candor when it is first
// asked for, so only the whole can be compared.
type Document struct {
	Name  string
	Build func() ([]byte, error)
}

// Documents are those compared.
func Documents() []Document { return []Document{{"candor", candorDocument}, {"huma", humaDocument}} }

// candorDocument registers the operations with Candor.
func candorDocument() ([]byte, error) {
	app := candor.New(candor.Config{Title: "Large", Version: "1.0.0"})
	for i := range documentGroups {
		path := fmt.Sprintf("/group-%d", i)
		candor.Get(app, path, func(context.Context, struct {
			Q     string `query:"q" validate:"max=50" default:""`
			Limit int    `query:"limit" default:"20" validate:"gte=1,lte=100"`
		},
		) ([]Item, error) {
			return nil, nil
		})
		candor.Post(app, path, func(_ context.Context, in struct {
			Body Item `body:""`
		},
		) (Item, error) {
			return in.Body, nil
		})
		candor.Get(app, path+"/{id}", func(_ context.Context, in struct {
			ID int `path:"id" validate:"gte=1"`
		},
		) (Item, error) {
			return Item{}, nil
		})
		candor.Delete(app, path+"/{id}", func(_ context.Context, in struct {
			ID int `path:"id" validate:"gte=1"`
		},
		) (candor.None, error) {
			return candor.None{}, nil
		})
	}
	var out bytes.Buffer
	err := app.WriteOpenAPI(&out)
	return out.Bytes(), err
}

// humaDocument registers the same operations with huma.
func humaDocument() ([]byte, error) {
	config := huma.DefaultConfig("Large", "1.0.0")
	config.CreateHooks = nil
	api := humago.New(http.NewServeMux(), config)
	for i := range documentGroups {
		path := fmt.Sprintf("/group-%d", i)
		huma.Get(api, path, func(context.Context, *struct {
			Q     string `query:"q" maxLength:"50"`
			Limit int    `query:"limit" default:"20" minimum:"1" maximum:"100"`
		},
		) (*humaAnswer[[]humaItem], error) {
			return humaBody[[]humaItem](nil)
		})
		huma.Post(api, path, func(_ context.Context, in *struct{ Body humaItem }) (*humaAnswer[humaItem], error) {
			return humaBody(in.Body)
		})
		huma.Get(api, path+"/{id}", func(context.Context, *struct {
			ID int `path:"id" minimum:"1"`
		},
		) (*humaAnswer[humaItem], error) {
			return humaBody(humaItem{})
		})
		huma.Delete(api, path+"/{id}", func(context.Context, *struct {
			ID int `path:"id" minimum:"1"`
		},
		) (*struct{}, error) {
			return nil, nil
		})
	}
	return api.OpenAPI().MarshalJSON()
}
