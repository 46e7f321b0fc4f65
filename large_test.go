package candor_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/internal/documenttest"
	"github.com/candor-go/candor/testdata/billing"
)

// A synthetic API of realistic size, with everything that makes documents difficult: nested generics, recursion
// through every kind of container, and two packages with the same type names.
type (
	Page[T any] struct {
		Items []T    `json:"items"`
		Total int    `json:"total" validate:"gte=0"`
		Next  string `json:"next,omitempty" validate:"omitempty,uri"`
	}
	Versioned[T any] struct {
		Version int       `json:"version" validate:"gte=1"`
		At      time.Time `json:"at"`
		Value   T         `json:"value"`
		History *Page[T]  `json:"history,omitempty"`
	}
	Change[T any] struct {
		Before candor.Optional[T] `json:"before"`
		After  candor.Optional[T] `json:"after"`
		Note   string             `json:"note" default:"none" validate:"max=99"`
	}

	Account struct {
		Login  string           `json:"login" validate:"required,alphanum,min=3,max=20"`
		Email  string           `json:"email" validate:"email"`
		Bills  []billing.Person `json:"bills,omitempty"`
		Paying *billing.Account `json:"paying"`
	}
	Person struct {
		Name    string            `json:"name" validate:"min=1"`
		Friends []Person          `json:"friends,omitempty"`
		Parents map[string]Person `json:"parents,omitempty"`
		Spouse  *Person           `json:"spouse,omitempty"`
	}
	Folder struct {
		Name    string   `json:"name"`
		Folders []Folder `json:"folders"`
		Files   []File   `json:"files"`
	}
	File struct {
		Parent *Folder `json:"parent"`
		Data   []byte  `json:"data" validate:"max=1024"`
	}
	Order struct {
		Lines []OrderLine       `json:"lines" validate:"min=1,max=50,dive"`
		State string            `json:"state" validate:"oneof=open paid sent" default:"open"`
		Meta  map[string]string `json:"meta,omitempty" validate:"max=5"`
	}
	OrderLine struct {
		Product Product `json:"product"`
		Qty     int32   `json:"qty" validate:"min=1,max=99"`
	}
	Product struct {
		SKU   string   `json:"sku" pattern:"^[A-Z]{2}-[0-9]+$"`
		Price float64  `json:"price" validate:"gt=0"`
		Tags  []string `json:"tags,omitempty" validate:"max=5,unique,dive,min=1"`
	}
	Point  struct{ X, Y, Z float64 }
	Shape  struct{ Points [3]Point }
	Named  struct{ Name string }
	Widget struct {
		Named
		Shape  *Shape         `json:"shape"`
		Extras map[string]any `json:"extras"`
	}
	Ticket struct {
		ID       uint32        `json:"id,string"`
		Deadline *time.Time    `json:"deadline,omitempty"`
		Delay    time.Duration `json:"delay"`
	}
	Empty struct{}
)

// largeAPI has about 200 operations on more than 150 types.
func largeAPI() *candor.App {
	app := candor.New(candor.Config{
		Title: "Large", Version: "1.0.0", License: candor.License{Name: "MIT", Identifier: "MIT"},
		Servers: []candor.Server{{URL: "/", Description: "here"}},
		Tags:    []candor.Tag{{Name: "plain", Description: "Types as they are"}, {Name: "versioned", Description: "Types with a version"}},
	})
	v1, v2 := candor.NewRouter("/v1", candor.Tags("plain")), candor.NewRouter("/v2", candor.Tags("versioned"))
	v2.Docs(candor.Docs{}, candor.Info{Title: "Large, second version", Version: "2.0.0"})
	app.Include(v1)
	app.Include(v2)
	resource[Account](v1, v2, "accounts")
	resource[billing.Account](v1, v2, "billing-accounts")
	resource[Person](v1, v2, "people")
	resource[billing.Person](v1, v2, "billing-people")
	resource[Folder](v1, v2, "folders")
	resource[File](v1, v2, "files")
	resource[Order](v1, v2, "orders")
	resource[OrderLine](v1, v2, "lines")
	resource[Product](v1, v2, "products")
	resource[Point](v1, v2, "points")
	resource[Shape](v1, v2, "shapes")
	resource[Named](v1, v2, "names")
	resource[Widget](v1, v2, "widgets")
	resource[Ticket](v1, v2, "tickets")
	resource[Empty](v1, v2, "empties")
	resource[[]Product](v1, v2, "product-lists")
	resource[map[string]Order](v1, v2, "order-maps")
	return app
}

