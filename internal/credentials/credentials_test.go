package credentials_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// These stand for the public types, which are known by their names.
type (
	Bearer string
	Basic  struct{ Username, Password string }
	APIKey string
)

// input describes an input whose exported fields are ready-made.
func input(t *testing.T, value any) *typeinfo.Input {
	t.Helper()
	in, err := typeinfo.ReadInput(reflect.TypeOf(value), func(t reflect.Type) bool {
		return strings.HasSuffix(t.String(), "Bearer") || strings.HasSuffix(t.String(), "Basic") || strings.HasSuffix(t.String(), "APIKey") || t == reflect.TypeFor[*http.Request]()
	})
	require.NoError(t, err)
	return in
}

type everyKind struct {
	Token   Bearer
	Word    *Bearer `scheme:"Token" realm:"a \"b\""`
	Login   Basic   `realm:"r"`
	Header  APIKey  `header:"X-Key"`
	Query   *APIKey `query:"key"`
	Cookie  APIKey  `cookie:"session"`
	Request *http.Request
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ field, target, header, want string }{
		{"Token", "/", "Authorization: Bearer abc", "abc"},
		{"Token", "/", "Authorization: bearer  abc ", "abc"},
		{"Token", "/", "Authorization: Bearer", "none"},
		{"Token", "/", "Authorization: Token abc", "none"},
		{"Token", "/", "Authorization: Bearer a\nAuthorization: Bearer b", "b"},
		{"Token", "/", "Authorization: Bearer \xff", "\xff: The token is not valid UTF-8"},
		{"Word", "/", "Authorization: Token abc", "abc"},
		{"Word", "/", "Authorization: Bearer abc", "none"},
		{"Login", "/", "Authorization: Basic YTpiOmM=", "a|b:c"},
		{"Login", "/", "Authorization: Basic YQ==", "none"},
		{"Login", "/", "Authorization: Basic a:b", "none"},
		{"Login", "/", "Authorization: Basic /zpi", "\xff|b: The user name or password is not valid UTF-8"},
		{"Header", "/", "X-Key: a\nX-Key: b", "b"},
		{"Header", "/", "X-Key:", "none"},
		{"Header", "/", "X-Key: \xff", "\xff: The header X-Key is not valid UTF-8"},
		{"Query", "/?key=a&key=b", "", "b"},
		{"Query", "/?key=%FF", "", "\xff: The query key is not valid UTF-8"},
		{"Cookie", "/", "Cookie: session=a; session=b", "a"},
		{"Cookie", "/", "", "none"},
	} {
		in := input(t, everyKind{})
		for _, f := range credentials.Fields(in) {
			if f.Go == row.field {
				assert.Equal(t, row.want, read(t, in, f, request(row.target, row.header)), "%s of %s %q", row.field, row.target, row.header)
			}
		}
	}
}

func request(target, header string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	for line := range strings.Lines(header) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		r.Header.Add(name, strings.TrimPrefix(value, " "))
	}
	return r
}

// read reads a field, as text.
func read(t *testing.T, in *typeinfo.Input, f *typeinfo.Field, r *http.Request) string {
	t.Helper()
	reader, err := credentials.NewReader(in, f)
	require.NoError(t, err)
	v, ok := reader.Read(r)
	if !ok {
		return "none"
	}
	text := v.Password
	if credentials.KindOf(f) == credentials.Basic {
		text = v.Username + "|" + text
	}
	if problem := reader.Check(v); problem != "" {
		text += ": " + problem
	}
	return text
}

// FuzzSentCredentialsAreRead sends credentials of each kind and reads them again.
func FuzzSentCredentialsAreRead(f *testing.F) {
	f.Add("abc", "def")
	f.Add("a b", "c:d")
	f.Add(" ", "\"é")
	f.Fuzz(func(t *testing.T, one, two string) {
		sent := everyKind{Token: Bearer(one), Login: Basic{one, two}, Header: APIKey(one), Query: (*APIKey)(&one), Cookie: APIKey(one)}
		in := input(t, sent)
		for _, field := range credentials.Fields(in) {
			var to bind.Sent
			if credentials.Send(field, reflect.ValueOf(sent).FieldByIndex(field.Index), &to) != nil {
				continue
			}
			r := request("/?"+to.RawQuery(), "")
			for name, lines := range to.Header {
				r.Header[name] = lines
			}
			for _, cookie := range to.Cookies {
				cookie.AddTo(r)
			}
			want := one
			switch {
			case field.Go == "Login":
				want = one + "|" + two
			case one == "" || field.Go == "Word": // nothing is sent
				want = "none"
			}
			got, _, _ := strings.Cut(read(t, in, field, r), ": The ")
			if !strings.Contains(want, ": The ") {
				assert.Equal(t, want, got, field.Go)
			}
		}
	})
}

