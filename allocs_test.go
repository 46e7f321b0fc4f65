//go:build !race

package candor_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/idempotency"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/paging"
)

// TestAllocations limits the allocations per request of the main kinds of route. It does not run under the race
// detector, which drops pooled objects at random.
func TestAllocations(t *testing.T) {
	type product struct {
		Name     string   `json:"name" validate:"min=1,max=50"`
		Email    string   `json:"email" validate:"email"`
		Price    float64  `json:"price" validate:"gte=0,lte=100000"`
		Quantity int      `json:"quantity" validate:"gte=1,lte=1000"`
		Category string   `json:"category" validate:"oneof=books electronics garden toys"`
		Tags     []string `json:"tags" validate:"max=5,dive,min=1,max=20"`
	}
	type search struct {
		ID    int    `path:"id" json:"id" validate:"gte=1"`
		Q     string `query:"q,omitempty" json:"q" validate:"max=50"`
		Limit int    `query:"limit" json:"limit" default:"20" validate:"gte=1,lte=100"`
	}
	type found struct {
		ID    int    `json:"id"`
		Q     string `json:"q"`
		Limit int    `json:"limit"`
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(context.Context, candor.None) (map[string]string, error) { return nil, nil })
	candor.Get(app, "/products/{id}", func(_ context.Context, in search) (found, error) { return found(in), nil })
	candor.Post(app, "/products", func(_ context.Context, in struct {
		Body product `body:""`
	},
	) (product, error) {
		return in.Body, nil
	})
	candor.Post(app, "/visitors", func(_ context.Context, in struct {
		Body struct {
			ID       string `json:"id" validate:"uuid"`
			Homepage string `json:"homepage" validate:"url"`
			Address  string `json:"address" validate:"ip"`
			Network  string `json:"network" validate:"cidr"`
			Host     string `json:"host" validate:"hostname"`
			Born     string `json:"born" validate:"datetime=2006-01-02"`
			Phone    string `json:"phone" validate:"e164"`
			Version  string `json:"version" validate:"semver"`
		} `body:""`
	},
	) (int, error) {
		return len(in.Body.ID), nil
	})
	provideEditor(app)
	candor.Get(app, "/me", func(_ context.Context, in struct {
		Editor editor `dep:""`
	},
	) (*member, error) {
		return in.Editor.member, nil
	})
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*lazyMember) error) error { return use(&lazyMember{}) }, candor.Attempts(3))
	candor.Get(app, "/lazy", func(_ context.Context, in struct {
		Member candor.Lazy[*lazyMember] `dep:""`
	},
	) (map[string]string, error) {
		return nil, nil
	})
	rows := []allocRow{
		// Header values are shared, and the response buffer is reused.
		{"a small answer", "GET", "/", "", 200, 0, nil},
		// Likewise: parameters are substrings of the request.
		{"three parameters", "GET", "/products/42?q=keyboard&limit=10", "", 200, 0, nil},
		// Likewise: a chain of providers adds none.
		{"a chain of three providers", "GET", "/me", "", 200, 0, nil},
		// Likewise: an unused provider does not run.
		{"a Lazy that nobody asks for", "GET", "/lazy", "", 200, 0, nil},
		// One allocation for all strings, and one for the slice of them.
		{
			"an object in and out", "POST", "/products",
			`{"name":"Keyboard","email":"a@example.org","price":129.95,"quantity":25,"category":"toys","tags":["red","small","new"]}`, 200, 2, nil,
		},
		// Likewise: the validation error of a broken rule is precomputed.
		{
			"four broken rules", "POST", "/products",
			`{"name":"","email":"a@example.org","price":-1,"quantity":0,"category":"cars","tags":["red","small","new"]}`, 422, 2, nil,
		},
		{
			"an address without @ among them", "POST", "/products",
			`{"name":"","email":"example.org","price":-1,"quantity":1,"category":"cars","tags":["red","small","new"]}`, 422, 2, nil,
		},
		// Likewise, plus the details of some formats.
		{
			"eight broken formats", "POST", "/visitors",
			`{"id":"x","homepage":"example.org","address":"localhost","network":"10.0.0.0","host":"-","born":"2023-02-29","phone":"030","version":"1.2"}`, 422, 6, nil,
		},
	}
	for _, row := range rows {
		t.Run(row.what, func(t *testing.T) { row.measure(t, app) })
	}
}

