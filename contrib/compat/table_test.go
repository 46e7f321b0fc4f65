package compat_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/compat"
)

// routes registers the operations of an app.
type routes func(app *candor.App)

// body is an operation with a body of type T, out one with such a response, and in one with T as its parameters.
func body[T any](options ...candor.RouteOption) routes {
	return func(app *candor.App) {
		candor.Post(app, "/x", func(context.Context, struct {
			Body T `body:""`
		},
		) (candor.None, error) {
			return candor.None{}, nil
		}, options...)
	}
}

func out[T any](options ...candor.RouteOption) routes {
	return func(app *candor.App) {
		candor.Get(app, "/x", func(context.Context, struct{}) (T, error) { panic("not called") }, options...)
	}
}

func in[T any](options ...candor.RouteOption) routes {
	return func(app *candor.App) {
		candor.Get(app, "/x", func(context.Context, T) (candor.None, error) { return candor.None{}, nil }, options...)
	}
}

func at(method, path string, options ...candor.RouteOption) routes {
	return func(app *candor.App) {
		candor.Handle(app, []string{method}, path, func(context.Context, struct{}) (candor.Text, error) { return "", nil }, options...)
	}
}

func all(each ...routes) routes {
	return func(app *candor.App) {
		for _, r := range each {
			r(app)
		}
	}
}

func none(app *candor.App) { at("GET", "/other")(app) }

// The types of the table, named for their rules.
type (
	free struct {
		N int `json:"n"`
	}
	text struct {
		N string `json:"n"`
	}
	short struct {
		N string `json:"n" validate:"max=5"`
	}
	shorter struct {
		N string `json:"n" validate:"max=4"`
	}
	long struct {
		N string `json:"n" validate:"min=5"`
	}
	longer struct {
		N string `json:"n" validate:"min=6"`
	}
	small struct {
		N int `json:"n" validate:"lte=5"`
	}
	smaller struct {
		N int `json:"n" validate:"lte=4"`
	}
	under struct {
		N int `json:"n" validate:"lt=5"`
	}
	big struct {
		N int `json:"n" validate:"gte=5"`
	}
	bigger struct {
		N int `json:"n" validate:"gte=6"`
	}
	over struct {
		N int `json:"n" validate:"gt=5"`
	}
	overF struct {
		N float64 `json:"n" validate:"gt=5"`
	}
	bigF struct {
		N float64 `json:"n" validate:"gte=5"`
	}
	underF struct {
		N float64 `json:"n" validate:"lt=5"`
	}
	smallF struct {
		N float64 `json:"n" validate:"lte=5"`
	}
	real struct {
		N float64 `json:"n"`
	}
	int32s struct {
		N int32 `json:"n"`
	}
	few struct {
		N []int `json:"n" validate:"max=5"`
	}
	fewer struct {
		N []int `json:"n" validate:"max=4"`
	}
	numbers struct {
		N []int `json:"n"`
	}
	many struct {
		N []int `json:"n" validate:"min=1"`
	}
	unique struct {
		N []int `json:"n" validate:"unique"`
	}
	words struct {
		N []string `json:"n"`
	}
	ab struct {
		N string `json:"n" validate:"oneof=a b"`
	}
	abc struct {
		N string `json:"n" validate:"oneof=a b c"`
	}
	matching struct {
		N string `json:"n" pattern:"^a"`
	}
	stricter struct {
		N string `json:"n" pattern:"^ab"`
	}
	nullable struct {
		N *int `json:"n"`
	}
	optional struct {
		N *int `json:"n,omitempty"`
	}
	omitted struct {
		N int `json:"n,omitempty"`
	}
	defaulted struct {
		N int `json:"n" default:"1"`
	}
	two struct {
		N int `json:"n" default:"2"`
	}
	with struct {
		N int `json:"n"`
		M int `json:"m"`
	}
	withOpt struct {
		N int `json:"n"`
		M int `json:"m,omitempty"`
	}
	other struct {
		M int `json:"m"`
	}
	mail struct {
		N string `json:"n" validate:"email"`
	}
	moment struct {
		N time.Time `json:"n"`
	}
	day struct {
		N candor.Date `json:"n"`
	}
	anything struct {
		N any `json:"n"`
	}
	mapOfInt struct {
		N map[string]int `json:"n"`
	}
	mapOfText struct {
		N map[string]string `json:"n"`
	}
	closed struct {
		candor.Strict
		N int `json:"n"`
	}
	deep struct {
		A struct {
			B free `json:"b"`
		} `json:"a"`
	}
	deeper struct {
		A struct {
			B small `json:"b"`
		} `json:"a"`
	}
	described struct {
		N int `json:"n" doc:"A number" example:"3"`
	}
	old struct {
		N int `json:"n" deprecated:"true"`
	}
)

