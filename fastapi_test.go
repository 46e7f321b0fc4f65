package candor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/testdata/billing"
)

// The tests in this file cover what users of FastAPI know, in the groups of docs/fastapi-features.md. Each row names
// the feature and gives a request and its response.

// fastapiRow is a request in the format of wire, and its result in the format of outcome. Then come headers that the
// response must have, "Name: value", or must not have, "Name:".
type fastapiRow struct {
	about, request, want string
	headers              []string
}

// fastapiRows sends the rows in order, so a row may depend on
// those before it. Every response is checked against the document.
func fastapiRows(t *testing.T, app *candor.App, rows []fastapiRow) {
	t.Helper()
	c := candor.NewTestClient(t, app)
	for _, row := range rows {
		t.Run(row.about, func(t *testing.T) {
			answer := fastapiSend(c, row.request)
			assert.Equal(t, row.want, apptest.Outcome(answer), row.request)
			for _, line := range row.headers {
				name, value, _ := strings.Cut(line, ":")
				assert.Equal(t, strings.TrimSpace(value), strings.Join(answer.Header.Values(name), ", "), line)
			}
		})
	}
}

func fastapiSend(c *candor.TestClient, request string) *candor.TestResponse {
	head, body, hasBody := strings.Cut(request, "\n\n")
	lines := strings.Split(head, "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	var options []candor.TestOption
	media := "application/json"
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Content-Type" {
			media = value
			continue
		}
		options = append(options, candor.WithHeader(name, value))
	}
	if hasBody {
		options = append(options, candor.WithBody(media, strings.NewReader(body)))
	}
	return c.Do(method, target, nil, options...)
}

type fastapiItem struct {
	Name        string   `json:"name" validate:"min=1,max=50"`
	Description *string  `json:"description"`
	Price       float64  `json:"price" validate:"gt=0"`
	Tax         *float64 `json:"tax"`
	Tags        []string `json:"tags,omitempty"`
}

type fastapiUser struct {
	Username string  `json:"username"`
	FullName *string `json:"full_name"`
}

func TestFastAPIApp(t *testing.T) {
	t.Run("A1", func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.Get(app, "/", apptest.Returns("hello"))
		c := candor.NewTestClient(t, app)
		for path, media := range map[string]string{
			"/docs": "text/html", "/redoc": "text/html", "/docs/oauth2-redirect": "text/html", "/openapi.json": "application/json",
		} {
			assert.Contains(t, c.Get(path).Status(200).Header.Get("Content-Type"), media, path)
		}
		assert.Equal(t, "3.1.0", apptest.DocumentMember(t, c, "openapi"))
		assert.Equal(t, map[string]any{"title": "API", "version": "0.1.0"}, apptest.DocumentMember(t, c, "info"))
	})
	t.Run("A4", func(t *testing.T) {
		assert.Nil(t, apptest.DocumentMember(t, candor.NewTestClient(t, candor.New(candor.Config{})), "servers"))
		app := candor.New(candor.Config{Servers: []candor.Server{{URL: "https://a.example", Description: "a"}}})
		assert.Equal(t, []any{map[string]any{"url": "https://a.example", "description": "a"}}, apptest.DocumentMember(t, candor.NewTestClient(t, app), "servers"))
	})
	t.Run("A13", func(t *testing.T) {
		type key struct{}
		app := candor.New(candor.Config{}, candor.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "state")))
			})
		}))
		candor.Get(app, "/", func(ctx context.Context, _ candor.None) (string, error) {
			return fmt.Sprint(ctx.Value(key{})), nil
		})
		fastapiRows(t, app, []fastapiRow{{about: "a value of middleware", request: "GET /", want: `200 "state"`}})
	})
}