// allocRow is a request and its maximum number of allocations.
type allocRow struct {
	what, method, target, body string
	status                     int
	budget                     float64
	// header has additional headers, such as the media type of a form.
	header http.Header
}

// measure sends the request repeatedly, reusing the memory of the request.
func (row *allocRow) measure(t *testing.T, app http.Handler) {
	t.Helper()
	body := strings.NewReader(row.body)
	template := httptest.NewRequest(row.method, row.target, http.NoBody)
	if row.body != "" {
		template = httptest.NewRequest(row.method, row.target, body)
		template.Header.Set("Content-Type", "application/json")
	}
	template.Header.Set("Authorization", "Bearer a-token")
	maps.Copy(template.Header, row.header)
	w := &forgetful{header: http.Header{}}
	var r http.Request
	got := testing.AllocsPerRun(1000, func() {
		clear(w.header)
		body.Reset(row.body)
		r = *template
		app.ServeHTTP(w, &r)
	})
	require.Equal(t, row.status, w.status)
	assert.LessOrEqual(t, got, row.budget)
}

// Limits for features that a tag or an option turns on, including what the route needs without them.
func TestAllocationsOfFeatures(t *testing.T) {
	type price struct {
		GTE int `json:"gte,omitempty" validate:"gte=0"`
		LT  int `json:"lt,omitempty"`
	}
	type address struct {
		Street string `json:"street" validate:"min=1"`
		City   string `json:"city"`
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/deep", func(_ context.Context, in struct {
		Price price `query:"price,deep"`
	},
	) (int, error) {
		return in.Price.GTE, nil
	})
	candor.Get(app, "/piped", func(_ context.Context, in struct {
		IDs []int `query:"ids,pipe"`
	},
	) (int, error) {
		return len(in.IDs), nil
	})
	candor.Get(app, "/former", func(_ context.Context, in struct {
		Size int `query:"page_size" alias:"pageSize"`
	},
	) (int, error) {
		return in.Size, nil
	})
	candor.Post(app, "/nested", func(_ context.Context, in struct {
		Address address `form:"address"`
	},
	) (int, error) {
		return len(in.Address.Street), nil
	})
	candor.Post(app, "/signed", func(_ context.Context, in struct {
		Raw  candor.RawBody
		Body price `body:""`
	},
	) (int, error) {
		return len(in.Raw), nil
	})
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*lazyMember) error) error { return use(&lazyMember{}) }, candor.Attempts(3))
	candor.Get(app, "/asked", func(ctx context.Context, in struct {
		Member candor.Lazy[*lazyMember] `dep:""`
	},
	) (int, error) {
		_, err := in.Member.Get(ctx)
		return 0, err
	})
	candor.Get(app, "/again", func(_ context.Context, _ struct {
		Member *lazyMember `dep:""`
	},
	) (int, error) {
		return 0, nil
	})
	candor.Get(app, "/deprecated", apptest.Returns(0), candor.Deprecated(time.Unix(0, 1)))
	candor.Query(app, "/search", func(_ context.Context, in struct {
		Body price `body:""`
	},
	) (int, error) {
		return in.Body.GTE, nil
	})
	type thing struct {
		Name string `json:"name"`
	}
	get := candor.Get(app, "/thing", apptest.Returns(thing{"pen"}))
	candor.AutoPatch(get, candor.Put(app, "/thing", func(_ context.Context, in struct {
		Body thing `body:""`
	},
	) (thing, error) {
		return in.Body, nil
	}))
	candor.Post(app, "/payments", apptest.Returns(0), idempotency.Keys(idempotency.NewMemoryStore(0), idempotency.Config{}))
	cursors := paging.Plain[int]()
	candor.Get(app, "/pages", func(_ context.Context, in struct {
		paging.Query
		Request *http.Request
	},
	) (paging.Linked[int], error) {
		after, err := cursors.Position(in.After)
		if err != nil {
			return paging.Linked[int]{}, err
		}
		return paging.Of(in.Query, in.Request, []int{after + 1, after + 2}, cursors.At)
	})
	key, merge := http.Header{"Idempotency-Key": {"a-key"}}, http.Header{"Content-Type": {"application/merge-patch+json"}}
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for _, row := range []allocRow{
		// The map of the strings, and the value.
		{what: "an object in the query", method: "GET", target: "/deep?price[gte]=10&price[lt]=20", status: 200, budget: 17},
		{what: "a list between pipes", method: "GET", target: "/piped?ids=1|2|3", status: 200, budget: 3},
		{what: "a former name", method: "GET", target: "/former?pageSize=3", status: 200, budget: 1},
		{what: "a nested form", method: "POST", target: "/nested", body: "address.street=Main&address.city=Bern", status: 200, budget: 23, header: form},
		{what: "a body and its bytes", method: "POST", target: "/signed", body: `{"gte":1}`, status: 200, budget: 5},
		// A goroutine and its channels.
		{what: "a Lazy that is asked for", method: "GET", target: "/asked", status: 200, budget: 9},
		{what: "a scoped provider that may run again", method: "GET", target: "/again", status: 200, budget: 3},
		// The client's address.
		{what: "a deprecated operation", method: "GET", target: "/deprecated", status: 200, budget: 1},
		// A GET and a PUT inside of the PATCH, each with headers, and the resource as JSON three times.
		{what: "a merge patch", method: "PATCH", target: "/thing", body: `{"name":"ink"}`, status: 200, budget: 115, header: merge},
		{what: "the GET of a patch", method: "GET", target: "/thing", status: 200, budget: 0},
		{what: "no idempotency key", method: "POST", target: "/payments", status: 200, budget: 9},
		// The response is read from the store.
		{what: "an idempotency key that was used", method: "POST", target: "/payments", status: 200, budget: 56, header: key},
		{what: "a page", method: "GET", target: "/pages?limit=1&after=Mw", status: 200, budget: 25},
		{what: "a QUERY", method: "QUERY", target: "/search", body: `{"gte":1}`, status: 200, budget: 0},
	} {
		t.Run(row.what, func(t *testing.T) { row.measure(t, app) })
	}
}

