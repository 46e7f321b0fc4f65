package candor_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// badInput registers a handler with an invalid input type.
func badInput[In any](path string) func(candor.Routes) {
	return func(r candor.Routes) { candor.Post(r, path, apptest.Ignores[In]) }
}

type pointed struct {
	Q string `query:"q"`
}

// copiedText reads into a copy of itself.
type copiedText string

func (copiedText) UnmarshalText([]byte) error { return nil }

type locatedBody struct {
	ID int `path:"id"`
}

// TestMistakesInInputs lists the configuration errors of inputs:
// the field and its type, what is wrong, and how to fix it.
func TestMistakesInInputs(t *testing.T) {
	rows := []struct {
		want     string
		register func(candor.Routes)
	}{
		{"an input must be a struct, taken by value; write func(ctx context.Context, in Input)", badInput[*pointed]("/")},
		{"an input must be a struct, taken by value", badInput[int]("/")},
		{"field Q of struct{...}: no source, so it is unknown where its value comes from; add a tag such as `path:\"q\"`, `query:\"q\"`", badInput[struct{ Q string }]("/")},
		{"no source: a json tag names members inside a body only; write `body:\"item\"`", badInput[struct {
			Item int `json:"item"`
		}]("/")},
		{"two sources, path and query; keep one, as a value has one source", badInput[struct {
			ID int `path:"id" query:"id"`
		}]("/{id}")},
		{"the path has no {id}; put {id} into the path", badInput[struct {
			ID int `path:"id"`
		}]("/")},
		{"the path has no {id}; put {id} into the path, or name one it has in the tag: item", badInput[struct {
			ID   int `path:"id"`
			Item int `path:"item"`
		}]("/{item}")},
		{"nothing reads the wildcard {id} of /{id}; add a field with `path:\"id\"` to the input", badInput[candor.None]("/{id}")},
		{"a path value is never optional, it is part of the path; drop the pointer, the default or omitempty", badInput[struct {
			ID *int `path:"id"`
		}]("/{id}")},
		{"Body.A of struct{...}: it is readonly and writeonly, so it would be in no request and no response; keep one", badInput[struct {
			Body struct {
				A int `json:"a" readonly:"true" writeonly:"true"`
			} `body:""`
		}]("/")},
		{"it is readonly or writeonly, which members of bodies are, but its source is query; drop the tag", badInput[struct {
			Q string `query:"q" writeonly:"true"`
		}]("/")},
		{"Q of struct{...}: requires:\"n\": nothing with the name \"n\" can be sent together with it; write one of m", badInput[struct {
			Q *string `query:"q" requires:"n"`
			M *int    `query:"m"`
			N *int    `header:"n"`
		}]("/")},
		{"its patternmsg tag has no effect without a pattern; add a pattern tag, or drop it", badInput[struct {
			Q string `query:"q" patternmsg:"must be short"`
		}]("/")},
		{"multipleOf=0.5: of integers only a whole number above zero makes sense; write multipleOf=5", badInput[struct {
			N int `query:"n" validate:"multipleOf=0.5"`
		}]("/")},
		{"the discriminator of a union is in requests and responses, but it is readonly or writeonly; drop the tag", badInput[struct {
			Body struct {
				candor.OneOf `json:"kind"`
				A            *struct {
					Kind string `json:"kind" readonly:"true"`
				} `case:"a"`
			} `body:""`
		}]("/")},
		{"a list in a path, where each segment is one value; use a string and split it, or move the list to the query", badInput[struct {
			IDs []int `path:"ids"`
		}]("/{ids}")},
		{"Authorization is not a parameter in OpenAPI, which ignores a header with that name; give the field the type candor.Bearer or candor.Basic without a tag", badInput[struct {
			Token string `header:"authorization"`
		}]("/")},
		{"Content-Type is not a parameter in OpenAPI, which ignores a header with that name; name the media type in the tag of the body", badInput[struct {
			Headers struct {
				Type *string `header:"Content-Type"`
			} `header:""`
		}]("/")},
		{"Accept is not a parameter in OpenAPI, which ignores a header with that name; let candor.Produces or Config.Codecs offer media types", badInput[struct {
			Accept []string `header:"Accept"`
		}]("/")},
		{"Transfer-Encoding is not in the header that handlers see, so the field would never have a value; take an *http.Request and read its TransferEncoding", badInput[struct {
			Coding string `header:"transfer-encoding,omitempty"`
		}]("/")},
		{"Trailer is not in the header that handlers see, so the field would never have a value; take an *http.Request and read its Trailer", badInput[struct {
			Names []string `header:"Trailer"`
		}]("/")},
		{"a list of dates in Date, which holds one; make it a time.Time", badInput[struct {
			Dates []time.Time `header:"Date"`
		}]("/")},
		{"a value of this type cannot be read from a string", badInput[struct {
			M map[string]int `query:"m"`
		}]("/")},
		{"candor_test.copiedText: its method UnmarshalText has a value receiver, so what it reads is lost; declare UnmarshalText with a pointer receiver", badInput[struct {
			Q copiedText `query:"q"`
		}]("/")},
		{"candor_test.copiedText: its method UnmarshalText has a value receiver, so what it reads is lost; declare UnmarshalText with a pointer receiver", badInput[struct {
			Body map[string]*copiedText `body:""`
		}]("/")},
		{"multipleOf=9007199254740993: a float64 does not hold 9007199254740993 exactly, so the document would have another step; write multipleOf=9007199254740992", badInput[struct {
			F float64 `form:"f" validate:"multipleOf=9007199254740993"`
		}]("/")},
		{"a list inside a list cannot be read from a string; use one list, or read it as JSON: `query:\"m,json\"`", badInput[struct {
			M [][]int `query:"m"`
		}]("/")},
		{"unknown option \"required\" in its query tag; drop the option, as a value is required unless the tag says omitempty", badInput[struct {
			Q string `query:"q,required"`
		}]("/")},
		{"the option csv is for lists, this is int; drop it or make the field a slice", badInput[struct {
			Q int `query:"q,csv"`
		}]("/")},
		{"validate:\"required\" contradicts a pointer, which makes the value optional; drop one of the two", badInput[struct {
			Q *int `query:"q" validate:"required"`
		}]("/")},
		{"validate:\"required\" contradicts omitempty", badInput[struct {
			Q int `query:"q,omitempty" validate:"required"`
		}]("/")},
		{"its query tag has no name; write `query:\"q\"`", badInput[struct {
			Q int `query:""`
		}]("/")},
		{"\"X Token\" cannot be the name of a header; use letters, digits and hyphens", badInput[struct {
			T string `header:"X Token"`
		}]("/")},
		{"it and A both read the header value \"x-a\"; keep one of them", badInput[struct {
			A string `header:"X-A"`
			B string `header:"x-a"`
		}]("/")},
		{"default:\"x\" is not a number; write one as JSON has it, such as 5 or -0.5", badInput[struct {
			Q int `query:"q" default:"x"`
		}]("/")},
		{"default 0 breaks gte=1; change the default or the rule", badInput[struct {
			Q int `query:"q" default:"0" validate:"gte=1"`
		}]("/")},
		{"candor_test.shallow.Depth: default 0 breaks gte=1; change the default or the rule", badInput[struct {
			Body shallow `body:""`
		}]("/")},
		{"field Q of struct{...}: example 3 breaks gte=5; change the example or the rule", badInput[struct {
			Q int `query:"q" example:"3" validate:"gte=5"`
		}]("/")},
		{"field H of struct{...}: example \"no\" breaks email", badInput[struct {
			H string `header:"h" example:"no" validate:"email"`
		}]("/")},
		{"field F of struct{...}: example \"ab\" breaks len=3", badInput[struct {
			F string `form:"f" example:"ab" validate:"len=3"`
		}]("/")},
		{"field B of struct{...}: example \"abcdef\" breaks max=5; change the example or the rule", badInput[struct {
			B []byte `query:"b" example:"abcdef" validate:"max=5"`
		}]("/")},
		{"field B of struct{...}: example \"\" breaks min=1", badInput[struct {
			B *[]byte `form:"b" example:"" validate:"min=1"`
		}]("/")},
		{"field M of struct{...}: example 3 breaks gte=5", badInput[struct {
			M int `body:"m" example:"3" validate:"gte=5"`
		}]("/")},
		{"field B of struct{...}: example [0] does not fit []int", badInput[struct {
			B []int `body:"" example:"[0]" validate:"dive,gte=5"`
		}]("/")},
		{"example \"x\" does not fit candor_test.level", badInput[struct {
			L level `query:"l" example:"x"`
		}]("/")},
		{"it is hidden from the document but required, so nobody could know what to send; make it optional, or show it", badInput[struct {
			C string `form:"c" hidden:"true"`
		}]("/")},
		{"candor_test.secretive.Secret: it is hidden from the document but required", badInput[struct {
			Body secretive `body:""`
		}]("/")},
		{"field Sizes of struct{...}: map[string]int: a value of this type cannot be read from a string; use one field for each value, or read it as JSON: `form:\"sizes,json\"`", badInput[struct {
			Sizes map[string]int `form:"sizes"`
		}]("/")},
		{"a value of this type cannot be read from a string; use one field for each value", badInput[struct {
			Sizes map[string]int `header:"sizes"`
		}]("/")},
		{"query:\"-\" does not skip the field, but reads a value named -; take the field out of the input, or do not export it", badInput[struct {
			Q string `query:"-"`
		}]("/")},
		{"no source, so it is unknown where its value comes from: its tag qeury is nearly query, but it is not read; write `query:\"...\"`", badInput[struct {
			Q string `qeury:"q"`
		}]("/")},
		{"its tag defualt is nearly default, but it is not read; write `default:\"...\"`; if the key is another program's, name it in Config.ForeignTags", badInput[struct {
			Q string `query:"q" defualt:"x"`
		}]("/")},
		{"pattern:\"(\" is not a regular expression", badInput[struct {
			Q string `query:"q" pattern:"("`
		}]("/")},
		{"nosuch: no such rule; write one of validator's or add it to Config.Rules", badInput[struct {
			Q string `query:"q" validate:"nosuch"`
		}]("/")},
		{"a pointer to a parameter model; use the struct by value, and make its fields optional instead", badInput[struct {
			P *pointed `query:""`
		}]("/")},
		{"candor.Strict in a model of headers, which would refuse what clients and proxies add; drop candor.Strict", badInput[struct {
			H struct {
				candor.Strict
				A string `header:"a"`
			} `header:""`
		}]("/")},
		{"it belongs to a model of query values but has no query tag; add `query:\"a\"`", badInput[struct {
			P struct{ A int } `query:""`
		}]("/")},
		{"a pointer is embedded in an input; embed the struct by value", badInput[struct{ *pointed }]("/")},
		{"a second whole body in addition to A; name the members: `body:\"item\"`, `body:\"user\"`", badInput[struct {
			A int `body:""`
			B int `body:""`
		}]("/")},
		{"a member of the body in addition to A, which takes the whole body; name both as members, or keep the whole body only", badInput[struct {
			A int `body:""`
			B int `body:"b"`
		}]("/")},
		{"a form value in addition to A, which takes the whole body; make it one or the other; a request has one body", badInput[struct {
			A int    `body:""`
			B string `form:"b"`
		}]("/")},
		{"candor_test.locatedBody.ID: a path tag inside a body, whose members are named by json tags; write `json:\"id\"`", badInput[struct {
			Body locatedBody `body:""`
		}]("/")},
		{"an io.Reader without a source; write `body:\"\"` for the body as it comes, unread", badInput[struct{ In io.Reader }]("/")},
		{"rules on an io.Reader, which nobody has read yet; drop the tags validate and pattern; candor.MaxBody limits its size", badInput[struct {
			In io.Reader `body:"" validate:"min=1"`
		}]("/")},
		{"io.Reader cannot be a member of a body, it is a body of its own kind; write `body:\"\"`", badInput[struct {
			In io.Reader `body:"in"`
		}]("/")},
		{"default:\"x\" is a value for io.Reader, which has no JSON of this kind; drop the tag", badInput[struct {
			In io.Reader `body:"" default:"x"`
		}]("/")},
		{"nothing reads the media type image/png into a struct; add it to Config.Codecs, or take the body as []byte, string or io.Reader", badInput[struct {
			In map[string]int `body:"" media:"image/png"`
		}]("/")},
		{"media:\"png\" is not a media type; write one such as `media:\"video/mp4\"`", badInput[struct {
			In []byte `body:"" media:"png"`
		}]("/")},
		{"its media tag has no effect, as a media type belongs to a whole body or a file; drop the tag", badInput[struct {
			Q string `query:"q" media:"image/png"`
		}]("/")},
		{"a value of kind chan has no JSON form", badInput[struct {
			C struct{ C chan int } `body:""`
		}]("/")},
		{"an interface with methods cannot be read or documented; use a struct that embeds candor.OneOf", badInput[struct {
			S io.Closer `body:""`
		}]("/")},
		{"dep:\"db\" has no meaning, as providers are found by the type of the field; write `dep:\"\"`", badInput[struct {
			DB *pointed `dep:"db"`
		}]("/")},
		{"a status belongs to a response; drop it from the input", badInput[struct {
			S int `status:"200"`
		}]("/")},
		{"an unexported field cannot be filled in, but it has a query tag; export it or drop the tag", badInput[struct {
			q int `query:"q"`
		}]("/")},
		{"its method Enum lists", badInput[struct {
			E emptyEnum `query:"e"`
		}]("/")},
		{"Nope", badInput[struct {
			A int `query:"a" validate:"gtfield=Nope"`
		}]("/")},
		{"two ways to be null, one inside the other", badInput[struct {
			A candor.Optional[*int] `body:"a"`
		}]("/")},
		{"MaxBody(0); the limit is a positive number of bytes", func(r candor.Routes) {
			candor.Post(r, "/", apptest.Ignores[candor.None], candor.MaxBody(0))
		}},
	}
	for _, row := range rows {
		app := candor.New(candor.Config{})
		text := apptest.PanicOf(func() {
			row.register(app)
			app.Seal()
		})
		if !strings.Contains(text, row.want) {
			assert.Fail(t, "another message", "want %s\ngot  %s", row.want, text)
		}
		assert.True(t, strings.HasPrefix(text, "candor: POST /"), text)
		assert.Contains(t, text, "mistakes_test.go:", text)
	}
}

