package candor_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// level is a type that lists its values.
type paramLevel string

func (paramLevel) Enum() []paramLevel { return []paramLevel{"low", "high"} }

// twoReaders is an app with a guard that reads G, and a handler that reads H.
func twoReaders[G, H any]() *candor.App {
	app := candor.New(candor.Config{})
	guard := func(context.Context, G) error { return nil }
	candor.Get(app, "/", func(context.Context, H) (candor.None, error) { return candor.None{}, nil }, candor.Require(guard))
	return app
}

type (
	readMin struct {
		N int64 `query:"n" validate:"min=5" doc:"of the guard"`
	}
	readMax struct {
		N int64 `query:"n" validate:"max=9" doc:"of the handler"`
	}
	readSmall struct {
		N int64 `query:"n" validate:"max=3"`
	}
	readText struct {
		N string `query:"n"`
	}
	readShort struct {
		N string `query:"n" validate:"max=3"`
	}
	readOptional struct {
		N *int64 `query:"n"`
	}
	readDefault struct {
		N int64 `query:"n" default:"7"`
	}
	readEight struct {
		N int64 `query:"n" default:"8"`
	}
	readTwenty struct {
		N int64 `query:"n" default:"20"`
	}
	readHidden struct {
		N string `query:"n" validate:"min=2" hidden:"true"`
	}
	readShown struct {
		N *string `query:"n" validate:"max=8" doc:"shown"`
	}
	readBool struct {
		N bool `query:"n"`
	}
	readFloat struct {
		N float64 `query:"n" validate:"gt=0"`
	}
	readUUID struct {
		N uuid.UUID `query:"n"`
	}
	readInts struct {
		N []int64 `query:"n"`
	}
	readTexts struct {
		N []string `query:"n"`
	}
	readCommas struct {
		N []string `query:"n,csv"`
	}
	readJSON struct {
		N []int64 `query:"n,json"`
	}
	readLevel struct {
		N paramLevel `query:"n"`
	}
	readHigh struct {
		N string `query:"n" validate:"oneof=high higher"`
	}
	readOther struct {
		N string `query:"n" validate:"oneof=a b"`
	}
	readWord struct {
		N string `query:"n" pattern:"^\\w+$"`
	}
	readWordA struct {
		N string `query:"n" pattern:"^a" validate:"min=2"`
	}
	readHeader struct {
		N string `header:"X-Note" validate:"min=2"`
	}
	readHeaders struct {
		N string `header:"x-note" validate:"max=9"`
	}
	readCookie struct {
		N string `cookie:"n" validate:"min=2"`
	}
	readCookies struct {
		N []int64 `cookie:"n" validate:"max=9"`
	}
)

