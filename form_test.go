package candor_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// signUp has a field of each type that a form can have.
type signUp struct {
	Name    string                   `form:"name" validate:"min=1"`
	Age     int                      `form:"age"`
	News    bool                     `form:"news" default:"true"`
	Born    *time.Time               `form:"born"`
	Nick    *string                  `form:"nick"`
	Colors  []string                 `form:"colors,omitempty"`
	Sizes   []int                    `form:"sizes,omitempty,csv"`
	Extra   map[string]int           `form:"extra,omitempty,json"`
	Limit   candor.Optional[float64] `form:"limit"`
	Confirm string                   `form:"confirm,omitempty" validate:"eqfield=Name"`
}

func (s signUp) Validate() error {
	if s.Name == "root" {
		return candor.Invalid("is reserved", "name")
	}
	return nil
}

const formType = "application/x-www-form-urlencoded"

func sendForm(c *candor.TestClient, path, body string) *candor.TestResponse {
	return c.Post(path, nil, candor.WithBody(formType, strings.NewReader(body)))
}

func formClient(t *testing.T, options ...candor.RouteOption) *candor.TestClient {
	t.Helper()
	app := candor.New(candor.Config{})
	candor.Post(app, "/model", func(_ context.Context, in struct {
		Form signUp `form:""`
	},
	) (map[string]any, error) {
		return map[string]any{"got": fmt.Sprintf("%+v", seen(in.Form))}, nil
	}, options...)
	return candor.NewTestClient(t, app)
}

// seen is a form without its absent members.
func seen(s signUp) map[string]any {
	data, _ := json.Marshal(s)
	m := map[string]any{}
	_ = json.Unmarshal(data, &m)
	for name, value := range m {
		if value == nil {
			delete(m, name)
		}
	}
	delete(m, "Limit")
	if s.Limit.Set {
		m["Limit"] = s.Limit.Value
	}
	return m
}

func TestForms(t *testing.T) {
	c := formClient(t)
	for _, row := range []struct{ name, body, want string }{
		{"required values and a default", "name=Ann&age=3", "map[Age:3 Confirm: Name:Ann News:true]"},
		{"an empty value of a non-string field is absent", "name=Ann&age=3&news=&born=&limit=&extra=&sizes=", "map[Age:3 Confirm: Name:Ann News:true]"},
		{"an empty string is a value", "name=Ann&age=3&nick=", "map[Age:3 Confirm: Name:Ann News:true Nick:]"},
		{"a false is no default", "name=Ann&age=3&news=false", "map[Age:3 Confirm: Name:Ann News:false]"},
		{"plus and percent are decoded", "name=Ann+%26+Bob&age=3", "map[Age:3 Confirm: Name:Ann & Bob News:true]"},
		{"repeated names fill lists", "name=Ann&age=3&colors=red&colors=&colors=blue", "map[Age:3 Colors:[red  blue] Confirm: Name:Ann News:true]"},
		{"csv splits", "name=Ann&age=3&sizes=1,2,3", "map[Age:3 Confirm: Name:Ann News:true Sizes:[1 2 3]]"},
		{"json is read", `name=Ann&age=3&extra={"a":1}`, "map[Age:3 Confirm: Extra:map[a:1] Name:Ann News:true]"},
		{"an Optional is set", "name=Ann&age=3&limit=1.5", "map[Age:3 Confirm: Limit:1.5 Name:Ann News:true]"},
		{"the last value of a scalar counts", "age=1&name=Ann&name=Bob&age=3", "map[Age:3 Confirm: Name:Bob News:true]"},
		{"whatever came before it", "name=%zz&name=\xff&name=Bob&age=x&age=%&age=3", "map[Age:3 Confirm: Name:Bob News:true]"},
		{"unknown names are ignored", "name=Ann&age=3&x=1&%zz=2", "map[Age:3 Confirm: Name:Ann News:true]"},
		{"rules across fields", "name=Ann&age=3&confirm=Ann", "map[Age:3 Confirm:Ann Name:Ann News:true]"},
		{"empty pairs do not count", "&&name=Ann&&age=3&", "map[Age:3 Confirm: Name:Ann News:true]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got struct{ Got string }
			sendForm(c, "/model", row.body).Status(200).JSON(&got)
			assert.Equal(t, row.want, got.Got)
		})
	}
}

