package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

// account has one member for responses only, and one for requests only.
type account struct {
	ID       int64  `json:"id" readonly:"true"`
	Name     string `json:"name" validate:"min=2"`
	Password string `json:"password" writeonly:"true" validate:"min=8"`
}

type strictAccount struct {
	candor.Strict
	account
}

type wholesale struct {
	Count  int      `json:"count" validate:"multipleOf=12,gte=0"`
	Weight *float64 `json:"weight" validate:"multipleOf=0.1"`
	Slot   *uint8   `json:"slot" validate:"multipleOf=5"`
}

type payment struct {
	Card    candor.Optional[string] `json:"card" requires:"holder,address"`
	Holder  candor.Optional[string] `json:"holder"`
	Address candor.Optional[string] `json:"address"`
}

type coded struct {
	Code string `json:"code" pattern:"^[A-Z]{3}$" patternmsg:"Must be three capital letters"`
	Even int    `json:"even" validate:"even"`
	Big  int    `json:"big" validate:"above=5"`
}

type boxedError struct{ account account }

func (*boxedError) Error() string { return "boxed" }

func membersApp() *candor.App {
	app := candor.New(candor.Config{Rules: map[string]candor.Rule{
		"even": {Func: func(fl validator.FieldLevel) bool { return fl.Field().Int()%2 == 0 }, Message: "must be even"},
		"above": {
			Func: func(fl validator.FieldLevel) bool { return fl.Field().Int() > 5 }, Message: "must be above %s",
			Schema: func(string) map[string]any { return map[string]any{"exclusiveMinimum": 5} },
		},
	}})
	candor.Post(app, "/accounts", func(_ context.Context, in struct {
		Body account `body:""`
	},
	) (account, error) {
		in.Body.ID += 7
		return in.Body, nil
	})
	candor.Post(app, "/any", func(_ context.Context, in struct {
		Body account `body:""`
	},
	) (any, error) {
		return map[string]any{"account": &in.Body, "list": []account{in.Body}}, nil
	})
	candor.Post(app, "/failing", func(_ context.Context, in struct {
		Body account `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, candor.Error(409, in.Body)
	}, candor.Raises(candor.Error(409, "x")))
	type one struct {
		Body account `body:""`
	}
	candor.Post(app, "/lines", func(_ context.Context, in one) (candor.JSONLines[account], error) {
		return candor.LinesOf(slices.Values([]account{in.Body})), nil
	})
	candor.Post(app, "/events", func(_ context.Context, in one) (candor.Events[any], error) {
		return candor.EventsOf(slices.Values([]any{in.Body})), nil
	})
	candor.Post(app, "/listed", func(_ context.Context, in one) (map[string][]*account, error) {
		return map[string][]*account{"all": {&in.Body}}, nil
	})
	candor.Post(app, "/enveloped", func(_ context.Context, in one) (struct {
		Tag  string   `header:"X-Tag"`
		Body *account `body:""`
	}, error,
	) {
		return struct {
			Tag  string   `header:"X-Tag"`
			Body *account `body:""`
		}{"t", &in.Body}, nil
	})
	candor.OnError(app, func(_ context.Context, err *boxedError) (struct {
		Account account `json:"account"`
	}, error,
	) {
		return struct {
			Account account `json:"account"`
		}{err.account}, nil
	}, candor.Status(418))
	candor.Post(app, "/boxed", func(_ context.Context, in one) (candor.None, error) {
		return candor.None{}, &boxedError{in.Body}
	}, candor.RaisesType[*boxedError]())
	candor.WebSocket(app, "/socket", func(ctx context.Context, _ candor.None, s *candor.Socket[account, account]) error {
		for a, err := range s.Messages(ctx) {
			if err != nil {
				return err
			}
			a.ID += 8
			if err := s.Send(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	candor.Post(app, "/closed", func(_ context.Context, in struct {
		Body account `body:""`
	},
	) (account, error) {
		return in.Body, nil
	}, candor.ForbidExtra())
	candor.Post(app, "/strict", func(_ context.Context, in struct {
		Body strictAccount `body:""`
	},
	) (strictAccount, error) {
		return in.Body, nil
	})
	candor.Post(app, "/wholesale", func(_ context.Context, in struct {
		Body wholesale `body:""`
	},
	) (wholesale, error) {
		return in.Body, nil
	})
	candor.Post(app, "/payments", func(_ context.Context, in struct {
		Body payment `body:""`
	},
	) (payment, error) {
		return in.Body, nil
	})
	candor.Get(app, "/payments", func(_ context.Context, in struct {
		From *int `query:"from" requires:"to"`
		To   *int `query:"to"`
		Step *int `query:"step" requires:"to,from"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	candor.Post(app, "/forms", func(_ context.Context, in struct {
		User     *string `form:"user" requires:"password"`
		Password *string `form:"password" writeonly:"true"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	candor.Post(app, "/codes", func(_ context.Context, in struct {
		Body coded `body:""`
	},
	) (coded, error) {
		return in.Body, nil
	})
	return app
}

func TestMembers(t *testing.T) {
	c := candor.NewTestClient(t, membersApp())
	rows := []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"what is readonly is ignored", "/accounts", `{"id":99,"name":"ann","password":"12345678"}`, 200, `{"id":7,"name":"ann"}`},
		{"of any type", "/accounts", `{"id":{"x":[]},"name":"ann","password":"12345678"}`, 200, `{"id":7,"name":"ann"}`},
		{"missing", "/accounts", `{"name":"ann"}`, 422, `{"detail":[{"type":"missing","loc":["body","password"],"msg":"Field required"}]}`},
		{"twice", "/accounts", `{"id":1,"id":2,"name":"ann","password":"12345678"}`, 422, ``},
		{"any", "/any", `{"name":"ann","password":"12345678"}`, 200, `{"account":{"id":0,"name":"ann"},"list":[{"id":0,"name":"ann"}]}`},
		{"error", "/failing", `{"name":"ann","password":"12345678"}`, 409, `{"detail":{"id":0,"name":"ann"}}`},
		{"closed", "/closed", `{"id":1,"name":"ann","password":"12345678"}`, 422, `{"detail":[{"type":"extra_forbidden","loc":["body","id"],"msg":"Unknown field, not accepted here"}]}`},
		{"strict", "/strict", `{"id":1,"name":"ann","password":"12345678"}`, 422, `{"detail":[{"type":"extra_forbidden","loc":["body","id"],"msg":"Unknown field, not accepted here"}]}`},
		{"wholesale", "/wholesale", `{"count":24,"weight":0.3,"slot":10}`, 200, `{"count":24,"weight":0.3,"slot":10}`},
		{"not wholesale", "/wholesale", `{"count":25,"weight":0.35,"slot":11}`, 422, `{"detail":[{"type":"multiple_of","loc":["body","count"],"msg":"Must be a multiple of 12","ctx":{"multiple_of":12}},{"type":"multiple_of","loc":["body","weight"],"msg":"Must be a multiple of 0.1","ctx":{"multiple_of":0.1}},{"type":"multiple_of","loc":["body","slot"],"msg":"Must be a multiple of 5","ctx":{"multiple_of":5}}]}`},
		{"needs", "/payments", `{"card":null}`, 422, `{"detail":[{"type":"missing","loc":["body","holder"],"msg":"Field required"},{"type":"missing","loc":["body","address"],"msg":"Field required"}]}`},
		{"needs", "/payments", `{"card":"1","holder":"","address":""}`, 200, `{"card":"1","holder":"","address":""}`},
		{"messages", "/codes", `{"code":"x","even":1,"big":1}`, 422, `{"detail":[{"type":"string_pattern_mismatch","loc":["body","code"],"msg":"Must be three capital letters","ctx":{"message":"Must be three capital letters","pattern":"^[A-Z]{3}$"}},{"type":"value_error","loc":["body","even"],"msg":"Value error: must be even","ctx":{"error":"must be even"}},{"type":"value_error","loc":["body","big"],"msg":"Value error: must be above 5","ctx":{"error":"must be above 5"}}]}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := c.Post(row.path, json.RawMessage(row.body))
			got.Status(row.status)
			if row.want != "" {
				assert.Equal(t, row.want, got.Text())
			}
		})
	}
	assert.JSONEq(t, `{"detail":[{"type":"missing","loc":["query","to"],"msg":"Field required"}]}`, c.Get("/payments?from=1").Status(422).Text())
	assert.JSONEq(t, `{"detail":[{"type":"missing","loc":["query","from"],"msg":"Field required"},{"type":"missing","loc":["query","to"],"msg":"Field required"}]}`, c.Get("/payments?step=1").Status(422).Text())
	c.Get("/payments?from=1&to=2").Status(204)
}

func TestMembersConform(t *testing.T) {
	candortest.Conform(t, membersApp(), candortest.WithoutSuccess("post_failing", "post_boxed", "get_socket"))
}

func TestWriteOnlyNeverLeaves(t *testing.T) {
	c := candor.NewTestClient(t, membersApp())
	sent := json.RawMessage(`{"name":"ann","password":"12345678"}`)
	for _, path := range []string{"/lines", "/events", "/enveloped", "/listed"} {
		got := c.Post(path, sent).Status(200).Text()
		assert.Contains(t, got, `{"id":0,"name":"ann"}`, path)
		assert.NotContains(t, got, "12345678", path)
	}
	got := c.Post("/boxed", sent).Status(418).Text()
	assert.JSONEq(t, `{"account":{"id":0,"name":"ann"}}`, got)
	s := c.WebSocket("/socket")
	s.Send(map[string]any{"id": "ignored", "name": "ann", "password": "12345678"})
	var back map[string]any
	s.Receive(&back)
	assert.Equal(t, map[string]any{"id": 8.0, "name": "ann"}, back)
	s.Close(1000, "")
}

func TestWriteOnlyIsNotEchoed(t *testing.T) {
	app := candor.New(candor.Config{EchoInput: true})
	candor.Post(app, "/accounts", echoes[[]account])
	candor.Post(app, "/names", echoes[struct {
		Name string `json:"name" validate:"min=2"`
	}])
	candor.Post(app, "/forms", func(_ context.Context, in struct {
		User     string `form:"user" validate:"min=2"`
		Password string `form:"password" writeonly:"true" validate:"min=8"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	c := candor.NewTestClient(t, app)
	assert.Contains(t, c.Post("/names", json.RawMessage(`{"name":"a"}`)).Status(422).Text(), `"input":"a"`)
	for _, body := range []string{`[{"password":"s3cret"}]`, `[{"name":"a","password":"s3cret"}]`, `[{"name":"ann","password":"s3cret"}]`, `{"password":"s3cret"}`} {
		assert.NotContains(t, c.Post("/accounts", json.RawMessage(body)).Status(422).Text(), "s3cret", body)
	}
	got := c.Post("/forms", "user=a&password=s3cret", candor.WithHeader("Content-Type", "application/x-www-form-urlencoded")).Status(422).Text()
	assert.Contains(t, got, `"input":"a"`)
	assert.NotContains(t, got, "s3cret")
}

// A typed call sends writeonly members, and no readonly ones.
func TestTypedCallsOfMembers(t *testing.T) {
	app := candor.New(candor.Config{})
	type in struct {
		Body strictAccount `body:""`
	}
	route := candor.Post(app, "/strict", func(_ context.Context, in in) (account, error) {
		if in.Body.Password != "12345678" || in.Body.ID != 0 {
			return account{}, candor.Error(400, "not what was sent")
		}
		return account{ID: 7, Name: in.Body.Name, Password: "secret12"}, nil
	}, candor.Raises(candor.Error(400, "x")))
	got, err := route.Call(t.Context(), candor.InProcess(app), in{Body: strictAccount{account: account{ID: 5, Name: "ann", Password: "12345678"}}})
	require.NoError(t, err)
	assert.Equal(t, account{ID: 7, Name: "ann"}, got)
}

func TestMembersInTheDocument(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/both", echoes[account])
	candor.Post(app, "/closed", echoes[account], candor.ForbidExtra())
	document := documentOf(t, app)
	assert.JSONEq(t, `{"type":"object","required":["name"],"properties":{
		"id":{"type":"integer","format":"int64","readOnly":true},
		"name":{"type":"string","minLength":2},
		"password":{"type":"string","minLength":8,"writeOnly":true,"x-validate":"required"}}}`, string(document.at(t, "components", "schemas", "account")))
	assert.JSONEq(t, `{"type":"object","additionalProperties":false,"required":["name","password"],"properties":{
		"name":{"type":"string","minLength":2},
		"password":{"type":"string","minLength":8,"writeOnly":true}}}`, string(document.at(t, "components", "schemas", "accountStrict")))

	split := candor.New(candor.Config{SplitSchemas: true})
	candor.Post(split, "/both", echoes[account])
	document = documentOf(t, split)
	assert.JSONEq(t, `{"type":"object","required":["name","password"],"properties":{
		"name":{"type":"string","minLength":2},
		"password":{"type":"string","minLength":8,"writeOnly":true}}}`, string(document.at(t, "components", "schemas", "accountInput")))
	assert.JSONEq(t, `{"type":"object","required":["id","name"],"properties":{
		"id":{"type":"integer","format":"int64","readOnly":true},
		"name":{"type":"string","minLength":2}}}`, string(document.at(t, "components", "schemas", "accountOutput")))

	needs := candor.New(candor.Config{})
	candor.Post(needs, "/payments", echoes[payment])
	assert.JSONEq(t, `{"card":["holder","address"]}`, string(documentOf(t, needs).at(t, "components", "schemas", "payment", "dependentRequired")))
}

func echoes[T any](_ context.Context, in struct {
	Body T `body:""`
},
) (T, error) {
	return in.Body, nil
}

// A request example has the members that a client sends.
func TestExamplesOfMembers(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/accounts", echoes[account],
		candor.RequestExample("new", account{ID: 1, Name: "ann", Password: "12345678"}),
		candor.ResponseExample(200, "made", account{ID: 1, Name: "ann", Password: "12345678"}))
	var b bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&b))
	assert.Contains(t, b.String(), `"new":{"value":{"name":"ann","password":"12345678"}}`)
	assert.Contains(t, b.String(), `"made":{"value":{"id":1,"name":"ann"}}`)
}
