package snippets_test

import (
	"context"

	"github.com/candor-go/candor"
)

type Shop struct {
	Name    string `json:"name"`
	Address Place  `json:"address"`
}

type Place struct {
	City   string `json:"city"`
	Street string `json:"street"`
}

// ShopPatch is a merge patch: {"address":{"street":null}} removes the street
// and keeps the rest.
type ShopPatch struct {
	Name    candor.Optional[string]       `json:"name" validate:"min=1"`
	Address candor.Optional[AddressPatch] `json:"address"`
}

type AddressPatch struct {
	City   candor.Optional[string] `json:"city"`
	Street candor.Optional[string] `json:"street"`
}

type PatchShop struct {
	Patch ShopPatch `body:""`
	Shop  *Shop     `dep:""`
}

func patchShop(_ context.Context, in PatchShop) (Shop, error) {
	if name := in.Patch.Name; name.Null {
		return Shop{}, candor.Invalid("a shop has a name", "body", "name")
	}
	in.Shop.Name = in.Patch.Name.Or(in.Shop.Name)
	switch address := in.Patch.Address; {
	case address.Null:
		in.Shop.Address = Place{}
	case address.Set:
		in.Shop.Address.City = keep(in.Shop.Address.City, address.Value.City)
		in.Shop.Address.Street = keep(in.Shop.Address.Street, address.Value.Street)
	}
	return *in.Shop, nil
}

// keep returns a text after a change; null removes it.
func keep(before string, change candor.Optional[string]) string {
	if change.Null {
		return ""
	}
	return change.Or(before)
}

func Example_mergePatch() {
	app := candor.New(candor.Config{})
	candor.ProvideValue(app, &Shop{Name: "Books", Address: Place{City: "Ulm", Street: "Hafengasse"}})
	candor.Patch(app, "/shop", patchShop)

	const media = "Content-Type: application/merge-patch+json"
	ask(app, "PATCH /shop", `{"address":{"street":null}}`, media)
	ask(app, "PATCH /shop", `{"name":"Books and maps","address":null}`, media)
	ask(app, "PATCH /shop", `{"name":null}`, media)
	// Output:
	// 200 {"name":"Books","address":{"city":"Ulm","street":""}}
	// 200 {"name":"Books and maps","address":{"city":"","street":""}}
	// 422 {"detail":[{"type":"value_error","loc":["body","name"],"msg":"Value error: a shop has a name","ctx":{"error":"a shop has a name"}}]}
}