func TestFastAPIRouting(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/users/{user_id}", func(_ context.Context, in struct {
		UserID string `path:"user_id"`
	},
	) (map[string]string, error) {
		return map[string]string{"user_id": in.UserID}, nil
	})
	candor.Get(app, "/users/me", apptest.Returns("the current user"))
	candor.Post(app, "/users/{name}", func(context.Context, struct {
		Name string `path:"name"`
	},
	) (string, error) {
		return "created", nil
	}, candor.Status(201))
	candor.Get(app, "/files/{file_path...}", func(_ context.Context, in struct {
		FilePath string `path:"file_path"`
	},
	) (string, error) {
		return in.FilePath, nil
	})
	candor.Get(app, "/items/{id}", func(_ context.Context, in struct {
		ID int `path:"id"`
	},
	) (int, error) {
		return in.ID, nil
	})
	candor.Get(app, "/slash/", apptest.Returns("slash"))
	candor.Post(app, "/plain", apptest.Returns("plain"))
	candor.Get(app, "/hidden", apptest.Returns("hidden"), candor.Hidden())
	candor.Trace(app, "/trace", apptest.Returns("trace"))

	fastapiRows(t, app, []fastapiRow{
		{about: "RT5 the more precise path comes first, whatever the order", request: "GET /users/me", want: `200 "the current user"`},
		{about: "RT5 a wildcard takes the rest", request: "GET /users/ada", want: `200 {"user_id":"ada"}`},
		{about: "RT5 methods of one path may stand apart", request: "POST /users/me", want: `201 "created"`},
		{about: "RT1 trace", request: "TRACE /trace", want: `200 "trace"`},
		{about: "RT4 hidden is served", request: "GET /hidden", want: `200 "hidden"`},
		{about: "RT6 not found", request: "GET /nowhere", want: `404 {"detail":"Not Found"}`, headers: []string{"Content-Type: application/json"}},
		{about: "RT7 method not allowed", request: "PUT /users/ada", want: `405 {"detail":"Method Not Allowed"}`, headers: []string{"Allow: GET, HEAD, OPTIONS, POST"}},
		{about: "RT8 a slash too few", request: "GET /slash?a=1&b=%20", want: `307`, headers: []string{"Location: /slash/?a=1&b=%20"}},
		{about: "RT8 a slash too many, any method", request: "POST /plain/", want: `307`, headers: []string{"Location: /plain"}},
		{about: "RT8 where the method would be wrong", request: "DELETE /plain/", want: `307`, headers: []string{"Location: /plain"}},
		{about: "RT9 HEAD", request: "HEAD /users/me", want: `200`},
		{about: "RT9 OPTIONS", request: "OPTIONS /users/me", want: `204`, headers: []string{"Allow: GET, HEAD, OPTIONS, POST"}},
		{about: "RT16 the rest of a path", request: "GET /files/home/ada/x.txt", want: `200 "home/ada/x.txt"`},
		{about: "RT16 a leading slash in it", request: "GET /files//home/ada", want: `200 "/home/ada"`},
		{about: "RT16 a type that does not fit is a fault", request: "GET /items/x", want: `int_parsing ["path","id"]`},
	})
	c := candor.NewTestClient(t, app)
	assert.Nil(t, apptest.DocumentMember(t, c, "paths", "/hidden"))
	assert.NotNil(t, apptest.DocumentMember(t, c, "paths", "/files/{file_path}"))
}

func TestFastAPIRouters(t *testing.T) {
	items := candor.NewRouter("/items", candor.Tags("router"), candor.Responds[candor.Text](418, "of the router"))
	candor.Get(items, "", apptest.Returns("list"), candor.Tags("route"))
	candor.Get(items, "/", apptest.Returns("slash"))

	app := candor.New(candor.Config{})
	app.Include(items, candor.Prefix("/v1"), candor.Tags("include"))
	app.Include(items, candor.Prefix("/v2"))
	app.Include(items)
	candor.Get(items, "/late", apptest.Returns("late"))

	fastapiRows(t, app, []fastapiRow{
		{about: "RT11 the prefixes add up", request: "GET /v1/items", want: `200 "list"`},
		{about: "RT12 under another prefix", request: "GET /v2/items", want: `200 "list"`},
		{about: "RT12 and without one", request: "GET /items", want: `200 "list"`},
		{about: "RT14 a path of a slash is another", request: "GET /v1/items/", want: `200 "slash"`},
		{about: "RT13 registered after the inclusion", request: "GET /v2/items/late", want: `200 "late"`},
	})
	c := candor.NewTestClient(t, app)
	assert.Equal(t, []any{"include", "router", "route"}, apptest.DocumentMember(t, c, "paths", "/v1/items", "get", "tags"))
	assert.Equal(t, "of the router", apptest.DocumentMember(t, c, "paths", "/v1/items", "get", "responses", "418", "description"))
	ids := map[any]bool{}
	for _, path := range []string{"/v1/items/late", "/v2/items/late", "/items/late"} {
		ids[apptest.DocumentMember(t, c, "paths", path, "get", "operationId")] = true
	}
	assert.Len(t, ids, 3, "RT3: each path has an id of its own")
}

