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

type postalAddress struct {
	Street string `form:"street" json:"street" validate:"min=1"`
	City   string `json:"city" default:"Bern"`
	Zip    *int   `json:"zip" validate:"gte=1000"`
}

type orderedItem struct {
	Name string   `json:"name" validate:"max=5"`
	Tags []string `json:"tags,omitempty" validate:"max=2"`
	Qty  int      `json:"qty" default:"1" validate:"gte=1"`
	Size *struct {
		Width int `json:"width"`
	} `json:"size"`
}

func (i orderedItem) Validate() error {
	if i.Name == "no" {
		return fmt.Errorf("no such thing")
	}
	return nil
}

type orderForm struct {
	Name    string         `form:"name"`
	Address postalAddress  `form:"address"`
	Billing *postalAddress `form:"billing"`
	Items   []orderedItem  `form:"items,omitempty" validate:"max=3"`
}

func showOrder(_ context.Context, in orderForm) (string, error) {
	text, err := json.Marshal(map[string]any{"name": in.Name, "address": in.Address, "billing": in.Billing, "items": in.Items})
	return string(text), err
}

func orderApp(options ...candor.Option) *candor.App {
	app := candor.New(candor.Config{}, options...)
	candor.Post(app, "/orders", showOrder)
	return app
}

func TestNestedForms(t *testing.T) {
	open, closed := candor.NewTestClient(t, orderApp()), candor.NewTestClient(t, orderApp(candor.ForbidExtra()))
	const anna = `{"address":{"street":"Main","city":"Bern","zip":null},"billing":null,"items":null,"name":"Anna"}`
	for _, row := range []struct{ form, open, closed string }{
		{"name=Anna&address.street=Main", anna, ""},
		{"name=Anna&address.street=Main&address.zip=&items[0].qty=", anna, ""},
		{"name=Anna&address.street=Main&address.city=Basel&address.zip=4051", strings.NewReplacer("Bern", "Basel", "null,\"city", "4051", `"zip":null`, `"zip":4051`).Replace(anna), ""},
		{"name=Anna&address.street=Main&billing.street=Side", strings.Replace(anna, `"billing":null`, `"billing":{"street":"Side","city":"Bern","zip":null}`, 1), ""},
		{
			"name=Anna&address.street=Main&items[1].name=pen&items[0].name=ink&items[0].tags=a&items[0].tags=b&items[1].qty=3&items[1].size.width=7",
			strings.Replace(anna, `"items":null`, `"items":[{"name":"ink","tags":["a","b"],"qty":1,"size":null},{"name":"pen","qty":3,"size":{"width":7}}]`, 1), "",
		},
		{"name=Anna", `missing ["body","address","street"]`, ""},
		{"name=Anna&address.street=", `string_too_short ["body","address","street"]`, ""},
		{"name=Anna&address.street=Main&billing.city=X", `missing ["body","billing","street"]`, ""},
		{"name=Anna&address.street=Main&address.zip=x&items[0].qty=0", `int_parsing ["body","address","zip"] missing ["body","items",0,"name"] greater_than_equal ["body","items",0,"qty"]`, ""},
		{"name=Anna&address.street=Main&items[0].name=toolong&items[1].size.width=x", `string_too_long ["body","items",0,"name"] missing ["body","items",1,"name"] int_parsing ["body","items",1,"size","width"]`, ""},
		{"name=Anna&address.street=Main&items[0].name=no", `value_error ["body","items",0]`, ""},
		{"name=Anna&address.street=Main&items[0].name=a&items[1].name=b&items[2].name=c&items[3].name=d", `too_long ["body","items"]`, ""},
		{"name=Anna&address.street=Main&items[1].name=a", `value_error ["body","items",1]`, ""},
		{"name=Anna&address.street=Main&items[999999999].name=a", `value_error ["body","items",999999999]`, ""},
		{"name=Anna&address.street=Main&items[99999999999999999999999].name=a", `value_error ["body","items","[99999999999999999999999]"]`, ""},
		{"name=Anna&address.street=%25&address.zip=%zz", `value_error ["body","address","zip"]`, ""},

		{"name=Anna&address.street=Main&address.foo=1", anna, `extra_forbidden ["body","address","foo"]`},
		{"name=Anna&address.street=Main&address=1", anna, `extra_forbidden ["body","address"]`},
		{"name=Anna&address.street=Main&address.street.x=1", anna, `extra_forbidden ["body","address","street"]`},
		{"name=Anna&address.street=Main&items[00].name=1", anna, `extra_forbidden ["body","items[00].name"]`},
		{"name=Anna&address.street=Main&items.0.name=1", anna, `extra_forbidden ["body","items","0"]`},
		{"name=Anna&address.street=Main&address..x=1", anna, `extra_forbidden ["body","address..x"]`},
		{"name=Anna&address.street=Main&a" + strings.Repeat(".a", 5000) + "=1", anna, `extra_forbidden ["body","a` + strings.Repeat(".a", 5000) + `"]`},
	} {
		post := func(c *candor.TestClient) string {
			response := c.Post("/orders", nil, candor.WithBody("application/x-www-form-urlencoded", strings.NewReader(row.form)))
			var text string
			if json.Unmarshal(response.Body, &text) == nil {
				return text
			}
			return verdict(response)
		}
		assert.Equal(t, row.open, post(open), row.form)
		if row.closed == "" {
			row.closed = row.open
		}
		assert.Equal(t, row.closed, post(closed), "closed: "+row.form)
	}
}

