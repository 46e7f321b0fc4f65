package candor_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math/big"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// dialect has values that other encoders write differently.
type dialect struct {
	Every time.Duration         `json:"every"`
	On    bool                  `json:"on,string"`
	Sum   [3]byte               `json:"sum"`
	Set   candor.Optional[int]  `json:"set"`
	Gone  candor.Optional[int]  `json:"gone"`
	None  []int                 `json:"none"`
	Zero  int                   `json:"zero,omitempty"`
	Shape *dialectShape         `json:"shape"`
	Names map[dialectKey]string `json:"names"`
}

type (
	dialectKey   int
	dialectShape struct {
		candor.OneOf `json:"kind"`
		Circle       *dialectCircle `case:"circle"`
	}
	dialectCircle struct {
		Radius float64 `json:"radius"`
	}
)

// responded returns the response to a handler that returns the value and the error.
func responded[T any](t *testing.T, config candor.Config, value T, err error, options ...candor.RouteOption) (status int, body string) {
	t.Helper()
	app := candor.New(config)
	candor.Get(app, "/", func(context.Context, candor.None) (T, error) { return value, err }, options...)
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

// A value is encoded the same way, wherever it occurs.
func TestOneJSON(t *testing.T) {
	config, _ := recorded()
	problems := config
	problems.ProblemDetails = true
	full := dialect{
		Every: time.Second, On: true, Sum: [3]byte{1, 2, 3}, Set: candor.Some(3),
		Shape: &dialectShape{Circle: &dialectCircle{0.5}}, Names: map[dialectKey]string{2: "caf\xe9"},
	}
	_, want := responded(t, config, full, nil)
	require.Equal(t, `{"every":"1s","on":"true","sum":[1,2,3],"set":3,"none":[],"shape":{"kind":"circle","radius":0.5},"names":{"2":"caf�"}}`, want) //nolint:testifylint // byte for byte
	_, asDetail := responded(t, config, "", candor.Error(409, full))
	_, asExtra := responded(t, problems, "", candor.Error(409, full))
	_, asFact := responded(t, config, "", &candor.ValidationError{Faults: []candor.Fault{{
		Type: "odd", Msg: "odd", Ctx: map[string]any{"fact": full}, Input: full,
	}}})
	_, inAny := responded[any](t, config, full, nil)
	_, inMap := responded(t, config, map[string]any{"a": &full, "b": []any{full}}, nil)
	_, asLine := responded(t, config, candor.LinesOf(slices.Values([]any{full})), nil)
	_, asEvent := responded(t, config, candor.EventsOf(slices.Values([]any{full})), nil)
	assert.Equal(t, `{"detail":`+want+`}`, asDetail)
	assert.Equal(t, `{"type":"about:blank","title":"Conflict","status":409,"extra":`+want+`}`, asExtra)
	assert.Contains(t, asFact, `"ctx":{"fact":`+want+`}`)
	assert.Contains(t, asFact, `"input":`+want)
	assert.Equal(t, want, inAny)
	assert.Equal(t, `{"a":`+want+`,"b":[`+want+`]}`, inMap)
	assert.Equal(t, want, asLine)
	assert.Equal(t, "data: "+want, asEvent)
}

// Examples are encoded like the values that the operation sends and accepts.
func TestOneJSONInTheDocument(t *testing.T) {
	patch := dialect{Sum: [3]byte{1}, Set: candor.Null[int](), Shape: &dialectShape{Circle: &dialectCircle{1}}}
	app := candor.New(candor.Config{})
	candor.Patch(app, "/", func(_ context.Context, in struct {
		Body dialect `body:""`
	},
	) (dialect, error) {
		return in.Body, nil
	}, candor.RequestExample("one", patch), candor.ResponseExample(200, "one", patch), candor.Extension("x-sample", patch))
	var data bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&data))
	var doc any
	require.NoError(t, json.Unmarshal(data.Bytes(), &doc))
	var want any
	_, text := responded(t, candor.Config{}, patch, nil)
	require.NoError(t, json.Unmarshal([]byte(text), &want))
	operation := []any{"paths", "/", "patch"}
	media := []any{"content", "application/json", "examples", "one", "value"}
	assert.Equal(t, want, within(doc, operation, "requestBody", media))
	assert.Equal(t, want, within(doc, operation, "responses", "200", media))
	assert.Equal(t, want, within(doc, operation, "x-sample"))
}

// within returns the value at a path in a document; elements of the path may be lists.
func within(value any, path ...any) any {
	for _, at := range path {
		if list, ok := at.([]any); ok {
			value = within(value, list...)
			continue
		}
		object, _ := value.(map[string]any)
		value = object[at.(string)]
	}
	return value
}

func TestDetailsThatAreErrors(t *testing.T) {
	config, _ := recorded()
	status, body := responded(t, config, "", candor.Error(409, errors.New("taken")))
	assert.Equal(t, 409, status)
	assert.Equal(t, `{"detail":"taken"}`, body) //nolint:testifylint // byte for byte
	status, body = responded(t, config, "", candor.Error(409, map[string]any{"errors": []error{errors.New("a\xff"), nil}}))
	assert.Equal(t, 409, status)
	assert.Equal(t, `{"detail":{"errors":["a�",null]}}`, body) //nolint:testifylint // byte for byte
}

