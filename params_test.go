package candor_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type level string

func (level) Enum() []level { return []level{"low", "high"} }

// odd is a type with UnmarshalText, which returns an error message of its own.
type odd int

func (o *odd) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	switch {
	case err != nil:
		return errors.New("a secret of strconv")
	case n%2 == 0:
		return candor.Invalid("must be odd")
	}
	*o = odd(n)
	return nil
}

func (o odd) MarshalText() ([]byte, error) { return []byte(strconv.Itoa(int(o))), nil }

func TestScalarParameters(t *testing.T) {
	c := apptest.Echoing[struct {
		ID    int8                 `path:"id"`
		Bool  bool                 `query:"bool,omitempty"`
		Uint  uint16               `query:"uint,omitempty"`
		Float *float32             `query:"float"`
		Text  string               `query:"text,omitempty" validate:"max=3" pattern:"^[a-z]*$"`
		Level level                `query:"level,omitempty"`
		Size  string               `query:"size,omitempty" validate:"oneof=S M"`
		Odd   *odd                 `query:"odd"`
		Note  candor.Optional[int] `query:"note"`
	}](t, "/{id}")
	const rest = `"Bool":false,"Uint":0,"Float":null,"Text":"","Level":"","Size":"","Odd":null,"Note":{"Value":0,"Set":false,"Null":false}}`
	gets(t, c,
		asked{target: "/5", want: `200 {"ID":5,` + rest},
		asked{target: "/foo", want: `int_parsing ["path","id"]`},
		asked{target: "/4.2", want: `int_parsing ["path","id"]`},
		asked{target: "/300", want: `less_than_equal ["path","id"] {"le":127}`},
		asked{target: "/-129", want: `greater_than_equal ["path","id"] {"ge":-128}`},
		asked{target: "/5?bool=Yes&uint=7&float=1e2&text=abc&level=high&size=M&odd=3&note=0", want: `200 {"ID":5,"Bool":true,"Uint":7,"Float":100,"Text":"abc","Level":"high","Size":"M","Odd":"3","Note":{"Value":0,"Set":true,"Null":false}}`},
		asked{target: "/5?bool=maybe", want: `bool_parsing ["query","bool"]`},
		asked{target: "/5?bool=", want: `bool_parsing ["query","bool"]`},
		asked{target: "/5?uint=-1", want: `greater_than_equal ["query","uint"] {"ge":0}`},
		asked{target: "/5?uint=65536", want: `less_than_equal ["query","uint"] {"le":65535}`},
		asked{target: "/5?float=NaN", want: `float_parsing ["query","float"]`},
		asked{target: "/5?float=0x1p-2", want: `float_parsing ["query","float"]`},
		asked{target: "/5?uint=1_000", want: `int_parsing ["query","uint"]`},
		asked{target: "/5?uint=%2B5", want: `int_parsing ["query","uint"]`},
		asked{target: "/5?text=abcd", want: `string_too_long ["query","text"] {"max_length":3}`},
		asked{target: "/5?text=AB", want: `string_pattern_mismatch ["query","text"] {"pattern":"^[a-z]*$"}`},
		asked{target: "/5?text=", want: `200 {"ID":5,` + rest},
		asked{target: "/5?level=medium", want: `enum ["query","level"] {"expected":"'low' or 'high'"}`},
		asked{target: "/5?size=L", want: `enum ["query","size"] {"expected":"'S' or 'M'"}`},
		asked{target: "/5?odd=4", want: `value_error ["query","odd"] {"error":"must be odd"}`},
		asked{target: "/5?odd=x", want: `value_error ["query","odd"] {"error":"not a valid odd"}`},
		asked{target: "/5?uint=1&uint=2", want: `200 {"ID":5,` + strings.Replace(rest, `"Uint":0`, `"Uint":2`, 1)},
		asked{target: "/x?bool=x&uint=x", want: "int_parsing [\"path\",\"id\"]\nbool_parsing [\"query\",\"bool\"]\nint_parsing [\"query\",\"uint\"]"},
	)
}

func TestRequiredParameters(t *testing.T) {
	c := apptest.Echoing[struct {
		Q string `query:"q"`
		H int    `header:"X-Count"`
		C string `cookie:"session"`
		D int    `query:"d" default:"7" validate:"gte=5"`
	}](t, "/")
	gets(t, c,
		asked{target: "/", want: "missing [\"query\",\"q\"]\nmissing [\"header\",\"X-Count\"]\nmissing [\"cookie\",\"session\"]"},
		asked{target: "/?q=", options: []candor.TestOption{candor.WithHeader("x-count", "0"), candor.WithCookie("session", "s")}, want: `200 {"Q":"","H":0,"C":"s","D":7}`},
		asked{target: "/?q=&d=4", options: []candor.TestOption{candor.WithHeader("x-count", "0"), candor.WithCookie("session", "s")}, want: `greater_than_equal ["query","d"] {"ge":5}`},
	)
}