func TestFastAPIParameters(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/items/{item_id}", apptest.Echo[struct {
		ItemID int      `path:"item_id" validate:"gte=1,lte=1000"`
		Q      *string  `query:"item-query" validate:"min=3,max=50" pattern:"^fixed" deprecated:"true" title:"Query" doc:"What to look for"`
		Size   *float64 `query:"size" validate:"gt=0,lt=10.5"`
		Short  bool     `query:"short" default:"false"`
		List   []string `query:"list" default:"[\"foo\",\"bar\"]" validate:"max=3"`
		Agent  *string  `header:"User-Agent"`
		Token  []string `header:"X-Token,omitempty"`
		Ads    *string  `cookie:"ads_id"`
	}])
	candor.Get(app, "/needy", apptest.Echo[struct {
		Needy string `query:"needy"`
		Skip  int    `query:"skip" default:"0"`
		Limit *int   `query:"limit"`
	}])
	candor.Get(app, "/model", apptest.Echo[struct {
		Filter struct {
			candor.Strict
			Limit   int    `query:"limit" default:"100" validate:"gt=0,lte=100"`
			OrderBy string `query:"order_by" default:"created_at" validate:"oneof=created_at updated_at"`
		} `query:""`
	}])

	const none = `"Q":null,"Size":null,"Short":false,"List":["foo","bar"],"Agent":null,"Token":null,"Ads":null}`
	const five = `200 {"ItemID":5,`
	rows := []fastapiRow{
		{about: "P2 an integer", request: "GET /items/5", want: five + none},
		{about: "P2 no integer", request: "GET /items/foo", want: `int_parsing ["path","item_id"]`},
		{about: "P2 a fraction is no integer", request: "GET /items/4.2", want: `int_parsing ["path","item_id"]`},
		{about: "P2 no truth", request: "GET /items/5?short=maybe", want: `bool_parsing ["query","short"]`},
		{about: "P4 ge", request: "GET /items/0", want: `greater_than_equal ["path","item_id"] {"ge":1}`},
		{about: "P4 le", request: "GET /items/1001", want: `less_than_equal ["path","item_id"] {"le":1000}`},
		{about: "P4 gt", request: "GET /items/5?size=0", want: `greater_than ["query","size"] {"gt":0}`},
		{about: "P4 lt", request: "GET /items/5?size=10.5", want: `less_than ["query","size"] {"lt":10.5}`},
		{about: "P5 too short, and no match", request: "GET /items/5?item-query=fi", want: `string_too_short ["query","item-query"] {"min_length":3}`},
		{about: "P5 too long", request: "GET /items/5?item-query=fixed" + strings.Repeat("x", 50), want: `string_too_long ["query","item-query"] {"max_length":50}`},
		{about: "P5 no match", request: "GET /items/5?item-query=nofix", want: `string_pattern_mismatch ["query","item-query"] {"pattern":"^fixed"}`},
		{about: "P6 a list", request: "GET /items/5?list=a&list=b", want: five + strings.Replace(none, `["foo","bar"]`, `["a","b"]`, 1)},
		{about: "P6 too many", request: "GET /items/5?list=a&list=b&list=c&list=d", want: `too_long ["query","list"] {"actual_length":4,"field_type":"List","max_length":3}`},
		{about: "P7 the last of several", request: "GET /items/5?size=1&size=2", want: five + strings.Replace(none, `"Size":null`, `"Size":2`, 1)},
		{about: "P8 empty text is there", request: "GET /needy?needy=", want: `200 {"Needy":"","Skip":0,"Limit":null}`},
		{about: "P8 an empty number is none", request: "GET /needy?needy=&limit=", want: `int_parsing ["query","limit"]`},
		{about: "P9 missing", request: "GET /needy", want: `missing ["query","needy"]`},
		{about: "P9 all at once", request: "GET /needy?skip=a&limit=b", want: "missing [\"query\",\"needy\"]\nint_parsing [\"query\",\"skip\"]\nint_parsing [\"query\",\"limit\"]"},
		{about: "P10 the name in Go is not that of the wire", request: "GET /items/5?Q=fixed", want: five + none},
		{about: "P11 headers in any case", request: "GET /items/5\nuser-agent: curl", want: five + strings.Replace(none, `"Agent":null`, `"Agent":"curl"`, 1)},
		{about: "P11 an underscore is no hyphen", request: "GET /items/5\nX_Token: a", want: five + none},
		{about: "P11 commas separate as lines do, as the document says", request: "GET /items/5\nX-Token: a, b", want: five + strings.Replace(none, `"Token":null`, `"Token":["a","b"]`, 1)},
		{about: "P12 a cookie", request: "GET /items/5\nCookie: ads_id=7; x=y", want: five + strings.Replace(none, `"Ads":null`, `"Ads":"7"`, 1)},
		{about: "P13 a model", request: "GET /model?limit=7", want: `200 {"Filter":{"Limit":7,"OrderBy":"created_at"}}`},
		{about: "P13 faults of a model", request: "GET /model?limit=0&order_by=x&tool=y", want: "greater_than [\"query\",\"limit\"] {\"gt\":0}\n" +
			"enum [\"query\",\"order_by\"] {\"expected\":\"'created_at' or 'updated_at'\"}\nextra_forbidden [\"query\",\"tool\"]"},
		{about: "P17 percent-encoding", request: "GET /needy?needy=%C3%A4%2Fb+c", want: `200 {"Needy":"ä/b c","Skip":0,"Limit":null}`},
	}
	for _, truth := range []string{"1", "true", "True", "TRUE", "on", "On", "yes", "YES", "y", "t", "T"} {
		rows = append(rows, fastapiRow{about: "P2 " + truth, request: "GET /items/5?short=" + truth, want: five + strings.Replace(none, `"Short":false`, `"Short":true`, 1)})
	}
	for _, untruth := range []string{"0", "false", "off", "No", "n", "f", "F"} {
		rows = append(rows, fastapiRow{about: "P2 " + untruth, request: "GET /items/5?short=" + untruth, want: five + none})
	}
	fastapiRows(t, app, rows)

	c := candor.NewTestClient(t, app)
	query := apptest.DocumentMember(t, c, "paths", "/items/{item_id}", "get", "parameters", 1)
	require.NotNil(t, query)
	assert.Equal(t, "item-query", apptest.DocumentMember(t, c, "paths", "/items/{item_id}", "get", "parameters", 1, "name"))
	assert.Equal(t, true, apptest.DocumentMember(t, c, "paths", "/items/{item_id}", "get", "parameters", 1, "deprecated"))
	assert.Equal(t, "What to look for", apptest.DocumentMember(t, c, "paths", "/items/{item_id}", "get", "parameters", 1, "description"))
}