func TestFormFaults(t *testing.T) {
	open, closed := formClient(t), formClient(t, candor.ForbidExtra())
	for _, row := range []struct {
		name, body string
		client     *candor.TestClient
		want       []string
	}{
		{"nothing sent", "", open, []string{"missing [body]"}},
		{"nothing that counts", "x=1", open, []string{"missing [body name]", "missing [body age]"}},
		{"an empty required number is missing", "name=Ann&age=", open, []string{"missing [body age]"}},
		{"a number that is none", "name=Ann&age=x", open, []string{"int_parsing [body age]"}},
		{"a rule", "name=&age=1", open, []string{"string_too_short [body name]"}},
		{"an element of a list", "name=Ann&age=1&sizes=1,x", open, []string{"int_parsing [body sizes 1]"}},
		{"inside json", `name=Ann&age=1&extra={"a":"b"}`, open, []string{"int_type [body extra a]"}},
		{"malformed percent-encoding", "name=%zz&age=1", open, []string{"value_error [body name]"}},
		{"malformed percent-encoding of the last value", "name=Ann&name=%zz&age=1", open, []string{"value_error [body name]"}},
		{"malformed percent-encoding in a list", "name=Ann&age=1&colors=%zz&colors=red", open, []string{"value_error [body colors]"}},
		{"a rule across fields", "name=Ann&age=1&confirm=Bob", open, []string{"value_error [body confirm]"}},
		{"the model's own judgement", "name=root&age=1", open, []string{"value_error [body name]"}},
		{"extra names where they are forbidden", "name=Ann&age=1&x=1&y=&x=2", closed, []string{"extra_forbidden [body x]", "extra_forbidden [body y]"}},
		{"an extra name with malformed percent-encoding", "name=Ann&age=1&%zz=1&%zz", closed, []string{"extra_forbidden [body %zz]"}},
		{"too many pairs", strings.Repeat("a=b&", 1001), open, []string{"too_long [body]"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			for _, f := range sendForm(row.client, "/model", row.body).Faults() {
				got = append(got, fmt.Sprint(f.Type, " ", f.Loc))
			}
			assert.Equal(t, row.want, got)
		})
	}
}

func TestFormMediaType(t *testing.T) {
	c := formClient(t, candor.MaxBody(64))
	body := "name=Ann&age=3"
	for media, status := range map[string]int{
		formType: 200, formType + "; charset=utf-8": 200, "Application/X-WWW-Form-URLencoded": 200,
		formType + "; charset=latin1": 415, "application/json": 415, "": 415, "multipart/mixed; boundary=x": 415,
	} {
		c.Post("/model", nil, candor.WithBody(media, strings.NewReader(body))).Status(status)
	}
	sendForm(c, "/model", "name="+strings.Repeat("x", 60)).Status(413)
}

func TestFormDocument(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Required bool
				Content  map[string]struct {
					Schema   map[string]any
					Encoding map[string]map[string]any
				}
			}
		}
		Components struct {
			Schemas map[string]struct {
				Required   []string
				Properties map[string]any
			}
		}
	}
	formClient(t).Get("/openapi.json").Status(200).JSON(&doc)
	body := doc.Paths["/model"]["post"].RequestBody
	assert.True(t, body.Required)
	require.Contains(t, body.Content, formType)
	assert.Len(t, body.Content, 2)
	for _, media := range []string{formType, "multipart/form-data"} {
		assert.Equal(t, map[string]map[string]any{
			"extra": {"contentType": "application/json"}, "sizes": {"style": "form", "explode": false}, "colors": {"style": "form", "explode": true},
		}, body.Content[media].Encoding)
		assert.Equal(t, body.Content[formType].Schema, body.Content[media].Schema)
	}
	ref, _ := body.Content[formType].Schema["$ref"].(string)
	schema := doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
	assert.Equal(t, []string{"name", "age"}, schema.Required)
	assert.Contains(t, schema.Properties, "born")
}