type shallow struct {
	Size  int `json:"size" default:"3" validate:"gte=1"`
	Depth int `json:"depth" default:"0" validate:"gte=1"`
}

type secretive struct {
	Secret string `json:"secret" hidden:"true"`
}

type misspelled struct {
	A string `json:"a" valdate:"min=1"`
}

type envelopeWithStray struct {
	Count int        `header:"X-Count" exmaple:"3"`
	Body  misspelled `body:""`
}

// An unknown tag key is reported wherever the type is used, once per app, at the first registration that uses it.
func TestTagKeysThatNobodyReads(t *testing.T) {
	message := "candor_test.misspelled.A: its tag valdate is nearly validate, but it is not read; write `validate:\"...\"`; if the key is another program's, name it in Config.ForeignTags"
	answers := func(context.Context, candor.None) (m misspelled, err error) { return m, nil }
	for name, register := range map[string]func(*candor.App){
		"a body": func(app *candor.App) {
			candor.Post(app, "/", apptest.Ignores[struct {
				Body misspelled `body:""`
			}])
		},
		"a member": func(app *candor.App) {
			candor.Post(app, "/", apptest.Ignores[struct {
				M []misspelled `body:"m"`
			}])
		},
		"a form value": func(app *candor.App) {
			candor.Post(app, "/", apptest.Ignores[struct {
				M misspelled `form:"m,json"`
			}])
		},
		"lines": func(app *candor.App) {
			candor.Post(app, "/", apptest.Ignores[struct {
				B candor.JSONLines[misspelled] `body:""`
			}])
		},
		"an answer": func(app *candor.App) { candor.Get(app, "/", answers) },
		"answered lines": func(app *candor.App) {
			candor.Get(app, "/", func(context.Context, candor.None) (l candor.JSONLines[misspelled], err error) { return l, nil })
		},
		"events": func(app *candor.App) {
			candor.Get(app, "/", func(context.Context, candor.None) (e candor.Events[misspelled], err error) { return e, nil })
		},
		"a message that is received": func(app *candor.App) {
			candor.WebSocket(app, "/", func(context.Context, candor.None, *candor.Socket[misspelled, string]) error { return nil })
		},
		"a message that is sent": func(app *candor.App) {
			candor.WebSocket(app, "/", func(context.Context, candor.None, *candor.Socket[string, misspelled]) error { return nil })
		},
		"a declared answer": func(app *candor.App) {
			candor.Get(app, "/", apptest.Ignores[candor.None], candor.Responds[misspelled](404))
		},
		"an error's answer": func(app *candor.App) {
			candor.Get(app, "/", apptest.Ignores[candor.None])
			candor.OnStatus(app, 404, func(context.Context, *candor.HTTPError) (m misspelled, err error) { return m, nil })
		},
		"a webhook": func(app *candor.App) {
			candor.Webhook[struct {
				Body misspelled `body:""`
			}, candor.None](app, "POST", "sent")
		},
		"a callback": func(app *candor.App) {
			candor.Get(app, "/", apptest.Ignores[candor.None], candor.Callback[struct {
				Body misspelled `body:""`
			}, candor.None]("sent", "POST", "https://example.com/"))
		},
		"two routes": func(app *candor.App) {
			candor.Get(app, "/a", answers)
			candor.Get(app, "/b", answers)
		},
	} {
		app := candor.New(candor.Config{})
		register(app)
		err := app.Check()
		if assert.ErrorContains(t, err, message, name) {
			assert.Equal(t, 1, strings.Count(err.Error(), "valdate"), "%s: %s", name, err)
			assert.Contains(t, err.Error(), "mistakes_test.go:", name)
		}

		app = candor.New(candor.Config{ForeignTags: []string{"valdate"}})
		register(app)
		assert.NoError(t, app.Check(), name)
	}

	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(context.Context, candor.None) (e envelopeWithStray, err error) { return e, nil })
	assert.ErrorContains(t, app.Check(), "candor_test.envelopeWithStray.Count: its tag exmaple is nearly example")
}