// P16: one response lists the validation errors of all sources, in this order.
func TestFastAPIAllFaultsTogether(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Put(app, "/items/{id}", apptest.Echo[struct {
		Body  fastapiItem `body:""`
		Ads   int         `cookie:"ads"`
		Token int         `header:"X-Token"`
		Q     int         `query:"q"`
		ID    int         `path:"id"`
	}])
	fastapiRows(t, app, []fastapiRow{{
		about: "P16", request: "PUT /items/x?q=x\nX-Token: x\nCookie: ads=x\n\n{}",
		want: "int_parsing [\"path\",\"id\"]\nint_parsing [\"query\",\"q\"]\nint_parsing [\"header\",\"X-Token\"]\nint_parsing [\"cookie\",\"ads\"]\n" +
			"missing [\"body\",\"name\"]\nmissing [\"body\",\"price\"]",
	}})
}

func TestFastAPIBodies(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/items", func(_ context.Context, in struct {
		Body fastapiItem `body:""`
	},
	) (fastapiItem, error) {
		return in.Body, nil
	})
	candor.Put(app, "/items/{item_id}", apptest.Echo[struct {
		ItemID     int         `path:"item_id"`
		Q          *string     `query:"q"`
		Item       fastapiItem `body:"item"`
		User       fastapiUser `body:"user"`
		Importance int         `body:"importance" validate:"gt=0"`
	}])
	candor.Post(app, "/embed", func(_ context.Context, in struct {
		Item fastapiUser `body:"item"`
	},
	) (fastapiUser, error) {
		return in.Item, nil
	})
	candor.Post(app, "/weights", func(_ context.Context, in struct {
		Body map[int]float64 `body:""`
	},
	) (map[int]float64, error) {
		return in.Body, nil
	})
	candor.Post(app, "/images", func(_ context.Context, in struct {
		Body []struct {
			URL  string `json:"url" validate:"http_url"`
			Name string `json:"name"`
		} `body:""`
	},
	) (int, error) {
		return len(in.Body), nil
	})
	candor.Patch(app, "/users", apptest.Echo[struct {
		Body struct {
			FullName candor.Optional[string] `json:"full_name"`
			Username candor.Optional[string] `json:"username" validate:"min=1"`
		} `body:""`
	}])
	candor.Post(app, "/users", func(_ context.Context, in struct {
		Body struct {
			candor.Strict
			Email string `json:"email" validate:"email"`
			Admin bool   `json:"admin" default:"true"`
		} `body:""`
	},
	) (bool, error) {
		return in.Body.Admin, nil
	})
	candor.Get(app, "/get", func(_ context.Context, in struct {
		Body fastapiUser `body:""`
	},
	) (fastapiUser, error) {
		return in.Body, nil
	})
	candor.Post(app, "/blob", func(_ context.Context, in struct {
		Data []byte `body:"data"`
	},
	) (candor.Text, error) {
		return candor.Text(in.Data), nil
	})

	fastapiRows(t, app, []fastapiRow{
		{about: "B1 a model", request: "POST /items\n\n" + `{"name":"Foo","price":50.5}`, want: `200 {"name":"Foo","description":null,"price":50.5,"tax":null}`},
		{about: "B1 unknown members are ignored", request: "POST /items\n\n" + `{"name":"Foo","price":1,"extra":1}`, want: `200 {"name":"Foo","description":null,"price":1,"tax":null}`},
		{about: "B3 everything at once", request: "POST /items\n\n" + `{"price":"x","tags":["a",1,null]}`, want: "missing [\"body\",\"name\"]\nfloat_type [\"body\",\"price\"]\nstring_type [\"body\",\"tags\",1]\nstring_type [\"body\",\"tags\",2]"},
		{about: "B3 no object", request: "POST /items\n\n[]", want: `model_attributes_type ["body"]`},
		{about: "B4 nothing", request: "POST /items", want: `missing ["body"]`},
		{about: "B4 null", request: "POST /items\n\nnull", want: `missing ["body"]`},
		{about: "B5 no JSON", request: "POST /items\n\n" + `{"name": "Foo", "price": 50.5,}`, want: `json_invalid ["body",30] {"error":"expected a name in double quotes"}`},
		{about: "B5 something behind it", request: "POST /items\n\n{} {}", want: `json_invalid ["body",3] {"error":"there is more after the value"}`},
		{about: "B5 NaN", request: "POST /items\n\n" + `{"name":"Foo","price":NaN}`, want: `json_invalid ["body",22] {"error":"expected a value"}`},
		{about: "B6 several", request: "PUT /items/3?q=x\n\n" + `{"item":{"name":"Foo","price":1},"user":{"username":"ada"},"importance":5}`, want: `200 {"ItemID":3,"Q":"x","Item":{"name":"Foo","description":null,"price":1,"tax":null},"User":{"username":"ada","full_name":null},"Importance":5}`},
		{about: "B6 one is missing", request: "PUT /items/3\n\n" + `{"item":{"name":"Foo","price":1},"importance":0}`, want: "missing [\"body\",\"user\"]\ngreater_than [\"body\",\"importance\"] {\"gt\":0}"},
		{about: "B7 one under its name", request: "POST /embed\n\n" + `{"item":{"username":"ada"}}`, want: `200 {"username":"ada","full_name":null}`},
		{about: "B7 and not without", request: "POST /embed\n\n" + `{"username":"ada"}`, want: `missing ["body","item"]`},
		{about: "B8 a body of GET", request: "GET /get\n\n" + `{"username":"ada"}`, want: `200 {"username":"ada","full_name":null}`},
		{about: "B9 keys that are numbers", request: "POST /weights\n\n" + `{"1":2.5,"2":3}`, want: `200 {"1":2.5,"2":3}`},
		{about: "B9 a key that is none", request: "POST /weights\n\n" + `{"foo":2.5}`, want: `int_parsing ["body","foo","[key]"]`},
		{about: "B9 faults of elements", request: "POST /images\n\n" + `[{"url":"http://a.example/x","name":"a"},{"url":"no","name":"b"},{}]`, want: "url_parsing [\"body\",1,\"url\"]\nmissing [\"body\",2,\"url\"]\nmissing [\"body\",2,\"name\"]"},
		{about: "B11 another media type", request: "POST /items\nContent-Type: text/plain\n\n{}", want: `415 {"detail":"the body must be application/json"}`},
		{about: "B11 a suffix", request: "POST /embed\nContent-Type: application/geo+json\n\n" + `{"item":{"username":"ada"}}`, want: `200 {"username":"ada","full_name":null}`},
		{about: "B12 absent and null", request: "PATCH /users\n\n" + `{"full_name":null}`, want: `200 {"Body":{"full_name":{"Value":"","Set":true,"Null":true},"username":{"Value":"","Set":false,"Null":false}}}`},
		{about: "B12 null that is not allowed", request: "POST /embed\n\n" + `{"item":{"username":null}}`, want: `string_type ["body","item","username"]`},
		{about: "B13 the default", request: "POST /users\n\n" + `{"email":"a@b.example"}`, want: `200 true`},
		{about: "B13 false stays", request: "POST /users\n\n" + `{"email":"a@b.example","admin":false}`, want: `200 false`},
		{about: "B14 extra", request: "POST /users\n\n" + `{"email":"a@b.example","tool":1}`, want: `extra_forbidden ["body","tool"]`},
		{about: "B15 email", request: "POST /users\n\n" + `{"email":"nobody"}`, want: `value_error ["body","email"] {"error":"not a valid email address"}`},
		{about: "B19 bytes are base64", request: "POST /blob\n\n" + `{"data":"aGVsbG8="}`, want: `200 hello`},
		{about: "B19 or a fault", request: "POST /blob\n\n" + `{"data":"?"}`, want: `bytes_invalid_encoding ["body","data"]`},
	})
	assert.Equal(t, true, apptest.DocumentMember(t, candor.NewTestClient(t, app), "paths", "/get", "get", "requestBody", "required"))
}