func TestOAuth2PasswordForm(t *testing.T) {
	app := candor.New(candor.Config{})
	show := func(f candor.OAuth2PasswordForm) answer {
		return answer{fmt.Sprintf("%s/%s %q %s/%s", f.Username, f.Password, f.Scopes(), f.ClientID, f.ClientSecret)}
	}
	candor.Post(app, "/alone", func(_ context.Context, in candor.OAuth2PasswordForm) (answer, error) { return show(in), nil })
	candor.Post(app, "/embedded", func(_ context.Context, in struct {
		candor.OAuth2PasswordForm
		Device string `form:"device,omitempty"`
	},
	) (answer, error) {
		return show(in.OAuth2PasswordForm), nil
	})
	candor.Post(app, "/model", func(_ context.Context, in struct {
		Form candor.OAuth2PasswordForm `form:""`
	},
	) (answer, error) {
		return show(in.Form), nil
	})
	c := candor.NewTestClient(t, app)
	for _, path := range []string{"/alone", "/embedded", "/model"} {
		for _, row := range []struct{ body, want string }{
			{"username=ann&password=s%26t", `ann/s&t [] /`},
			{"grant_type=password&username=ann&password=p&scope=a++b%3Ac&client_id=i&client_secret=s", `ann/p ["a" "b:c"] i/s`},
			{"grant_type=&username=ann&password=p&scope=&client_id=&client_secret=", `ann/p [] /`},
		} {
			var got answer
			sendForm(c, path, row.body).Status(200).JSON(&got)
			assert.Equal(t, row.want, got.Text)
		}
		assert.Equal(t, "enum [\"body\",\"grant_type\"] {\"expected\":\"'password'\"}\nmissing [\"body\",\"password\"]", apptest.Outcome(sendForm(c, path, "grant_type=refresh_token&username=ann")))
		assert.Equal(t, "missing [\"body\",\"username\"]\nmissing [\"body\",\"password\"]", apptest.Outcome(sendForm(c, path, "username=&password=")))
	}
}

// TestEmptyTexts checks what an empty form field means: an empty
// string if the rules allow one, otherwise an absent value.
func TestEmptyTexts(t *testing.T) {
	type named string
	c := apptest.Echoing[struct {
		Size   *string                 `form:"size" validate:"oneof=S M"`
		Shape  string                  `form:"shape" default:"round" validate:"oneof=round square"`
		Level  *level                  `form:"level"`
		Levels []level                 `form:"levels,omitempty"`
		Mail   candor.Optional[string] `form:"mail" validate:"email"`
		Site   string                  `form:"site,omitempty" validate:"url"`
		Code   *named                  `form:"code" pattern:"^[A-Z]+$"`
		Words  []string                `form:"words,omitempty" validate:"dive,min=1"`
		Sizes  []string                `form:"sizes,csv,omitempty" validate:"min=1,dive,oneof=S M"`
		At     *candor.LocalDateTime   `form:"at"`
		Secret []byte                  `form:"secret,omitempty" validate:"min=2"`
		Note   *string                 `form:"note" validate:"max=5"`
		Title  candor.Optional[string] `form:"title"`
		Lines  []string                `form:"lines,omitempty"`
		Nick   sql.NullString          `form:"nick,omitempty"`
		Alias  sql.NullString          `form:"alias,omitempty" validate:"min=1"`
		Age    sql.NullInt16           `form:"age,omitempty"`
	}](t, "/")
	const names = "size shape level levels mail site code words sizes at secret note title lines nick alias age"
	const want = `200 {"Size":null,"Shape":"round","Level":null,"Levels":null,"Mail":{"Value":"","Set":false,"Null":false},"Site":"","Code":null,"Words":null,"Sizes":null,` +
		`"At":null,"Secret":null,"Note":"","Title":{"Value":"","Set":true,"Null":false},"Lines":[""],"Nick":{"String":"","Valid":true},"Alias":{"String":"","Valid":false},"Age":{"Int16":0,"Valid":false}}`
	empty := url.Values{}
	var parts []string
	for _, name := range strings.Fields(names) {
		empty[name] = []string{""}
		parts = append(parts, uploadPart(fmt.Sprintf("name=%q", name), ""))
	}
	assert.Equal(t, want, apptest.Outcome(c.Post("/", nil, candor.WithForm(empty))))
	assert.Equal(t, want, apptest.Outcome(c.Post("/", nil, candor.WithBody(uploadType, strings.NewReader(uploadParts(parts...))))))
	for body, want := range map[string]string{
		"size=L":              `enum ["body","size"] {"expected":"'S' or 'M'"}`,
		"levels=low&levels=x": `enum ["body","levels",1] {"expected":"'low' or 'high'"}`,
		"mail=x":              `value_error ["body","mail"] {"error":"not a valid email address"}`,
		"sizes=S,":            `enum ["body","sizes",1] {"expected":"'S' or 'M'"}`,
	} {
		assert.Equal(t, want, apptest.Outcome(sendForm(c, "/", body)), body)
	}

	must := apptest.Echoing[struct {
		Size  string  `form:"size" validate:"oneof=S M"`
		Level level   `form:"level"`
		List  []level `form:"list"`
		N     int     `form:"n"`
	}](t, "/")
	assert.Equal(t, strings.Join([]string{
		`enum ["body","size"] {"expected":"'S' or 'M'"}`, `enum ["body","level"] {"expected":"'low' or 'high'"}`,
		`enum ["body","list",0] {"expected":"'low' or 'high'"}`, `missing ["body","n"]`,
	}, "\n"),
		apptest.Outcome(sendForm(must, "/", "size=&level=&list=&n=")))
}