type (
	sessionToken string
	member       struct {
		Name  string   `json:"name"`
		Roles []string `json:"roles"`
	}
	// lazyMember is a member that no handler asks for.
	lazyMember struct{}
	// editor is a member who may edit.
	editor struct{ member *member }
)

// provideEditor registers a chain of providers: a bearer token, the member it belongs to, and the member's rights.
func provideEditor(app *candor.App) {
	candor.ProvideValue(app, map[sessionToken]*member{"a-token": {Name: "ann", Roles: []string{"reader", "editor"}}})
	candor.Provide(app, func(_ context.Context, in struct{ Token candor.Bearer }) (sessionToken, error) {
		return sessionToken(in.Token), nil
	})
	candor.Provide(app, func(_ context.Context, in struct {
		Token   sessionToken             `dep:""`
		Members map[sessionToken]*member `dep:""`
	},
	) (*member, error) {
		if found, ok := in.Members[in.Token]; ok {
			return found, nil
		}
		return nil, candor.Error(401, nil)
	})
	candor.Provide(app, func(_ context.Context, in struct {
		Member *member `dep:""`
	},
	) (editor, error) {
		if !slices.Contains(in.Member.Roles, "editor") {
			return editor{}, candor.Error(403, nil)
		}
		return editor{in.Member}, nil
	}, candor.Raises(candor.Error(403, nil)))
}

// forgetful is a ResponseWriter that discards the body.
type forgetful struct {
	header http.Header
	status int
}

func (f *forgetful) Header() http.Header         { return f.header }
func (f *forgetful) WriteHeader(status int)      { f.status = status }
func (f *forgetful) Write(p []byte) (int, error) { return len(p), nil }