func TestListParameters(t *testing.T) {
	c := apptest.Echoing[struct {
		All    []string `query:"all,omitempty"`
		Ints   []int    `query:"ints,omitempty" validate:"max=3,dive,gte=0"`
		Comma  []int    `query:"comma,csv" default:"[1,2]"`
		Tags   []string `header:"X-Tag,omitempty"`
		Comma2 []string `header:"X-Comma,csv,omitempty"`
		Ptr    *[]level `query:"ptr"`
		Seen   []int    `cookie:"seen,omitempty"`
	}](t, "/")
	const none = `200 {"All":null,"Ints":null,"Comma":[1,2],"Tags":null,"Comma2":null,"Ptr":null,"Seen":null}`
	gets(t, c,
		asked{target: "/", want: none},
		asked{target: "/?all=a&all=b", want: strings.Replace(none, `"All":null`, `"All":["a","b"]`, 1)},
		asked{target: "/?all=a,b", want: strings.Replace(none, `"All":null`, `"All":["a,b"]`, 1)},
		asked{target: "/?ints=1&ints=x", want: `int_parsing ["query","ints",1]`},
		asked{target: "/?ints=1&ints=-1", want: `greater_than_equal ["query","ints",1] {"ge":0}`},
		asked{target: "/?ints=1&ints=1&ints=1&ints=1", want: `too_long ["query","ints"] {"actual_length":4,"field_type":"List","max_length":3}`},
		asked{target: "/?comma=5,6&comma=7", want: strings.Replace(none, `[1,2]`, `[5,6,7]`, 1)},
		asked{target: "/?comma=5%2C6", want: `int_parsing ["query","comma",0]`},
		asked{target: "/?comma=", want: strings.Replace(none, `[1,2]`, `[]`, 1)},
		asked{target: "/", options: []candor.TestOption{candor.WithHeader("X-Tag", "a,b"), candor.WithHeader("X-Comma", "a, b,,")}, want: strings.Replace(strings.Replace(none, `"Tags":null`, `"Tags":["a","b"]`, 1), `"Comma2":null`, `"Comma2":["a","b"]`, 1)},
		asked{target: "/", options: []candor.TestOption{candor.WithCookie("seen", "3,4")}, want: strings.Replace(none, `"Seen":null`, `"Seen":[3,4]`, 1)},
		asked{target: "/?ptr=low&ptr=low", want: strings.Replace(none, `"Ptr":null`, `"Ptr":["low","low"]`, 1)},
		asked{target: "/?ptr=low&ptr=?", want: `enum ["query","ptr",1] {"expected":"'low' or 'high'"}`},
	)
	assert.Equal(t, false, apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 2, "explode"))
	assert.Equal(t, "form", apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 2, "style"))
	assert.Nil(t, apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 0, "explode"))
	assert.Equal(t, false, apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 6, "explode"), "a cookie is one text")
}