// A missing body is one validation error, whatever its fields are.
func TestAbsentForms(t *testing.T) {
	members := apptest.Echoing[struct {
		A string `body:"a"`
		B int    `body:"b"`
	}](t, "/")
	form := apptest.Echoing[struct {
		A string `form:"a"`
		B int    `form:"b" default:"1"`
	}](t, "/")
	file := apptest.Echoing[struct {
		A []byte `file:"a"`
	}](t, "/")
	for _, c := range []*candor.TestClient{members, form, file} {
		assert.Equal(t, `missing ["body"]`, apptest.Outcome(c.Post("/", nil)))
	}
	assert.Equal(t, `missing ["body"]`, apptest.Outcome(sendForm(form, "/", "")))
	optional := apptest.Echoing[struct {
		A string `form:"a" default:"x"`
		B *int   `form:"b"`
	}](t, "/")
	assert.Equal(t, `200 {"A":"x","B":null}`, apptest.Outcome(optional.Post("/", nil)))
}

// A byte order mark is ignored, and another charset is another media type.
func TestCharsets(t *testing.T) {
	const mark = "\ufeff"
	json := apptest.Echoing[struct {
		Body []int `body:""`
	}](t, "/")
	form := apptest.Echoing[struct {
		A string         `form:"a"`
		M map[string]int `form:"m,json,omitempty"`
	}](t, "/")
	for _, row := range []struct {
		client            *candor.TestClient
		media, body, want string
	}{
		{json, "application/json", mark + "[1]", `200 {"Body":[1]}`},
		{json, "application/json", mark, `missing ["body"]`},
		{json, "application/json", mark + mark + "[1]", `json_invalid ["body",3] {"error":"expected a value"}`},
		{json, "application/json", "[1" + mark + "]", `json_invalid ["body",2] {"error":"expected a comma or the end of the list"}`},
		{json, "application/json; charset=UTF-8", "[1]", `200 {"Body":[1]}`},
		{json, "application/json; charset=us-ascii", "[1]", `200 {"Body":[1]}`},
		{json, "application/json; charset=utf-16", "[1]", `415 {"detail":"the body must be application/json"}`},
		{json, "application/vnd.x+json; charset=latin1", "[1]", `415 {"detail":"the body must be application/json"}`},
		{form, formType, mark + "a=1", `200 {"A":"1","M":null}`},
		{form, formType, mark + "a=1&m=" + mark + `{"b":2}`, `200 {"A":"1","M":{"b":2}}`},
		{form, formType + "; charset=utf-16", "a=1", `415 {"detail":"the body must be application/x-www-form-urlencoded or multipart/form-data"}`},
	} {
		got := apptest.Outcome(row.client.Post("/", nil, candor.WithBody(row.media, strings.NewReader(row.body))))
		assert.Equal(t, row.want, got, "%s %q", row.media, row.body)
	}
}

