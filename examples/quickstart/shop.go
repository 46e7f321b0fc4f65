package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/candor-go/candor"
)

// ItemIn is what a client says about an item.
type ItemIn struct {
	Name    string   `json:"name" validate:"min=1,max=50" doc:"What it is called" example:"Laptop"`
	Price   float64  `json:"price" validate:"gte=0" doc:"In euros" example:"999.5"`
	InStock bool     `json:"in_stock" default:"true"`
	Tags    []string `json:"tags,omitempty" validate:"max=5,dive,min=1,max=20"`
}

// Item is what the service knows about one.
type Item struct {
	ID int `json:"id"`
	ItemIn
}

// ItemRef names an item in a path.
type ItemRef struct {
	ItemID int `path:"item_id" validate:"gte=1"`
}

// ErrItemNotFound answers for an id nobody has.
var ErrItemNotFound = candor.Error(404, "item not found")

// Shop keeps the items. Its methods are the handlers.
type Shop struct {
	mutex sync.Mutex
	items map[int]Item
	last  int
}

// newShop is a shop with one item.
func newShop() *Shop {
	s := &Shop{items: map[int]Item{}}
	s.add(ItemIn{Name: "Laptop", Price: 999.5, InStock: true, Tags: []string{"computer"}})
	return s
}

func (s *Shop) add(in ItemIn) Item {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.last++
	item := Item{ID: s.last, ItemIn: in}
	s.items[item.ID] = item
	return item
}

func (s *Shop) listItems(_ context.Context, in struct {
	Skip  int `query:"skip" default:"0" validate:"gte=0"`
	Limit int `query:"limit" default:"10" validate:"gte=1,lte=100"`
},
) ([]Item, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	ids := slices.Sorted(maps.Keys(s.items))
	ids = ids[min(in.Skip, len(ids)):]
	ids = ids[:min(in.Limit, len(ids))]
	page := make([]Item, len(ids))
	for i, id := range ids {
		page[i] = s.items[id]
	}
	return page, nil
}

func (s *Shop) readItem(_ context.Context, in struct {
	ItemRef
	Q string `query:"q,omitempty" validate:"max=50" doc:"Answers only if the name contains it"`
},
) (Item, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	item, ok := s.items[in.ItemID]
	if !ok || !strings.Contains(item.Name, in.Q) {
		return Item{}, ErrItemNotFound
	}
	return item, nil
}

func (s *Shop) createItem(_ context.Context, in struct {
	Body ItemIn `body:""`
},
) (Item, error) {
	return s.add(in.Body), nil
}

func (s *Shop) replaceItem(_ context.Context, in struct {
	ItemRef
	Body ItemIn `body:""`
},
) (Item, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, ok := s.items[in.ItemID]; !ok {
		return Item{}, ErrItemNotFound
	}
	item := Item{ID: in.ItemID, ItemIn: in.Body}
	s.items[item.ID] = item
	return item, nil
}

func (s *Shop) deleteItem(_ context.Context, in ItemRef) (candor.None, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, ok := s.items[in.ItemID]; !ok {
		return candor.None{}, ErrItemNotFound
	}
	delete(s.items, in.ItemID)
	return candor.None{}, nil
}
