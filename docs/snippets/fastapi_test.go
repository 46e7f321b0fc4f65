package snippets_test

import (
	"context"

	"github.com/candor-go/candor"
)

type Item struct {
	Name  string   `json:"name" validate:"min=1,max=50"`
	Price float64  `json:"price" validate:"gt=0"`
	Tax   *float64 `json:"tax"`
	Tags  []string `json:"tags,omitempty"`
}

var ErrItemNotFound = candor.Error(404, "Item not found")

func readItem(_ context.Context, in struct {
	ItemID int     `path:"item_id"`
	Q      *string `query:"q" validate:"max=50"`
},
) (Item, error) {
	if in.ItemID != 1 {
		return Item{}, ErrItemNotFound
	}
	return Item{Name: "Foo", Price: 50.2}, nil
}

func createItem(_ context.Context, in struct {
	Body Item `body:""`
},
) (Item, error) {
	return in.Body, nil
}

func Example_items() {
	app := candor.New(candor.Config{Title: "Items"})
	candor.Get(app, "/items/{item_id}", readItem, candor.Raises(ErrItemNotFound))
	candor.Post(app, "/items", createItem, candor.Status(201), candor.Tags("items"))

	ask(app, "GET /items/1", "")
	ask(app, "GET /items/2", "")
	ask(app, "POST /items", `{"name": "Foo", "price": 50.2}`)
	// Output:
	// 200 {"name":"Foo","price":50.2,"tax":null}
	// 404 {"detail":"Item not found"}
	// 201 {"name":"Foo","price":50.2,"tax":null}
}

type Paged struct {
	Skip  int `query:"skip" default:"0"`
	Limit int `query:"limit" default:"100"`
}

func Example_common() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/items", func(_ context.Context, in struct{ Paged }) (int, error) {
		return in.Skip + in.Limit, nil
	})

	ask(app, "GET /items?skip=20", "")
	// Output: 200 120
}

type User struct{ Name string }

func currentUser(_ context.Context, in struct{ Token candor.Bearer }) (*User, error) {
	return &User{Name: string(in.Token)}, nil
}

func me(_ context.Context, in struct {
	User *User `dep:""`
},
) (string, error) {
	return in.User.Name, nil
}

func Example_dependency() {
	app := candor.New(candor.Config{})
	candor.Provide(app, currentUser)
	candor.Get(app, "/me", me)

	ask(app, "GET /me", "", "Authorization: Bearer ann")
	ask(app, "GET /me", "")
	// Output:
	// 200 "ann"
	// 401 {"detail":"Not authenticated"}
}

func Example_router() {
	users := candor.NewRouter("/users", candor.Tags("users"))
	candor.Get(users, "/{id}", func(_ context.Context, in struct {
		ID int `path:"id"`
	},
	) (int, error) {
		return in.ID, nil
	})

	app := candor.New(candor.Config{})
	app.Include(users, candor.Prefix("/api/v1"))

	ask(app, "GET /api/v1/users/7", "")
	// Output: 200 7
}