type twoFields struct {
	A []string `json:"a"`
	B string   `json:"b"`
}

// FuzzForm compares the parsing of pairs with net/url.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{"a=1&b=2", "a=%zz", "a", "=a", "a=b=c", "&&a=1&", "a=1;b=2", "a=+&a=%20", "%61=x", strings.Repeat("a=1&", 1002)} {
		f.Add(seed)
	}
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(_ context.Context, in struct {
		A []string `form:"a,omitempty"`
		B string   `form:"b,omitempty"`
	},
	) (twoFields, error) {
		return twoFields{in.A, in.B}, nil
	})
	f.Fuzz(func(t *testing.T, body string) {
		values, err := url.ParseQuery(body)
		if err != nil || strings.Count(body, "&") >= 1000 || !strings.Contains(body, "=") {
			return
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", formType)
		got := httptest.NewRecorder()
		app.ServeHTTP(got, r)
		if got.Code == http.StatusUnprocessableEntity && !utf8.ValidString(strings.Join(slices.Concat(values["a"], values["b"]), "")) {
			return
		}
		require.Equal(t, http.StatusOK, got.Code)
		var read twoFields
		require.NoError(t, json.Unmarshal(got.Body.Bytes(), &read))
		assert.Equal(t, append([]string{}, values["a"]...), append([]string{}, read.A...))
		if all := values["b"]; len(all) > 0 {
			assert.Equal(t, all[len(all)-1], read.B)
		}
	})
}

// ForbidExtra applies to JSON inside of a form too, as documented.
func TestForbidExtraInJSONOfForms(t *testing.T) {
	type part struct {
		A int `json:"a"`
	}
	type order struct {
		Part  part            `form:"part,json"`
		Parts []part          `form:"parts,omitempty,json"`
		Named map[string]part `form:"named,omitempty,json"`
	}
	take := func(_ context.Context, in order) (candor.None, error) { return candor.None{}, nil }
	app := candor.New(candor.Config{})
	candor.Post(app, "/open", take)
	candor.Post(app, "/closed", take, candor.ForbidExtra())
	const extra = `422 | {"detail":[{"type":"extra_forbidden","loc":["body",%s],"msg":"Unknown field, not accepted here"}]}`
	for _, row := range []struct{ form, want string }{
		{`part={"a":1}`, "204"},
		{`part={"a":1,"b":2}`, fmt.Sprintf(extra, `"part","b"`)},
		{`part={"a":1}&parts=[{"a":1},{"a":1,"b":2}]`, fmt.Sprintf(extra, `"parts",1,"b"`)},
		{`part={"a":1}&named={"x":{"a":1,"b":2}}`, fmt.Sprintf(extra, `"named","x","b"`)},
	} {
		assert.Equal(t, row.want, apptest.Wire(app, "POST /closed\nContent-Type: application/x-www-form-urlencoded\n\n"+row.form), row.form)
		assert.Equal(t, "204", apptest.Wire(app, "POST /open\nContent-Type: application/x-www-form-urlencoded\n\n"+row.form), row.form)
	}
	schemas := documentOf(t, app).at(t, "components", "schemas")
	assert.JSONEq(t, `{"$ref":"#/components/schemas/partStrict"}`, string(schemas.at(t, "post_closedForm", "properties", "part")))
	assert.JSONEq(t, `{"$ref":"#/components/schemas/part"}`, string(schemas.at(t, "post_openForm", "properties", "part")))
}