// A value that a guard and a handler read has to satisfy both.
func TestParametersOfTwoReaders(t *testing.T) {
	for _, row := range []struct {
		app  *candor.App
		want string
	}{
		{twoReaders[readMin, readMin](), `{"name":"n","in":"query","description":"of the guard","required":true,"schema":{"type":"integer","description":"of the guard","format":"int64","minimum":5}}`},
		{twoReaders[readMin, readMax](), `{"name":"n","in":"query","description":"of the handler","required":true,"schema":{"type":"integer","description":"of the handler","format":"int64","minimum":5,"maximum":9}}`},
		{twoReaders[readText, readMax](), `{"name":"n","in":"query","description":"of the handler","required":true,"schema":{"type":"integer","description":"of the handler","format":"int64","maximum":9}}`},
		{twoReaders[readMax, readText](), `{"name":"n","in":"query","description":"of the handler","required":true,"schema":{"type":"integer","description":"of the handler","format":"int64","maximum":9}}`},
		{twoReaders[readShort, readFloat](), `{"name":"n","in":"query","required":true,"schema":{"type":"number","format":"double","exclusiveMinimum":0,"x-validate":"max=3"}}`},
		{twoReaders[readFloat, readShort](), `{"name":"n","in":"query","required":true,"schema":{"type":"number","format":"double","exclusiveMinimum":0,"x-validate":"max=3"}}`},
		{twoReaders[readOptional, readSmall](), `{"name":"n","in":"query","required":true,"schema":{"type":"integer","format":"int64","maximum":3}}`},
		{twoReaders[readDefault, readOptional](), `{"name":"n","in":"query","schema":{"type":"integer","format":"int64","default":7}}`},
		{twoReaders[readDefault, readMin](), `{"name":"n","in":"query","description":"of the guard","required":true,"schema":{"type":"integer","description":"of the guard","format":"int64","minimum":5}}`},
		{twoReaders[struct {
			N *int64 `query:"n" validate:"omitempty,max=9"`
		}, readTwenty](), `{"name":"n","in":"query","schema":{"type":"integer","format":"int64","maximum":9}}`},
		{twoReaders[readHidden, readShown](), `{"name":"n","in":"query","description":"shown","required":true,"schema":{"type":"string","description":"shown","minLength":2,"maxLength":8}}`},
		{twoReaders[readShown, readHidden](), `{"name":"n","in":"query","description":"shown","required":true,"schema":{"type":"string","description":"shown","minLength":2,"maxLength":8}}`},
		{twoReaders[readText, readUUID](), `{"name":"n","in":"query","required":true,"schema":{"type":"string","format":"uuid"}}`},
		{twoReaders[readText, readInts](), `{"name":"n","in":"query","required":true,"schema":{"type":"array","items":{"type":"integer","format":"int64"}}}`},
		{twoReaders[readInts, readTexts](), `{"name":"n","in":"query","required":true,"schema":{"type":"array","items":{"type":"integer","format":"int64"}}}`},
		{twoReaders[readText, readCommas](), `{"name":"n","in":"query","style":"form","explode":false,"required":true,"schema":{"type":"array","items":{"type":"string"}}}`},
		{twoReaders[readCommas, readText](), `{"name":"n","in":"query","style":"form","explode":false,"required":true,"schema":{"type":"array","items":{"type":"string"}}}`},
		{twoReaders[readLevel, readHigh](), `{"name":"n","in":"query","required":true,"schema":{"allOf":[{"type":"string","enum":["high","higher"]},{"$ref":"#/components/schemas/paramLevel"}]}}`},
		{twoReaders[readText, readLevel](), `{"name":"n","in":"query","required":true,"schema":{"allOf":[{"$ref":"#/components/schemas/paramLevel"},{"type":"string"}]}}`},
		{twoReaders[readWord, readWordA](), `{"name":"n","in":"query","required":true,"schema":{"type":"string","minLength":2,"pattern":"^a","allOf":[{"pattern":"^\\w+$"}]}}`},
		{twoReaders[readMax, readFloat](), `{"name":"n","in":"query","description":"of the handler","required":true,"schema":{"type":"integer","description":"of the handler","format":"int64","exclusiveMinimum":0,"maximum":9}}`},
		{twoReaders[readHeader, readHeaders](), `{"name":"x-note","in":"header","required":true,"schema":{"type":"string","minLength":2,"maxLength":9}}`},
		{twoReaders[readCookie, readCookies](), `{"name":"n","in":"cookie","explode":false,"required":true,"schema":{"type":"array","maxItems":9,"items":{"type":"integer","format":"int64"},"x-validate":"min=2"}}`},
	} {
		parameters := documentOf(t, row.app).at(t, "paths", "/", "get", "parameters")
		assert.JSONEq(t, "["+row.want+"]", string(parameters))
	}
}