func TestParametersOfKnownTypes(t *testing.T) {
	c := apptest.Echoing[struct {
		UUID     uuid.UUID         `query:"uuid,omitzero"`
		Time     time.Time         `query:"time,omitzero"`
		Date     candor.Date       `query:"date,omitzero"`
		Clock    *candor.TimeOfDay `query:"clock"`
		Duration time.Duration     `query:"duration,omitzero"`
		Decimal  decimal.Decimal   `query:"decimal,omitzero"`
		Addr     netip.Addr        `query:"addr,omitzero"`
		Prefix   netip.Prefix      `query:"prefix,omitzero"`
		IP       net.IP            `query:"ip,omitzero"`
		Big      *big.Int          `query:"big"`
		Null     sql.NullInt64     `query:"null,omitzero"`
		Text     sql.Null[string]  `query:"nulltext,omitzero" validate:"min=2"`
		Bytes    []byte            `query:"bytes,omitzero"`
	}](t, "/")
	rows := []asked{
		{target: "?uuid=f81d4fae-7dec-11d0-a765-00a0c91e6bf6", want: `"UUID":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"`},
		{target: "?uuid=f81d4fae7dec11d0a76500a0c91e6bf6", want: `uuid_parsing ["query","uuid"]`},
		{target: "?time=2006-01-02T15:04:05%2B01:00", want: `"Time":"2006-01-02T15:04:05+01:00"`},
		{target: "?time=2006-01-02", want: `datetime_parsing ["query","time"]`},
		{target: "?date=2006-01-02", want: `"Date":"2006-01-02"`},
		{target: "?date=2006-02-30", want: `date_parsing ["query","date"]`},
		{target: "?clock=15:04", want: `"Clock":"15:04:00"`},
		{target: "?clock=25:04", want: `time_parsing ["query","clock"]`},
		{target: "?duration=1h30m", want: `"Duration":5400000000000`},
		{target: "?duration=5", want: `time_delta_parsing ["query","duration"]`},
		{target: "?decimal=19.90", want: `"Decimal":"19.9"`},
		{target: "?decimal=1e1000000", want: `decimal_parsing ["query","decimal"]`},
		{target: "?decimal=x", want: `decimal_parsing ["query","decimal"]`},
		{target: "?addr=::1", want: `"Addr":"::1"`},
		{target: "?addr=localhost", want: `ip_any_address ["query","addr"]`},
		{target: "?prefix=10.0.0.0/8", want: `"Prefix":"10.0.0.0/8"`},
		{target: "?ip=10.0.0.1", want: `"IP":"10.0.0.1"`},
		{target: "?ip=10.0.0.256", want: `ip_any_address ["query","ip"]`},
		{target: "?big=123456789012345678901234567890", want: `"Big":123456789012345678901234567890`},
		{target: "?big=0x10", want: `int_parsing ["query","big"]`},
		{target: "?null=0", want: `"Null":{"Int64":0,"Valid":true}`},
		{target: "?null=x", want: `int_parsing ["query","null"]`},
		{target: "?nulltext=x", want: `string_too_short ["query","nulltext"] {"min_length":2}`},
		{target: "?bytes=abc", want: `"Bytes":"YWJj"`},
	}
	for _, row := range rows {
		assert.Contains(t, apptest.Outcome(c.Get("/"+row.target)), row.want, row.target)
	}
	formats := []any{}
	for i := range 13 {
		formats = append(formats, apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", i, "schema", "format"))
	}
	assert.Equal(t, []any{"uuid", "date-time", "date", nil, nil, "decimal", nil, nil, nil, nil, "int64", nil, nil}, formats)
}

func TestNumbersWithoutALargest(t *testing.T) {
	c := apptest.Echoing[struct {
		Body struct {
			Decimal *decimal.Decimal `json:"decimal"`
			Float   *big.Float       `json:"float"`
			Rat     *big.Rat         `json:"rat"`
		} `body:""`
	}](t, "/")
	posts(t, c, "/", [][2]string{
		{`{"decimal":"1.50","float":"2.5","rat":"1/3"}`, `200 {"Body":{"decimal":"1.5","float":"2.5","rat":"1/3"}}`},
		{`{"decimal":1.5e3}`, `200 {"Body":{"decimal":"1500","float":null,"rat":null}}`},
		{`{"decimal":1e1000000000}`, `decimal_parsing ["body","decimal"]`},
		{`{"decimal":"1e1000000000","float":"1e1000000000"}`, "decimal_parsing [\"body\",\"decimal\"]\nfloat_parsing [\"body\",\"float\"]"},
		{`{"rat":"1e1000000000"}`, `value_error ["body","rat"] {"error":"not a valid Rat"}`},
	}...)
}

func TestJSONParameters(t *testing.T) {
	type filter struct {
		Min  int      `json:"min" validate:"gte=0"`
		Tags []string `json:"tags,omitempty"`
	}
	c := apptest.Echoing[struct {
		Filter filter         `query:"filter,json"`
		Map    map[string]int `query:"map,json" default:"{\"a\":1}"`
		List   []int          `query:"list,json,omitempty" validate:"max=2"`
	}](t, "/")
	gets(t, c,
		asked{target: `/?filter=%7B"min":1,"tags":["x"]%7D`, want: `200 {"Filter":{"min":1,"tags":["x"]},"Map":{"a":1},"List":null}`},
		asked{target: `/?filter=%7B"min":-1%7D`, want: `greater_than_equal ["query","filter","min"] {"ge":0}`},
		asked{target: `/?filter=%7B%7D`, want: `missing ["query","filter","min"]`},
		asked{target: `/?filter=%7B"min":1,"tags":["x",5]%7D`, want: `string_type ["query","filter","tags",1]`},
		asked{target: `/?filter=%7B`, want: `json_invalid ["query","filter"] {"error":"unexpected end, expected a name in double quotes"}`},
		asked{target: `/?filter=`, want: `json_invalid ["query","filter"] {"error":"nothing there"}`},
		asked{target: `/?list=[1,2,3]`, want: "missing [\"query\",\"filter\"]\ntoo_long [\"query\",\"list\"] {\"actual_length\":3,\"field_type\":\"List\",\"max_length\":2}"},
	)
	assert.NotNil(t, apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 0, "content", "application/json", "schema", "$ref"))
	assert.Nil(t, apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 0, "schema"))
}

type pageQuery struct {
	Limit  int `query:"limit" default:"10" validate:"lte=100"`
	Offset int `query:"offset,omitempty"`
}

// span is a parameter model with a Validate method.
type span struct {
	From candor.Date `query:"from"`
	To   candor.Date `query:"to"`
}

func (s span) Validate() error {
	if s.To.Compare(s.From) < 0 {
		return candor.Invalid("must not be before from", "to")
	}
	return nil
}

func TestParameterModels(t *testing.T) {
	c := apptest.Echoing[struct {
		pageQuery
		Span    span `query:""`
		Headers struct {
			Agent string   `header:"User-Agent,omitempty"`
			Trace []string `header:"X-Trace,omitempty"`
		} `header:""`
		Cookies struct {
			candor.Strict
			Session string `cookie:"session"`
		} `cookie:""`
	}](t, "/")
	sent := []candor.TestOption{candor.WithCookie("session", "s")}
	gets(t, c,
		asked{target: "/?from=2024-01-01&to=2024-01-02", options: sent, want: `200 {"Limit":10,"Offset":0,"Span":{"From":"2024-01-01","To":"2024-01-02"},"Headers":{"Agent":"","Trace":null},"Cookies":{"Session":"s"}}`},
		asked{target: "/?from=2024-01-02&to=2024-01-01", options: sent, want: `value_error ["query","to"] {"error":"must not be before from"}`},
		asked{target: "/?limit=101", want: "less_than_equal [\"query\",\"limit\"] {\"le\":100}\nmissing [\"query\",\"from\"]\nmissing [\"query\",\"to\"]\nmissing [\"cookie\",\"session\"]"},
		asked{target: "/?from=2024-01-01&to=2024-01-02&unknown=1", options: []candor.TestOption{candor.WithCookie("session", "s"), candor.WithCookie("other", "o")}, want: `extra_forbidden ["cookie","other"]`},
	)
}

