package main

import (
	"context"
	"strings"

	"github.com/candor-go/candor"
)

// ItemRef names an item in a path.
type ItemRef struct {
	ItemID int `path:"item_id" validate:"gte=1"`
}

// ErrItemNotFound answers for an id nobody has.
var ErrItemNotFound = candor.Error(404, "item not found")

// listItems lists items in the order of their ids.
func listItems(_ context.Context, in struct {
	Skip  int   `query:"skip" default:"0" validate:"gte=0"`
	Limit int   `query:"limit" default:"10" validate:"gte=1,lte=100"`
	Shop  *Shop `dep:""`
},
) ([]Item, error) {
	return in.Shop.List(in.Skip, in.Limit), nil
}

// readItem shows an item.
func readItem(_ context.Context, in struct {
	ItemRef
	Q    string `query:"q,omitempty" validate:"max=50" doc:"Responds only if the name contains it"`
	Shop *Shop  `dep:""`
},
) (Item, error) {
	item, ok := in.Shop.Find(in.ItemID)
	if !ok || !strings.Contains(item.Name, in.Q) {
		return Item{}, ErrItemNotFound
	}
	return item, nil
}

// createItem puts an item up for sale.
func createItem(_ context.Context, in struct {
	Body ItemIn `body:""`
	Shop *Shop  `dep:""`
},
) (Item, error) {
	return in.Shop.Add(in.Body), nil
}

// replaceItem gives an item new values.
func replaceItem(_ context.Context, in struct {
	ItemRef
	Body ItemIn `body:""`
	Shop *Shop  `dep:""`
},
) (Item, error) {
	item, ok := in.Shop.Replace(in.ItemID, in.Body)
	if !ok {
		return Item{}, ErrItemNotFound
	}
	return item, nil
}

// deleteItem takes an item from sale.
func deleteItem(_ context.Context, in struct {
	ItemRef
	Shop *Shop `dep:""`
},
) (candor.None, error) {
	if !in.Shop.Remove(in.ItemID) {
		return candor.None{}, ErrItemNotFound
	}
	return candor.None{}, nil
}