func TestParametersThatNothingSatisfies(t *testing.T) {
	for _, row := range []struct {
		app  *candor.App
		want string
	}{
		{twoReaders[readMin, readSmall](), "their bounds leave no number"},
		{twoReaders[readHidden, struct {
			N string `query:"n" validate:"max=1"`
		}](), "their bounds leave no length"},
		{twoReaders[struct {
			N []int `query:"n" validate:"min=3"`
		}, struct {
			N []int `query:"n" validate:"max=2"`
		}](), "their bounds leave no number of elements"},
		{twoReaders[readLevel, readOther](), "their values are others"},
		{twoReaders[readOther, readWordA](), "their values are others"},
		{twoReaders[readBool, readMax](), "it is integer for one and boolean for another"},
		{twoReaders[readUUID, readMax](), "it is integer for one and string for another"},
		{twoReaders[readInts, readMax](), "it is integer for one and array for another"},
		{twoReaders[readUUID, struct {
			N candor.Date `query:"n"`
		}](), "it is a date for one and a uuid for another"},
		{twoReaders[readJSON, readInts](), "it is JSON for one and plain text for another"},
		{twoReaders[readCommas, readTexts](), "commas separate its elements for one, and each has a key of its own for another"},
		{twoReaders[readDefault, readEight](), "it is 8 by default for one and 7 for another"},
	} {
		err := row.app.Check()
		require.ErrorContains(t, err, row.want)
		assert.Regexp(t, `^candor: GET / at .*parameter_test\.go:\d+: no value of the query parameter "n" satisfies all that read it, .*N.* and .*N.* \(registered at .*parameter_test\.go:\d+\): `, err.Error())
	}
}

// A parameter that one reader hides is in the document by the other.
func TestHiddenFromAll(t *testing.T) {
	err := twoReaders[readHidden, readHidden]().Check()
	require.ErrorContains(t, err, `the query parameter "n" of candor_test.readHidden.N and candor_test.readHidden.N (registered at `)
	require.ErrorContains(t, err, "it is hidden from the document but required, so nobody could know what to send; make it optional, or show it")
	require.NoError(t, twoReaders[readHidden, readShown]().Check())
}

// What both find wrong is told once.
func TestValidationErrorsOfTwoReaders(t *testing.T) {
	app := twoReaders[readMin, struct {
		readMin
		M int `query:"m"`
	}]()
	assert.Equal(t, `422 | {"detail":[{"type":"missing","loc":["query","n"],"msg":"Field required"},{"type":"missing","loc":["query","m"],"msg":"Field required"}]}`, wire(app, "GET /"))
	assert.Equal(t, `422 | {"detail":[{"type":"greater_than_equal","loc":["query","n"],"msg":"Must be greater than or equal to 5","ctx":{"ge":5}}]}`, wire(app, "GET /?n=1&m=1"))
	assert.Equal(t, `422 | {"detail":[{"type":"int_parsing","loc":["query","n"],"msg":"Not an integer"}]}`, wire(app, "GET /?n=x&m=1"))
	assert.Equal(t, "204", wire(app, "GET /?n=5&m=1"))
}

type (
	itemID struct {
		ID int64 `path:"id" validate:"gte=1"`
	}
	itemNo struct {
		No int64 `path:"item_no" validate:"gte=1"`
	}
)

