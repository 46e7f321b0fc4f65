package candor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/internal/apptest"
)

type priceRange struct {
	Gte *int `json:"gte" validate:"gte=0"`
	Lte *int `json:"lte"`
}

func (r priceRange) Validate() error {
	if r.Gte != nil && r.Lte != nil && *r.Gte > *r.Lte {
		return &candor.ValidationError{Faults: []candor.Fault{{Loc: []any{"lte"}, Type: "value_error", Msg: "must not be below gte"}}}
	}
	return nil
}

// bookFilter names one member by a query tag, as a parameter model would.
type bookFilter struct {
	Price *priceRange    `json:"price"`
	Name  string         `query:"name,omitempty" validate:"max=5"`
	Tags  []string       `json:"tags,omitempty" validate:"max=2"`
	Kind  string         `json:"kind" default:"any"`
	Again string         `json:"again,omitempty" validate:"omitempty,eqfield=Kind"`
	Attrs map[string]int `json:"attrs,omitempty" validate:"max=2,dive,keys,max=3,endkeys,gte=0"`
}

type bookShelf struct {
	Room string `json:"room"`
	Row  *int   `json:"row"`
}

type styled struct {
	Filter *bookFilter                 `query:"filter,deep"`
	Shelf  bookShelf                   `query:"shelf,deep,omitempty"`
	Side   candor.Optional[priceRange] `query:"side,deep"`
	Labels map[string][]string         `query:"labels,deep,omitempty"`
	IDs    []int                       `query:"ids,pipe,omitempty"`
	Words  []string                    `query:"words,space" default:"[\"a\",\"b\"]"`
}

func showStyled(_ context.Context, in styled) (string, error) {
	filter := "-"
	if f := in.Filter; f != nil {
		price, _ := json.Marshal(f.Price)
		filter = fmt.Sprintf("%s %q %q %q %v", price, f.Name, f.Tags, f.Kind, f.Attrs)
	}
	return fmt.Sprintf("%s / %s / %v / %v / %v / %q", filter, in.Shelf.Room, in.Side.Set, in.Labels, in.IDs, in.Words), nil
}

func styledApp(options ...candor.Option) *candor.App {
	app := candor.New(candor.Config{}, options...)
	candor.Get(app, "/books", showStyled)
	return app
}