// resource registers operations on a type, and on a versioned form of it.
func resource[T any](v1, v2 *candor.Router, name string) {
	operations[T](v1, name)
	operations[Versioned[T]](v2, name)
}

var errGone = candor.Error(http.StatusGone, "gone for good")

func operations[T any](r *candor.Router, name string) {
	router := candor.NewRouter("/" + name)
	type ref struct {
		ID int64 `path:"id" validate:"gte=1" doc:"Which one"`
	}
	candor.Get(router, "", func(_ context.Context, in struct {
		Skip  int      `query:"skip" default:"0" validate:"gte=0"`
		Limit int      `query:"limit" default:"10" validate:"gte=1,lte=100"`
		Sort  []string `query:"sort,csv,omitempty" validate:"max=3,dive,oneof=id name"`
		Trace *string  `header:"X-Trace"`
	},
	) (p Page[T], err error) {
		return p, nil
	})
	candor.Get(router, "/{id}", func(_ context.Context, in ref) (v T, err error) { return v, nil }, candor.Raises(errGone))
	candor.Post(router, "", func(_ context.Context, in struct {
		Body T `body:""`
	},
	) (T, error) {
		return in.Body, nil
	}, candor.Status(201))
	candor.Patch(router, "/{id}", func(_ context.Context, in struct {
		ref
		Body Change[T] `body:""`
	},
	) (p Versioned[Page[T]], err error) {
		return p, nil
	}, candor.Raises(errGone), candor.Responds[Change[T]](409, "Changed meanwhile"))
	candor.Put(router, "/{id}", func(_ context.Context, in struct {
		ref
		Value T      `body:"value"`
		Why   string `body:"why,omitempty"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.Raises(errGone))
	candor.Delete(router, "/{id}", func(_ context.Context, in ref) (candor.None, error) { return candor.None{}, nil }, candor.Raises(errGone))
	r.Include(router)
}

func TestLargeDocument(t *testing.T) {
	app := largeAPI()
	data := apptest.Document(t, app)
	assert.Len(t, app.Routes(), 204)
	schemas := apptest.MemberNames(data, "components", "schemas")
	assert.Greater(t, len(schemas), 150)

	ids := map[string]bool{}
	for _, r := range app.Routes() {
		assert.False(t, ids[r.OperationID], r.OperationID)
		ids[r.OperationID] = true
	}
	// The types of both packages are in the document, under different names.
	for _, name := range []string{"Account", "Person"} {
		assert.NotContains(t, schemas, name)
		count := 0
		for _, other := range schemas {
			if strings.HasSuffix(other, "Test"+name) || strings.HasSuffix(other, "Billing"+name) {
				count++
			}
		}
		assert.GreaterOrEqual(t, count, 2, "%v", schemas)
	}
	var again bytes.Buffer
	require.NoError(t, largeAPI().WriteOpenAPI(&again))
	assert.Equal(t, string(data), again.String())

	answer := apptest.Wire(app, "GET /v2/openapi.json")
	second, found := strings.CutPrefix(answer, "200 | ")
	require.True(t, found, answer)
	validDocument(t, []byte(second))
	assert.Equal(t, "Large, second version", apptest.Member([]byte(second), "info", "title"))
	assert.Len(t, apptest.MemberNames([]byte(second), "paths"), 34)

	documenttest.Check(t, "large", data)
	documenttest.Check(t, "large-v2", []byte(second))
}