// The document has one path for routes that differ in the names of wildcards;
// validation errors, links and callbacks call them as it does.
func TestMergedPathsHaveOneName(t *testing.T) {
	nothing := func(context.Context, itemNo) (candor.None, error) { return candor.None{}, nil }
	guard := func(context.Context, itemNo) error { return nil }
	app := candor.New(candor.Config{})
	hidden := candor.NewRouter("", candor.Hidden())
	candor.Put(hidden, "/items/{unseen}", func(context.Context, struct {
		Unseen int `path:"unseen"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	app.Include(hidden)
	candor.Get(app, "/items/{id}", func(context.Context, itemID) (candor.None, error) { return candor.None{}, nil },
		candor.Links(204, candor.Link{Name: "drop", OperationID: "drop", Parameters: map[string]string{"item_no": "$request.path.id"}}))
	candor.Delete(app, "/items/{item_no}", nothing, candor.OperationID("drop"), candor.Require(guard),
		candor.Links(204, candor.Link{Name: "again", OperationID: "drop", Parameters: map[string]string{"path.item_no": "$request.path.item_no"}}),
		candor.Callback[candor.None, candor.None]("gone", "POST", "https://example.com/{$request.path.item_no}"))
	candor.Patch(app, "/items/{item_no}/{part...}", func(context.Context, struct {
		itemNo
		Part string `path:"part" validate:"max=3"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})

	assert.Equal(t, `422 | {"detail":[{"type":"int_parsing","loc":["path","id"],"msg":"Not an integer"}]}`, wire(app, "GET /items/x"))
	assert.Equal(t, `422 | {"detail":[{"type":"int_parsing","loc":["path","id"],"msg":"Not an integer"}]}`, wire(app, "DELETE /items/x"))
	assert.Equal(t, `422 | {"detail":[{"type":"greater_than_equal","loc":["path","id"],"msg":"Must be greater than or equal to 1","ctx":{"ge":1}}]}`, wire(app, "DELETE /items/0"))
	assert.Equal(t, `422 | {"detail":[{"type":"int_parsing","loc":["path","unseen"],"msg":"Not an integer"}]}`, wire(app, "PUT /items/x"), "it is in no document")
	assert.Equal(t, `422 | {"detail":[{"type":"int_parsing","loc":["path","item_no"],"msg":"Not an integer"}]}`, wire(app, "PATCH /items/x/a"), "a path of its own")

	path := documentOf(t, app).at(t, "paths", "/items/{id}")
	assert.JSONEq(t, `[{"name":"id","in":"path","required":true,"schema":{"type":"integer","format":"int64","minimum":1}}]`, string(path.at(t, "delete", "parameters")))
	assert.JSONEq(t, `{"drop":{"operationId":"drop","parameters":{"id":"$request.path.id"}}}`, string(path.at(t, "get", "responses", "204", "links")))
	assert.JSONEq(t, `{"again":{"operationId":"drop","parameters":{"path.id":"$request.path.id"}}}`, string(path.at(t, "delete", "responses", "204", "links")))
	assert.Equal(t, []string{"https://example.com/{$request.path.id}"}, keysOf([]byte(path), "delete", "callbacks", "gone"))
}

// A pattern is written for ECMA-262 wherever there is one, and the server runs
// what was asked for.
func TestPatternsOfTheDocument(t *testing.T) {
	type word struct {
		Text string `json:"text" pattern:"^a.\\S\\s$"`
	}
	app := candor.New(candor.Config{})
	candor.Post(app, "/{path}", func(_ context.Context, in struct {
		Path   string            `path:"path" pattern:"^\\S+$"`
		Query  string            `query:"query" pattern:"^a.c$"`
		Header string            `header:"X-Header" pattern:"^[^\\s]$"`
		Cookie *string           `cookie:"cookie" pattern:"^[\\s\\w]$"`
		Body   map[string][]word `body:""`
	},
	) (word, error) {
		return word{"ab\u00a0\n"}, nil
	})
	candor.Put(app, "/form", func(context.Context, struct {
		Form string `form:"form" pattern:"^.$"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	document := documentOf(t, app)
	want := map[string]string{"path": `^[^\t\n\f\r ]+$`, "query": `^a[^\n]c$`, "X-Header": `^[^\t\n\f\r ]$`, "cookie": `^[\t\n\f\r \w]$`}
	parameters, _ := at([]byte(document), "paths", "/{path}", "post", "parameters").([]any)
	for _, p := range parameters {
		p, _ := p.(map[string]any)
		assert.Equal(t, want[fmt.Sprint(p["name"])], p["schema"].(map[string]any)["pattern"], "%v", p["name"])
	}
	assert.Len(t, parameters, len(want))
	assert.Equal(t, `^a[^\n][^\t\n\f\r ][\t\n\f\r ]$`, at([]byte(document), "components", "schemas", "word", "properties", "text", "pattern"))
	assert.Equal(t, `^[^\n]$`, at([]byte(document), "components", "schemas", "put_formForm", "properties", "form", "pattern"))

	c := candor.NewTestClient(t, app)
	c.Post("/a%C2%A0b?query=a%E2%80%A8c", map[string][]word{"a": {{"a\r\u00a0\f"}}}, candor.WithHeader("X-Header", "\u00a0")).Status(200)
}