// Each row has a query and its responses; validation errors are listed as type and location.
func TestQueryStyles(t *testing.T) {
	const nothing = `"- /  / false / map[] / [] / [\"a\" \"b\"]"`
	open, closed := candor.NewTestClient(t, styledApp()), candor.NewTestClient(t, styledApp(candor.ForbidExtra()))
	for _, row := range []struct{ query, open, closed string }{
		{"", nothing, ""},
		{"filter[name]=abc&filter%5Btags%5D=a&filter[tags]=b+c", `"null \"abc\" [\"a\" \"b c\"] \"any\" map[] /  / false / map[] / [] / [\"a\" \"b\"]"`, ""},
		{"filter[price][gte]=1&filter[price][lte]=2&filter[kind]=k", `"{\"gte\":1,\"lte\":2} \"\" [] \"k\" map[] /  / false / map[] / [] / [\"a\" \"b\"]"`, ""},
		{"filter[name]=a&filter[name]=b&filter[attrs][x]=1", `"null \"b\" [] \"any\" map[x:1] /  / false / map[] / [] / [\"a\" \"b\"]"`, ""},
		{"shelf[room]=a%5D%26&shelf[row]=2", `"- / a]& / false / map[] / [] / [\"a\" \"b\"]"`, ""},
		{"side[gte]=1", `"- /  / true / map[] / [] / [\"a\" \"b\"]"`, ""},
		{"labels[a]=1&labels[a]=2&labels[b]=", `"- /  / false / map[a:[1 2] b:[]] / [] / [\"a\" \"b\"]"`, ""},
		{"ids=1|2%7C3%7c4&words=x+y%20z", `"- /  / false / map[] / [1 2 3 4] / [\"x\" \"y\" \"z\"]"`, ""},
		{"ids=1&ids=2|3&words=", `"- /  / false / map[] / [1 2 3] / []"`, ""},
		{"words=a%2Bb", `"- /  / false / map[] / [] / [\"a+b\"]"`, ""},

		{"filter=3", `model_attributes_type ["query","filter"]`, ""},
		{"filter[price]=3", `model_attributes_type ["query","filter","price"]`, ""},
		{"filter[attrs]=3", `dict_type ["query","filter","attrs"]`, ""},
		{"filter[name][x]=3", `string_type ["query","filter","name"]`, ""},
		{"filter[tags][0]=3", `list_type ["query","filter","tags"]`, ""},
		{"filter[price][gte]=x&filter[name]=%zz", `int_parsing ["query","filter","price","gte"] value_error ["query","filter","name"]`, ""},
		{"filter[price][gte]=-1&filter[name]=toolong", `greater_than_equal ["query","filter","price","gte"] string_too_long ["query","filter","name"]`, ""},
		{"filter[price][gte]=3&filter[price][lte]=2", `value_error ["query","filter","price","lte"]`, ""},
		{"filter[again]=x", `value_error ["query","filter","again"]`, ""},
		{"filter[tags]=a&filter[tags]=b&filter[tags]=c", `too_long ["query","filter","tags"]`, ""},
		{"filter[attrs][abcd]=1&filter[attrs][b]=x", `string_too_long ["query","filter","attrs","abcd","[key]"] int_parsing ["query","filter","attrs","b"]`, ""},
		{"filter[attrs][a]=1&filter[attrs][b]=1&filter[attrs][c]=1", `too_long ["query","filter","attrs"]`, ""},
		{"labels[%ff]=1", `string_unicode ["query","labels","` + "\uFFFD" + `","[key]"]`, ""},
		{"shelf[row]=1", `missing ["query","shelf","room"]`, ""},
		{"ids=1||2", `int_parsing ["query","ids",1]`, ""},

		{"filter[foo]=1", `"null \"\" [] \"any\" map[] /  / false / map[] / [] / [\"a\" \"b\"]"`, `extra_forbidden ["query","filter","foo"]`},
		{"filter[price][x]=1", `"{\"gte\":null,\"lte\":null} \"\" [] \"any\" map[] /  / false / map[] / [] / [\"a\" \"b\"]"`, `extra_forbidden ["query","filter","price","x"]`},
		{"filter[price=1", nothing, `extra_forbidden ["query","filter[price"]`},
		{"filter[]=1", nothing, `extra_forbidden ["query","filter[]"]`},
		{"filterx[a]=1", nothing, `extra_forbidden ["query","filterx[a]"]`},
		{"filter" + strings.Repeat("[a]", 40) + "=1", nothing, `extra_forbidden ["query","filter` + strings.Repeat("[a]", 40) + `"]`},
	} {
		assert.Equal(t, row.open, verdict(open.Get("/books?"+row.query)), row.query)
		if row.closed == "" {
			row.closed = row.open
		}
		assert.Equal(t, row.closed, verdict(closed.Get("/books?"+row.query)), "closed: "+row.query)
	}
	many := strings.Repeat("labels[a]=1&", 1001)
	assert.Equal(t, `too_long ["query"]`, verdict(open.Get("/books?"+many)))
}

// verdict returns the body of a response, or the types and locations of its validation errors.
func verdict(response *candor.TestResponse) string {
	if response.Code != 422 {
		return strings.TrimSpace(string(response.Body))
	}
	var body struct {
		Detail []struct {
			Type string
			Loc  json.RawMessage
		}
	}
	if err := json.Unmarshal(response.Body, &body); err != nil {
		return err.Error()
	}
	var all []string
	for _, f := range body.Detail {
		all = append(all, f.Type+" "+string(f.Loc))
	}
	return strings.Join(all, " ")
}

func TestQueryStylesInTheDocument(t *testing.T) {
	c := candor.NewTestClient(t, styledApp())
	at := func(i int, name string) any {
		return apptest.DocumentMember(t, c, "paths", "/books", "get", "parameters", i, name)
	}
	assert.Equal(t, "deepObject", at(0, "style"))
	assert.Equal(t, true, at(0, "explode"))
	assert.Equal(t, map[string]any{"$ref": "#/components/schemas/bookFilter"}, at(0, "schema"))
	assert.Equal(t, "pipeDelimited", at(4, "style"))
	assert.Equal(t, false, at(4, "explode"))
	assert.Equal(t, "spaceDelimited", at(5, "style"))
	assert.Equal(t, false, at(5, "explode"))

	older := candor.NewTestClient(t, func() *candor.App {
		app := candor.New(candor.Config{Docs: candor.Docs{OpenAPI30: "/3.0.json"}})
		candor.Get(app, "/books", showStyled)
		return app
	}())
	var document map[string]any
	older.Get("/3.0.json").Status(200).JSON(&document)
	text, err := json.Marshal(document)
	require.NoError(t, err)
	for _, style := range []string{"deepObject", "pipeDelimited", "spaceDelimited"} {
		assert.Contains(t, string(text), `"style":"`+style+`"`)
	}
}

