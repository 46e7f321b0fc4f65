package main

import (
	"github.com/candor-go/candor"
)

// Priority is an enum: the method lists its values.
type Priority string

// The priorities there are.
const (
	Economy Priority = "economy"
	Express Priority = "express"
)

// Enum lists all priorities.
func (Priority) Enum() []Priority { return []Priority{Economy, Express} }

// Destination is a union: the member "kind" says which of the two it is.
type Destination struct {
	candor.OneOf `json:"kind"`
	Address      *Address `case:"address"`
	Locker       *Locker  `case:"locker"`
}

// Address is a door to ring at.
type Address struct {
	Street string `json:"street" validate:"min=1"`
	City   string `json:"city" validate:"min=1"`
}

// Locker is a box that opens for a code.
type Locker struct {
	Number int    `json:"number" validate:"gte=1"`
	Code   string `json:"code" pattern:"^[0-9]{4}$" example:"4711"`
}

// ParcelIn is what a sender says about a parcel. Members that it does not list
// are refused.
type ParcelIn struct {
	candor.Strict
	To       Destination `json:"to"`
	Priority Priority    `json:"priority" default:"economy"`
	Grams    int         `json:"grams" validate:"gte=1,lte=30000"`
	Note     *string     `json:"note" validate:"max=100"`
}

// Validate holds what no tag can say.
func (p ParcelIn) Validate() error {
	if p.To.Locker != nil && p.Grams > 5000 {
		return candor.Invalid("too heavy for a locker", "grams")
	}
	return nil
}

// Parcel is what everybody may know about one: not where it goes.
type Parcel struct {
	ID       int      `json:"id"`
	Priority Priority `json:"priority"`
	Grams    int      `json:"grams"`
	Note     *string  `json:"note"`
}

// ParcelPatch changes what it mentions. A note of null takes the note away.
type ParcelPatch struct {
	candor.Strict
	Priority candor.Optional[Priority] `json:"priority"`
	Note     candor.Optional[string]   `json:"note" validate:"max=100"`
}

// Posted is an envelope: an answer with a status and headers of its own.
type Posted struct {
	Status   int    `status:"201,200"`
	Location string `header:"Location"`
	Body     Parcel `body:""`
}

// Page is a part of a list. Its schema is called PageOfParcel.
type Page[T any] struct {
	Items []T  `json:"items"`
	Next  *int `json:"next" doc:"Where the next page starts"`
}
