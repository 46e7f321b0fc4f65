package torture

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/candor-go/candor"
)

type (
	paging struct {
		Limit int `query:"limit" default:"10" validate:"gte=1,lte=100"`
		Skip  int `query:"skip,omitempty" validate:"gte=0"`
	}
	period struct {
		candor.Strict
		From candor.Date  `query:"from"`
		To   *candor.Date `query:"to"`
	}
	agent struct {
		Trace *string `header:"X-Trace" validate:"max=4"`
		Tries int     `header:"X-Tries" default:"1" validate:"lte=9"`
	}
	crumbs struct {
		candor.Strict
		Theme  string `cookie:"theme,omitempty" validate:"oneof=dark light"`
		Visits *int   `cookie:"visits" validate:"gte=0"`
	}
)

// parameters are parameters of all sources.
type parameters struct {
	paging
	Agent agent `header:""`

	ID     int8                        `path:"id" validate:"gte=1"`
	Slug   string                      `path:"slug" validate:"max=5"`
	Q      string                      `query:"q,omitempty" validate:"min=1,max=5"`
	N      int                         `query:"n" validate:"gte=0,lte=10"`
	X      *float64                    `query:"x" validate:"gt=0"`
	On     bool                        `query:"on" default:"true"`
	Tags   []string                    `query:"tags" validate:"max=3,dive,min=1"`
	IDs    []int                       `query:"ids,csv,omitempty" validate:"unique"`
	Level  level                       `query:"level,omitempty"`
	Grade  *grade                      `query:"grade"`
	When   time.Time                   `query:"when,omitempty"`
	Wait   *time.Duration              `query:"wait"`
	Maybe  candor.Optional[uint8]      `query:"maybe" validate:"lte=9"`
	Token  string                      `header:"X-Token" validate:"len=4"`
	Count  *uint8                      `header:"X-Count"`
	Lists  []int                       `header:"X-Lists,omitempty"`
	Commas []level                     `header:"X-Commas,csv,omitempty"`
	Filter *closedPair                 `query:"filter,json"`
	Nets   map[string]page[closedPair] `query:"nets,json" default:"{}"`
	Theme  string                      `cookie:"theme,omitempty" validate:"oneof=dark light"`
	Visits *int                        `cookie:"visits" validate:"gte=0"`
}

// texts are parameters of every type that is a string.
type texts struct {
	ID      uuid.UUID         `path:"id"`
	Day     *candor.Date      `query:"day"`
	Clock   *candor.TimeOfDay `query:"clock"`
	Price   *decimal.Decimal  `query:"price"`
	Client  *netip.Addr       `query:"client" example:"192.0.2.1"`
	Net     *netip.Prefix     `query:"net" example:"10.0.0.0/8"`
	Bytes   []byte            `query:"bytes,omitempty" validate:"max=5"`
	Shade   *shade            `query:"shade"`
	Mail    *string           `query:"mail" validate:"email" example:"a@example.com"`
	Code    *string           `query:"code" pattern:"^[A-Z]{3}$"`
	Float   *float32          `query:"float" validate:"gte=-1,lte=1"`
	Days    []candor.Date     `query:"days,csv,omitempty" validate:"max=3"`
	Session *uuid.UUID        `cookie:"session"`
	Since   *time.Time        `header:"X-Since"`
}

// window is sent as an object, member by member.
type window struct {
	Low  *int           `json:"low" validate:"gte=0,lte=9"`
	High int            `json:"high" default:"9"`
	Name string         `json:"name" validate:"min=1,max=4"`
	Tags []string       `json:"tags,omitempty" validate:"max=2,dive,max=3"`
	By   map[string]int `json:"by,omitempty" validate:"max=2,dive,gte=1"`
}

// styles are parameters in every query style, one of them renamed.
type styles struct {
	Window *window             `query:"window,deep"`
	Marks  map[string][]string `query:"marks,deep,omitempty" validate:"max=2"`
	Pipes  []int8              `query:"pipes,pipe,omitempty" validate:"max=3,dive,gte=0"`
	Spaces []string            `query:"spaces,space" default:"[\"a\"]" validate:"min=1"`
	Size   int                 `query:"page_size" alias:"pageSize" validate:"gte=1,lte=9"`
	Trace  *uuid.UUID          `header:"X-Trace" alias:"X-Request-Id"`
}

type formIn struct {
	Name  string      `form:"name" validate:"min=1,max=8"`
	Age   int         `form:"age" validate:"gte=0,lte=150"`
	Tags  []string    `form:"tags,omitempty" validate:"max=2,dive,min=1"`
	Agree bool        `form:"agree" default:"false"`
	Since candor.Date `form:"since,omitempty"`
	Pair  *closedPair `form:"pair,json"`
	Level *level      `form:"level"`
}

