package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

const home = `"to": {"kind": "address", "street": "High Street", "city": "York"}`

func TestPost(t *testing.T) {
	for _, row := range []struct{ name, body, want string }{
		{"a default", `{` + home + `, "grams": 1}`, `{"id":1,"priority":"economy","grams":1,"note":null}`},
		{"a locker", `{"to": {"code": "4711", "number": 3, "kind": "locker"}, "grams": 5000}`, `{"id":1,"priority":"economy","grams":5000,"note":null}`},
		{"a note", `{` + home + `, "grams": 1, "note": "fragile", "priority": "express"}`, `{"id":1,"priority":"express","grams":1,"note":"fragile"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer := candor.NewTestClient(t, newApp(newDepot())).Post("/parcels", row.body).Status(201)
			assert.Equal(t, row.want, answer.Text())
			assert.Equal(t, "/parcels/1", answer.Header.Get("Location"))
		})
	}
}

func TestTheSameKeyIsTheSameParcel(t *testing.T) {
	c := candor.NewTestClient(t, newApp(newDepot()))
	key := candor.WithHeader("Idempotency-Key", "k1")
	c.Post("/parcels", `{`+home+`, "grams": 1}`, key).Status(201)
	again := c.Post("/parcels", `{`+home+`, "grams": 1}`, key).Status(200)
	assert.Equal(t, "/parcels/1", again.Header.Get("Location"))
}

func TestFaults(t *testing.T) {
	for _, row := range []struct{ name, body, want string }{
		{"no kind", `{"to": {"street": "x"}, "grams": 1}`, "union_tag_not_found body.to"},
		{"another kind", `{"to": {"kind": "drone"}, "grams": 1}`, "union_tag_invalid body.to"},
		{"inside the kind", `{"to": {"kind": "locker", "number": 0, "code": "x"}, "grams": 1}`, "greater_than_equal body.to.locker.number, string_pattern_mismatch body.to.locker.code"},
		{"a priority there is not", `{` + home + `, "grams": 1, "priority": "slow"}`, "enum body.priority"},
		{"a member nobody knows", `{` + home + `, "grams": 1, "colour": "red"}`, "extra_forbidden body.colour"},
		{"two members together", `{"to": {"kind": "locker", "number": 1, "code": "1234"}, "grams": 5001}`, "value_error body.grams"},
	} {
		t.Run(row.name, func(t *testing.T) {
			faults := candor.NewTestClient(t, newApp(newDepot())).Post("/parcels", row.body).Faults()
			assert.Equal(t, row.want, words(faults))
		})
	}
}

func words(faults []candor.Fault) string {
	texts := make([]string, len(faults))
	for i, f := range faults {
		texts[i] = f.Type + " " + strings.Trim(strings.ReplaceAll(fmt.Sprint(f.Loc), " ", "."), "[]")
	}
	return strings.Join(texts, ", ")
}

func TestChange(t *testing.T) {
	c := candor.NewTestClient(t, newApp(newDepot()))
	c.Post("/parcels", `{`+home+`, "grams": 1, "note": "fragile"}`).Status(201)
	for _, row := range []struct{ body, want string }{
		{`{}`, `{"id":1,"priority":"economy","grams":1,"note":"fragile"}`},
		{`{"priority": "express"}`, `{"id":1,"priority":"express","grams":1,"note":"fragile"}`},
		{`{"note": null}`, `{"id":1,"priority":"express","grams":1,"note":null}`},
		{`{"note": "glass"}`, `{"id":1,"priority":"express","grams":1,"note":"glass"}`},
	} {
		assert.Equal(t, row.want, c.Patch("/parcels/1", row.body).Status(200).Text(), row.body)
		assert.Equal(t, row.want, c.Get("/parcels/1").Status(200).Text())
	}
	assert.Equal(t, "extra_forbidden body.grams", words(c.Patch("/parcels/1", `{"grams": 2}`).Faults()))
	c.Patch("/parcels/2", `{}`).Status(404)
}

func TestList(t *testing.T) {
	c := candor.NewTestClient(t, newApp(newDepot()))
	for range 3 {
		c.Post("/parcels", `{`+home+`, "grams": 1}`).Status(201)
	}
	for target, want := range map[string][]int{
		"/parcels":                {1, 2, 3, 0},
		"/parcels?limit=2":        {1, 2, 3},
		"/parcels?from=3&limit=2": {3, 0},
		"/parcels?from=9":         {0},
	} {
		var page Page[Parcel]
		c.Get(target).Status(200).JSON(&page)
		var got []int
		for _, parcel := range page.Items {
			got = append(got, parcel.ID)
		}
		next := 0
		if page.Next != nil {
			next = *page.Next
		}
		assert.Equal(t, want, append(got, next), target)
	}
}
