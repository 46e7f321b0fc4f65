package main

import (
	"github.com/candor-go/candor"
)

// Priority is an enum: the method lists its values.
type Priority string

// The priorities.
const (
	Economy Priority = "economy"
	Express Priority = "express"
)

// Enum lists all priorities.
func (Priority) Enum() []Priority { return []Priority{Economy, Express} }

// Destination is a union: the member "kind" selects the variant.
type Destination struct {
	candor.OneOf `json:"kind"`
	Address      *Address `case:"address"`
	Locker       *Locker  `case:"locker"`
}

// Address is a postal address.
type Address struct {
	Street string `json:"street" validate:"min=1"`
	City   string `json:"city" validate:"min=1"`
}

// Locker is a parcel locker that opens with a code.
type Locker struct {
	Number int    `json:"number" validate:"gte=1"`
	Code   string `json:"code" pattern:"^[0-9]{4}$" example:"4711"`
}

// ParcelIn is a parcel to send. Unknown members are rejected.
type ParcelIn struct {
	candor.Strict
	To       Destination `json:"to"`
	Priority Priority    `json:"priority" default:"economy"`
	Grams    int         `json:"grams" validate:"gte=1,lte=30000"`
	Note     *string     `json:"note" validate:"max=100"`
}

// Validate has the rule that no tag can express.
func (p ParcelIn) Validate() error {
	if p.To.Locker != nil && p.Grams > 5000 {
		return candor.Invalid("too heavy for a locker", "grams")
	}
	return nil
}

// Parcel is the public part of a parcel, without its destination.
type Parcel struct {
	ID       int      `json:"id"`
	Priority Priority `json:"priority"`
	Grams    int      `json:"grams"`
	Note     *string  `json:"note"`
}

// ParcelPatch changes the members that it has. A note of null removes the note.
type ParcelPatch struct {
	candor.Strict
	Priority candor.Optional[Priority] `json:"priority"`
	Note     candor.Optional[string]   `json:"note" validate:"max=100"`
}

// Posted is an envelope: a response with its own status and headers.
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