type closedForm struct {
	candor.Strict
	Name string `form:"name" validate:"alpha"`
	N    *int8  `form:"n"`
}

type photo struct {
	Image candor.Upload   `file:"image"`
	Raw   *candor.Upload  `file:"raw"`
	More  []candor.Upload `file:"more,omitempty"`
	Bytes []byte          `file:"bytes,omitempty"`
	Album string          `form:"album" validate:"min=1,max=50"`
	Meta  embedding       `form:"meta,json"`
	Marks []int           `form:"marks,omitempty" validate:"max=3"`
}

// place is a value with several names in a form.
type place struct {
	Street string `json:"street" validate:"min=1,max=9"`
	No     *int   `json:"no" validate:"gte=1"`
}

type stop struct {
	Name  string `json:"name" validate:"max=6"`
	Place *place `json:"place"`
	Marks []int  `json:"marks,omitempty" validate:"max=2"`
	Kind  *level `json:"kind"`
	Long  bool   `json:"long" default:"false"`
}

type tour struct {
	Title string `form:"title" validate:"min=1"`
	Start place  `form:"start"`
	End   *place `form:"end"`
	Stops []stop `form:"stops,omitempty" validate:"max=3"`
}

type picture struct {
	Image candor.Upload   `file:"image" media:"image/png, image/jpeg"`
	More  []candor.Upload `file:"more,omitempty" media:"image/*"`
	Place *place          `form:"place"`
}

// echo returns the body.
func echo[T any](_ context.Context, in struct {
	Body T `body:""`
},
) (T, error) {
	return in.Body, nil
}

// addInputs registers operations for everything that requests can contain. The document keeps this order.
func addInputs(app *candor.App) {
	addBodies(app)
	addMethods(app)
	addOneWay(app)
	addUnions(app)
	addParameters(app)
	addRaw(app)
	addForms(app)
	addOtherBodies(app)
}

// addBodies registers bodies of every kind of type and rule.
func addBodies(app *candor.App) {
	candor.Post(app, "/numbers", echo[numbers], candor.OperationID("numbers"))
	candor.Post(app, "/words", echo[words], candor.OperationID("words"))
	candor.Post(app, "/nulls", echo[nulls], candor.OperationID("nulls"))
	candor.Post(app, "/lists", echo[lists], candor.OperationID("lists"))
	candor.Post(app, "/rules", echo[rules], candor.OperationID("rules"))
	candor.Post(app, "/across", echo[across], candor.OperationID("across"))
	candor.Post(app, "/exactly", echo[Exactly], candor.OperationID("exactly"))
	candor.Post(app, "/roughly", echo[Roughly], candor.OperationID("roughly"))
	candor.Post(app, "/closed", echo[page[base]], candor.OperationID("closed"), candor.ForbidExtra())
}

// addMethods registers operations with uncommon methods.
func addMethods(app *candor.App) {
	candor.Query(app, "/queries", echo[closedAccount], candor.OperationID("query"))
	candor.Query(app, "/queries/form", func(_ context.Context, in formIn) (string, error) { return in.Name, nil }, candor.OperationID("queryForm"))
	candor.Handle(app, []string{"REPORT", "M-SEARCH"}, "/queries/{id}", func(_ context.Context, in struct {
		ID   int8  `path:"id" validate:"gte=1"`
		Body rules `body:""`
	},
	) (int8, error) {
		return in.ID, nil
	}, candor.OperationID("report"))
}