func TestQueryStylesOfCalls(t *testing.T) {
	n, zero := 5, 0
	arrives := func(about string, in styled) {
		t.Helper()
		callArrives(t, about, "/", in)
	}
	words := []string{"a"}
	arrives("nothing", styled{Words: words})
	arrives("lists", styled{IDs: []int{1, -2}, Words: []string{"a+b", "c,d", "%20", "|"}})
	arrives("an object", styled{Words: words, Filter: &bookFilter{
		Price: &priceRange{Gte: &zero, Lte: &n}, Name: "a&b=", Tags: []string{"x y", ""}, Kind: "k", Attrs: map[string]int{"a": 1, "b": 0},
	}})
	arrives("by value, and Optional", styled{Words: words, Shelf: bookShelf{Room: "", Row: &n}, Side: candor.Some(priceRange{Lte: &n})})
	arrives("a map of lists", styled{Words: words, Labels: map[string][]string{"é ": {"1", "2"}, "x.y": {""}}})
	callRefused(t, "a pipe in an element", "/", struct {
		IDs []string `query:"ids,pipe"`
	}{[]string{"a|b"}}, "cannot be part of a list separated by pipes")
	callRefused(t, "a space in an element", "/", struct {
		IDs []string `query:"ids,space"`
	}{[]string{"a b"}}, "cannot be part of a list separated by spaces")
	callRefused(t, "an object of nothing", "/", styled{Words: words, Side: candor.Some(priceRange{})}, "no values, so")
	callRefused(t, "an entry of nothing", "/", styled{Words: words, Labels: map[string][]string{"a": {}}}, "no values, so")
	callRefused(t, "null", "/", styled{Words: words, Side: candor.Null[priceRange]()}, "null cannot be sent")
	callRefused(t, "a key with a bracket", "/", styled{Words: words, Labels: map[string][]string{"a]": {"x"}}}, "cannot be written between brackets")
	callRefused(t, "one that must be there", "/", struct {
		M map[string]int `query:"m,deep"`
	}{}, "no values, so")
}

// All readers of a parameter must agree on its style.
func TestGuardsReadDeepParameters(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Require(func(_ context.Context, in struct {
		Filter *bookShelf `query:"filter,deep"`
	},
	) error {
		if in.Filter != nil && in.Filter.Room == "closed" {
			return candor.Error(403, nil)
		}
		return nil
	}))
	candor.Get(app, "/", func(_ context.Context, in struct {
		Filter *bookFilter `query:"filter,deep"`
	},
	) (string, error) {
		return in.Filter.Name, nil
	}, candor.Raises(candor.Error(403, nil)))
	c := candor.NewTestClient(t, app)
	assert.Equal(t, `"a"`, verdict(c.Get("/?filter[room]=x&filter[name]=a")))
	assert.JSONEq(t, `{"detail":"Forbidden"}`, verdict(c.Get("/?filter[room]=closed&filter[name]=a")))
	assert.Equal(t, `missing ["query","filter","room"]`, verdict(c.Get("/?filter[name]=a")))
}

func TestStylesInDottedFaults(t *testing.T) {
	app := styledApp()
	candor.OnError(app, candor.DottedFaults)
	assert.Equal(t, `422 | {"detail":[{"field":"query.filter.price.gte","message":"Not an integer"}]}`, apptest.Wire(app, "GET /books?filter[price][gte]=x"))
}

type renamed struct {
	Size  int     `query:"page_size" alias:"pageSize,size" validate:"gte=1"`
	IDs   []int   `query:"ids,csv" alias:"id" default:"[7]"`
	Token string  `header:"X-Token,omitempty" alias:"X-Tok"`
	Seen  *string `cookie:"seen" alias:"last"`
	Sort  *string `query:"sort" alias:"order" validate:"required_with=Token"`
}

type renamedForm struct {
	Size int      `form:"page_size" alias:"pageSize" validate:"gte=1"`
	Tags []string `form:"tags,omitempty" alias:"tag"`
}

func renamedApp() *candor.App {
	app := candor.New(candor.Config{}, candor.ForbidExtra())
	candor.Get(app, "/list", func(_ context.Context, in renamed) (string, error) {
		seen := ""
		if in.Seen != nil {
			seen = *in.Seen
		}
		return fmt.Sprint(in.Size, in.IDs, in.Token, seen), nil
	})
	candor.Post(app, "/form", func(_ context.Context, in renamedForm) (string, error) { return fmt.Sprint(in.Size, in.Tags), nil })
	return app
}

