package candor_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// getWith registers a handler with an input, getFor one with an answer.
func getWith[In any](r candor.Routes, path string, options ...candor.RouteOption) {
	candor.Get(r, path, func(context.Context, In) (candor.None, error) { return candor.None{}, nil }, options...)
}

func getFor[Out any](r candor.Routes, path string, options ...candor.RouteOption) {
	candor.Get(r, path, func(context.Context, candor.None) (out Out, err error) { return out, nil }, options...)
}

func doNothing(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil }

// mistakes are what users get wrong, and every word they read then. FILE:LINE
// is the place of a call of theirs.
var mistakes = []struct {
	name string
	make func(a *candor.App)
	want string
}{
	// Of paths.
	{"no slash", func(a *candor.App) {
		getWith[candor.None](a, "items")
	}, `candor: GET items at FILE:LINE: pattern "items": it must start with "/": write "/items"`},
	{"empty", func(a *candor.App) {
		getWith[candor.None](a, "")
	}, `candor: GET "" at FILE:LINE: pattern "": it is empty: write "/" for the root`},
	{"a method in it", func(a *candor.App) {
		getWith[candor.None](a, "GET /items")
	}, `candor: GET GET /items at FILE:LINE: pattern "GET /items": a method does not belong in it: write "/items" and give the method beside it`},
	{"a host in it", func(a *candor.App) {
		getWith[candor.None](a, "example.com/items")
	}, `candor: GET example.com/items at FILE:LINE: pattern "example.com/items": a host does not belong in it, and it must start with "/": write "/items"`},
	{"a scheme in it", func(a *candor.App) {
		getWith[candor.None](a, "https://example.com/items")
	}, `candor: GET https://example.com/items at FILE:LINE: pattern "https://example.com/items": a host does not belong in it, and it must start with "/": write "/items"`},
	{"a query in it", func(a *candor.App) {
		getWith[candor.None](a, "/items?q={q}")
	}, `candor: GET /items?q={q} at FILE:LINE: pattern "/items?q={q}": a query does not belong in it: write "/items"`},
	{"an optional wildcard", func(a *candor.App) {
		getWith[candor.None](a, "/items/{id?}")
	}, `candor: GET /items/{id?} at FILE:LINE: pattern "/items/{id?}": a wildcard is never optional: write one pattern with it and one without`},
	{"a space in it", func(a *candor.App) {
		getWith[candor.None](a, "/my items")
	}, `candor: GET /my items at FILE:LINE: pattern "/my items": it cannot hold the space ' ': write "-" or "_", or a wildcard for the whole segment`},
	{"an escape in it", func(a *candor.App) {
		getWith[candor.None](a, "/caf%C3%A9")
	}, `candor: GET /caf%C3%A9 at FILE:LINE: pattern "/caf%C3%A9": literals are written unescaped: write "café" instead of "caf%C3%A9"`},
	{"the braces of other routers", func(a *candor.App) {
		getWith[candor.None](a, "/items/:id")
	}, `candor: GET /items/:id at FILE:LINE: pattern "/items/:id": a wildcard stands in braces: write "{id}" instead of ":id"`},
	{"a type in the wildcard", func(a *candor.App) {
		getWith[candor.None](a, "/items/{id:int}")
	}, `candor: GET /items/{id:int} at FILE:LINE: pattern "/items/{id:int}": a wildcard holds only a name: write "{id}" and check the value where it is used`},
	{"a path converter", func(a *candor.App) {
		getWith[candor.None](a, "/files/{rest:path}")
	}, `candor: GET /files/{rest:path} at FILE:LINE: pattern "/files/{rest:path}": a remainder is marked by dots: write "{rest...}"`},
	{"a starred wildcard", func(a *candor.App) {
		getWith[candor.None](a, "/files/{*rest}")
	}, `candor: GET /files/{*rest} at FILE:LINE: pattern "/files/{*rest}": a remainder is marked by dots: write "{rest...}"`},
	{"no slash behind a prefix", func(*candor.App) {
		getWith[candor.None](candor.NewRouter("/users"), "me")
	}, `candor: GET me at FILE:LINE: pattern "me": it must start with "/": write "/me"`},
	{"part of a segment", func(a *candor.App) {
		getWith[candor.None](a, "/items/{id}.json")
	}, `candor: GET /items/{id}.json at FILE:LINE: pattern "/items/{id}.json": a wildcard is a whole segment: write "{id}" instead of "{id}.json" and take its value apart`},
	{"open braces", func(a *candor.App) {
		getWith[candor.None](a, "/items/{id")
	}, `candor: GET /items/{id at FILE:LINE: pattern "/items/{id": the braces of "{id" do not pair up: write a wildcard as a whole segment, such as "{id}"`},
	{"no name", func(a *candor.App) {
		getWith[candor.None](a, "/items/{}")
	}, `candor: GET /items/{} at FILE:LINE: pattern "/items/{}": "{}" has no name: write "{id}" for one segment or "{rest...}" for the remainder`},
	{"not a name", func(a *candor.App) {
		getWith[candor.None](a, "/items/{1}")
	}, `candor: GET /items/{1} at FILE:LINE: pattern "/items/{1}": "1" is not a name: write letters, digits, "_" and "-", first a letter or "_"`},
	{"a name twice", func(a *candor.App) {
		getWith[candor.None](a, "/{id}/x/{id}")
	}, `candor: GET /{id}/x/{id} at FILE:LINE: pattern "/{id}/x/{id}": the name "id" is there twice: write two different names`},
	{"a remainder in the middle", func(a *candor.App) {
		getWith[candor.None](a, "/{rest...}/x")
	}, `candor: GET /{rest...}/x at FILE:LINE: pattern "/{rest...}/x": "{rest...}" matches all that is left: write it last, or "{rest}" for one segment`},
	{"net/http's end mark", func(a *candor.App) {
		getWith[candor.None](a, "/items/{$}")
	}, `candor: GET /items/{$} at FILE:LINE: pattern "/items/{$}": "{$}" is not needed: leave it out, a pattern that ends in "/" matches only that path`},
	{"a wildcard nothing reads", func(a *candor.App) {
		getWith[candor.None](a, "/items/{id}")
	}, "candor: GET /items/{id} at FILE:LINE: nothing reads the wildcard {id} of /items/{id}; add a field with `path:\"id\"` to the input, or take the wildcard out of the path"},
	{"a field without its wildcard", func(a *candor.App) {
		getWith[struct {
			ID int `path:"id"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field ID of struct{...}: the path has no {id}; put {id} into the path`},
	{"an alias without the wildcard", func(a *candor.App) {
		getWith[struct {
			ID int `path:"id"`
		}](a, "/items/{id}", candor.Alias("/things/{other}"))
	}, `candor: GET /items/{id} at FILE:LINE: as "/things/{other}": field ID of struct{...}: the path has no {id}; put {id} into the path, or name one it has in the tag: other`},
	{"a wrong path of an alias", func(a *candor.App) {
		getWith[candor.None](a, "/items", candor.Alias("things"))
	}, `candor: GET /items at FILE:LINE: pattern "things": it must start with "/": write "/things"`},
	{"an alias with an alias", func(a *candor.App) {
		getWith[candor.None](a, "/items", candor.Alias("/b", candor.Alias("/c")))
	}, `candor: GET /items at FILE:LINE: alias /b has an alias of its own; put both beside each other`},
	// Of methods and handlers.
	{"no method", func(a *candor.App) {
		candor.Handle(a, nil, "/items", doNothing)
	}, `candor: Handle /items at FILE:LINE: no method; name at least one, such as http.MethodGet`},
	{"an unknown method", func(a *candor.App) {
		candor.Handle(a, []string{"BREW"}, "/items", doNothing)
	}, `candor: BREW /items at FILE:LINE: the method "BREW" cannot be documented; use one of GET, PUT, POST, DELETE, OPTIONS, HEAD, PATCH, TRACE`},
	{"a method in lower case", func(a *candor.App) {
		candor.Handle(a, []string{"get"}, "/items", doNothing)
	}, `candor: get /items at FILE:LINE: the method "get" is another one than "GET"; write that`},
	{"a method twice", func(a *candor.App) {
		candor.Handle(a, []string{"GET", "PUT", "GET"}, "/items", doNothing)
	}, `candor: GET,PUT,GET /items at FILE:LINE: the method GET stands twice; name each once`},
	{"no handler", func(a *candor.App) {
		candor.Get[candor.None, candor.None](a, "/items", nil)
	}, `candor: GET /items at FILE:LINE: the handler is nil; pass a function`},
	{"no plain handler", func(a *candor.App) {
		candor.HandleHTTP(a, []string{"GET"}, "/items", nil)
	}, `candor: GET /items at FILE:LINE: the handler is nil; pass an http.Handler`},
	// Of fields of inputs.
	{"an input that is no struct", func(a *candor.App) {
		getWith[int](a, "/items")
	}, `candor: GET /items at FILE:LINE: int: an input must be a struct, taken by value; write func(ctx context.Context, in Input) with a struct for Input, or candor.None for no input`},
	{"a pointer as input", func(a *candor.App) {
		getWith[*candor.None](a, "/items")
	}, `candor: GET /items at FILE:LINE: *struct {}: an input must be a struct, taken by value; write func(ctx context.Context, in Input) with a struct for Input, or candor.None for no input`},
	{"a field without a source", func(a *candor.App) {
		getWith[struct{ Q string }](a, "/items")
	}, "candor: GET /items at FILE:LINE: field Q of struct{...}: no source, so nothing says where its value comes from; add a tag such as `path:\"q\"`, `query:\"q\"`, `header:\"Q\"`, `cookie:\"q\"`, `body:\"\"` or `dep:\"\"`"},
	{"two sources", func(a *candor.App) {
		getWith[struct {
			Q string `query:"q" header:"Q"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: two sources, query and header; keep one, as a value comes from one place`},
	{"an unexported field with a source", func(a *candor.App) {
		getWith[struct {
			q string `query:"q"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field q of struct{...}: an unexported field cannot be filled in, but it has a query tag; export it or drop the tag`},
	{"a source twice", func(a *candor.App) {
		getWith[struct {
			A string `query:"q"`
			B string `query:"q"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field B of struct{...}: it and A both read the query value "q"; keep one of them`},
	{"an optional path parameter", func(a *candor.App) {
		getWith[struct {
			ID string `path:"id,omitempty"`
		}](a, "/items/{id}")
	}, "candor: GET /items/{id} at FILE:LINE: field ID of struct{...}: unknown option \"omitempty\" in its path tag; write `path:\"id\"`"},
	{"a pointer from the path", func(a *candor.App) {
		getWith[struct {
			ID *string `path:"id"`
		}](a, "/items/{id}")
	}, `candor: GET /items/{id} at FILE:LINE: field ID of struct{...}: a path value is never optional, it is part of the path; drop the pointer, the default or omitempty`},
	{"a map from the query", func(a *candor.App) {
		getWith[struct {
			M map[string]string `query:"m"`
		}](a, "/items")
	}, "candor: GET /items at FILE:LINE: field M of struct{...}: map[string]string: a value of this type cannot be made of text; use one parameter for each value, or read it as JSON: `query:\"name,json\"`"},
	{"a channel in a body", func(a *candor.App) {
		getWith[struct {
			Body struct {
				C chan int `json:"c"`
			} `body:""`
		}](a, "/items")
	}, "candor: GET /items at FILE:LINE: field Body.C of struct{...}: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that stands for data"},
	{"a function in a body", func(a *candor.App) {
		getWith[struct {
			Body func() `body:""`
		}](a, "/items")
	}, "candor: GET /items at FILE:LINE: field Body of struct{...}: func(): a value of kind func has no JSON form; leave the field out with `json:\"-\"` or give it a type that stands for data"},
	{"two bodies", func(a *candor.App) {
		getWith[struct {
			A string `body:""`
			B string `body:""`
		}](a, "/items")
	}, "candor: GET /items at FILE:LINE: field B of struct{...}: a second whole body beside A; name the members: `body:\"item\"`, `body:\"user\"`"},
	{"a body and its members", func(a *candor.App) {
		getWith[struct {
			A string `body:""`
			B string `body:"b"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field B of struct{...}: a member of the body beside A, which takes the whole body; name both as members, or keep the whole body only`},
	{"a source inside a body", func(a *candor.App) {
		getWith[struct {
			Body struct {
				Q string `query:"q"`
			} `body:""`
		}](a, "/items")
	}, "candor: GET /items at FILE:LINE: field Body.Q of struct{...}: a query tag inside a body, whose members are named by json tags; write `json:\"q\"`, or move the field to the struct that is the input or the answer itself"},
	{"json for an input", func(a *candor.App) {
		getWith[struct {
			Q string `json:"q"`
		}](a, "/items")
	}, "candor: GET /items at FILE:LINE: field Q of struct{...}: no source: a json tag names members inside a body only; write `body:\"q\"` for one member of a JSON body, or collect the members in one field with `body:\"\"`"},
	{"an unknown part of a tag", func(a *candor.App) {
		getWith[struct {
			Q string `query:"q,optional"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: unknown option "optional" in its query tag; the options are omitempty, omitzero, csv, json`},
	{"a header name with a space", func(a *candor.App) {
		getWith[struct {
			Q string `header:"X Token"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: "X Token" cannot be the name of a header; use letters, digits and hyphens`},
	{"no provider", func(a *candor.App) {
		getWith[struct {
			Shop *trickDog `dep:""`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: GET /items: handler -> *candor_test.trickDog: no provider; register one with candor.Provide on the app or a router around the route`},
	// Of rules.
	{"an unknown rule", func(a *candor.App) {
		getWith[struct {
			Q string `query:"q" validate:"shiny"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: shiny: no such rule; write one of validator's or add it to Config.Rules`},
	{"a rule for another type", func(a *candor.App) {
		getWith[struct {
			Q bool `query:"q" validate:"min=1"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: min=1: judges strings, integers, unsigned integers, floats, durations, times, bytes, lists and maps, not bool; write a rule that does, or a Validate method`},
	{"a rule without its number", func(a *candor.App) {
		getWith[struct {
			Q string `query:"q" validate:"min=abc"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: min=abc: not a number; write min=3`},
	{"a negative length", func(a *candor.App) {
		getWith[struct {
			Q string `query:"q" validate:"min=-1"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: min=-1: nothing has a length below zero; write min=3`},
	{"bounds that exclude each other", func(a *candor.App) {
		getWith[struct {
			Q int `query:"q" validate:"min=5,max=3"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: min=5,max=3: no value keeps both; write bounds with room between them`},
	{"a rule for mail on a number", func(a *candor.App) {
		getWith[struct {
			Q int `query:"q" validate:"email"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: email: judges strings, not int; write a rule that does, or a Validate method`},
	{"dive into what holds nothing", func(a *candor.App) {
		getWith[struct {
			Q string `query:"q" validate:"dive,min=1"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: validate:"dive,min=1": dive goes into lists and maps, this is string; drop it, a nested struct is checked by itself`},
	{"a field that is not there", func(a *candor.App) {
		getWith[struct {
			Body struct {
				A string `json:"a" validate:"eqfield=Nope"`
			} `body:""`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: struct{...}.A: eqfield=Nope: struct { A string "json:\"a\" validate:\"eqfield=Nope\"" } has no field "Nope"; write one of A`},
	{"a rule that looks at files", func(a *candor.App) {
		getWith[struct {
			Q string `query:"q" validate:"file"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: file: would look for a client's path on this server; take the file itself with a file tag`},
	{"required, yet optional", func(a *candor.App) {
		getWith[struct {
			Q string `query:"q,omitempty" validate:"required"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: validate:"required" contradicts omitempty, which makes the value optional; drop one of the two; required means present, and zero values such as 0, false and "" are present`},
	{"a pattern that is none", func(a *candor.App) {
		getWith[struct {
			Q string `query:"q" pattern:"("`
		}](a, "/items")
	}, "candor: GET /items at FILE:LINE: field Q of struct{...}: pattern:\"(\" is no regular expression: missing closing ): `(`; write it in the syntax of the package regexp"},
	{"a pattern for a number", func(a *candor.App) {
		getWith[struct {
			Q int `query:"q" pattern:"a"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: pattern=a: judges strings, not int; write a rule that does, or a Validate method`},
	// Of defaults.
	{"of another type", func(a *candor.App) {
		getWith[struct {
			Limit int `query:"limit" default:"ten"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Limit of struct{...}: default:"ten" is not a number; write one as JSON has it, such as 5 or -0.5`},
	{"that breaks its rule", func(a *candor.App) {
		getWith[struct {
			Limit int `query:"limit" default:"0" validate:"gte=1"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Limit of struct{...}: default 0 breaks gte=1; change the default or the rule`},
	{"too large for its type", func(a *candor.App) {
		getWith[struct {
			Limit int8 `query:"limit" default:"300"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Limit of struct{...}: default 300 does not fit int8 (Must be less than or equal to 127); change the default or the rule`},
	{"of a list that is not JSON", func(a *candor.App) {
		getWith[struct {
			IDs []int `query:"ids" default:"1,2"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field IDs of struct{...}: default:"1,2" is not valid JSON; write []int as JSON, such as [1,2]`},
	{"of a path parameter", func(a *candor.App) {
		getWith[struct {
			ID string `path:"id" default:"x"`
		}](a, "/items/{id}")
	}, `candor: GET /items/{id} at FILE:LINE: field ID of struct{...}: a path value is never optional, it is part of the path; drop the pointer, the default or omitempty`},
	{"of what is required", func(a *candor.App) {
		getWith[struct {
			Q string `query:"q" default:"x" validate:"required"`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Q of struct{...}: validate:"required" contradicts a default, which makes the value optional; drop one of the two; required means present, and zero values such as 0, false and "" are present`},
	{"in a body", func(a *candor.App) {
		getWith[struct {
			Body struct {
				On bool `json:"on" default:"maybe"`
			} `body:""`
		}](a, "/items")
	}, `candor: GET /items at FILE:LINE: field Body.On of struct{...}: default:"maybe" is neither true nor false; write one of them`},
	// Of answers.
	{"a channel", func(a *candor.App) {
		getFor[chan int](a, "/items")
	}, "candor: GET /items at FILE:LINE: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that stands for data"},
	{"a function inside", func(a *candor.App) {
		getFor[struct {
			F func() `json:"f"`
		}](a, "/items")
	}, "candor: GET /items at FILE:LINE: field F of struct{...}: func(): a value of kind func has no JSON form; leave the field out with `json:\"-\"` or give it a type that stands for data"},
	{"an envelope with json names", func(a *candor.App) {
		getFor[struct {
			Status int    `status:"200"`
			Name   string `json:"name"`
		}](a, "/items")
	}, "candor: GET /items at FILE:LINE: field Name of struct{...}: an answer is either a plain value or made of parts, and this field is no part while Status is one; give every field one of `status:\"200\"`, `header:\"X\"`, `cookie:\"x\"`, `body:\"\"` and no json name, or give every field a json name"},
	{"a status without a list", func(a *candor.App) {
		getFor[struct {
			Status int    `status:""`
			Body   string `body:""`
		}](a, "/items")
	}, "candor: GET /items at FILE:LINE: field Status of struct{...}: status:\"\"; list the statuses the answer may have, from 200 to 599: `status:\"200,201\"`"},
	{"a body for a status without", func(a *candor.App) {
		getFor[string](a, "/items", candor.Status(204))
	}, `candor: GET /items at FILE:LINE: Status(204) is an answer without a body, but its type is string; make that candor.None or choose another status`},
	{"a status that is none", func(a *candor.App) {
		getFor[string](a, "/items", candor.Status(99))
	}, `candor: GET /items at FILE:LINE: Status(99); a final status is between 200 and 599`},
	{"an informational status", func(a *candor.App) {
		getFor[string](a, "/items", candor.Status(101))
	}, `candor: GET /items at FILE:LINE: Status(101); a final status is between 200 and 599`},
	{"a response with such a status", func(a *candor.App) {
		getFor[string](a, "/items", candor.Responds[string](600))
	}, `candor: GET /items at FILE:LINE: Responds(600); a final status is between 200 and 599`},
	{"a response of no type", func(a *candor.App) {
		getFor[string](a, "/items", candor.Responds[chan int](409))
	}, "candor: GET /items at FILE:LINE: Responds(409): chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that stands for data"},
	{"an error that is nil", func(a *candor.App) {
		getFor[string](a, "/items", candor.Raises(nil))
	}, `candor: GET /items at FILE:LINE: Raises(nil); declare the error with candor.Error first`},
	// Of options.
	{"no middleware", func(a *candor.App) {
		getWith[candor.None](a, "/items", candor.Use(nil))
	}, `candor: GET /items at FILE:LINE: Use(nil); leave the middleware out`},
	{"no bytes for a body", func(a *candor.App) {
		getWith[candor.None](a, "/items", candor.MaxBody(0))
	}, `candor: GET /items at FILE:LINE: MaxBody(0); the limit is a positive number of bytes`},
	{"no edit", func(a *candor.App) {
		getWith[candor.None](a, "/items", candor.EditOperation(nil))
	}, `candor: GET /items at FILE:LINE: EditOperation(nil); leave it out`},
	{"of a router", func(*candor.App) {
		candor.NewRouter("/r", candor.MaxBody(-1))
	}, `candor: NewRouter("/r") at FILE:LINE: MaxBody(-1); the limit is a positive number of bytes`},
	{"of an inclusion", func(a *candor.App) {
		a.Include(candor.NewRouter("/r"), candor.Use(nil))
	}, `candor: Include at FILE:LINE: Use(nil); leave the middleware out`},
	{"of an app", func(*candor.App) {
		candor.New(candor.Config{}, candor.Use(nil))
	}, `candor: New at FILE:LINE: Use(nil); leave the middleware out`},
	{"a root path with a host", func(*candor.App) {
		candor.New(candor.Config{RootPath: "//evil.example"})
	}, `candor: New at FILE:LINE: Config.RootPath is "//evil.example"; it is a path such as "/api": it begins with a slash, does not end with one, and holds neither wildcards nor a host`},
	{"a root path with a slash at its end", func(*candor.App) {
		candor.New(candor.Config{RootPath: "/api/"})
	}, `candor: New at FILE:LINE: Config.RootPath is "/api/"; it is a path such as "/api": it begins with a slash, does not end with one, and holds neither wildcards nor a host`},
	// Of routers.
	{"a prefix without a slash", func(*candor.App) {
		candor.NewRouter("users")
	}, `candor: NewRouter("users") at FILE:LINE: pattern "users": it must start with "/": write "/users"`},
	{"a prefix with a slash at its end", func(*candor.App) {
		candor.NewRouter("/users/")
	}, `candor: NewRouter("/users/") at FILE:LINE: a prefix does not end with a slash; write "/users"`},
	{"a slash as prefix", func(*candor.App) {
		candor.NewRouter("/")
	}, `candor: NewRouter("/") at FILE:LINE: a prefix does not end with a slash; for no prefix write ""`},
	{"a prefix with a remainder", func(*candor.App) {
		candor.NewRouter("/users/{rest...}")
	}, `candor: NewRouter("/users/{rest...}") at FILE:LINE: nothing can follow a wildcard for the rest of the path; put it into the paths of the routes`},
	{"a prefix that does not parse", func(*candor.App) {
		candor.NewRouter("/users/{id")
	}, `candor: NewRouter("/users/{id") at FILE:LINE: pattern "/users/{id": the braces of "{id" do not pair up: write a wildcard as a whole segment, such as "{id}"`},
	{"a wrong prefix of an inclusion", func(a *candor.App) {
		a.Include(candor.NewRouter("/r"), candor.Prefix("v1"))
	}, `candor: Include at FILE:LINE: Prefix("v1"): pattern "v1": it must start with "/": write "/v1"`},
	{"no router", func(a *candor.App) {
		a.Include(nil)
	}, `candor: Include at FILE:LINE: the router is nil; make one with candor.NewRouter`},
	{"an app as router", func(a *candor.App) {
		a.Include(&candor.New(candor.Config{}).Router)
	}, `candor: Include at FILE:LINE: an app cannot be included; use Mount to keep its own document, or include its routers`},
	{"a router in itself", func(*candor.App) {
		r := candor.NewRouter("/r")
		r.Include(r)
	}, `candor: Include at FILE:LINE: the router would contain itself; drop one of the inclusions on the way`},
	{"a circle of routers", func(*candor.App) {
		r, s := candor.NewRouter("/r"), candor.NewRouter("/s")
		r.Include(s)
		s.Include(r)
	}, `candor: Include at FILE:LINE: the router would contain itself; drop one of the inclusions on the way`},
	{"a wildcard of a prefix that nothing reads", func(a *candor.App) {
		r := candor.NewRouter("/{tenant}")
		getWith[candor.None](r, "/items")
		a.Include(r)
	}, "candor: GET /items at FILE:LINE: as \"/{tenant}/items\", included at FILE:LINE: nothing reads the wildcard {tenant} of /{tenant}/items; add a field with `path:\"tenant\"` to the input, or take the wildcard out of the path"},
	{"a name of prefix and path", func(a *candor.App) {
		r := candor.NewRouter("/{id}")
		getWith[struct {
			ID int `path:"id"`
		}](r, "/{id}")
		a.Include(r)
	}, `candor: GET /{id} at FILE:LINE: pattern "/{id}/{id}": the name "id" is there twice: write two different names`},
	{"a name of two prefixes", func(a *candor.App) {
		r := candor.NewRouter("/{id}")
		getWith[struct {
			ID int `path:"id"`
		}](r, "/x")
		a.Include(r, candor.Prefix("/{id}"))
	}, `candor: GET /x at FILE:LINE: as "/{id}/{id}/x", included at FILE:LINE: pattern "/{id}/{id}/x": the name "id" is there twice: write two different names`},
	{"no path and no prefix", func(a *candor.App) {
		r := candor.NewRouter("")
		getWith[candor.None](r, "")
		a.Include(r)
	}, `candor: GET "" at FILE:LINE: as "", included at FILE:LINE: pattern "": it is empty: write "/" for the root`},
	{"registering late", func(a *candor.App) {
		a.Seal()
		getWith[candor.None](a, "/items")
	}, `candor: GET /items at FILE:LINE: the app already serves, its routes are fixed; register everything before the first request, Run or NewTestClient`},
	{"including late", func(a *candor.App) {
		a.Seal()
		a.Include(candor.NewRouter("/r"))
	}, `candor: Include at FILE:LINE: the app already serves, its routes are fixed; register everything before the first request, Run or NewTestClient`},
	// Of conflicts.
	{"one path and method", func(a *candor.App) {
		getWith[candor.None](a, "/items")
		getWith[candor.None](a, "/items")
	}, `candor: GET /items at FILE:LINE: GET /items is taken by /items, registered at FILE:LINE; change the path or the method of one of them`},
	{"one shape", func(a *candor.App) {
		getWith[struct {
			ID int `path:"id"`
		}](a, "/items/{id}")
		getWith[struct {
			N int `path:"n"`
		}](a, "/items/{n}")
	}, `candor: GET /items/{n} at FILE:LINE: GET /items/{n} is taken by /items/{id}, registered at FILE:LINE; change the path or the method of one of them`},
	{"an alias of another route", func(a *candor.App) {
		getWith[candor.None](a, "/a")
		getWith[candor.None](a, "/b", candor.Alias("/a"))
	}, `candor: GET /b at FILE:LINE: as "/a": GET /a is taken by /a, registered at FILE:LINE; change the path or the method of one of them`},
	{"an alias of itself", func(a *candor.App) {
		getWith[candor.None](a, "/a", candor.Alias("/a"))
	}, `candor: GET /a at FILE:LINE: GET /a is there twice; take the alias out or change its path`},
	{"a router included twice", func(a *candor.App) {
		r := candor.NewRouter("/r")
		getWith[candor.None](r, "/x")
		a.Include(r)
		a.Include(r)
	}, `candor: GET /x at FILE:LINE: as "/r/x", included at FILE:LINE: GET /r/x is there twice, because the router is included at FILE:LINE and at FILE:LINE; give one of the inclusions a Prefix`},
	{"routes of two routers", func(a *candor.App) {
		r, s := candor.NewRouter("/r"), candor.NewRouter("")
		getWith[candor.None](r, "/x")
		getWith[candor.None](s, "/r/x")
		a.Include(r)
		a.Include(s)
	}, `candor: GET /r/x at FILE:LINE: as "/r/x", included at FILE:LINE: GET /r/x is taken by /r/x, registered at FILE:LINE; change the path or the method of one of them`},
	{"wildcards of two kinds", func(a *candor.App) {
		getWith[struct {
			ID string `path:"id"`
		}](a, "/items/{id}")
		getWith[struct {
			ID string `path:"id"`
		}](a, "/items/{id...}")
	}, `candor: GET /items/{id...} at FILE:LINE: the document, which has no mark for wildcards of several segments, would have GET /items/{id} twice: as /items/{id...}, and as /items/{id}, registered at FILE:LINE; keep one of them out of it with candor.Hidden()`},
	{"an operation id", func(a *candor.App) {
		getWith[candor.None](a, "/a", candor.OperationID("x"))
		getWith[candor.None](a, "/b", candor.OperationID("x"))
	}, `candor: GET /b at FILE:LINE: the operation id "x" belongs to GET /a, registered at FILE:LINE; choose another`},
	{"two mounts", func(a *candor.App) {
		a.Mount("/m", http.NotFoundHandler())
		a.Mount("/m", http.NotFoundHandler())
	}, `candor: Mount("/m") at FILE:LINE: the prefix is taken by another mount, at FILE:LINE; change one of them`},
	// Of mounts.
	{"nothing to mount", func(a *candor.App) {
		a.Mount("/m", nil)
	}, `candor: Mount("/m") at FILE:LINE: the handler is nil; pass an http.Handler`},
	{"a prefix of a mount", func(a *candor.App) {
		a.Mount("/m/", http.NotFoundHandler())
	}, `candor: Mount("/m/") at FILE:LINE: a prefix does not end with a slash; write "/m"`},
	{"a wildcard in it", func(a *candor.App) {
		a.Mount("/{m}", http.NotFoundHandler())
	}, `candor: Mount("/{m}") at FILE:LINE: the prefix of a mount has no wildcards; give them to a router around it`},
	{"an alias of a mount", func(a *candor.App) {
		a.Mount("/m", http.NotFoundHandler(), candor.Alias("/n"))
	}, `candor: Mount("/m") at FILE:LINE: a mount has no aliases; mount the handler twice`},
	{"an app in itself", func(a *candor.App) {
		a.Mount("/m", a)
	}, `candor: Mount("/m") at FILE:LINE: the app would contain itself; mount another`},
	{"an app with mistakes", func(a *candor.App) {
		b := candor.New(candor.Config{})
		getWith[candor.None](b, "/x")
		getWith[candor.None](b, "/x")
		a.Mount("/m", b)
	}, `candor: Mount("/m") at FILE:LINE: the mounted app has mistakes: candor: GET /x at FILE:LINE: GET /x is taken by /x, registered at FILE:LINE; change the path or the method of one of them`},
	// Of documents.
	{"the document's path is taken", func(a *candor.App) {
		getWith[candor.None](a, "/openapi.json")
	}, `candor: Config.Docs.OpenAPI at FILE:LINE: GET /openapi.json is taken by /openapi.json, registered at FILE:LINE; choose another path for it, or leave it out with "-"`},
	{"a page's path is taken", func(a *candor.App) {
		getWith[candor.None](a, "/docs")
	}, `candor: Config.Docs.Swagger at FILE:LINE: GET /docs is taken by /docs, registered at FILE:LINE; choose another path for it, or leave it out with "-"`},
	{"a file's path is taken", func(a *candor.App) {
		getWith[candor.None](a, "/docs/init.js")
	}, `candor: Config.Docs.Swagger at FILE:LINE: GET /docs/init.js is taken by /docs/init.js, registered at FILE:LINE; choose another path for it, or leave it out with "-"`},
	{"two pages in one place", func(a *candor.App) {
		a.Docs(candor.Docs{OpenAPI: "/other.json", Redoc: "-"}, candor.Info{})
	}, `candor: Docs.Swagger at FILE:LINE: GET /docs is taken by Config.Docs.Swagger at FILE:LINE; choose another path for it, or leave it out with "-"`},
	{"a path without a slash", func(a *candor.App) {
		a.Docs(candor.Docs{OpenAPI: "other.json", Swagger: "/a", Redoc: "/b"}, candor.Info{})
	}, `candor: Docs.OpenAPI at FILE:LINE: "other.json" is no path; write "/other.json"`},
	{"a page without a slash", func(a *candor.App) {
		a.Docs(candor.Docs{OpenAPI: "/other.json", Swagger: "a", Redoc: "-"}, candor.Info{})
	}, `candor: Docs.Swagger at FILE:LINE: "a" is no path; write "/a"`},
	{"a script without its digest", func(a *candor.App) {
		a.Docs(candor.Docs{OpenAPI: "/other.json", Swagger: "-", Redoc: "/b", RedocScript: "https://cdn.example/redoc.js"}, candor.Info{})
	}, `candor: Docs.Redoc at FILE:LINE: redoc: a script from another host needs Integrity, the digest of the file (sha384-...)`},
	{"parameters that are no JSON", func(a *candor.App) {
		a.Docs(candor.Docs{OpenAPI: "/other.json", Swagger: "/a", Redoc: "-", Parameters: map[string]any{"f": func() {}}}, candor.Info{})
	}, `candor: Docs.Parameters at FILE:LINE: the values cannot be written as JSON; keep to strings, numbers, booleans, lists and maps (json: cannot marshal from Go func() within "/f")`},
	{"a wrong option of a document", func(a *candor.App) {
		a.Docs(candor.Docs{OpenAPI: "/other.json", Swagger: "-", Redoc: "-", Options: []candor.Option{candor.Use(nil)}}, candor.Info{})
	}, `candor: Docs.Options at FILE:LINE: Use(nil); leave the middleware out`},
}

var callSites = regexp.MustCompile(`[^ ]*[a-z_]+_test\.go:[0-9]+`)

func TestMistakes(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			text := panicOf(func() { m.make(app) })
			if text == "" {
				err := app.Check()
				require.Error(t, err, "nothing was found")
				text = err.Error()
			}
			assert.Equal(t, m.want, callSites.ReplaceAllString(text, "FILE:LINE"))
			assert.Regexp(t, `^candor: `, text)
			assert.Regexp(t, callSites, text)
		})
		assert.False(t, seen[m.name], m.name)
		seen[m.name] = true
	}
}

// The place is that of the user's call, whichever function it is of.
func TestMistakesTellTheLine(t *testing.T) {
	app := candor.New(candor.Config{})
	group := candor.NewRouter("/group")
	for name, call := range map[string]func() string{
		"Get":        func() string { return here(func() { candor.Get(app, "x", doNothing) }) },
		"Head":       func() string { return here(func() { candor.Head(group, "x", doNothing) }) },
		"Handle":     func() string { return here(func() { candor.Handle(app, nil, "/x", doNothing) }) },
		"HandleHTTP": func() string { return here(func() { candor.HandleHTTP(app, nil, "/x", tellPath) }) },
		"Mount":      func() string { return here(func() { group.Mount("/", tellPath) }) },
		"NewRouter":  func() string { return here(func() { candor.NewRouter("/") }) },
		"Include":    func() string { return here(func() { app.Include(nil) }) },
		"New":        func() string { return here(func() { candor.New(candor.Config{}, candor.MaxBody(0)) }) },
		"method value": func() string {
			include := group.Include
			return here(func() { include(nil) })
		},
		"deferred": func() string { return here(func() { defer app.Include(nil) }) },
	} {
		assert.Empty(t, call(), name)
	}

	_, file, line, _ := runtime.Caller(0)
	candor.Get(app, "/twice", doNothing)
	group.Include(wrongRouter())
	app.Include(group)
	candor.Get(app, "/twice", doNothing)
	err := app.Check()
	for _, offset := range []int{1, 2, 3, 4} {
		require.ErrorContains(t, err, fmt.Sprintf("%s:%d", file, line+offset))
	}
}

func wrongRouter() *candor.Router {
	r := candor.NewRouter("/{unread}")
	candor.Get(r, "/x", doNothing)
	return r
}

// here runs a call that panics, and tells what is wrong with the place in its
// message: it must be that of the line that calls here.
func here(call func()) string {
	_, file, line, _ := runtime.Caller(1)
	want := fmt.Sprintf(" at %s:%d: ", file, line)
	if text := panicOf(call); !strings.Contains(text, want) {
		return fmt.Sprintf("%q does not tell %q", text, want)
	}
	return ""
}