type (
	cat struct {
		Lives int `json:"lives"`
	}
	feline struct {
		Lives int `json:"lives"`
	}
	catOfNine struct {
		Lives int `json:"lives" validate:"lte=9"`
	}
	dog struct {
		Breed string `json:"breed"`
	}
	cow struct {
		Milk int `json:"milk"`
	}
)

type catOrDog struct {
	candor.OneOf `json:"kind"`
	Cat          *cat `case:"cat"`
	Dog          *dog `case:"dog"`
}
type felineOrDog struct {
	candor.OneOf `json:"kind"`
	Cat          *feline `case:"cat"`
	Dog          *dog    `case:"dog"`
}
type dogOrCat struct {
	candor.OneOf `json:"kind"`
	Dog          *dog `case:"dog"`
	Cat          *cat `case:"cat"`
}
type catDogOrCow struct {
	candor.OneOf `json:"kind"`
	Cat          *cat `case:"cat"`
	Dog          *dog `case:"dog"`
	Cow          *cow `case:"cow"`
}
type nineOrDog struct {
	candor.OneOf `json:"kind"`
	Cat          *catOfNine `case:"cat"`
	Dog          *dog       `case:"dog"`
}
type kittyOrDog struct {
	candor.OneOf `json:"kind"`
	Cat          *cat `case:"kitty"`
	Dog          *dog `case:"dog"`
}

type (
	toCat struct {
		Pet *cat `json:"pet"`
	}
	toFeline struct {
		Pet *feline `json:"pet"`
	}
	toDog struct {
		Pet *dog `json:"pet"`
	}
	tree struct {
		Kids []tree `json:"kids"`
		N    int    `json:"n"`
	}
	plant struct {
		Kids []plant `json:"kids"`
		N    int     `json:"n"`
	}
	smallTree struct {
		Kids []smallTree `json:"kids"`
		N    int         `json:"n" validate:"lte=5"`
	}
)

type (
	qDeep struct {
		Q free `query:"q,deep"`
	}
	qDeepSmall struct {
		Q small `query:"q,deep"`
	}
	qDeepOpt struct {
		Q withOpt `query:"q,deep"`
	}
	qDeepWith struct {
		Q with `query:"q,deep"`
	}
	qDeepGiven struct {
		Q free `query:"q,deep,omitempty"`
	}
	qSmallList struct {
		Q []int `query:"q" validate:"dive,lte=5"`
	}
	qJSON struct {
		Q free `query:"q,json"`
	}
	qPipe struct {
		Q []int `query:"q,pipe"`
	}
)