func TestFormerNames(t *testing.T) {
	c := candor.NewTestClient(t, renamedApp())
	for _, row := range []struct{ query, want string }{
		{"page_size=3", `"3 [7]"`},
		{"pageSize=4&id=1,2", `"4 [1 2]"`},
		{"size=4&size=5", `"5 [7]"`},
		{"page_size=2&pageSize=2&size=2", `"2 [7]"`},
		{"page_size=%32&pageSize=2&ids=1,2&id=1,2", `"2 [1 2]"`},
		{"", `missing ["query","page_size"]`},
		{"pageSize=0", `greater_than_equal ["query","pageSize"]`},
		{"pageSize=x&id=1,y", `int_parsing ["query","pageSize"] int_parsing ["query","id",1]`},
		{"page_size=2&pageSize=3", `value_error ["query","pageSize"]`},
		{"pageSize=2&size=3", `value_error ["query","size"]`},
		{"page_size=2&ids=1&id=2", `value_error ["query","id"]`},
		{"page_size=2&pagesize=2", `extra_forbidden ["query","pagesize"]`},
	} {
		assert.Equal(t, row.want, verdict(c.Get("/list?"+row.query)), row.query)
	}
	response := c.Get("/list?size=1&order=up", candor.WithHeader("X-Tok", "t"), candor.WithCookie("last", "b"))
	assert.Equal(t, `"1 [7]tb"`, verdict(response))
	assert.Equal(t, `missing ["query","sort"]`, verdict(c.Get("/list?size=1", candor.WithHeader("X-Tok", "t"))), "rules across fields see what an alias gave")
	assert.Equal(t, `value_error ["header","X-Tok"]`, verdict(c.Get("/list?size=1&sort=a", candor.WithHeader("X-Tok", "t"), candor.WithHeader("X-Token", "u"))))
	assert.Equal(t, `value_error ["cookie","last"]`, verdict(c.Get("/list?size=1", candor.WithCookie("last", "t"), candor.WithCookie("seen", "u"))))
	for _, row := range []struct{ form, want string }{
		{"page_size=3&tag=a&tag=b", `"3 [a b]"`},
		{"pageSize=3&page_size=3&tags=x", `"3 [x]"`},
		{"pageSize=0", `greater_than_equal ["body","pageSize"]`},
		{"tag=x", `missing ["body","page_size"]`},
		{"page_size=3&pageSize=4", `value_error ["body","pageSize"]`},
		{"pageSize=%zz", `value_error ["body","pageSize"]`},
	} {
		values, err := url.ParseQuery(row.form)
		if err != nil {
			continue
		}
		assert.Equal(t, row.want, verdict(c.Post("/form", nil, candor.WithForm(values))), row.form)
	}
}

func TestFormerNamesInTheDocument(t *testing.T) {
	c := candor.NewTestClient(t, renamedApp())
	at := func(i int) map[string]any {
		return apptest.DocumentMember(t, c, "paths", "/list", "get", "parameters", i).(map[string]any)
	}
	assert.Nil(t, at(0)["required"], "the former name will do")
	assert.Equal(t, "required", at(0)["schema"].(map[string]any)["x-validate"])
	assert.Equal(t, "pageSize", at(1)["name"])
	assert.Equal(t, true, at(1)["deprecated"])
	assert.Equal(t, "The former name of page_size.", at(1)["description"])
	assert.Nil(t, at(4)["schema"].(map[string]any)["default"], "it is the other name's")
	form := apptest.DocumentMember(t, c, "components", "schemas", "post_formForm").(map[string]any)
	assert.Nil(t, form["required"])
	assert.Equal(t, true, form["properties"].(map[string]any)["tag"].(map[string]any)["deprecated"])
}

func TestFormerNamesAreNotSentByCalls(t *testing.T) {
	seen, sort := "a", "up"
	callArrives(t, "new names", "/", renamed{Size: 2, IDs: []int{3}, Token: "t", Seen: &seen, Sort: &sort})
	app := renamedApp()
	require.NoError(t, app.Check())
}

func TestStylesConform(t *testing.T) {
	app := styledApp()
	candor.Get(app, "/closed", showStyled, candor.ForbidExtra())
	candortest.Conform(t, app)
	candortest.Conform(t, renamedApp())
}

func TestStyleMistakes(t *testing.T) {
	type pen struct {
		Colour string `json:"colour"`
	}
	for _, row := range []struct {
		want    string
		provoke func(candor.Routes)
	}{} {
		assert.Contains(t, apptest.PanicOf(func() { row.provoke(candor.New(candor.Config{})) }), row.want)
	}
	// Two readers of one parameter, in different styles.
	app := candor.New(candor.Config{}, candor.Require(func(context.Context, struct {
		Q []int `query:"q,csv"`
	},
	) error {
		return nil
	}))
	candor.Get(app, "/", apptest.Ignores[struct {
		Q []int `query:"q,pipe"`
	}])
	assert.ErrorContains(t, app.Check(), "pipes separate its elements for one, and commas separate its elements for another")
	app = candor.New(candor.Config{}, candor.Require(func(context.Context, struct {
		Q pen `query:"q,deep"`
	},
	) error {
		return nil
	}))
	candor.Get(app, "/", apptest.Ignores[struct {
		Q string `query:"q"`
	}])
	assert.ErrorContains(t, app.Check(), "it is sent as one string for one, and it is sent as several for another")
}