// B2: the exact bytes of a 422.
func TestFastAPIFaultsOnTheWire(t *testing.T) {
	app := candor.New(candor.Config{EchoInput: true})
	candor.Post(app, "/items", apptest.Echo[struct {
		Body fastapiItem `body:""`
	}])
	answer := candor.NewTestClient(t, app).Post("/items", `{"price":0}`).Status(422)
	assert.Equal(t, "application/json", answer.Header.Get("Content-Type"))
	assert.JSONEq(t, `{"detail":[
		{"type":"missing","loc":["body","name"],"msg":"Field required","input":{"price":0}},
		{"type":"greater_than","loc":["body","price"],"msg":"Must be greater than 0","input":0,"ctx":{"gt":0}}]}`, answer.Text())
}

// B20: a client without credentials learns nothing about the body.
func TestFastAPIBodyAfterCredentials(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", apptest.Echo[struct {
		Token candor.Bearer
		Body  fastapiItem `body:""`
	}])
	unauthorized := []string{"WWW-Authenticate: Bearer"}
	fastapiRows(t, app, []fastapiRow{
		{about: "a body that does not fit", request: "POST /\n\n{}", want: `401 {"detail":"Not authenticated"}`, headers: unauthorized},
		{about: "a body that is not JSON", request: "POST /\n\n{", want: `401 {"detail":"Not authenticated"}`, headers: unauthorized},
		{about: "with credentials", request: "POST /\nAuthorization: bearer  abc\n\n{}", want: "missing [\"body\",\"name\"]\nmissing [\"body\",\"price\"]"},
	})
}