// addOneWay registers bodies with readonly and writeonly members, and values that depend on others.
func addOneWay(app *candor.App) {
	candor.Post(app, "/accounts", echo[account], candor.OperationID("accounts"))
	candor.Post(app, "/accounts/closed", echo[account], candor.OperationID("accountsClosed"), candor.ForbidExtra())
	candor.Post(app, "/accounts/strict", echo[closedAccount], candor.OperationID("accountsStrict"))
	candor.Post(app, "/accounts/any", func(_ context.Context, in struct {
		Body []account `body:""`
	},
	) (any, error) {
		return in.Body, nil
	}, candor.OperationID("accountsAny"))
	candor.Get(app, "/spans", func(_ context.Context, in struct {
		From *int `query:"from" requires:"to" validate:"multipleOf=2"`
		To   *int `query:"to" validate:"gte=0"`
	},
	) (*int, error) {
		return in.To, nil
	}, candor.OperationID("spans"))
	candor.Post(app, "/forms/needs", func(_ context.Context, in struct {
		User     *string `form:"user" requires:"password" validate:"max=8"`
		Password *string `form:"password" writeonly:"true" validate:"min=2"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("formNeeds"))
}

// addUnions registers unions, and recursive types.
func addUnions(app *candor.App) {
	candor.Post(app, "/pets", echo[[]pet], candor.OperationID("pets"))
	candor.Post(app, "/notices", echo[[]notice], candor.OperationID("notices"))
	candor.Post(app, "/guesses", echo[map[string]*guess], candor.OperationID("guesses"))
	candor.Put(app, "/trees", echo[tree], candor.OperationID("trees"))
	candor.Patch(app, "/maybe", echo[*tree], candor.OperationID("maybe"))
	candor.Post(app, "/number", echo[int8], candor.OperationID("number"))
}

// addParameters registers parameters of every source, type and style.
func addParameters(app *candor.App) {
	candor.Get(app, "/p/{id}/{slug}", func(_ context.Context, in parameters) (map[string]any, error) {
		return map[string]any{"n": in.N}, nil
	}, candor.OperationID("parameters"))
	candor.Get(app, "/texts/{id}", func(_ context.Context, in texts) (uuid.UUID, error) { return in.ID, nil }, candor.OperationID("texts"))
	candor.Get(app, "/rest/{path...}", func(_ context.Context, in struct {
		Path string `path:"path" validate:"max=40"`
	},
	) (candor.Text, error) {
		return candor.Text(in.Path), nil
	}, candor.OperationID("rest"))
	candor.Delete(app, "/period", func(_ context.Context, in struct {
		Period period `query:""`
		Crumbs crumbs `cookie:""`
	},
	) (candor.Date, error) {
		return in.Period.From, nil
	}, candor.OperationID("period"))
	candor.Get(app, "/styles", func(_ context.Context, in styles) (int, error) { return in.Size, nil }, candor.OperationID("styles"))
	candor.Get(app, "/styles/closed", func(_ context.Context, in styles) (int, error) { return in.Size, nil }, candor.OperationID("closedStyles"), candor.ForbidExtra())
}

// addRaw registers a body with its raw bytes, which a guard reads too.
func addRaw(app *candor.App) {
	candor.Post(app, "/raw", func(_ context.Context, in struct {
		Raw  candor.RawBody
		Body words `body:""`
	},
	) (int, error) {
		return len(in.Raw), nil
	}, candor.OperationID("raw"), candor.Require(func(_ context.Context, in struct{ Raw candor.RawBody }) error {
		if len(in.Raw) > 1<<16 {
			return errGone
		}
		return nil
	}), candor.Raises(errGone))
}

// addForms registers forms with plain values, files and nested values.
func addForms(app *candor.App) {
	candor.Post(app, "/tours", func(_ context.Context, in tour) (int, error) { return len(in.Stops), nil }, candor.OperationID("tours"))
	candor.Post(app, "/tours/closed", func(_ context.Context, in tour) (int, error) { return len(in.Stops), nil }, candor.OperationID("closedTours"), candor.ForbidExtra())
	candor.Post(app, "/stops", func(_ context.Context, in struct {
		Body stop `body:"" form:""`
	},
	) (stop, error) {
		return in.Body, nil
	}, candor.OperationID("stops"))
	candor.Post(app, "/pictures", func(_ context.Context, in picture) (int64, error) { return in.Image.Size, nil }, candor.OperationID("pictures"))
	candor.Post(app, "/form", func(_ context.Context, in formIn) (candor.None, error) { return candor.None{}, nil }, candor.OperationID("form"))
	candor.Post(app, "/forms/closed", func(_ context.Context, in struct {
		Form closedForm `form:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("closedForm"))
	candor.Post(app, "/login", func(_ context.Context, in struct {
		Form candor.OAuth2PasswordForm `form:""`
	},
	) (string, error) {
		return in.Form.Username, nil
	}, candor.OperationID("login"))
	candor.Post(app, "/photos", func(_ context.Context, in photo) (embedding, error) { return in.Meta, nil }, candor.OperationID("photos"))
}

// addOtherBodies registers bodies split into members, and bodies that are not JSON.
func addOtherBodies(app *candor.App) {
	candor.Post(app, "/members", func(_ context.Context, in struct {
		A int    `body:"a" validate:"gte=1"`
		B *tree  `body:"b"`
		C string `body:"c,omitempty" validate:"max=2"`
		D bool   `body:"d" default:"true"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("members"))
	candor.Post(app, "/text", func(_ context.Context, in struct {
		Body string `body:""`
	},
	) (candor.Text, error) {
		return candor.Text(in.Body), nil
	}, candor.OperationID("text"))
	candor.Put(app, "/bytes", func(_ context.Context, in struct {
		Body []byte `body:"" media:"image/png"`
	},
	) ([]byte, error) {
		return in.Body, nil
	}, candor.OperationID("bytes"), candor.Produces("image/png"))
}