func TestStrictQueries(t *testing.T) {
	t.Run("a strict input", func(t *testing.T) {
		c := apptest.Echoing[struct {
			candor.Strict
			Q string `query:"q,omitempty"`
		}](t, "/")
		gets(t, c,
			asked{target: "/?q=1", want: `200 {"Q":"1"}`},
			asked{target: "/?q=1&r=2&r=3&%71=4", want: `extra_forbidden ["query","r"]`},
			asked{target: "/?Q=1", want: `extra_forbidden ["query","Q"]`},
		)
	})
	t.Run("a strict model", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Page struct {
				candor.Strict
				Limit int `query:"limit,omitempty"`
			} `query:""`
			Q string `query:"q,omitempty"`
		}](t, "/")
		gets(t, c, asked{target: "/?limit=1&q=1&r=2", want: `extra_forbidden ["query","r"]`})
	})
	t.Run("the option, with what guards read", func(t *testing.T) {
		app := candor.New(candor.Config{}, candor.ForbidExtra())
		candor.Get(app, "/", apptest.Echo[struct {
			Q string `query:"q,omitempty"`
		}], candor.Require(func(context.Context, struct {
			Token string         `query:"token,omitempty"`
			Key   *candor.APIKey `query:"key"`
		},
		) error {
			return nil
		}))
		candor.Get(app, "/none", apptest.Returns("ok"))
		c := candor.NewTestClient(t, app)
		gets(t, c,
			asked{target: "/?q=1&token=2&key=3", want: `200 {"Q":"1"}`},
			asked{target: "/?r=1", want: `extra_forbidden ["query","r"]`, options: []candor.TestOption{candor.WithCookie("any", "c")}},
			asked{target: "/none?r=1", want: `extra_forbidden ["query","r"]`},
			asked{target: "/none", want: `200 "ok"`},
		)
	})
}

// OpenAPI cannot say that unknown parameters are rejected, so an extension does.
func TestClosedParametersInTheDocument(t *testing.T) {
	type open struct {
		Q string `query:"q,omitempty"`
	}
	type closed struct {
		candor.Strict
		Q string `query:"q,omitempty"`
	}
	type cookies struct {
		Session struct {
			candor.Strict
			ID string `cookie:"id,omitempty"`
		} `cookie:""`
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/open", apptest.Echo[open])
	candor.Get(app, "/strict", apptest.Echo[closed])
	candor.Get(app, "/option", apptest.Echo[open], candor.ForbidExtra(), candor.Extension("x-other", 1))
	candor.Get(app, "/cookies", apptest.Echo[cookies])
	candor.Get(app, "/both", apptest.Echo[cookies], candor.ForbidExtra())
	c := candor.NewTestClient(t, app)
	for path, want := range map[string]any{"/open": nil, "/strict": []any{"query"}, "/option": []any{"query"}, "/cookies": []any{"cookie"}, "/both": []any{"query", "cookie"}} {
		assert.Equal(t, want, apptest.DocumentMember(t, c, "paths", path, "get", "x-forbid-extra"), path)
	}
	assert.InDelta(t, 1, apptest.DocumentMember(t, c, "paths", "/option", "get", "x-other"), 0)
}

func TestHiddenParameters(t *testing.T) {
	c := apptest.Echoing[struct {
		Q     string `query:"q,omitempty" doc:"what to look for" example:"chair" deprecated:"true" title:"Query"`
		Debug bool   `query:"debug,omitempty" hidden:"true"`
	}](t, "/")
	gets(t, c, asked{target: "/?debug=1", want: `200 {"Q":"","Debug":true}`})
	assert.Nil(t, apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 1))
	assert.Equal(t, "what to look for", apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 0, "description"))
	assert.Equal(t, true, apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 0, "deprecated"))
	assert.Equal(t, "Query", apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 0, "schema", "title"))
	assert.Equal(t, "chair", apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 0, "schema", "examples", 0))
}

func TestHeaders(t *testing.T) {
	c := apptest.Echoing[struct {
		Token string `header:"X-Token,omitempty"`
		Host  string `header:"host"`
		Under string `header:"x_under,omitempty"`
	}](t, "/")
	gets(t, c,
		asked{target: "/", options: []candor.TestOption{candor.WithHeader("x-tOkEn", "a")}, want: `200 {"Token":"a","Host":"testserver","Under":""}`},
		asked{target: "/", options: []candor.TestOption{candor.WithHeader("x_token", "a")}, want: `200 {"Token":"","Host":"testserver","Under":""}`},
		asked{target: "/", options: []candor.TestOption{candor.WithHeader("x_under", "a")}, want: `200 {"Token":"","Host":"testserver","Under":"a"}`},
	)
}

