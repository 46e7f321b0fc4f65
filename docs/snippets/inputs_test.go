package snippets_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/candor-go/candor"
)

type Search struct {
	Shelf   string   `path:"shelf"`
	Words   string   `query:"q" validate:"max=50" doc:"What to look for" example:"sea"`
	Tags    []string `query:"tag,omitempty"`
	IDs     []int    `query:"ids,csv,omitempty"`
	Limit   int      `query:"limit" default:"10" validate:"gte=1,lte=100"`
	Token   string   `header:"X-Token,omitempty"`
	Session *string  `cookie:"session"`
}

func search(_ context.Context, in Search) (string, error) {
	return fmt.Sprint(in.Shelf, in.Words, in.Tags, in.IDs, in.Limit), nil
}

func Example_parameters() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/shelves/{shelf}/books", search)

	ask(app, "GET /shelves/a/books?q=sea&tag=x&tag=y&ids=1,2", "")
	ask(app, "GET /shelves/a/books?q=&limit=0", "")
	// Output:
	// 200 "asea[x y] [1 2] 10"
	// 422 {"detail":[{"type":"greater_than_equal","loc":["query","limit"],"msg":"Must be greater than or equal to 1","ctx":{"ge":1}}]}
}

type Price struct {
	Gte *int `json:"gte"`
	Lte *int `json:"lte"`
}

type BookFilter struct {
	Author string `json:"author,omitempty"`
	Price  Price  `json:"price,omitempty"`
}

type BookQuery struct {
	Filter BookFilter `query:"filter,deep,omitempty"` // filter[author]=Li&filter[price][gte]=10
	IDs    []int      `query:"ids,pipe,omitempty"`    // ids=1|2
	Words  []string   `query:"words,space,omitempty"` // words=sea%20land
	Size   int        `query:"page_size" alias:"pageSize" default:"10"`
}

func Example_queryStyles() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/books", func(_ context.Context, in BookQuery) (string, error) {
		return fmt.Sprint(in.Filter.Author, in.IDs, in.Words, in.Size), nil
	})

	ask(app, "GET /books?filter[author]=Li&filter[price][gte]=10&ids=1|2&words=sea%20land&pageSize=5", "")
	ask(app, "GET /books?filter[price][gte]=cheap&page_size=5&pageSize=6", "")
	// Output:
	// 200 "Li[1 2] [sea land] 5"
	// 422 {"detail":[{"type":"int_parsing","loc":["query","filter","price","gte"],"msg":"Not an integer"},{"type":"value_error","loc":["query","pageSize"],"msg":"Value error: it is another name of page_size, which was sent with a different value","ctx":{"error":"it is another name of page_size, which was sent with a different value"}}]}
}

func Example_presence() {
	type In struct {
		Needed   string `query:"needed"`               // required; ?needed= is an empty text
		Nil      *int   `query:"nil"`                  // nil if absent
		Fallback int    `query:"fallback" default:"5"` // 5 if absent
		Zero     bool   `query:"zero,omitempty"`       // false if absent
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(_ context.Context, in In) (string, error) {
		return fmt.Sprint(in.Needed, in.Nil == nil, in.Fallback, in.Zero), nil
	})

	ask(app, "GET /?needed=&fallback=0", "")
	ask(app, "GET /", "")
	// Output:
	// 200 "true 0 false"
	// 422 {"detail":[{"type":"missing","loc":["query","needed"],"msg":"Field required"}]}
}

type Paging struct {
	Limit  int `query:"limit" default:"10" validate:"lte=100"`
	Offset int `query:"offset,omitempty"`
}

type Period struct {
	candor.Strict
	From candor.Date `query:"from"`
	To   candor.Date `query:"to"`
}

func Example_models() {
	app := candor.New(candor.Config{})
	type CountVisits struct {
		Paging        // its fields are fields of the input
		Period Period `query:""` // a model
	}

	candor.Get(app, "/visits", func(_ context.Context, in CountVisits) (string, error) {
		return fmt.Sprint(in.Limit, " from ", in.Period.From, " to ", in.Period.To), nil
	})

	ask(app, "GET /visits?from=2026-01-01&to=2026-01-31", "")
	ask(app, "GET /visits?from=2026-01-01&to=2026-01-31&by=name", "")
	// Output:
	// 200 "10 from 2026-01-01 to 2026-01-31"
	// 422 {"detail":[{"type":"extra_forbidden","loc":["query","by"],"msg":"Unknown field, not accepted here"}]}
}

func Example_body() {
	type Book struct {
		Title string   `json:"title" validate:"min=1"`
		Pages int      `json:"pages" validate:"gte=1"`
		Lent  bool     `json:"lent" default:"false"`
		Notes []string `json:"notes,omitempty" validate:"max=3,dive,max=80"`
	}
	app := candor.New(candor.Config{})
	type ReplaceBook struct {
		ID   int  `path:"id"`
		Body Book `body:""`
	}

	candor.Put(app, "/books/{id}", func(_ context.Context, in ReplaceBook) (Book, error) {
		return in.Body, nil
	})

	ask(app, "PUT /books/1", `{"title": "Emma", "pages": 474}`)
	ask(app, "PUT /books/1", `{"title": "", "pages": "474"}`)
	// Output:
	// 200 {"title":"Emma","pages":474,"lent":false}
	// 422 {"detail":[{"type":"string_too_short","loc":["body","title"],"msg":"Must have at least 1 character","ctx":{"min_length":1}},{"type":"int_type","loc":["body","pages"],"msg":"Expected an integer"}]}
}

