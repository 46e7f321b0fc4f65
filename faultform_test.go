package candor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// faultFormInput has a field for every form that a validation error can take.
type faultFormInput struct {
	ID   int    `path:"id" validate:"gte=1"`
	Kind string `query:"kind" validate:"oneof=a' b\"\\ <é>"`
	Body struct {
		Name  string   `json:"name" validate:"min=3"`
		Code  string   `json:"code" pattern:"^[<\"\\\\]+$"`
		Price float64  `json:"price" validate:"lt=1e21"`
		Ratio float64  `json:"ratio" validate:"lte=0.1"`
		Tags  []string `json:"tags" validate:"max=1,dive,len=2"`
		Count int8     `json:"count"`
		Must  string   `json:"must"`
	} `body:""`
}

// faultFormScope is a scoped dependency that begins before the body is read.
type faultFormScope struct{}

const (
	faultFormTarget = "/0?kind=x"
	faultFormBody   = `{"name":"","code":"a","price":1e22,"ratio":0.5,"tags":["a","bc"],"count":300}`
)

func faultFormApp(echo bool, options ...candor.RouteOption) *candor.App {
	app := candor.New(candor.Config{EchoInput: echo})
	candor.Post(app, "/{id}", func(context.Context, faultFormInput) (candor.None, error) { return candor.None{}, nil }, options...)
	return app
}

func faultFormAnswer(t *testing.T, app *candor.App) string {
	t.Helper()
	r := httptest.NewRequest("POST", faultFormTarget, strings.NewReader(faultFormBody))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	require.Equal(t, 422, w.Code, w.Body.String())
	return w.Body.String()
}

// Validation errors that go straight to the error writer are encoded as if an error handler had returned them.
func TestFaultsLookTheSameToAll(t *testing.T) {
	type detail struct {
		Detail []candor.Fault `json:"detail"`
	}
	for _, echo := range []bool{false, true} {
		t.Run(fmt.Sprintf("echo %t", echo), func(t *testing.T) {
			caught := faultFormApp(echo)
			candor.OnError(caught, func(_ context.Context, err *candor.ValidationError) (detail, error) {
				return detail{err.Faults}, nil
			}, candor.Status(422))
			passed, seen := faultFormApp(echo, candor.Needs[faultFormScope]()), error(nil)
			candor.ProvideScoped(passed, func(_ context.Context, _ candor.None, use func(faultFormScope) error) error {
				seen = use(faultFormScope{})
				return seen
			})
			plain := faultFormAnswer(t, faultFormApp(echo))
			assert.Equal(t, faultFormAnswer(t, caught), plain)
			assert.Equal(t, faultFormAnswer(t, passed), plain)
			_, bare := seen.(*candor.ValidationError) //nolint:errorlint // what a bracket sees is the error itself
			assert.True(t, bare)
			assert.Equal(t, 9, strings.Count(plain, `"type":`), plain)
		})
	}
}

// The details of a rule are computed once, but what an error handler
// changes in its validation errors affects no other request.
func TestFaultsBelongToTheirReader(t *testing.T) {
	app := faultFormApp(false)
	before := faultFormAnswer(t, faultFormApp(false))
	candor.OnError(app, func(_ context.Context, err *candor.ValidationError) (candor.None, error) {
		for i := range err.Faults {
			for name := range err.Faults[i].Ctx {
				err.Faults[i].Ctx[name] = "changed"
			}
		}
		return candor.None{}, err
	}, candor.Status(204))
	first, second := faultFormAnswer(t, app), faultFormAnswer(t, app)
	assert.Equal(t, first, second)
	assert.Equal(t, before, faultFormAnswer(t, faultFormApp(false)))
}

// Validation errors that a handler returns are encoded like the type Fault.
func FuzzFaultForm(f *testing.F) {
	f.Add("missing", "name", 3, "a sentence", "sent", "fact", "value")
	f.Add("", "", -1, "<&>\"\\\u2028\x00", "\xff", "", "é\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, typ, name string, index int, message, input, fact, value string) {
		for _, text := range []*string{&typ, &name, &message, &input, &fact, &value} {
			*text = strings.ToValidUTF8(*text, "\ufffd")
		}
		given := candor.Fault{Type: typ, Loc: []any{name, index, 1.5}, Msg: message + ".", Input: input, Ctx: map[string]any{fact: value, fact + "n": index}}
		app := candor.New(candor.Config{})
		candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) {
			return candor.None{}, &candor.ValidationError{Faults: []candor.Fault{given, {Type: typ, Msg: "."}}}
		})
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		want, err := jsonv2.Marshal(map[string]any{"detail": []any{given, map[string]any{"type": typ, "loc": []any{}, "msg": "."}}}, jsonv2.Deterministic(true))
		require.NoError(t, err)
		assert.JSONEq(t, string(want), w.Body.String())
		assert.True(t, json.Valid(w.Body.Bytes()))
	})
}

// A validation error whose details cannot be encoded does not truncate the response or change its status.
func TestFaultWithoutForm(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) {
		return candor.None{}, &candor.ValidationError{Faults: []candor.Fault{{Type: "odd", Ctx: map[string]any{"fact": make(chan int)}}}}
	})
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, 422, w.Code)
	assert.JSONEq(t, `{"detail":"Unprocessable Entity"}`, w.Body.String())
}

// An error stays valid after its request, whatever later requests send.
func TestFaultsOutliveTheirRequest(t *testing.T) {
	var kept []*candor.ValidationError
	app := faultFormApp(true)
	candor.OnError(app, func(_ context.Context, err *candor.ValidationError) (candor.None, error) {
		kept = append(kept, err)
		return candor.None{}, nil
	}, candor.Status(204))
	send := func(body string) {
		r := httptest.NewRequest("POST", faultFormTarget, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		app.ServeHTTP(httptest.NewRecorder(), r)
	}
	send(faultFormBody)
	before, err := json.Marshal(kept[0].Faults)
	require.NoError(t, err)
	for range 20 {
		send(`{"name":"ab","tags":["x","y"],"must":1,"count":"` + strings.Repeat("z", 60) + `"}`)
	}
	after, err := json.Marshal(kept[0].Faults)
	require.NoError(t, err)
	assert.JSONEq(t, string(before), string(after))
	assert.JSONEq(t, faultFormBody, string(kept[0].Body))
}