type (
	qNone struct{}
	q     struct {
		Q string `query:"q"`
	}
	qOpt struct {
		Q string `query:"q,omitempty"`
	}
	qDefault struct {
		Q string `query:"q" default:"a"`
	}
	qOther struct {
		Q string `query:"q" default:"b"`
	}
	qInt struct {
		Q int `query:"q"`
	}
	qFloat struct {
		Q float64 `query:"q"`
	}
	qSmall struct {
		Q int `query:"q" validate:"lte=5"`
	}
	qOver struct {
		Q float64 `query:"q" validate:"gt=1"`
	}
	qFrom struct {
		Q float64 `query:"q" validate:"gte=1"`
	}
	qShort struct {
		Q string `query:"q" validate:"max=5"`
	}
	qList struct {
		Q []int `query:"q"`
	}
	qCSV struct {
		Q []int `query:"q,csv"`
	}
	qFew struct {
		Q []int `query:"q" validate:"max=3"`
	}
	qAB struct {
		Q string `query:"q" validate:"oneof=a b"`
	}
	qABC struct {
		Q string `query:"q" validate:"oneof=a b c"`
	}
	qRenamed struct {
		R string `query:"r,omitempty"`
	}
	qHeader struct {
		Q string `header:"q,omitempty"`
	}
	qOld struct {
		Q string `query:"q" deprecated:"true"`
	}
	header struct {
		H string `header:"X-H"`
	}
	hOpt struct {
		H string `header:"X-H,omitempty"`
	}
	hInt struct {
		H int `header:"X-H"`
	}
	cookie struct {
		C string `cookie:"c"`
	}
	cOpt struct {
		C string `cookie:"c,omitempty"`
	}
	token struct{ T candor.Bearer }
	key   struct {
		K candor.APIKey `header:"X-Key"`
	}
	tagged struct {
		E    string `header:"ETag"`
		Body free   `body:""`
	}
	untagged struct {
		Body free `body:""`
	}
	form struct {
		A string `form:"a"`
	}
	formTwo struct {
		A string `form:"a"`
		B string `form:"b"`
	}
	formOpt struct {
		A string `form:"a"`
		B string `form:"b,omitempty"`
	}
	upload struct {
		A candor.Upload `file:"a"`
	}
	uploads struct {
		A candor.Upload `file:"a"`
		B candor.Upload `file:"b"`
	}
)

type (
	pathInt struct {
		ID int `path:"id"`
	}
	pathText struct {
		ID string `path:"id"`
	}
	pathSmall struct {
		ID int `path:"id" validate:"lte=5"`
	}
)

// scoped is an operation whose token has scopes.
func scoped(options ...candor.RouteOption) routes {
	return in[struct {
		T     candor.Bearer
		Needs candor.RequiredScopes
	}](options...)
}

func path[T any](pattern string) routes {
	return func(app *candor.App) {
		candor.Get(app, pattern, func(context.Context, T) (candor.None, error) { return candor.None{}, nil }, candor.OperationID("it"))
	}
}

// posted is an operation whose input is T.
func posted[T any](options ...candor.RouteOption) routes {
	return func(app *candor.App) {
		candor.Post(app, "/x", func(context.Context, T) (candor.None, error) { return candor.None{}, nil }, options...)
	}
}

func document(t *testing.T, r routes) []byte {
	t.Helper()
	// The ids of operations are fixed, because those of function literals contain the path.
	app := candor.New(candor.Config{Title: "x", Version: "1"})
	r(app)
	var written bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&written))
	return written.Bytes()
}

// fine is the result of a compatible change.
const fine = ""