func TestTagsThatDoNotSuit(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]*typeinfo.Input{
		"nothing says where the key is sent": input(t, struct{ F APIKey }{}),
		"its query tag has no name": input(t, struct {
			F APIKey `query:""`
		}{}),
		"a header tag on a value of the Authorization header": input(t, struct {
			F Bearer `header:"X"`
		}{}),
		"a query tag on a value of the Authorization header": input(t, struct {
			F Basic `query:"q"`
		}{}),
		"its scheme tag has no effect, as candor.Basic is the scheme Basic": input(t, struct {
			F Basic `scheme:"X"`
		}{}),
		"Basic is not a scheme of tokens": input(t, struct {
			F Bearer `scheme:"basic"`
		}{}),
	} {
		_, err := credentials.NewReader(in, in.Ready[0])
		assert.ErrorContains(t, err, want)
	}
	for want, in := range map[string]*typeinfo.Input{
		"the value is not a credential": input(t, struct {
			F *http.Request `header:"X"`
		}{}),
		`scheme:"a b" is not a name`: input(t, struct {
			F Bearer `scheme:"a b"`
		}{}),
		"HTTP cannot carry the realm": input(t, struct {
			F Bearer `realm:"a\tb\n"`
		}{}),
	} {
		assert.ErrorContains(t, credentials.Check(in), want)
	}
	assert.NoError(t, credentials.Check(input(t, everyKind{})))
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	in := input(t, struct {
		everyKind
		Any struct {
			Token *Bearer
			Key   *APIKey `header:"X-Key" realm:"keys"`
		} `security:"any"`
	}{})
	fields, choices := credentials.Fields(in), credentials.Choices(in)
	require.Len(t, choices, 1)
	app := credentials.Challenge{Realm: "shop", ResourceMetadata: "https://a/b", Scopes: true}
	require.NoError(t, app.Check())
	found := app.For(fields, choices, func(f *typeinfo.Field) []string {
		if f == fields[0] {
			return []string{"read", "write"}
		}
		return nil
	})
	bearer := `Bearer realm="shop", resource_metadata="https://a/b"`
	assert.Equal(t, []string{`Bearer realm="shop", scope="read write", resource_metadata="https://a/b"`}, found.Missing[fields[0]])
	assert.Equal(t, []string{`Token realm="a \"b\"", resource_metadata="https://a/b"`}, found.Missing[fields[1]])
	assert.Equal(t, []string{`Basic realm="r"`}, found.Missing[fields[2]])
	assert.Equal(t, []string{bearer, `APIKey realm="keys"`}, found.Missing[choices[0][0]])
	assert.Equal(t, []string{
		`Bearer realm="shop", scope="read write", resource_metadata="https://a/b"`, `Token realm="a \"b\"", resource_metadata="https://a/b"`,
		`Basic realm="r"`, `APIKey realm="shop"`, bearer, `APIKey realm="keys"`,
	}, found.All)
	for want, c := range map[string]credentials.Challenge{
		"Config.Challenge: HTTP cannot carry the realm": {Realm: "a\nb"},
		"write the whole URL":                           {ResourceMetadata: "/meta"},
	} {
		assert.ErrorContains(t, c.Check(), want)
	}
}

func TestSchemes(t *testing.T) {
	t.Parallel()
	in := input(t, everyKind{})
	var own []string
	for _, f := range credentials.Fields(in) {
		name, s := credentials.SchemeOf(f, nil)
		own = append(own, strings.Join([]string{name, s.Type, s.Scheme, s.In, s.Name}, " "))
	}
	assert.Equal(t, []string{
		"HTTPBearer http bearer  ", "HTTPToken http Token  ", "HTTPBasic http basic  ",
		"APIKeyHeader apiKey  header X-Key", "APIKeyQuery apiKey  query key", "APIKeyCookie apiKey  cookie session",
	}, own)

	named := input(t, struct {
		Token Bearer `security:"main"`
		Key   APIKey `header:"X" security:"main"`
		Other Bearer `security:"main" scheme:"Other"`
	}{}).Ready
	flows := &operation.SecurityScheme{Type: "oauth2", Flows: []operation.Flow{{Scopes: map[string]string{"b": "", "a": ""}}}}
	name, given := credentials.SchemeOf(named[0], flows)
	assert.Equal(t, "main", name)
	assert.Same(t, flows, given)
	assert.NoError(t, credentials.Describes(flows, named[0]))
	assert.NoError(t, credentials.Describes(nil, named[1]))
	assert.ErrorContains(t, credentials.Describes(flows, named[1]), "the field Key is a candor.APIKey")
	assert.ErrorContains(t, credentials.Describes(flows, named[2]), `after the word "Other"`)
	assert.ErrorContains(t, credentials.Describes(&operation.SecurityScheme{MetadataURL: "u"}, named[1]), "WithMetadata")
	name, described := credentials.SchemeOf(named[2], &operation.SecurityScheme{Type: "http", Description: "d", Deprecated: true})
	assert.Equal(t, "main d true Other", strings.Join([]string{name, described.Description, map[bool]string{true: "true"}[described.Deprecated], described.Scheme}, " "))

	assert.NoError(t, credentials.CheckScopes([]string{"a"}, named[0], flows))
	assert.NoError(t, credentials.CheckScopes([]string{"a"}, named[0], nil))
	assert.ErrorContains(t, credentials.CheckScopes([]string{"a", "c"}, named[0], flows), `Scopes("c"): the security scheme "main" of Config.SecuritySchemes has no such scope, it has "a", "b"`)
}
