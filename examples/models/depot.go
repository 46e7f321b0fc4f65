package main

import (
	"context"
	"embed"
	"fmt"
	"sync"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/source"
)

// ErrParcelNotFound is the response to an unknown id.
var ErrParcelNotFound = candor.Error(404, "parcel not found")

// ParcelRef names a parcel in a path.
type ParcelRef struct {
	ID int `path:"id" validate:"gte=1"`
}

// depot stores the parcels. Its methods are the handlers.
type depot struct {
	mutex   sync.Mutex
	parcels []Parcel
	keys    map[string]int
}

func newDepot() *depot { return &depot{keys: map[string]int{}} }

// code has the comments that describe operations and types in the document.
//
//go:embed *.go
var code embed.FS

func newApp(d *depot) *candor.App {
	app := candor.New(candor.Config{
		Title: "Parcels", Version: "1.0.0", Description: "What a body can say.",
		License: candor.License{Name: "MIT", Identifier: "MIT"},
		Source:  source.Of(code),
		Servers: []candor.Server{{URL: "/", Description: "here"}},
		Tags:    []candor.Tag{{Name: "parcels", Description: "Boxes on their way"}},
	}, candor.Tags("parcels"))

	candor.Post(app, "/parcels", d.post)
	candor.Get(app, "/parcels", d.list)
	candor.Get(app, "/parcels/{id}", d.read, candor.Raises(ErrParcelNotFound))
	candor.Patch(app, "/parcels/{id}", d.change, candor.Raises(ErrParcelNotFound))
	return app
}

type PostParcel struct {
	Key  string   `header:"Idempotency-Key,omitempty"`
	Body ParcelIn `body:""`
}

// post accepts a parcel. A request with the same key returns the same parcel
// again, with 200 instead of 201.
func (d *depot) post(_ context.Context, in PostParcel) (Posted, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	status, id := 200, d.keys[in.Key]
	if id == 0 {
		status, id = 201, len(d.parcels)+1
		d.parcels = append(d.parcels, Parcel{id, in.Body.Priority, in.Body.Grams, in.Body.Note})
	}
	if in.Key != "" {
		d.keys[in.Key] = id
	}
	return Posted{Status: status, Location: fmt.Sprintf("/parcels/%d", id), Body: d.parcels[id-1]}, nil
}

type ListParcels struct {
	From  int `query:"from" default:"1" validate:"gte=1"`
	Limit int `query:"limit" default:"10" validate:"gte=1,lte=100"`
}

// list lists parcels in the order of their arrival.
func (d *depot) list(_ context.Context, in ListParcels) (Page[Parcel], error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	start := min(in.From-1, len(d.parcels))
	end := min(start+in.Limit, len(d.parcels))
	page := Page[Parcel]{Items: append([]Parcel(nil), d.parcels[start:end]...)}
	if end < len(d.parcels) {
		page.Next = new(end + 1)
	}
	return page, nil
}

// read shows a parcel.
func (d *depot) read(_ context.Context, in ParcelRef) (Parcel, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if in.ID > len(d.parcels) {
		return Parcel{}, ErrParcelNotFound
	}
	return d.parcels[in.ID-1], nil
}

type ChangeParcel struct {
	ParcelRef
	Body ParcelPatch `body:""`
}

// change changes members of a parcel.
func (d *depot) change(_ context.Context, in ChangeParcel) (Parcel, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if in.ID > len(d.parcels) {
		return Parcel{}, ErrParcelNotFound
	}
	parcel := &d.parcels[in.ID-1]
	parcel.Priority = in.Body.Priority.Or(parcel.Priority)
	if in.Body.Note.Set {
		parcel.Note = nil
		if note, ok := in.Body.Note.Get(); ok {
			parcel.Note = &note
		}
	}
	return *parcel, nil
}
