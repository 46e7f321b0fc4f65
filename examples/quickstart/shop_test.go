package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

var laptop = Item{ID: 1, ItemIn: ItemIn{Name: "Laptop", Price: 999.5, InStock: true, Tags: []string{"computer"}}}

func newClient(t *testing.T) *candor.TestClient {
	t.Helper()
	return candor.NewTestClient(t, newApp(newShop()))
}

func TestReadItem(t *testing.T) {
	for _, row := range []struct {
		target string
		status int
	}{
		{"/items/1", 200},
		{"/items/1?q=Lap", 200},
		{"/items/1?q=", 200},
		{"/items/1?q=Phone", 404},
		{"/items/2", 404},
	} {
		t.Run(row.target, func(t *testing.T) {
			answer := newClient(t).Get(row.target).Status(row.status)
			if row.status == http.StatusNotFound {
				assert.JSONEq(t, `{"detail": "item not found"}`, answer.Text())
				return
			}
			var item Item
			answer.JSON(&item)
			assert.Equal(t, laptop, item)
		})
	}
}

// A handler is an ordinary function.
func TestCreateItemItself(t *testing.T) {
	created, err := createItem(t.Context(), CreateItem{Body: ItemIn{Name: "Mouse"}, Shop: newShop()})
	require.NoError(t, err)
	assert.Equal(t, Item{ID: 2, ItemIn: ItemIn{Name: "Mouse"}}, created)
}

func TestListItems(t *testing.T) {
	c := newClient(t)
	for _, name := range []string{"Mouse", "Phone"} {
		c.Post("/items", ItemIn{Name: name}).Status(201)
	}
	for target, want := range map[string][]int{
		"/items":                {1, 2, 3},
		"/items?skip=1":         {2, 3},
		"/items?limit=2":        {1, 2},
		"/items?skip=1&limit=1": {2},
		"/items?skip=9":         {},
	} {
		var page []Item
		c.Get(target).Status(200).JSON(&page)
		ids := make([]int, len(page))
		for i, item := range page {
			ids[i] = item.ID
		}
		assert.Equal(t, want, ids, target)
	}
}

func TestCreateItem(t *testing.T) {
	for _, row := range []struct {
		body string
		want ItemIn
	}{
		{`{"name": "Mouse", "price": 20}`, ItemIn{Name: "Mouse", Price: 20, InStock: true}},
		{`{"name": "Mouse", "price": 0, "in_stock": false}`, ItemIn{Name: "Mouse"}},
		{`{"name": "é", "price": 0.5, "tags": ["a", "b"]}`, ItemIn{Name: "é", Price: 0.5, InStock: true, Tags: []string{"a", "b"}}},
		{`{"name": "Mouse", "price": 1e2, "unknown": 1}`, ItemIn{Name: "Mouse", Price: 100, InStock: true}},
	} {
		t.Run(row.body, func(t *testing.T) {
			c := newClient(t)
			var created, read Item
			c.Post("/items", row.body).Status(201).JSON(&created)
			assert.Equal(t, Item{ID: 2, ItemIn: row.want}, created)
			c.Get("/items/2").Status(200).JSON(&read)
			assert.Equal(t, created, read)
		})
	}
}

func TestReplaceAndDelete(t *testing.T) {
	c := newClient(t)
	var item Item
	c.Put("/items/1", `{"name": "Tablet", "price": 5}`).Status(200).JSON(&item)
	assert.Equal(t, Item{ID: 1, ItemIn: ItemIn{Name: "Tablet", Price: 5, InStock: true}}, item)
	assert.Empty(t, c.Delete("/items/1").Status(204).Body)
	c.Get("/items/1").Status(404)
	c.Delete("/items/1").Status(404)
	c.Put("/items/1", `{"name": "Tablet", "price": 5}`).Status(404)
}

// All validation errors of a request are reported together, with their
// locations.
func TestFaults(t *testing.T) {
	type faults map[string]string
	for _, row := range []struct {
		method, target, body string
		want                 faults
	}{
		{"GET", "/items?skip=-1&limit=101", "", faults{"query.skip": "greater_than_equal", "query.limit": "less_than_equal"}},
		{"GET", "/items?limit=0", "", faults{"query.limit": "greater_than_equal"}},
		{"GET", "/items/x?q=" + strings.Repeat("x", 51), "", faults{"path.item_id": "int_parsing", "query.q": "string_too_long"}},
		{"GET", "/items/0", "", faults{"path.item_id": "greater_than_equal"}},
		{"POST", "/items", `{}`, faults{"body.name": "missing", "body.price": "missing"}},
		{"POST", "/items", `{"name": "", "price": -1}`, faults{"body.name": "string_too_short", "body.price": "greater_than_equal"}},
		{"POST", "/items", `{"name": null, "price": "1", "in_stock": null}`, faults{"body.name": "string_type", "body.price": "float_type", "body.in_stock": "bool_type"}},
		{"POST", "/items", `{"name": "a", "price": 1, "tags": ["", "b", "` + strings.Repeat("c", 21) + `"]}`, faults{"body.tags.0": "string_too_short", "body.tags.2": "string_too_long"}},
		{"POST", "/items", `{"name": "a", "price": 1, "tags": ["1", "2", "3", "4", "5", "6"]}`, faults{"body.tags": "too_long"}},
		{"PUT", "/items/0", `[]`, faults{"path.item_id": "greater_than_equal", "body": "model_attributes_type"}},
	} {
		t.Run(row.method+" "+row.target+" "+row.body, func(t *testing.T) {
			var body any
			if row.body != "" {
				body = row.body
			}
			got := faults{}
			for _, f := range newClient(t).Do(row.method, row.target, body).Faults() {
				require.NotEmpty(t, f.Msg)
				got[place(f.Loc)] = f.Type
			}
			assert.Equal(t, row.want, got)
		})
	}
}

// place formats a location for people: body.tags.0.
func place(loc []any) string {
	parts := make([]string, len(loc))
	for i, part := range loc {
		parts[i] = fmt.Sprint(part)
	}
	return strings.Join(parts, ".")
}
