package main

import (
	"maps"
	"slices"
	"sync"
)

// ItemIn is an item that a client sends.
type ItemIn struct {
	Name    string   `json:"name" validate:"min=1,max=50" doc:"What it is called" example:"Laptop"`
	Price   float64  `json:"price" validate:"gte=0" doc:"In euros" example:"999.5"`
	InStock bool     `json:"in_stock" default:"true"`
	Tags    []string `json:"tags,omitempty" validate:"max=5,dive,min=1,max=20"`
}

// Item is an item of the shop.
type Item struct {
	ID int `json:"id"`
	ItemIn
}

// Shop stores the items.
type Shop struct {
	mutex sync.Mutex
	items map[int]Item
	last  int
}

// newShop is a shop with one item.
func newShop() *Shop {
	s := &Shop{items: map[int]Item{}}
	s.Add(ItemIn{Name: "Laptop", Price: 999.5, InStock: true, Tags: []string{"computer"}})
	return s
}

// List returns up to limit items in the order of their ids, after the first
// skip.
func (s *Shop) List(skip, limit int) []Item {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	ids := slices.Sorted(maps.Keys(s.items))
	ids = ids[min(skip, len(ids)):]
	ids = ids[:min(limit, len(ids))]
	page := make([]Item, len(ids))
	for i, id := range ids {
		page[i] = s.items[id]
	}
	return page
}

// Find returns the item with an id, if there is one.
func (s *Shop) Find(id int) (Item, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	item, ok := s.items[id]
	return item, ok
}

// Add stores an item under the next id.
func (s *Shop) Add(in ItemIn) Item {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.last++
	item := Item{ID: s.last, ItemIn: in}
	s.items[item.ID] = item
	return item
}

// Replace changes the item with an id, if there is one.
func (s *Shop) Replace(id int, in ItemIn) (Item, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, ok := s.items[id]; !ok {
		return Item{}, false
	}
	s.items[id] = Item{ID: id, ItemIn: in}
	return s.items[id], true
}

// Remove removes the item with an id and reports whether it existed.
func (s *Shop) Remove(id int) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, ok := s.items[id]
	delete(s.items, id)
	return ok
}