func Example_members() {
	app := candor.New(candor.Config{})
	type LendBook struct {
		Reader string `body:"reader"`
		Days   int    `body:"days" default:"14" validate:"lte=28"`
	}

	candor.Post(app, "/loans", func(_ context.Context, in LendBook) (string, error) {
		return fmt.Sprint(in.Reader, " for ", in.Days), nil
	})

	ask(app, "POST /loans", `{"reader": "ann"}`)
	// Output: 200 "ann for 14"
}

func Example_raw() {
	app := candor.New(candor.Config{})
	type ReplaceVideo struct {
		ID   int       `path:"id"`
		Body io.Reader `body:"" media:"video/mp4"`
	}

	candor.Put(app, "/videos/{id}", func(_ context.Context, in ReplaceVideo) (int64, error) {
		return io.Copy(io.Discard, in.Body)
	}, candor.MaxBody(1<<30))

	ask(app, "PUT /videos/1", "moving pictures", "Content-Type: video/mp4")
	// Output: 200 15
}

func Example_form() {
	app := candor.New(candor.Config{})
	type LogIn struct {
		Name     string `form:"name"`
		Password string `form:"password"`
		Remember bool   `form:"remember" default:"false"`
	}

	candor.Post(app, "/login", func(_ context.Context, in LogIn) (string, error) {
		return "hello " + in.Name, nil
	})

	ask(app, "POST /login", "name=ann&password=sesame", "Content-Type: application/x-www-form-urlencoded")
	// Output: 200 "hello ann"
}

func Example_types() {
	type In struct {
		ID     uuid.UUID      `query:"id"`
		At     time.Time      `query:"at"`
		Day    candor.Date    `query:"day"`
		Within time.Duration  `query:"within" default:"1h30m"`
		Client netip.Addr     `query:"client"`
		Filter map[string]int `query:"filter,json" default:"{}"`
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(_ context.Context, in In) (string, error) {
		return fmt.Sprint(in.Day.AddDays(1), " ", in.Within, " ", in.Client.Is6(), " ", in.Filter), nil
	})

	ask(app, "GET /?id=f81d4fae-7dec-11d0-a765-00a0c91e6bf6&at=2026-01-31T10:00:00Z&day=2026-01-31&client=::1&filter=%7B%22a%22:1%7D", "")
	ask(app, "GET /?id=7&at=today&day=2026-02-30&within=soon&client=localhost", "")
	// Output:
	// 200 "2026-02-01 1h30m0s true map[a:1]"
	// 422 {"detail":[{"type":"uuid_parsing","loc":["query","id"],"msg":"Not a UUID"},{"type":"datetime_parsing","loc":["query","at"],"msg":"Not a date and time such as 2006-01-02T15:04:05Z (RFC 3339)"},{"type":"date_parsing","loc":["query","day"],"msg":"Not a date such as 2006-01-02"},{"type":"time_delta_parsing","loc":["query","within"],"msg":"Not a duration such as 1h30m"},{"type":"ip_any_address","loc":["query","client"],"msg":"Not an IP address"}]}
}

// Grade is a custom type with a text form.
type Grade int

func (g *Grade) UnmarshalText(text []byte) error {
	at := strings.Index("ABCDEF", string(text))
	if len(text) != 1 || at < 0 {
		return candor.Invalid("must be a letter from A to F")
	}
	*g = Grade(at)
	return nil
}

func (g Grade) MarshalText() ([]byte, error) {
	if g < 0 || g > 5 {
		return nil, errors.New("no such grade")
	}
	return []byte{"ABCDEF"[g]}, nil
}

func Example_text() {
	app := candor.New(candor.Config{})
	type ReadGrade struct {
		Grade Grade `query:"grade"`
	}

	candor.Get(app, "/", func(_ context.Context, in ReadGrade) (Grade, error) {
		return in.Grade, nil
	})

	ask(app, "GET /?grade=B", "")
	ask(app, "GET /?grade=Z", "")
	// Output:
	// 200 "B"
	// 422 {"detail":[{"type":"value_error","loc":["query","grade"],"msg":"Value error: must be a letter from A to F","ctx":{"error":"must be a letter from A to F"}}]}
}

func Example_enum() {
	app := candor.New(candor.Config{})
	type ReadSize struct {
		Size string `query:"size" validate:"oneof=S M L"`
	}

	candor.Get(app, "/", func(_ context.Context, in ReadSize) (string, error) {
		return in.Size, nil
	})

	ask(app, "GET /?size=XL", "")
	// Output:
	// 422 {"detail":[{"type":"enum","loc":["query","size"],"msg":"Must be one of 'S', 'M' or 'L'","ctx":{"expected":"'S', 'M' or 'L'"}}]}
}