// Unknown tag keys in the inputs of guards and providers are reported at their registration.
func TestTagKeysOfProviders(t *testing.T) {
	type input struct {
		Q string `query:"q" binding:"required"`
	}
	for name, register := range map[string]func(*candor.App){
		"a guard": func(app *candor.App) {
			candor.Get(app, "/", apptest.Ignores[candor.None], candor.Require(func(context.Context, input) error { return nil }))
		},
		"a bracket": func(app *candor.App) {
			candor.Get(app, "/", apptest.Ignores[candor.None], candor.Around(func(_ context.Context, _ input, next func() error) error { return next() }))
		},
		"a provider": func(app *candor.App) {
			candor.Provide(app, func(context.Context, input) (*pointed, error) { return nil, nil })
		},
	} {
		app := candor.New(candor.Config{})
		register(app)
		assert.ErrorContains(t, app.Check(), "input.Q: its tag binding belongs to another framework and has no effect here; write its rules as `validate:", name)
		assert.ErrorContains(t, app.Check(), "candor: provider of", name)
		assert.ErrorContains(t, app.Check(), "mistakes_test.go:", name)
	}
}

// A configuration error of a type that is both a request and a response body is reported once.
func TestMistakeIsReportedOnce(t *testing.T) {
	type both struct {
		N string `json:"n" validate:"minn=3"`
	}
	app := candor.New(candor.Config{})
	text := apptest.PanicOf(func() {
		candor.Post(app, "/", func(_ context.Context, in struct {
			Body both `body:""`
		},
		) (both, error) {
			return in.Body, nil
		})
	})
	assert.Equal(t, 1, strings.Count(text, "no such rule"), text)
}

// Examples of fields that occur only in responses must follow their rules too.
func TestExamplesInResponses(t *testing.T) {
	type answer struct {
		N int `json:"n" example:"0" validate:"gte=1"`
	}
	type parts struct {
		Count int `header:"X-Count" example:"0" validate:"gte=1"`
	}
	app := candor.New(candor.Config{})
	text := apptest.PanicOf(func() {
		candor.Get(app, "/", func(context.Context, candor.None) (a answer, err error) { return a, nil })
	})
	assert.Contains(t, text, "answer.N: example 0 breaks gte=1; change the example or the rule")
	text = apptest.PanicOf(func() {
		candor.Get(app, "/", func(context.Context, candor.None) (a parts, err error) { return a, nil })
	})
	assert.Contains(t, text, "parts.Count: example 0 breaks gte=1; change the example or the rule")
}

type emptyEnum string

func (emptyEnum) Enum() []emptyEnum { return nil }
