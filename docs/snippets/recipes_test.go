package snippets_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/idempotency"
	"github.com/candor-go/candor/paging"
)

// position is where a page of products begins: after the product with the id.
type position struct{ ID int }

var cursors = paging.Plain[position]()

type ListProducts struct {
	paging.Query
	Request *http.Request
	Shop    []Product `dep:""`
}

func listProducts(_ context.Context, in ListProducts) (paging.Linked[Product], error) {
	after, err := cursors.Position(in.After)
	if err != nil {
		return paging.Linked[Product]{}, err
	}
	found := productsAfter(in.Shop, after.ID, in.Fetch())
	return paging.Of(in.Query, in.Request, found, func(last Product) (paging.Cursor, error) {
		return cursors.At(position{last.ID})
	})
}

// productsAfter stands for an SQL query.
func productsAfter(shop []Product, id, limit int) []Product {
	found := slices.DeleteFunc(slices.Clone(shop), func(p Product) bool { return p.ID <= id })
	return found[:min(len(found), limit)]
}

// Payments counts payments.
type Payments struct {
	mutex sync.Mutex
	done  int
}

type Receipt struct {
	Number int `json:"number"`
	Cents  int `json:"cents"`
}

type Amount struct {
	Cents int `json:"cents" validate:"gt=0"`
}

type Pay struct {
	Body     Amount    `body:""`
	Payments *Payments `dep:""`
}

func pay(_ context.Context, in Pay) (Receipt, error) {
	in.Payments.mutex.Lock()
	defer in.Payments.mutex.Unlock()
	in.Payments.done++
	return Receipt{Number: in.Payments.done, Cents: in.Body.Cents}, nil
}

type Profile struct {
	Name  string  `json:"name"`
	Phone *string `json:"phone"`
}

// ProfilePatch is a merge patch (RFC 7396): absent members stay, and null
// removes a value.
type ProfilePatch struct {
	Name  candor.Optional[string] `json:"name" validate:"min=1"`
	Phone candor.Optional[string] `json:"phone"`
}

var ErrNameless = candor.Error(422, "a profile has a name")

type PatchProfile struct {
	Body    ProfilePatch `body:""`
	Profile *Profile     `dep:""`
}

func patchProfile(_ context.Context, in PatchProfile) (Profile, error) {
	if in.Body.Name.Null {
		return Profile{}, ErrNameless
	}
	if in.Body.Name.Set {
		in.Profile.Name = in.Body.Name.Value
	}
	switch {
	case in.Body.Phone.Null:
		in.Profile.Phone = nil
	case in.Body.Phone.Set:
		in.Profile.Phone = &in.Body.Phone.Value
	}
	return *in.Profile, nil
}

// Member is the logged-in user.
type Member struct{ Name string }

// Sessions maps session cookies to users.
type Sessions map[string]Member

type FindMember struct {
	Session  candor.APIKey `cookie:"session"`
	Sessions Sessions      `dep:""`
}

func loggedIn(_ context.Context, in FindMember) (Member, error) {
	user, ok := in.Sessions[string(in.Session)]
	if !ok {
		return Member{}, candor.Error(401, "log in first")
	}
	return user, nil
}

type GreetMember struct {
	Member Member `dep:""`
}

func helloMember(_ context.Context, in GreetMember) (string, error) {
	return "hello, " + in.Member.Name, nil
}

type Document struct {
	Version int    `json:"version"`
	Text    string `json:"text"`
}

func (d Document) tag() string { return fmt.Sprintf(`"v%d"`, d.Version) }

type DocumentAnswer struct {
	ETag string   `header:"ETag"`
	Body Document `body:""`
}

type ReadDocument struct {
	Request  *http.Request
	Document *Document `dep:""`
}

func readDocument(_ context.Context, in ReadDocument) (DocumentAnswer, error) {
	if err := candor.CheckETag(in.Request, in.Document.tag()); err != nil {
		return DocumentAnswer{}, err
	}
	return DocumentAnswer{in.Document.tag(), *in.Document}, nil
}

type DocumentIn struct {
	Text string `json:"text"`
}

type WriteDocument struct {
	IfMatch  string `header:"If-Match" doc:"The ETag of what is being replaced"`
	Request  *http.Request
	Document *Document  `dep:""`
	Body     DocumentIn `body:""`
}

func writeDocument(_ context.Context, in WriteDocument) (DocumentAnswer, error) {
	if err := candor.CheckETag(in.Request, in.Document.tag()); err != nil {
		return DocumentAnswer{}, err
	}
	*in.Document = Document{in.Document.Version + 1, in.Body.Text}
	return DocumentAnswer{in.Document.tag(), *in.Document}, nil
}