// Numbers keep all their digits in a value of type any.
func TestDigitsInAny(t *testing.T) {
	const text = `[18446744073709551615,-9007199254740993,1152921504606846976,1e+400,0.10000000000000000555,1.5]`
	type member struct {
		Data any `json:"data"`
	}
	app := candor.New(candor.Config{})
	echoes := map[string]string{
		"/any": text, "/map": `{"a":` + text + `}`, "/list": text, "/member": `{"data":` + text + `}`,
	}
	candor.Post(app, "/any", echoed[any])
	candor.Post(app, "/map", echoed[map[string]any])
	candor.Post(app, "/list", echoed[[]any])
	candor.Post(app, "/member", echoed[member])
	failing := candor.Get(app, "/error", func(context.Context, candor.None) (string, error) {
		return "", candor.Error(409, map[string]any{"ids": json.RawMessage(text)})
	})
	for path, body := range echoes {
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		assert.Equal(t, body, strings.TrimSpace(w.Body.String()), path)
	}
	_, err := failing.Call(t.Context(), callServer(t, app), candor.None{})
	remote, ok := errors.AsType[*candor.HTTPError](err)
	require.True(t, ok, "%v", err)
	passed, written := responded(t, candor.Config{}, "", remote)
	assert.Equal(t, 409, passed)
	assert.Equal(t, `{"detail":{"ids":`+text+`}}`, written) //nolint:testifylint // byte for byte
}

func echoed[T any](_ context.Context, in struct {
	Body T `body:""`
},
) (T, error) {
	return in.Body, nil
}

type (
	// Inlined is embedded as Kubernetes does it.
	Inlined struct {
		Kind string `json:"kind"`
	}
	foreignTypes struct {
		Inlined `json:",inline"`
		To      *url.URL            `json:"to"`
		Links   map[url.URL]url.URL `json:"links,omitempty"`
		ID      uuid.NullUUID       `json:"id,omitzero"`
		Amount  decimal.NullDecimal `json:"amount,omitzero"`
		Maybe   maybeText           `json:"maybe,omitzero" validate:"min=2"`
		Many    []sql.NullInt64     `json:"many,omitempty"`
		Sum     *big.Int            `json:"sum"`
	}
	maybeText struct {
		Text  string
		Valid bool
	}
	maybeQuery struct {
		To    url.URL       `query:"to,omitempty"`
		Via   []*url.URL    `header:"Via-Url,omitempty"`
		ID    uuid.NullUUID `query:"id,omitempty"`
		Maybe maybeText     `query:"maybe,omitempty" validate:"min=2"`
		Back  *url.URL      `cookie:"back"`
	}
)

// Types of other modules that candor recognizes by their methods or tags.
func TestTypesOfOthers(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", echoed[foreignTypes])
	candor.Get(app, "/", func(_ context.Context, in maybeQuery) ([]any, error) {
		via := ""
		if len(in.Via) > 0 {
			via = in.Via[0].Host
		}
		return []any{in.To.Host, via, in.ID, in.Maybe}, nil
	})
	client := candor.NewTestClient(t, app)
	const full = `{"kind":"k","to":"https://example.com/a?b=c","links":{"https://a/b":"mailto:x@y.z"},"id":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6","amount":"1.5","maybe":"ab","many":[1,null],"sum":120}`
	rows := []struct{ sent, want string }{
		{full, full},
		{strings.Replace(full, `"sum":120`, `"sum":1.20e2`, 1), full},
		{`{"kind":"k","to":null,"id":null,"amount":null,"maybe":null,"sum":null}`, `{"kind":"k","to":null,"sum":null}`},
		{`{"kind":"k","id":"x"}`, `uuid_parsing`},
		{`{"kind":"k","to":"/a"}`, `url_parsing`},
		{`{"kind":"k","links":{"a":"b"}}`, `url_parsing`},
		{`{"kind":"k","maybe":"a"}`, `string_too_short`},
		{`{"kind":"k","sum":1.5}`, `int_from_float`},
		{`{"kind":"k","sum":"1"}`, `int_type`},
	}
	for _, row := range rows {
		answer := client.Post("/", json.RawMessage(row.sent))
		assert.Contains(t, string(answer.Body), row.want, row.sent)
	}
	answer := client.Get("/?to=https%3A%2F%2Fa.b&id=f81d4fae-7dec-11d0-a765-00a0c91e6bf6&maybe=ab", candor.WithHeader("Via-Url", "https://c.d"), candor.WithHeader("Cookie", "back=https://e.f/"))
	assert.JSONEq(t, `["a.b","c.d","f81d4fae-7dec-11d0-a765-00a0c91e6bf6","ab"]`, string(answer.Body))
	assert.JSONEq(t, `["","",null,null]`, string(client.Get("/").Body))
	client.Get("/?to=a.b").Status(422)
	client.Get("/?maybe=a").Status(422)
}

// A value that is no valid date or URL is a 500, unless it is omitted.
func TestUnsetTextsAreNotSent(t *testing.T) {
	config, _ := recorded()
	status, _ := responded(t, config, struct {
		On candor.Date `json:"on"`
	}{}, nil)
	assert.Equal(t, 500, status)
	status, _ = responded(t, config, struct {
		To url.URL `json:"to"`
	}{}, nil)
	assert.Equal(t, 500, status)
	status, _ = responded(t, config, map[candor.Date]int{{Year: 2026, Month: 2, Day: 30}: 1}, nil)
	assert.Equal(t, 500, status)
	_, body := responded(t, config, struct {
		On candor.Date `json:"on,omitzero"`
		To *url.URL    `json:"to"`
	}{}, nil)
	assert.Equal(t, `{"to":null}`, body)
}
