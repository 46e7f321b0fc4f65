package candor_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

// badInput registers a handler with an input that cannot work.
func badInput[In any](path string) func(candor.Routes) {
	return func(r candor.Routes) { candor.Post(r, path, ignores[In]) }
}

type pointed struct {
	Q string `query:"q"`
}

type locatedBody struct {
	ID int `path:"id"`
}

// TestMistakesInInputs lists what a registration says about an input that
// cannot work: which field of which type, what is wrong, what to write.
func TestMistakesInInputs(t *testing.T) {
	rows := []struct {
		want     string
		register func(candor.Routes)
	}{
		{"an input must be a struct, taken by value; write func(ctx context.Context, in Input)", badInput[*pointed]("/")},
		{"an input must be a struct, taken by value", badInput[int]("/")},
		{"field Q of struct{...}: no source, so nothing says where its value comes from; add a tag such as `path:\"q\"`, `query:\"q\"`", badInput[struct{ Q string }]("/")},
		{"no source: a json tag names members inside a body only; write `body:\"item\"`", badInput[struct {
			Item int `json:"item"`
		}]("/")},
		{"two sources, path and query; keep one, as a value comes from one place", badInput[struct {
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
		{"a list in a path, where each value stands alone; use a string and split it, or move the list to the query", badInput[struct {
			IDs []int `path:"ids"`
		}]("/{ids}")},
		{"Authorization is no parameter in OpenAPI, where a header of that name is ignored; give the field the type candor.Bearer or candor.Basic without a tag", badInput[struct {
			Token string `header:"authorization"`
		}]("/")},
		{"Content-Type is no parameter in OpenAPI, where a header of that name is ignored; name the media type in the tag of the body", badInput[struct {
			Headers struct {
				Type *string `header:"Content-Type"`
			} `header:""`
		}]("/")},
		{"Accept is no parameter in OpenAPI, where a header of that name is ignored; let candor.Produces or Config.Codecs offer media types", badInput[struct {
			Accept []string `header:"Accept"`
		}]("/")},
		{"a list of dates in Date, which holds one; make it a time.Time", badInput[struct {
			Dates []time.Time `header:"Date"`
		}]("/")},
		{"a value of this type cannot be made of text", badInput[struct {
			M map[string]int `query:"m"`
		}]("/")},
		{"a list inside a list cannot be made of text; use one list, or read it as JSON: `query:\"name,json\"`", badInput[struct {
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
		{"pattern:\"(\" is no regular expression", badInput[struct {
			Q string `query:"q" pattern:"("`
		}]("/")},
		{"nosuch: no such rule; write one of validator's or add it to Config.Rules", badInput[struct {
			Q string `query:"q" validate:"nosuch"`
		}]("/")},
		{"a parameter model behind a pointer; use the struct by value, and make its fields optional instead", badInput[struct {
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
		{"a second whole body beside A; name the members: `body:\"item\"`, `body:\"user\"`", badInput[struct {
			A int `body:""`
			B int `body:""`
		}]("/")},
		{"a member of the body beside A, which takes the whole body; name both as members, or keep the whole body only", badInput[struct {
			A int `body:""`
			B int `body:"b"`
		}]("/")},
		{"a form value beside A, which takes the whole body; make it one or the other; a request has one body", badInput[struct {
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
		{"default:\"x\" is a value for io.Reader, which has no such form; drop the tag", badInput[struct {
			In io.Reader `body:"" default:"x"`
		}]("/")},
		{"nothing reads the media type image/png into a struct; add it to Config.Codecs, or take the body as []byte, string or io.Reader", badInput[struct {
			In map[string]int `body:"" media:"image/png"`
		}]("/")},
		{"media:\"png\" is not a media type; write one such as `media:\"video/mp4\"`", badInput[struct {
			In []byte `body:"" media:"png"`
		}]("/")},
		{"its media tag has no effect, as a media type belongs to a whole body; drop the tag", badInput[struct {
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
		{"a status belongs to an answer; drop it from the input", badInput[struct {
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
			candor.Post(r, "/", ignores[candor.None], candor.MaxBody(0))
		}},
	}
	for _, row := range rows {
		app := candor.New(candor.Config{})
		text := panicOf(func() {
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

type emptyEnum string

func (emptyEnum) Enum() []emptyEnum { return nil }
