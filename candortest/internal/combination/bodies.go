package combination

import (
	"context"
	"time"

	"github.com/candor-go/candor"
)

type (
	cat struct {
		Lives int `json:"lives" validate:"gte=1,lte=9" default:"9"`
	}
	dog struct {
		Name string   `json:"name" validate:"min=1,max=5"`
		Toys []string `json:"toys,omitempty" validate:"max=3,dive,max=4"`
	}
	pet struct {
		candor.OneOf `json:"kind"`
		Cat          *cat `case:"cat"`
		Dog          *dog `case:"dog"`
	}
	person struct {
		Name string `json:"name" validate:"min=1,max=5"`
		Age  uint8  `json:"age,omitempty" validate:"lte=150"`
		Pet  *pet   `json:"pet,omitempty"`
	}
	closed struct {
		candor.Strict
		A int     `json:"a"`
		B *person `json:"b,omitempty"`
	}
	// change is the body of a PATCH.
	change struct {
		Name candor.Optional[string]    `json:"name,omitzero" validate:"min=1,max=5"`
		Pet  candor.Optional[pet]       `json:"pet,omitzero"`
		Tags candor.Optional[[]string]  `json:"tags,omitzero" validate:"max=2,dive,min=1"`
		When candor.Optional[time.Time] `json:"when,omitzero"`
	}
	// node is a recursive type.
	node struct {
		Value int              `json:"value" validate:"lt=100"`
		Below []*node          `json:"below,omitempty" validate:"max=2"`
		Named map[string]*node `json:"named,omitempty" validate:"max=2,dive,keys,min=1,max=3,endkeys"`
	}
)

// Forms with every kind of field.
type (
	fields struct {
		Name  string      `form:"name" validate:"min=1,max=5"`
		Age   uint8       `form:"age,omitempty" validate:"lte=150"`
		Size  *size       `form:"size"`
		Day   candor.Date `form:"day,omitempty"`
		Tags  []string    `form:"tags,omitempty" validate:"max=2,dive,min=1"`
		Agree bool        `form:"agree" default:"false"`
		Pet   *pet        `form:"pet,json"`
	}
	files struct {
		fields
		Image candor.Upload   `file:"image"`
		More  []candor.Upload `file:"more,omitempty"`
		Raw   *candor.Upload  `file:"raw"`
	}
	// members are the members of a body as single fields.
	members struct {
		Name string                  `body:"name" validate:"min=1,max=5"`
		Pet  *pet                    `body:"pet"`
		Tags []string                `body:"tags,omitempty" validate:"max=2"`
		Some candor.Optional[person] `body:"some,omitzero"`
		Size size                    `body:"size" default:"small"`
	}
	// beside has a body and parameters.
	beside[B any] struct {
		Page  int    `query:"page" validate:"gte=1"`
		Trace string `header:"X-Trace,omitempty" validate:"max=4"`
		Body  B      `body:""`
	}
)

// strictness has the ways to treat unknown members.
var strictness = []named[[]candor.RouteOption]{
	{"open", nil},
	{"strict", []candor.RouteOption{candor.ForbidExtra()}},
}

// bodies registers open and strict operations with a body.
func bodies[In, Out any](app *candor.App, name string, h func(context.Context, In) (Out, error)) {
	for _, s := range strictness {
		candor.Post(app, at("bodies", name, s.name), h, append(s.it, id("body", name, s.name))...)
	}
}

func addBodies(app *candor.App) {
	bodies(app, "person", echo[person])
	bodies(app, "closed", echo[closed])
	bodies(app, "union", echo[pet])
	bodies(app, "unions", echo[[]pet])
	bodies(app, "change", echo[change])
	bodies(app, "node", echo[node])
	bodies(app, "map", echo[map[string]person])
	bodies(app, "maybe", echo[*person])
	bodies(app, "any", echo[any])
	bodies(app, "members", taken[members])
	bodies(app, "form", taken[fields])
	bodies(app, "files", taken[files])
	bodies(app, "beside", func(_ context.Context, in beside[person]) (person, error) { return in.Body, nil })
	candor.Patch(app, "/bodies/change", echo[change], id("patch", "change"))
	candor.Patch(app, "/bodies/person", echo[person], id("patch", "person"))
	candor.Put(app, "/bodies/text", func(_ context.Context, in struct {
		Body string `body:"" validate:"max=9"`
	},
	) (candor.Text, error) {
		return candor.Text(in.Body), nil
	}, id("text"))
	candor.Put(app, "/bodies/bytes", func(_ context.Context, in struct {
		Body []byte `body:"" media:"image/png"`
	},
	) ([]byte, error) {
		return in.Body, nil
	}, id("bytes"), candor.Produces("image/png"))
}

// about has a type in every position that a member can have.
type about[T any] struct {
	Must  T                  `json:"must"`
	May   T                  `json:"may,omitzero"`
	Null  *T                 `json:"null"`
	Patch candor.Optional[T] `json:"patch,omitzero"`
	List  []T                `json:"list" validate:"max=2"`
	Map   map[string]T       `json:"map,omitempty" validate:"max=2"`
	Pair  [2]T               `json:"pair"`
}

func member[T any](app *candor.App, name string) {
	candor.Put(app, at("members", name), echo[about[T]], id("member", name))
}

func addMembers(app *candor.App) {
	member[string](app, "string")
	member[bool](app, "bool")
	member[int64](app, "int64")
	member[uint8](app, "uint8")
	member[float32](app, "float32")
	member[size](app, "size")
	member[shade](app, "shade")
	member[time.Time](app, "time")
	member[candor.Date](app, "date")
	member[pet](app, "union")
	member[person](app, "person")
	member[closed](app, "closed")
	member[change](app, "change")
	member[any](app, "any")
	member[[]byte](app, "bytes")
}