// Each row is a change: its name, an app before and after, and the breaking change.
var table = []struct {
	name       string
	old, today routes
	breaks     string
}{
	{"nothing", body[free](), body[free](), fine},
	{"the order of operations", all(at("GET", "/a"), at("GET", "/b")), all(at("GET", "/b"), at("GET", "/a")), fine},

	// Operations.
	{"an operation is added", none, all(none, at("GET", "/x")), fine},
	{"a path is dropped", all(none, at("GET", "/x")), none, "GET /x: "},
	{"a method is dropped", all(at("GET", "/x"), at("PUT", "/x")), at("GET", "/x"), "PUT /x: "},
	{"a path is renamed", at("GET", "/x"), at("GET", "/y"), "GET /x: "},
	{"an operation id is changed", at("GET", "/x", candor.OperationID("a")), at("GET", "/x", candor.OperationID("b")), "GET /x: "},
	{"an operation becomes deprecated", at("GET", "/x"), at("GET", "/x", candor.Deprecated()), fine},
	{"a deprecated operation is dropped", all(none, at("GET", "/x", candor.Deprecated())), none, "GET /x: "},
	{"an operation is hidden", all(none, at("GET", "/x")), all(none, at("GET", "/x", candor.Hidden())), "GET /x: "},
	{"a summary is changed", at("GET", "/x", candor.Summary("a")), at("GET", "/x", candor.Summary("b")), fine},
	{"a description is changed", at("GET", "/x", candor.Description("a")), at("GET", "/x"), fine},
	{"a tag is added", at("GET", "/x"), at("GET", "/x", candor.Tags("a")), fine},
	{"a tag is dropped", at("GET", "/x", candor.Tags("a")), at("GET", "/x"), fine},
	{"a wildcard is renamed", path[struct {
		ID int `path:"id"`
	}]("/x/{id}"), path[struct {
		ID int `path:"x_id"`
	}]("/x/{x_id}"), fine},

	{"the method QUERY is dropped", all(none, at("QUERY", "/x")), none, "QUERY /x: "},
	{"a method of its own is dropped", all(none, at("PURGE", "/x")), none, "PURGE /x: "},
	{"the method QUERY is added", none, all(none, at("QUERY", "/x")), fine},
	{"an object of the query is written another way", in[qDeep](), in[qJSON](), "GET /x: "},
	{"a member of an object in the query has a maximum", in[qDeep](), in[qDeepSmall](), "GET /x: "},
	{"a member of an object in the query has no maximum", in[qDeepSmall](), in[qDeep](), fine},
	{"an object of the query has another optional member", in[qDeep](), in[qDeepOpt](), fine},
	{"an object of the query has another required member", in[qDeep](), in[qDeepWith](), "GET /x: "},
	{"items of a list in the query have a maximum", in[qList](), in[qSmallList](), "GET /x: "},
	{"items of a list in the query have no maximum", in[qSmallList](), in[qList](), fine},
	{"an object of the query may be given", in[qNone](), in[qDeepGiven](), fine},
	{"an object of the query is ignored", in[qDeepGiven](), in[qNone](), fine},
	{"a list has another separator", in[qPipe](), in[qCSV](), "GET /x: "},

	// Bodies.
	{"a member becomes required", body[withOpt](), body[with](), "POST /x: "},
	{"a required member is added", body[free](), body[with](), "POST /x: "},
	{"an optional member is added", body[free](), body[withOpt](), fine},
	{"a member becomes optional", body[with](), body[withOpt](), fine},
	{"a member is dropped, which is ignored then", body[with](), body[free](), fine},
	{"a member is renamed", body[free](), body[other](), "POST /x: "},
	{"a member has a default", body[free](), body[defaulted](), fine},
	{"a default is dropped", body[defaulted](), body[free](), "POST /x: "},
	{"the default of a member is changed", body[defaulted](), body[two](), "POST /x: "},
	{"a member may be missing or null", body[free](), body[optional](), fine},
	{"a text must be an address", body[text](), body[mail](), "POST /x: "},
	{"a member may be null", body[free](), body[nullable](), fine},
	{"a member may not be null", body[nullable](), body[free](), "POST /x: "},
	{"a member is another type", body[free](), body[text](), "POST /x: "},
	{"an integer may be any number", body[free](), body[real](), fine},
	{"a number must be an integer", body[real](), body[free](), "POST /x: "},
	{"an integer may be larger", body[int32s](), body[free](), fine},
	{"an integer must be smaller", body[free](), body[int32s](), "POST /x: "},
	{"a member may be anything", body[free](), body[anything](), fine},
	{"a member may not be anything", body[anything](), body[free](), "POST /x: "},
	{"a maximum is added", body[free](), body[small](), "POST /x: "},
	{"a maximum is lowered", body[small](), body[smaller](), "POST /x: "},
	{"a maximum is raised", body[smaller](), body[small](), fine},
	{"a maximum is dropped", body[small](), body[free](), fine},
	{"a maximum is no longer included", body[small](), body[under](), "POST /x: "},
	{"a maximum is included", body[under](), body[small](), fine},
	{"a minimum is added", body[free](), body[big](), "POST /x: "},
	{"a minimum is raised", body[big](), body[bigger](), "POST /x: "},
	{"a minimum is lowered", body[bigger](), body[big](), fine},
	{"a minimum is no longer included", body[big](), body[over](), "POST /x: "},
	{"a minimum is included", body[over](), body[big](), fine},
	{"the minimum of a fraction is included", body[overF](), body[bigF](), fine},
	{"the minimum of a fraction is no longer included", body[bigF](), body[overF](), "POST /x: "},
	{"the maximum of a fraction is included", body[underF](), body[smallF](), fine},
	{"the maximum of a fraction is no longer included", body[smallF](), body[underF](), "POST /x: "},
	{"a text may be longer", body[shorter](), body[short](), fine},
	{"a text must be shorter", body[short](), body[shorter](), "POST /x: "},
	{"a text has a length", body[text](), body[short](), "POST /x: "},
	{"a text must be longer", body[long](), body[longer](), "POST /x: "},
	{"a text may be shorter", body[longer](), body[long](), fine},
	{"a text has a pattern", body[text](), body[matching](), "POST /x: "},
	{"a pattern is changed", body[matching](), body[stricter](), "POST /x: "},
	{"a pattern is dropped", body[matching](), body[text](), fine},
	{"a value is added to a list", body[ab](), body[abc](), fine},
	{"a value is dropped from a list", body[abc](), body[ab](), "POST /x: "},
	{"a text becomes one of a list", body[text](), body[ab](), "POST /x: "},
	{"a list is no longer one", body[ab](), body[text](), fine},
	{"a list may have more items", body[fewer](), body[few](), fine},
	{"a list must have fewer items", body[few](), body[fewer](), "POST /x: "},
	{"a list must have items", body[numbers](), body[many](), "POST /x: "},
	{"a list may be empty", body[many](), body[numbers](), fine},
	{"items must differ", body[numbers](), body[unique](), "POST /x: "},
	{"items may repeat", body[unique](), body[numbers](), fine},
	{"items are another type", body[numbers](), body[words](), "POST /x: "},
	{"values of a map are another type", body[mapOfInt](), body[mapOfText](), "POST /x: "},
	{"a text becomes a moment", body[text](), body[moment](), "POST /x: "},
	{"a moment becomes a day", body[moment](), body[day](), "POST /x: "},
	{"unknown members are refused", body[free](), body[closed](), "POST /x: "},
	{"unknown members are refused by an option", body[free](), body[free](candor.ForbidExtra()), "POST /x: "},
	{"unknown members are ignored", body[closed](), body[free](), fine},
	{"a member is dropped, and refused then", body[with](candor.ForbidExtra()), body[free](candor.ForbidExtra()), "POST /x: "},
	{"a bound deep inside", body[deep](), body[deeper](), "POST /x: "},
	{"a bound deep inside is dropped", body[deeper](), body[deep](), fine},
	{"a text and an example are added", body[free](), body[described](), fine},
	{"a member becomes deprecated", body[free](), body[old](), fine},
	{"a body is needed", posted[struct{}](), body[free](), "POST /x: "},
	{"a body is no longer read", body[free](), posted[struct{}](), "POST /x: "},
	{"a list is no longer an object", body[free](), body[[]free](), "POST /x: "},
	{"a type is renamed", body[tree](), body[plant](), fine},
	{"a bound in a type that contains itself", body[tree](), body[smallTree](), "POST /x: "},
	{"a form has another field", posted[form](), posted[formTwo](), "POST /x: "},
	{"a form may have another field", posted[form](), posted[formOpt](), fine},
	{"a form becomes JSON", posted[form](), body[text](), "POST /x: "},
	{"another file is needed", posted[upload](), posted[uploads](), "POST /x: "},

	// Responses.
	{"a response has another member", out[free](), out[with](), fine},
	{"a response lacks a member", out[with](), out[free](), "GET /x: "},
	{"a member of a response may be missing", out[free](), out[omitted](), "GET /x: "},
	{"a member of a response is always there", out[omitted](), out[free](), fine},
	{"a response may be null inside", out[free](), out[nullable](), "GET /x: "},
	{"a response is never null inside", out[nullable](), out[free](), fine},
	{"a response is another type", out[free](), out[text](), "GET /x: "},
	{"a response is a fraction", out[free](), out[real](), "GET /x: "},
	{"a response is a list", out[free](), out[[]free](), "GET /x: "},
	{"a response has another value", out[ab](), out[abc](), "GET /x: "},
	{"a response has a value less", out[abc](), out[ab](), fine},
	{"a response may be larger", out[smaller](), out[small](), "GET /x: "},
	{"a response is smaller", out[small](), out[smaller](), fine},
	{"a response has no bound", out[small](), out[free](), "GET /x: "},
	{"a response may be anything", out[free](), out[anything](), "GET /x: "},
	{"items of a response are another type", out[[]int](), out[[]string](), "GET /x: "},
	{"a status of success is changed", out[free](candor.Status(200)), out[free](candor.Status(201)), "GET /x: "},
	{"an error is declared", out[free](), out[free](candor.Raises(candor.Error(404, "no"))), fine},
	{"an error is no longer declared", out[free](candor.Raises(candor.Error(404, "no"))), out[free](), "GET /x: "},
	{"a body of an error is changed", out[free](candor.Responds[free](409)), out[free](candor.Responds[text](409)), "GET /x: "},
	{"a response is no longer JSON", out[string](), out[candor.Text](), "GET /x: "},
	{"a header is added", out[untagged](), out[tagged](), fine},
	{"a header is dropped", out[tagged](), out[untagged](), "GET /x: "},
	{"a response is a stream", out[[]free](), out[candor.JSONLines[free]](), "GET /x: "},
	{"an item of a stream lacks a member", out[candor.JSONLines[with]](), out[candor.JSONLines[free]](), "GET /x: "},
	{"an item of a stream has another member", out[candor.JSONLines[free]](), out[candor.JSONLines[with]](), fine},
	{"an event lacks a member", out[candor.Events[with]](), out[candor.Events[free]](), "GET /x: "},
	{"a line of a body has a bound", body[candor.JSONLines[free]](), body[candor.JSONLines[small]](), "POST /x: "},

	// Unions and pointers.
	{"a variant may be sent", body[catOrDog](), body[catDogOrCow](), fine},
	{"a variant may not be sent", body[catDogOrCow](), body[catOrDog](), "POST /x: "},
	{"a variant may come", out[catOrDog](), out[catDogOrCow](), "GET /x: "},
	{"a variant does not come", out[catDogOrCow](), out[catOrDog](), fine},
	{"a bound in a variant", body[catOrDog](), body[nineOrDog](), "POST /x: "},
	{"the order of variants", out[catOrDog](), out[dogOrCat](), fine},
	{"the type of a variant is renamed", out[catOrDog](), out[felineOrDog](), fine},
	{"the type of a variant that is sent is renamed", body[catOrDog](), body[felineOrDog](), fine},
	{"a variant has another tag", body[catOrDog](), body[kittyOrDog](), "POST /x: "},
	{"the type of a pointer is renamed", out[toCat](), out[toFeline](), fine},
	{"the type of a pointer that is sent is renamed", body[toCat](), body[toFeline](), fine},
	{"the type of a pointer is another one", out[toCat](), out[toDog](), "GET /x: "},

	// Parameters.
	{"a parameter may be given", in[qNone](), in[qOpt](), fine},
	{"a parameter must be given", in[qNone](), in[q](), "GET /x: "},
	{"a parameter becomes required", in[qOpt](), in[q](), "GET /x: "},
	{"a parameter becomes optional", in[q](), in[qOpt](), fine},
	{"a parameter is dropped, and ignored then", in[qOpt](), in[qNone](), fine},
	{"a parameter is dropped, and refused then", in[qOpt](candor.ForbidExtra()), in[qNone](candor.ForbidExtra()), "GET /x: "},
	{"a parameter is renamed, and refused then", in[qOpt](candor.ForbidExtra()), in[qRenamed](candor.ForbidExtra()), "GET /x: "},
	{"unknown parameters are refused", in[qOpt](), in[qOpt](candor.ForbidExtra()), "GET /x: "},
	{"unknown parameters are ignored", in[qOpt](candor.ForbidExtra()), in[qOpt](), fine},
	{"a default is changed", in[qDefault](), in[qOther](), "GET /x: "},
	{"a parameter is a number", in[q](), in[qInt](), "GET /x: "},
	{"a parameter is a text", in[qInt](), in[q](), fine},
	{"a parameter may be a fraction", in[qInt](), in[qFloat](), fine},
	{"a parameter must be an integer", in[qFloat](), in[qInt](), "GET /x: "},
	{"a parameter has a maximum", in[qInt](), in[qSmall](), "GET /x: "},
	{"a parameter has no maximum", in[qSmall](), in[qInt](), fine},
	{"a parameter may be its minimum", in[qOver](), in[qFrom](), fine},
	{"a parameter may not be its minimum", in[qFrom](), in[qOver](), "GET /x: "},
	{"a parameter has a length", in[q](), in[qShort](), "GET /x: "},
	{"a parameter is a list", in[qInt](), in[qList](), fine},
	{"a list has commas", in[qList](), in[qCSV](), "GET /x: "},
	{"a list repeats its name", in[qCSV](), in[qList](), "GET /x: "},
	{"a list of parameters is shorter", in[qList](), in[qFew](), "GET /x: "},
	{"a parameter has another value", in[qAB](), in[qABC](), fine},
	{"a parameter has a value less", in[qABC](), in[qAB](), "GET /x: "},
	{"a parameter becomes deprecated", in[q](), in[qOld](), fine},
	{"a parameter moves to the header", in[qOpt](candor.ForbidExtra()), in[qHeader](candor.ForbidExtra()), "GET /x: "},
	{"a header must be given", in[hOpt](), in[header](), "GET /x: "},
	{"a header may be missing", in[header](), in[hOpt](), fine},
	{"a header is no longer read", in[hOpt](), in[qNone](), fine},
	{"a header is a number", in[header](), in[hInt](), "GET /x: "},
	{"a cookie must be there", in[cOpt](), in[cookie](), "GET /x: "},
	{"a cookie may be missing", in[cookie](), in[cOpt](), fine},
	{"a segment is a number", path[pathText]("/x/{id}"), path[pathInt]("/x/{id}"), "GET /x/{id}: "},
	{"a segment is a text", path[pathInt]("/x/{id}"), path[pathText]("/x/{id}"), fine},
	{"a segment has a maximum", path[pathInt]("/x/{id}"), path[pathSmall]("/x/{id}"), "GET /x/{id}: "},

	// Credentials.
	{"a token is needed", in[qNone](), in[token](), "GET /x: "},
	{"a token is no longer needed", in[token](), in[qNone](), fine},
	{"another scope is needed", scoped(candor.Scopes("a")), scoped(candor.Scopes("a", "b")), "GET /x: "},
	{"a scope is no longer needed", scoped(candor.Scopes("a", "b")), scoped(candor.Scopes("a")), fine},
	{"other credentials are needed", in[token](), in[key](), "GET /x: "},
}

func TestTable(t *testing.T) {
	require.GreaterOrEqual(t, len(table), 100)
	names := map[string]bool{}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			require.False(t, names[row.name], "the name is there twice")
			names[row.name] = true
			found, err := compat.Breaking(document(t, row.old), document(t, row.today))
			require.NoError(t, err)
			if row.breaks == fine {
				assert.Empty(t, found)
				return
			}
			require.NotEmpty(t, found)
			for _, line := range found {
				t.Log(line)
				assert.True(t, strings.HasPrefix(line, row.breaks), line)
			}
		})
	}
}