func newRecipes(shop []Product, profile *Profile) *candor.App {
	app := candor.New(candor.Config{Title: "Recipes"})
	candor.ProvideValue(app, shop)
	candor.ProvideValue(app, profile)
	candor.ProvideValue(app, &Payments{})
	candor.ProvideValue(app, Sessions{"s3": {"Anna"}})
	candor.ProvideValue(app, &Document{Version: 1})
	candor.Provide(app, loggedIn)
	candor.Get(app, "/products", listProducts)
	keys := idempotency.Keys(idempotency.NewMemoryStore(0), idempotency.Config{Required: true})
	candor.Post(app, "/payments", pay, candor.Status(201), keys)
	candor.Patch(app, "/profile", patchProfile, candor.Raises(ErrNameless))
	candor.Get(app, "/hello", helloMember)
	document := candor.Get(app, "/document", readDocument, candor.Responds[candor.None](304))
	replace := candor.Put(app, "/document", writeDocument, candor.Raises(candor.ErrPreconditionFailed))
	candor.AutoPatch(document, replace)
	return app
}

func newVersions(v1Products, v2Products func(context.Context, candor.None) ([]Product, error)) *candor.App {
	v1 := candor.NewRouter("/v1", candor.Deprecated())
	v1.Docs(candor.Docs{}, candor.Info{Title: "Shop", Version: "1.9.0"})
	candor.Get(v1, "/products", v1Products)

	v2 := candor.NewRouter("/v2")
	v2.Docs(candor.Docs{}, candor.Info{Title: "Shop", Version: "2.0.0"})
	candor.Get(v2, "/products", v2Products)

	app := candor.New(candor.Config{Title: "Shop"})
	app.Include(v1)
	app.Include(v2)
	return app
}

func TestRecipes(t *testing.T) {
	shop := make([]Product, 45)
	for i := range shop {
		shop[i].ID = i + 1
	}
	c := candor.NewTestClient(t, newRecipes(shop, &Profile{Name: "Anna"}))

	seen, target := 0, "/products"
	for pages := 1; ; pages++ {
		var page paging.Page[Product]
		c.Get(target).Status(200).JSON(&page)
		seen += len(page.Items)
		if page.Next == "" {
			assert.Equal(t, 3, pages)
			break
		}
		target = fmt.Sprintf("/products?after=%s", page.Next)
	}
	assert.Equal(t, 45, seen)
	c.Get("/products?limit=1000").Status(422)

	key := candor.WithHeader("Idempotency-Key", "order-4711")
	first := c.Post("/payments", `{"cents":5}`, key).Status(201).Text()
	assert.Equal(t, first, c.Post("/payments", `{"cents":5}`, key).Status(201).Text())
	c.Post("/payments", `{"cents":6}`, key).Status(422)
	assert.NotEqual(t, first, c.Post("/payments", `{"cents":5}`, candor.WithHeader("Idempotency-Key", "order-4712")).Status(201).Text())
	c.Post("/payments", `{"cents":5}`).Status(400)

	for _, step := range []struct{ patch, want string }{
		{`{"phone":"123"}`, `{"name":"Anna","phone":"123"}`},
		{`{"name":"Berta"}`, `{"name":"Berta","phone":"123"}`},
		{`{"phone":null}`, `{"name":"Berta","phone":null}`},
	} {
		assert.Equal(t, step.want, c.Patch("/profile", json.RawMessage(step.patch)).Status(200).Text())
	}
	c.Patch("/profile", `{"name":null}`).Status(422)

	c.Get("/hello").Status(401)
	c.Get("/hello", candor.WithCookie("session", "wrong")).Status(401)
	assert.Equal(t, `"hello, Anna"`, c.Get("/hello", candor.WithCookie("session", "s3")).Status(200).Text())

	tag := c.Get("/document").Status(200).Header.Get("ETag")
	c.Get("/document", candor.WithHeader("If-None-Match", tag)).Status(304)
	c.Put("/document", `{"text":"mine"}`, candor.WithHeader("If-Match", tag)).Status(200)
	c.Put("/document", `{"text":"another's"}`, candor.WithHeader("If-Match", tag)).Status(412)
	c.Put("/document", `{"text":"blind"}`).Status(422)
	merge := func(text string) candor.TestOption {
		return candor.WithBody("application/merge-patch+json", strings.NewReader(text))
	}
	c.Patch("/document", nil, merge(`{"text":"patched"}`)).Status(200)
	c.Patch("/document", nil, merge(`{"text":"too late"}`), candor.WithHeader("If-Match", tag)).Status(412)

	none := func(context.Context, candor.None) ([]Product, error) { return nil, nil }
	versions := candor.NewTestClient(t, newVersions(none, none))
	for _, path := range []string{"/v1/products", "/v2/products", "/v1/openapi.json", "/v2/openapi.json", "/v1/docs", "/openapi.json"} {
		versions.Get(path).Status(200)
	}
}