func TestFastAPIResponses(t *testing.T) {
	type session struct {
		Status  int    `status:"200,201"`
		Version string `header:"X-Version"`
		Cookie  string `cookie:"fakesession"`
		Body    string `body:""`
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/list", apptest.Returns([]int{1, 2}))
	candor.Get(app, "/null", apptest.Returns[any](nil))
	candor.Get(app, "/text", apptest.Returns("ä<b>"))
	candor.Post(app, "/created", apptest.Returns("made"), candor.Status(201, "It is there now"))
	candor.Delete(app, "/gone", apptest.Returns(candor.None{}))
	candor.Get(app, "/broken", apptest.Returns(fastapiItem{}))
	candor.Put(app, "/session/{status}", func(_ context.Context, in struct {
		Status int `path:"status"`
	},
	) (session, error) {
		return session{Status: in.Status, Version: "2", Cookie: "abc", Body: "ok"}, nil
	})
	candor.Get(app, "/header", func(_ context.Context, in struct{ Header candor.ResponseHeader }) (string, error) {
		in.Header.Set("X-Cat-Dog", "alone in the world")
		return "ok", nil
	})
	candor.Get(app, "/header/error", func(_ context.Context, in struct{ Header candor.ResponseHeader }) (string, error) {
		in.Header.Set("X-Cat-Dog", "still here")
		return "", candor.Error(409, nil)
	}, candor.Responds[struct {
		Detail string `json:"detail"`
	}](409))
	candor.Get(app, "/html", apptest.Returns(candor.HTML("<h1>hi</h1>")))
	candor.Get(app, "/plain", apptest.Returns(candor.Text("hi")))
	candor.Get(app, "/redirect", apptest.Returns(candor.Redirect("https://typer.example/a b")))
	candor.Get(app, "/found", apptest.Returns(candor.Redirect("/list")), candor.Status(302))

	fastapiRows(t, app, []fastapiRow{
		{about: "R1 a list", request: "GET /list", want: `200 [1,2]`, headers: []string{"Content-Type: application/json"}},
		{about: "R1 null", request: "GET /null", want: `200 null`},
		{about: "R1 text stays UTF-8", request: "GET /text", want: `200 "ä<b>"`},
		{about: "R6 201", request: "POST /created", want: `201 "made"`},
		{about: "R6 204 has no body", request: "DELETE /gone", want: `204`, headers: []string{"Content-Type:"}},
		{about: "R7 one of several", request: "PUT /session/201", want: `201 "ok"`},
		{about: "R8 headers and cookies", request: "PUT /session/200", want: `200 "ok"`, headers: []string{"X-Version: 2", "Set-Cookie: fakesession=abc; Path=/; HttpOnly; SameSite=Lax"}},
		{about: "R8 a header beside the answer", request: "GET /header", want: `200 "ok"`, headers: []string{"X-Cat-Dog: alone in the world"}},
		{about: "R8 and beside an error", request: "GET /header/error", want: `409 {"detail":"Conflict"}`, headers: []string{"X-Cat-Dog: still here"}},
		{about: "R10 HTML", request: "GET /html", want: `200 <h1>hi</h1>`, headers: []string{"Content-Type: text/html; charset=utf-8"}},
		{about: "R10 text", request: "GET /plain", want: `200 hi`, headers: []string{"Content-Type: text/plain; charset=utf-8"}},
		{about: "R10 a redirect", request: "GET /redirect", want: `307`, headers: []string{"Location: https://typer.example/a%20b"}},
		{about: "R10 another redirect", request: "GET /found", want: `302`, headers: []string{"Location: /list"}},
		{about: "R15 HEAD", request: "HEAD /list", want: `200`, headers: []string{"Content-Length: 5", "Content-Type: application/json"}},
	})
	c := candor.NewTestClient(t, app, candor.Unchecked())
	assert.Equal(t, `500 {"detail":"Internal Server Error"}`, apptest.Outcome(c.Get("/broken")), "R3")
	assert.Equal(t, "It is there now", apptest.DocumentMember(t, c, "paths", "/created", "post", "responses", "201", "description"))
	assert.Nil(t, apptest.DocumentMember(t, c, "paths", "/gone", "delete", "responses", "204", "content"))
}

type fastapiUnicornError struct{ Name string }

func (e *fastapiUnicornError) Error() string { return e.Name }

func TestFastAPIErrors(t *testing.T) {
	refuse := candor.Error(429, "slow down").WithHeader("Retry-After", "3")
	limit := candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
		if r.Header.Get("X-Fast") != "" {
			return refuse
		}
		next.ServeHTTP(w, r)
		return nil
	})
	app, log := apptest.Quiet(candor.Config{})
	limited := candor.NewRouter("", candor.Use(limit), candor.Raises(refuse))
	candor.OnError(app, func(_ context.Context, err *fastapiUnicornError) (map[string]string, error) {
		return map[string]string{"message": "Oops! " + err.Name + " did something."}, nil
	}, candor.Status(418))
	candor.Get(app, "/header", apptest.Fails(candor.Error(404, "Item not found").WithHeader("X-Error", "There goes my error")), candor.Raises(candor.Error(404, "Item not found")))
	candor.Get(app, "/any", apptest.Fails(candor.Error(400, map[string]any{"code": 1})), candor.Raises(candor.Error(400, map[string]any{"code": 1})))
	candor.Get(app, "/phrase", apptest.Fails(candor.Error(403, nil)), candor.Raises(candor.Error(403, nil)))
	candor.Get(app, "/unicorns", apptest.Fails(fmt.Errorf("here: %w", &fastapiUnicornError{"yolo"})), candor.RaisesType[*fastapiUnicornError]())
	candor.Get(limited, "/limited", apptest.Returns("ok"))
	candor.Get(app, "/unknown", apptest.Fails(errors.New("a secret")))
	app.Include(limited)

	fastapiRows(t, app, []fastapiRow{
		{about: "E1 a header", request: "GET /header", want: `404 {"detail":"Item not found"}`, headers: []string{"X-Error: There goes my error"}},
		{about: "E1 any JSON", request: "GET /any", want: `400 {"detail":{"code":1}}`},
		{about: "E1 the reason phrase", request: "GET /phrase", want: `403 {"detail":"Forbidden"}`},
		{about: "E3 a type", request: "GET /unicorns", want: `418 {"message":"Oops! yolo did something."}`},
		{about: "E6 of middleware", request: "GET /limited\nX-Fast: 1", want: `429 {"detail":"slow down"}`, headers: []string{"Retry-After: 3"}},
		{about: "E6 and without", request: "GET /limited", want: `200 "ok"`},
	})
	assert.Equal(t, `500 {"detail":"Internal Server Error"}`, apptest.Outcome(candor.NewTestClient(t, app, candor.Unchecked()).Get("/unknown")), "E5")
	assert.Contains(t, log.String(), "a secret")
}