// A cookie's value is taken literally, as scripts in browsers write it.
func TestCookieValues(t *testing.T) {
	c := apptest.Echoing[struct {
		Prefs string  `cookie:"prefs" default:"none"`
		Raw   []byte  `cookie:"raw,omitempty"`
		N     *int    `cookie:"n"`
		List  []level `cookie:"list,omitempty"`
	}](t, "/")
	const rest = `,"Raw":null,"N":null,"List":null}`
	line := func(value string) []candor.TestOption { return []candor.TestOption{candor.WithHeader("Cookie", value)} }
	gets(t, c,
		asked{target: "/", want: `200 {"Prefs":"none"` + rest},
		asked{target: "/", options: line(`a=b; prefs={"dark":true,"n":[1, 2]}; c=d`), want: `200 {"Prefs":"{\"dark\":true,\"n\":[1, 2]}"` + rest},
		asked{target: "/", options: line(`prefs=тёмная`), want: `200 {"Prefs":"тёмная"` + rest},
		asked{target: "/", options: line(`prefs=a\"b"`), want: `200 {"Prefs":"a\\\"b\""` + rest},
		asked{target: "/", options: line(`prefs="a, b"`), want: `200 {"Prefs":"a, b"` + rest},
		asked{target: "/", options: line(`prefs=first; prefs=second`), want: `200 {"Prefs":"first"` + rest},
		asked{target: "/", options: line(`prefs=`), want: `200 {"Prefs":""` + rest},
		asked{target: "/", options: line("prefs=caf\xe9"), want: `string_unicode ["cookie","prefs"]`},
		asked{target: "/", options: line("raw=caf\xe9"), want: `200 {"Prefs":"none","Raw":"Y2Fm6Q==","N":null,"List":null}`},
		asked{target: "/", options: line(`n={}`), want: `int_parsing ["cookie","n"]`},
		asked{target: "/", options: line("list=low,caf\xe9"), want: `enum ["cookie","list",1] {"expected":"'low' or 'high'"}`},
		asked{target: "/", options: []candor.TestOption{candor.WithCookie("prefs", `"é", \`)}, want: `200 {"Prefs":"\"é\", \\"` + rest},
	)
	failed := record(func(tb candor.TB) {
		candor.NewTestClient(tb, candor.New(candor.Config{})).Get("/", candor.WithCookie("a", "b;c"))
	})
	assert.Contains(t, failed.fatal, `WithCookie("a", ...): a cookie takes no semicolons`)

	type strict struct {
		Cookies struct {
			candor.Strict
			A string `cookie:"a,omitempty"`
		} `cookie:""`
	}
	gets(t, apptest.Echoing[strict](t, "/"),
		asked{target: "/", options: line(`a=1; b={"c":"d"}`), want: `extra_forbidden ["cookie","b"]`})
}

// If an API key is sent several times, the last value counts; of cookies the first.
func TestAPIKeysAsTheyAreSent(t *testing.T) {
	type in struct {
		Query  *candor.APIKey `query:"key"`
		Header *candor.APIKey `header:"X-Key"`
		Cookie *candor.APIKey `cookie:"key"`
		Bearer *candor.Bearer
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(_ context.Context, in in) ([]any, error) {
		return []any{in.Query, in.Header, in.Cookie, in.Bearer}, nil
	})
	for _, row := range []struct {
		target, name string
		lines        []string
		want         string
	}{
		{"/?key=a&key=b;c", "", nil, `200 ["b;c",null,null,null]`},
		{"/?key=a&key=", "", nil, `200 [null,null,null,null]`},
		{"/", "X-Key", []string{"a", "b"}, `200 [null,"b",null,null]`},
		{"/", "Cookie", []string{"key=a; key=b", "key=c"}, `200 [null,null,"a",null]`},
		{"/", "Cookie", []string{`key={"user":"é"}`}, `200 [null,null,"{\"user\":\"é\"}",null]`},
		{"/", "Authorization", []string{"Basic eDp5", "Bearer t"}, `200 [null,null,null,"t"]`},
		{"/", "Cookie", []string{"key=caf\xe9"}, `401 {"detail":"The cookie key is not valid UTF-8"}`},
		{"/", "X-Key", []string{"caf\xe9"}, `401 {"detail":"The header X-Key is not valid UTF-8"}`},
		{"/?key=caf%E9", "", nil, `401 {"detail":"The query key is not valid UTF-8"}`},
	} {
		r := httptest.NewRequest(http.MethodGet, row.target, nil)
		if row.name != "" {
			r.Header[row.name] = row.lines
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		assert.Equal(t, row.want, fmt.Sprintf("%d %s", w.Code, strings.TrimSpace(w.Body.String())), row)
	}
}

// A credential that is not text is refused, even where it is optional.
func TestCredentialsThatAreNoText(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/bearer", apptest.Ignores[struct{ Token candor.Bearer }])
	candor.Get(app, "/optional", apptest.Ignores[struct{ Token *candor.Bearer }])
	candor.Get(app, "/basic", apptest.Ignores[struct{ User candor.Basic }])
	candor.Get(app, "/either", apptest.Ignores[struct {
		User struct {
			Token *candor.Bearer
			Basic *candor.Basic
		} `security:"any"`
	}])
	basic := func(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }
	for _, row := range [][3]string{
		{"/bearer", "Bearer caf\xe9", "The token is not valid UTF-8"},
		{"/bearer", "bearer  \xff ", "The token is not valid UTF-8"},
		{"/optional", "Bearer caf\xe9", "The token is not valid UTF-8"},
		{"/either", "Bearer caf\xe9", "The token is not valid UTF-8"},
		{"/basic", basic("caf\xe9:x"), "The user name or password is not valid UTF-8"},
		{"/either", basic("x:caf\xe9"), "The user name or password is not valid UTF-8"},
		{"/bearer", "Bearer café", ""},
		{"/basic", basic("café:café"), ""},
	} {
		r := httptest.NewRequest(http.MethodGet, row[0], nil)
		r.Header.Set("Authorization", row[1])
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if row[2] == "" {
			assert.Equal(t, 204, w.Code, row)
			continue
		}
		assert.Equal(t, 401, w.Code, row)
		assert.Contains(t, w.Body.String(), row[2], row)
		assert.NotEmpty(t, w.Header().Get("WWW-Authenticate"), row)
	}
}

func TestHeaderLists(t *testing.T) {
	c := apptest.Echoing[struct {
		Match []string `header:"If-Match"`
	}](t, "/")
	for lines, want := range map[string]string{
		`"a,b", "c"`:              `["\"a,b\"","\"c\""]`,
		`W/"a" ,, "b\"",c` + "\t": `["W/\"a\"","\"b\\\"\"","c"]`,
		`a;b="x, y", c`:           `["a;b=\"x, y\"","c"]`,
		`5" a, 6`:                 `["5\" a","6"]`,
	} {
		gets(t, c, asked{target: "/", options: []candor.TestOption{candor.WithHeader("If-Match", lines)}, want: `200 {"Match":` + want + `}`})
	}
}

// Standard date headers use the HTTP date format, other headers RFC 3339.
func TestHTTPDates(t *testing.T) {
	type in struct {
		Since   *time.Time                 `header:"If-Modified-Since"`
		Not     candor.Optional[time.Time] `header:"if-unmodified-since"`
		Expires time.Time                  `header:"Expires" default:"Sat, 21 Nov 2026 13:00:00 GMT"`
		Other   *time.Time                 `header:"X-When"`
	}
	c := apptest.Echoing[in](t, "/")
	const since = `"Not":{"Value":"0001-01-01T00:00:00Z","Set":false,"Null":false},"Expires":"2026-11-21T13:00:00Z","Other":null}`
	for _, text := range []string{"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"} {
		gets(t, c, asked{target: "/", options: []candor.TestOption{candor.WithHeader("If-Modified-Since", text)}, want: `200 {"Since":"1994-11-06T08:49:37Z",` + since})
	}
	gets(t, c,
		asked{target: "/", options: []candor.TestOption{candor.WithHeader("If-Modified-Since", "2024-01-01T00:00:00Z")}, want: `datetime_parsing ["header","If-Modified-Since"] {"expected":"Mon, 02 Jan 2006 15:04:05 GMT"}`},
		asked{target: "/", options: []candor.TestOption{candor.WithHeader("If-Unmodified-Since", "soon")}, want: `datetime_parsing ["header","if-unmodified-since"] {"expected":"Mon, 02 Jan 2006 15:04:05 GMT"}`},
		asked{target: "/", options: []candor.TestOption{candor.WithHeader("X-When", "2024-01-01T00:00:00Z")}, want: `200 {"Since":null,` + strings.Replace(since, "null", `"2024-01-01T00:00:00Z"`, 1)},
	)
	for i, format := range []string{"http-date", "http-date", "http-date", "date-time"} {
		assert.Equal(t, format, toldFormat(t, c, i))
	}
	assert.Equal(t, "Sat, 21 Nov 2026 13:00:00 GMT", apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 2, "schema", "default"))
}

func toldFormat(t *testing.T, c *candor.TestClient, parameter int) any {
	t.Helper()
	schema := apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", parameter, "schema").(map[string]any)
	return schema["format"]
}

// A + in a query means a space, which breaks times with an offset.
func TestTimesWithALostPlus(t *testing.T) {
	c := apptest.Echoing[struct {
		At    *time.Time  `query:"at"`
		Other *time.Time  `header:"X-At"`
		Days  []time.Time `query:"days,omitempty"`
	}](t, "/")
	const cause = ` {"error":"a + must be sent as %2B, else it is a space"}`
	gets(t, c,
		asked{target: "/?at=2024-01-19T16:00:00+05:00", want: `datetime_parsing ["query","at"]` + cause},
		asked{target: "/?at=2024-01-19T16:00:00%2B05:00", want: `200 {"At":"2024-01-19T16:00:00+05:00","Other":null,"Days":null}`},
		asked{target: "/?at=2024-01-19+16:00:00", want: `datetime_parsing ["query","at"]`},
		asked{target: "/?days=2024-01-19T16:00:00Z&days=2024-01-19T16:00:00+05:00", want: `datetime_parsing ["query","days",1]` + cause},
		asked{target: "/", options: []candor.TestOption{candor.WithHeader("X-At", "2024-01-19T16:00:00 05:00")}, want: `datetime_parsing ["header","X-At"]`},
	)
	form := apptest.Echoing[struct {
		At time.Time `form:"at"`
	}](t, "/")
	sent := form.Post("/", "at=2024-01-19T16:00:00+05:00", candor.WithHeader("Content-Type", "application/x-www-form-urlencoded"))
	assert.Equal(t, `datetime_parsing ["body","at"]`+cause, apptest.Outcome(sent))
}

func TestCrossFieldParameters(t *testing.T) {
	c := apptest.Echoing[struct {
		Min int    `query:"min"`
		Max int    `query:"max" validate:"gtefield=Min"`
		By  string `query:"by,omitempty" validate:"required_with=Min"`
	}](t, "/")
	gets(t, c,
		asked{target: "/?min=2&max=2&by=x", want: `200 {"Min":2,"Max":2,"By":"x"}`},
		asked{target: "/?min=2&max=1&by=x", want: `value_error ["query","max"] {"error":"must not be less than the field min"}`},
		asked{target: "/?min=x&max=1", want: `int_parsing ["query","min"]`},
	)
	assert.Contains(t, apptest.Outcome(c.Get("/?min=2&max=2")), `missing ["query","by"]`)
}

// booking is an input with a Validate method.
type booking struct {
	Room   int `path:"room"`
	Nights int `query:"nights"`
	Body   struct {
		Guests int `json:"guests"`
	} `body:""`
}

func (b *booking) Validate() error {
	var all []error
	if b.Room == 13 {
		all = append(all, candor.Invalid("there is no such room", "path", "room"))
	}
	if b.Body.Guests*b.Nights > 10 {
		all = append(all, candor.Invalid("too many", "body", "guests"))
	}
	if b.Nights == 0 {
		return errors.New("stay longer")
	}
	return errors.Join(all...)
}

func TestInputsThatValidateThemselves(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/{room}", func(_ context.Context, in booking) (string, error) { return "ok", nil })
	c := candor.NewTestClient(t, app)
	for target, want := range map[string]string{
		"/1?nights=2":   `200 "ok"`,
		"/13?nights=2":  `value_error ["path","room"] {"error":"there is no such room"}`,
		"/13?nights=20": "value_error [\"path\",\"room\"] {\"error\":\"there is no such room\"}\nvalue_error [\"body\",\"guests\"] {\"error\":\"too many\"}",
		"/1?nights=0":   `value_error [] {"error":"stay longer"}`,
		"/x?nights=0":   `int_parsing ["path","room"]`,
	} {
		assert.Equal(t, want, apptest.Outcome(c.Post(target, `{"guests":3}`)), target)
	}
}

func TestPairsOfAQuery(t *testing.T) {
	c := apptest.Echoing[struct {
		All []string `query:"a,omitempty"`
	}](t, "/")
	c.Get("/?" + strings.Repeat("a=1&", 1000)).Status(http.StatusOK)
	assert.Equal(t, `too_long ["query"] {"actual_length":1001,"max_length":1000}`, apptest.Outcome(c.Get("/?"+strings.Repeat("a=1&", 1001))))
	assert.Len(t, c.Get("/?"+strings.Repeat("%zz=1&b=%zz&", 100)).Status(http.StatusOK).Text(), len(`{"All":null}`))
}

func TestTooManyFaults(t *testing.T) {
	c := apptest.Echoing[struct {
		candor.Strict
		Ints []int `query:"n,omitempty"`
	}](t, "/")
	var query strings.Builder
	for i := range 300 {
		fmt.Fprintf(&query, "n=x&k%d=1&", i)
	}
	faults := c.Get("/?" + query.String()).Faults()
	require.Len(t, faults, 101)
	assert.Equal(t, "too_many_faults", faults[100].Type)
	assert.Equal(t, map[string]any{"listed": 100.0}, faults[100].Ctx)
}

func TestRequestsShareNothing(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Query []int `query:"q" default:"[1,2]"`
		Body  struct {
			List []int          `json:"list" default:"[1,2]"`
			Map  map[string]int `json:"map" default:"{\"a\":1}"`
			Deep *struct {
				Names []string `json:"names" default:"[\"x\"]"`
			} `json:"deep" default:"{}"`
		} `body:"" default:"{}"`
	},
	) (map[string]any, error) {
		seen := fmt.Sprint(in.Query, in.Body.List, in.Body.Map, in.Body.Deep.Names)
		in.Query[0], in.Body.List[0], in.Body.Map["b"], in.Body.Deep.Names[0] = 9, 9, 9, "y"
		return map[string]any{"seen": seen}, nil
	})
	c := candor.NewTestClient(t, app)
	for range 3 {
		for _, body := range []any{nil, `{}`} {
			assert.Equal(t, `200 {"seen":"[1 2] [1 2] map[a:1] [x]"}`, apptest.Outcome(c.Post("/", body)))
		}
	}
}

// paramLevel is a type that lists its values.
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

// A parameter that a guard and a handler read must satisfy the rules of both.
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
		{twoReaders[readLevel, readOther](), "their values differ"},
		{twoReaders[readOther, readWordA](), "their values differ"},
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
		assert.Regexp(t, `^candor: GET / at .*params_test\.go:\d+: no value of the query parameter "n" satisfies all that read it, .*N.* and .*N.* \(registered at .*params_test\.go:\d+\): `, err.Error())
	}
}

// A parameter that one of its readers hides is documented by the other.
func TestHiddenFromAll(t *testing.T) {
	err := twoReaders[readHidden, readHidden]().Check()
	require.ErrorContains(t, err, `the query parameter "n" of candor_test.readHidden.N and candor_test.readHidden.N (registered at `)
	require.ErrorContains(t, err, "it is hidden from the document but required, so nobody could know what to send; make it optional, or show it")
	require.NoError(t, twoReaders[readHidden, readShown]().Check())
}

// A validation error that both find is listed once.
func TestValidationErrorsOfTwoReaders(t *testing.T) {
	app := twoReaders[readMin, struct {
		readMin
		M int `query:"m"`
	}]()
	assert.Equal(t, `422 | {"detail":[{"type":"missing","loc":["query","n"],"msg":"Field required"},{"type":"missing","loc":["query","m"],"msg":"Field required"}]}`, apptest.Wire(app, "GET /"))
	assert.Equal(t, `422 | {"detail":[{"type":"greater_than_equal","loc":["query","n"],"msg":"Must be greater than or equal to 5","ctx":{"ge":5}}]}`, apptest.Wire(app, "GET /?n=1&m=1"))
	assert.Equal(t, `422 | {"detail":[{"type":"int_parsing","loc":["query","n"],"msg":"Not an integer"}]}`, apptest.Wire(app, "GET /?n=x&m=1"))
	assert.Equal(t, "204", apptest.Wire(app, "GET /?n=5&m=1"))
}

type (
	itemID struct {
		ID int64 `path:"id" validate:"gte=1"`
	}
	itemNo struct {
		No int64 `path:"item_no" validate:"gte=1"`
	}
)

// Routes that differ only in wildcard names share one path in the document. Validation errors, links and callbacks
// use its names.
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

	assert.Equal(t, `422 | {"detail":[{"type":"int_parsing","loc":["path","id"],"msg":"Not an integer"}]}`, apptest.Wire(app, "GET /items/x"))
	assert.Equal(t, `422 | {"detail":[{"type":"int_parsing","loc":["path","id"],"msg":"Not an integer"}]}`, apptest.Wire(app, "DELETE /items/x"))
	assert.Equal(t, `422 | {"detail":[{"type":"greater_than_equal","loc":["path","id"],"msg":"Must be greater than or equal to 1","ctx":{"ge":1}}]}`, apptest.Wire(app, "DELETE /items/0"))
	assert.Equal(t, `422 | {"detail":[{"type":"int_parsing","loc":["path","unseen"],"msg":"Not an integer"}]}`, apptest.Wire(app, "PUT /items/x"), "it is in no document")
	assert.Equal(t, `422 | {"detail":[{"type":"int_parsing","loc":["path","item_no"],"msg":"Not an integer"}]}`, apptest.Wire(app, "PATCH /items/x/a"), "a path of its own")

	path := documentOf(t, app).at(t, "paths", "/items/{id}")
	assert.JSONEq(t, `[{"name":"id","in":"path","required":true,"schema":{"type":"integer","format":"int64","minimum":1}}]`, string(path.at(t, "delete", "parameters")))
	assert.JSONEq(t, `{"drop":{"operationId":"drop","parameters":{"id":"$request.path.id"}}}`, string(path.at(t, "get", "responses", "204", "links")))
	assert.JSONEq(t, `{"again":{"operationId":"drop","parameters":{"path.id":"$request.path.id"}}}`, string(path.at(t, "delete", "responses", "204", "links")))
	assert.Equal(t, []string{"https://example.com/{$request.path.id}"}, apptest.MemberNames([]byte(path), "delete", "callbacks", "gone"))
}

// The document has an equivalent ECMA-262 pattern if there is one; the server uses the pattern as written.
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
	parameters, _ := apptest.Member([]byte(document), "paths", "/{path}", "post", "parameters").([]any)
	for _, p := range parameters {
		p, _ := p.(map[string]any)
		assert.Equal(t, want[fmt.Sprint(p["name"])], p["schema"].(map[string]any)["pattern"], "%v", p["name"])
	}
	assert.Len(t, parameters, len(want))
	assert.Equal(t, `^a[^\n][^\t\n\f\r ][\t\n\f\r ]$`, apptest.Member([]byte(document), "components", "schemas", "word", "properties", "text", "pattern"))
	assert.Equal(t, `^[^\n]$`, apptest.Member([]byte(document), "components", "schemas", "put_formForm", "properties", "form", "pattern"))

	c := candor.NewTestClient(t, app)
	c.Post("/a%C2%A0b?query=a%E2%80%A8c", map[string][]word{"a": {{"a\r\u00a0\f"}}}, candor.WithHeader("X-Header", "\u00a0")).Status(200)
}