// Strict refuses names that nobody reads wherever they are in a form, as its schema says; members in its JSON are those of
// another type.
func TestNestedFormsOfStrictTypes(t *testing.T) {
	type fields struct {
		candor.Strict
		Address postalAddress  `form:"address,omitempty" json:"address,omitempty"`
		Items   []orderedItem  `form:"items,omitempty" json:"items,omitempty"`
		Meta    *postalAddress `form:"meta,json" json:"meta"`
	}
	type model struct {
		Fields fields `form:""`
	}
	type either struct {
		Body struct {
			candor.Strict
			Address postalAddress `json:"address,omitempty"`
			Items   []orderedItem `json:"items,omitempty"`
		} `body:"" form:""`
	}
	app := candor.New(candor.Config{})
	candor.Post(app, "/fields", func(context.Context, fields) (candor.None, error) { return candor.None{}, nil })
	candor.Post(app, "/model", func(context.Context, model) (candor.None, error) { return candor.None{}, nil })
	candor.Post(app, "/either", func(context.Context, either) (candor.None, error) { return candor.None{}, nil })
	c := candor.NewTestClient(t, app)
	for _, row := range []struct{ form, want string }{
		{"address.street=Main&items[0].name=a", "204"},
		{"address.street=Main&address.foo=1", `extra_forbidden ["body","address","foo"]`},
		{"address.foo=1", `extra_forbidden ["body","address","foo"]`},
		{"items[0].name=a&items[0].foo=1", `extra_forbidden ["body","items",0,"foo"]`},
		{"items[0].name=a&items[0].name[0]=1", `extra_forbidden ["body","items",0,"name"]`},
		{"items[0].name=a&items[0].size.width=1&items[0].size.foo=1", `extra_forbidden ["body","items",0,"size","foo"]`},
		{`meta={"street":"Main","foo":1}`, "204"},
		{"foo=1", `extra_forbidden ["body","foo"]`},
	} {
		for _, path := range []string{"/fields", "/model", "/either"} {
			if strings.HasPrefix(row.form, "meta") && path == "/either" {
				continue
			}
			response := c.Post(path, nil, candor.WithBody("application/x-www-form-urlencoded", strings.NewReader(row.form)))
			if row.want == "204" {
				response.Status(204)
				continue
			}
			assert.Equal(t, row.want, verdict(response), path+" "+row.form)
		}
	}
}

func TestNestedFormsInTheDocument(t *testing.T) {
	c := candor.NewTestClient(t, orderApp())
	form := apptest.DocumentMember(t, c, "components", "schemas", "showOrderForm").(map[string]any)
	properties := form["properties"].(map[string]any)
	assert.Equal(t, []any{"name", "address.street"}, form["required"])
	assert.Equal(t, map[string]any{"type": "string", "minLength": 1.0}, properties["address.street"])
	assert.Equal(t, "Bern", properties["billing.city"].(map[string]any)["default"])
	assert.Contains(t, properties, "items[0].size.width")
	needs := form["dependentRequired"].(map[string]any)
	assert.Equal(t, []any{"billing.street"}, needs["billing.zip"])
	assert.Equal(t, []any{"items[0].name"}, needs["items[0].qty"])
	patterns := form["patternProperties"].(map[string]any)
	assert.Contains(t, patterns, `^items\[[1-9][0-9]*\]\.name$`)
	assert.Equal(t, "items: max=3", form["x-validate"])
}

func TestNestedFormsOfCalls(t *testing.T) {
	zip := 3000
	in := orderForm{Name: "a", Address: postalAddress{Street: "b&c", City: "d"}, Items: []orderedItem{
		{Name: "e", Qty: 1, Tags: []string{"f", "g"}}, {Name: "", Qty: 2, Size: &struct {
			Width int `json:"width"`
		}{3}},
	}}
	callArrives(t, "nested", "/", in)
	in.Billing = &postalAddress{Street: "x", City: "y", Zip: &zip}
	callArrives(t, "a pointer", "/", in)
	type withFile struct {
		Form orderForm `form:""`
		File []byte    `file:"file"`
	}
	callArrives(t, "parts", "/", withFile{Form: in, File: []byte("data")})
	callRefused(t, "a struct of nothing", "/", struct {
		A *struct {
			B *int `json:"b"`
		} `form:"a"`
	}{A: &struct {
		B *int `json:"b"`
	}{}}, "no values, so")
}