// E2 and E3: error handlers for validation errors, and for a status.
func TestFastAPIErrorHandlers(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.OnError(app, func(_ context.Context, err *candor.ValidationError) (candor.Text, error) {
		return candor.Text(fmt.Sprintf("%d wrong in %s", len(err.Faults), err.Body)), nil
	}, candor.Status(400))
	candor.OnStatus(app, 404, func(_ context.Context, err *candor.HTTPError) (candor.Text, error) {
		return candor.Text(fmt.Sprint("lost: ", err.Detail())), nil
	})
	candor.Post(app, "/", apptest.Echo[struct {
		Body fastapiItem `body:""`
	}])
	fastapiRows(t, app, []fastapiRow{
		{about: "E2 with the body as sent", request: "POST /\n\n{}", want: `400 2 wrong in {}`, headers: []string{"Content-Type: text/plain; charset=utf-8"}},
		{about: "E3 a status, of no route too", request: "GET /nowhere", want: `404 lost: Not Found`},
	})
}

func TestFastAPIDocument(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/items/{id}", func(_ context.Context, in struct {
		ID   int         `path:"id"`
		Body fastapiItem `body:""`
	},
	) (fastapiItem, error) {
		return in.Body, nil
	}, candor.Summary("Create an item"), candor.Description("With *all* of it"), candor.Tags("items"), candor.Deprecated(), candor.OperationID("make"))
	candor.Get(app, "/none", apptest.Returns("nothing asked"))
	candor.Get(app, "/named/{user_id}", fastapiReadUser)
	c := candor.NewTestClient(t, app)
	operation := func(keys ...any) any {
		return apptest.DocumentMember(t, c, append([]any{"paths", "/items/{id}", "post"}, keys...)...)
	}
	assert.Equal(t, []any{"Create an item", "With *all* of it", "make", true, []any{"items"}},
		[]any{operation("summary"), operation("description"), operation("operationId"), operation("deprecated"), operation("tags")}, "O2")
	assert.Equal(t, "path", operation("parameters", 0, "in"), "O3")
	assert.Equal(t, true, operation("parameters", 0, "required"), "O3")
	assert.Equal(t, true, operation("requestBody", "required"), "O3")
	assert.NotNil(t, operation("responses", "422"), "O4")
	assert.Nil(t, apptest.DocumentMember(t, c, "paths", "/none", "get", "responses", "422"), "O4: only where something can be wrong")
	assert.Equal(t, "fastapiReadUser", apptest.DocumentMember(t, c, "paths", "/named/{user_id}", "get", "operationId"), "O6")

	fault := fastapiFaultSchema(t, c)
	assert.ElementsMatch(t, []any{"type", "loc", "msg"}, fault["required"], "O5")
	properties := fault["properties"].(map[string]any)
	for _, name := range []string{"type", "loc", "msg", "ctx"} {
		assert.Contains(t, properties, name, "O5")
	}
	steps := properties["loc"].(map[string]any)["items"]
	assert.Equal(t, map[string]any{"anyOf": []any{map[string]any{"type": "string"}, map[string]any{"type": "integer"}}}, steps, "O5")

	item := apptest.DocumentMember(t, c, "components", "schemas", "fastapiItem").(map[string]any)
	assert.Equal(t, []any{"name", "price"}, item["required"], "O13: one schema for both ways")
	description := apptest.DocumentMember(t, c, "components", "schemas", "fastapiItem", "properties", "description", "type")
	assert.Equal(t, []any{"string", "null"}, description, "O15")
}

