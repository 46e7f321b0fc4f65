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

// ErrItemNotFound is the response to an unknown id.
var ErrItemNotFound = candor.Error(404, "item not found")

type ListItems struct {
	Skip  int   `query:"skip" default:"0" validate:"gte=0"`
	Limit int   `query:"limit" default:"10" validate:"gte=1,lte=100"`
	Shop  *Shop `dep:""`
}

// listItems lists items in the order of their ids.
func listItems(_ context.Context, in ListItems) ([]Item, error) {
	return in.Shop.List(in.Skip, in.Limit), nil
}

type ReadItem struct {
	ItemRef
	Q    string `query:"q,omitempty" validate:"max=50" doc:"Responds only if the name contains it"`
	Shop *Shop  `dep:""`
}

// readItem shows an item.
func readItem(_ context.Context, in ReadItem) (Item, error) {
	item, ok := in.Shop.Find(in.ItemID)
	if !ok || !strings.Contains(item.Name, in.Q) {
		return Item{}, ErrItemNotFound
	}
	return item, nil
}

type CreateItem struct {
	Body ItemIn `body:""`
	Shop *Shop  `dep:""`
}

// createItem puts an item up for sale.
func createItem(_ context.Context, in CreateItem) (Item, error) {
	return in.Shop.Add(in.Body), nil
}

type ReplaceItem struct {
	ItemRef
	Body ItemIn `body:""`
	Shop *Shop  `dep:""`
}

// replaceItem replaces an item.
func replaceItem(_ context.Context, in ReplaceItem) (Item, error) {
	item, ok := in.Shop.Replace(in.ItemID, in.Body)
	if !ok {
		return Item{}, ErrItemNotFound
	}
	return item, nil
}

type DeleteItem struct {
	ItemRef
	Shop *Shop `dep:""`
}

// deleteItem takes an item from sale.
func deleteItem(_ context.Context, in DeleteItem) (candor.None, error) {
	if !in.Shop.Remove(in.ItemID) {
		return candor.None{}, ErrItemNotFound
	}
	return candor.None{}, nil
}