func TestNestedFormsConform(t *testing.T) {
	app := orderApp()
	candor.Post(app, "/closed", showOrder, candor.ForbidExtra())
	candor.Put(app, "/either", showEither)
	candortest.Conform(t, app)
}

func showEither(_ context.Context, in struct {
	Body orderedItem `body:"" form:""`
},
) (orderedItem, error) {
	return in.Body, nil
}

func TestFormOrJSON(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Put(app, "/items", showEither)
	c := candor.NewTestClient(t, app)
	for _, row := range []struct{ media, body, want string }{
		{"application/json", `{"name":"pen","qty":2}`, `{"name":"pen","qty":2,"size":null}`},
		{"application/x-www-form-urlencoded", "name=pen&qty=2", `{"name":"pen","qty":2,"size":null}`},
		{"application/x-www-form-urlencoded", "name=pen&tags=a&tags=b&size.width=1", `{"name":"pen","tags":["a","b"],"qty":1,"size":{"width":1}}`},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\npen\r\n--b--\r\n", `{"name":"pen","qty":1,"size":null}`},
		{"application/json", `{"name":"toolong","qty":0}`, `string_too_long ["body","name"] greater_than_equal ["body","qty"]`},
		{"application/x-www-form-urlencoded", "name=toolong&qty=0", `string_too_long ["body","name"] greater_than_equal ["body","qty"]`},
		{"application/x-www-form-urlencoded", "qty=x", `missing ["body","name"] int_parsing ["body","qty"]`},
		{"application/json", `{"name":"no"}`, `value_error ["body"]`},
		{"application/x-www-form-urlencoded", "name=no", `value_error ["body"]`},
		{"application/x-www-form-urlencoded", "", `missing ["body"]`},
		{"text/plain", "name=pen", `{"detail":"the body must be application/json or application/x-www-form-urlencoded or multipart/form-data"}`},
	} {
		response := c.Put("/items", nil, candor.WithBody(row.media, strings.NewReader(row.body)))
		want := row.want
		if strings.HasPrefix(want, `{"name`) {
			require.Equal(t, 200, response.Code, row.body)
			assert.JSONEq(t, want, string(response.Body), row.body)
			continue
		}
		assert.Equal(t, want, verdict(response), row.media+" "+row.body)
	}
	content := apptest.DocumentMember(t, c, "paths", "/items", "put", "requestBody", "content").(map[string]any)
	ref := func(media string) any { return content[media].(map[string]any)["schema"] }
	assert.Equal(t, map[string]any{"$ref": "#/components/schemas/orderedItem"}, ref("application/json"))
	assert.Equal(t, map[string]any{"$ref": "#/components/schemas/showEitherForm"}, ref("application/x-www-form-urlencoded"))
	assert.Equal(t, ref("application/x-www-form-urlencoded"), ref("multipart/form-data"))
	callArrives(t, "as JSON", "/", struct {
		Body orderedItem `body:"" form:""`
	}{orderedItem{Name: "x", Qty: 1}})
	_ = url.Values{}
}

func TestNestedFormMistakes(t *testing.T) {
	type endless struct {
		In []endless `json:"in"`
	}
	for _, row := range []struct {
		want    string
		provoke func(candor.Routes)
	}{
		{"endless contains itself, or is more than 8 levels deep", badInput[struct {
			A endless `form:"a"`
		}]("/")},
		{"a form or JSON, which is one for a struct", badInput[struct {
			A *orderedItem `body:"" form:""`
		}]("/")},
		{"a form or JSON, which is one for a struct", badInput[struct {
			A []int `body:"" form:""`
		}]("/")},
		{"two sources, form and body", badInput[struct {
			A orderedItem `body:"a" form:"a"`
		}]("/")},
		{"it is called \"b\" in JSON and \"c\" in a form, though a member has one name", badInput[struct {
			A struct {
				B int `json:"b" form:"c"`
			} `form:"a"`
		}]("/")},
		{"a value of this type cannot be read from a string", badInput[struct {
			A struct {
				B map[string]int `json:"b"`
			} `form:"a"`
		}]("/")},
	} {
		assert.Contains(t, apptest.PanicOf(func() { row.provoke(candor.New(candor.Config{})) }), row.want)
	}
}