// O3: a parameter that a handler and a provider both read is
// documented once, and is required if one of them requires it.
func TestFastAPIParametersAreMerged(t *testing.T) {
	type greeting string
	app := candor.New(candor.Config{})
	candor.Provide(app, func(_ context.Context, in struct {
		Q string `query:"q"`
	},
	) (greeting, error) {
		return greeting("hello " + in.Q), nil
	})
	candor.Get(app, "/", func(_ context.Context, in struct {
		Q        *string  `query:"q"`
		Greeting greeting `dep:""`
	},
	) (string, error) {
		return string(in.Greeting) + *in.Q, nil
	})
	fastapiRows(t, app, []fastapiRow{
		{about: "O3 both", request: "GET /?q=a", want: `200 "hello aa"`},
		{about: "O3 neither", request: "GET /", want: `missing ["query","q"]`},
	})
	parameters := apptest.DocumentMember(t, candor.NewTestClient(t, app), "paths", "/", "get", "parameters")
	assert.Equal(t, []any{map[string]any{"name": "q", "in": "query", "required": true, "schema": map[string]any{"type": "string"}}}, parameters)
}

// O14: two types of the same name, from different packages.
func TestFastAPINamesOfModels(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/theirs", apptest.Returns(billing.Person{Name: "Ann"}))
	candor.Get(app, "/ours", apptest.Returns(Person{Name: "Ann"}))
	c := candor.NewTestClient(t, app)
	theirs := apptest.DocumentMember(t, c, "paths", "/theirs", "get", "responses", "200", "content", "application/json", "schema", "$ref")
	ours := apptest.DocumentMember(t, c, "paths", "/ours", "get", "responses", "200", "content", "application/json", "schema", "$ref")
	assert.NotEqual(t, theirs, ours)
	assert.Contains(t, strings.ToLower(fmt.Sprint(theirs)), "billing")
}

func fastapiReadUser(_ context.Context, in struct {
	UserID string `path:"user_id"`
},
) (fastapiUser, error) {
	return fastapiUser{Username: in.UserID}, nil
}

// fastapiFaultSchema returns the schema of a validation error, which is the one with a location.
func fastapiFaultSchema(t *testing.T, c *candor.TestClient) map[string]any {
	t.Helper()
	for _, component := range apptest.DocumentMember(t, c, "components", "schemas").(map[string]any) {
		schema := component.(map[string]any)
		if properties, ok := schema["properties"].(map[string]any); ok && properties["loc"] != nil {
			return schema
		}
	}
	require.Fail(t, "no schema of a fault")
	return nil
}

func TestFastAPIPages(t *testing.T) {
	app := candor.New(candor.Config{Title: "Shop", Docs: candor.Docs{Parameters: map[string]any{"syntaxHighlight": false}}})
	c := candor.NewTestClient(t, app)
	for path, want := range map[string]string{
		"/docs":         "<title>Shop - Swagger UI</title>",
		"/docs/init.js": `"syntaxHighlight": false`,
		"/redoc":        "<title>Shop - ReDoc</title>",
	} {
		assert.Contains(t, c.Get(path).Status(200).Text(), want, path)
	}
	off := candor.NewTestClient(t, candor.New(candor.Config{Docs: candor.Docs{OpenAPI: "-"}}))
	for _, path := range []string{"/docs", "/redoc", "/openapi.json"} {
		off.Get(path).Status(404)
	}
	moved := candor.NewTestClient(t, candor.New(candor.Config{Docs: candor.Docs{Swagger: "/documentation", Redoc: "-", OpenAPI: "/api/v1/openapi.json"}}))
	for path, status := range map[string]int{"/documentation": 200, "/docs": 404, "/redoc": 404, "/api/v1/openapi.json": 200, "/openapi.json": 404} {
		moved.Get(path).Status(status)
	}
}

// RT10, RT14 and RT15: what FastAPI asserts is a configuration error here too, reported before anything is served.
func TestFastAPIRouterMistakes(t *testing.T) {
	for name, row := range map[string]struct {
		do   func()
		want string
	}{
		"RT10 a prefix without its slash":     {func() { candor.NewRouter("items") }, `"items"`},
		"RT10 a prefix with one at its end":   {func() { candor.NewRouter("/items/") }, `"/items/"`},
		"RT11 a prefix of an inclusion":       {func() { candor.New(candor.Config{}).Include(candor.NewRouter("/a"), candor.Prefix("v1")) }, `"v1"`},
		"RT14 neither prefix nor path":        {func() { emptyApp("", "") }, "empty"},
		"RT15 a router in itself":             {func() { r := candor.NewRouter("/a"); r.Include(r) }, "itself"},
		"RT15 a circle of two":                {circleOfRouters, "itself"},
		"RT3 an id of an operation for two":   {func() { emptyApp("/a", "/b") }, "same"},
		"R6 a body where the status has none": {func() { candor.Get(candor.New(candor.Config{}), "/", apptest.Returns("x"), candor.Status(204)) }, "204"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Contains(t, apptest.PanicOf(row.do), row.want)
		})
	}
}

func circleOfRouters() {
	a, b := candor.NewRouter("/a"), candor.NewRouter("/b")
	a.Include(b)
	b.Include(a)
	app := candor.New(candor.Config{})
	app.Include(a)
	app.Seal()
}

// emptyApp registers a route at each path, all with the same operation id.
func emptyApp(paths ...string) {
	app := candor.New(candor.Config{})
	for _, path := range paths {
		candor.Get(app, path, apptest.Returns("x"), candor.OperationID("same"))
	}
	app.Seal()
}
