package candor_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// Inputs that require one of several credentials.
type (
	oneOfTwo struct {
		Token *candor.Bearer `scheme:"Token"`
		Key   *candor.APIKey `header:"X-Key"`
	}
	showsOneOfTwo struct {
		Shown oneOfTwo `security:"any"`
	}
	embedsOneOfTwo struct {
		oneOfTwo `security:"any"`
	}
)

func (o oneOfTwo) who() string {
	switch {
	case o.Token != nil && o.Key != nil:
		return "both"
	case o.Token != nil:
		return "token " + string(*o.Token)
	case o.Key != nil:
		return "key " + string(*o.Key)
	}
	return "nobody"
}

func whoShows(_ context.Context, in showsOneOfTwo) (answer, error) {
	return answer{in.Shown.who()}, nil
}

func TestOneOfSeveralCredentials(t *testing.T) {
	for name, build := range map[string]func(app *candor.App){
		"a handler": func(app *candor.App) { candor.Get(app, "/", whoShows) },
		"an embedded struct": func(app *candor.App) {
			candor.Get(app, "/", func(_ context.Context, in embedsOneOfTwo) (answer, error) { return answer{in.who()}, nil })
		},
		"a guard": func(app *candor.App) {
			candor.Get(app, "/", idle, candor.Require(guardOf[showsOneOfTwo]))
		},
		"a provider": func(app *candor.App) {
			candor.Provide(app, makeOf[*visitor, showsOneOfTwo])
			candor.Get(app, "/", idleOf[asksVisitor])
		},
		"a scoped provider": func(app *candor.App) {
			candor.ProvideScoped(app, scopedOf[*visitor, showsOneOfTwo])
			candor.Get(app, "/", idleOf[asksVisitor])
		},
		"a handler without types": func(app *candor.App) {
			candor.HandleHTTP(app, []string{http.MethodGet}, "/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), candor.Require(guardOf[showsOneOfTwo]))
		},
		"a stream": func(app *candor.App) { streams[showsOneOfTwo](app) },
	} {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			build(app)
			assert.JSONEq(t, `[{"HTTPToken":[]},{"APIKeyHeader":[]}]`, securityOf(t, app, "/"))
			for _, headers := range [][]string{{"Authorization", "Token t"}, {"X-Key", "k"}, {"Authorization", "token t", "X-Key", "k"}} {
				assert.Less(t, apptest.Fetch(app, "/", headers...).Code, 300, headers)
			}
			for _, headers := range [][]string{{}, {"Authorization", "Bearer t"}, {"X-Key", ""}} {
				refused := apptest.Fetch(app, "/", headers...)
				assert.Equal(t, http.StatusUnauthorized, refused.Code, headers)
				assert.Equal(t, []string{"Token", "APIKey"}, refused.Header().Values("WWW-Authenticate"), headers)
			}
			require.Less(t, apptest.Fetch(app, "/", "X-Key", "k").Code, 300)
			assert.Equal(t, http.StatusUnauthorized, apptest.Fetch(app, "/").Code, "nothing is left of the request before")
		})
	}
}

func TestOneOfSeveralCredentialsInCalls(t *testing.T) {
	app := candor.New(candor.Config{})
	route := candor.Get(app, "/", whoShows)
	token, key := candor.Bearer("t"), candor.APIKey("k")
	for want, shown := range map[string]oneOfTwo{"token t": {Token: &token}, "key k": {Key: &key}, "both": {Token: &token, Key: &key}} {
		got, err := route.Call(t.Context(), candor.InProcess(app), showsOneOfTwo{shown})
		require.NoError(t, err)
		assert.Equal(t, answer{want}, got)
	}
	_, err := route.Call(t.Context(), candor.InProcess(app), showsOneOfTwo{})
	var refused *candor.HTTPError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, http.StatusUnauthorized, refused.Status())
	c := candor.NewTestClient(t, app)
	c.Get("/", candor.WithHeader("X-Key", "k")).Status(http.StatusOK)
	c.Get("/").Status(http.StatusUnauthorized)
}

// Required credentials, one of each choice, and optional credentials.
func TestChoicesBesideOtherCredentials(t *testing.T) {
	type required struct {
		Session candor.APIKey `cookie:"session"`
	}
	type optional struct{ Login *candor.Basic }
	type tokenToo struct {
		Shown struct {
			Token *candor.Bearer `scheme:"Token"`
			Query *candor.APIKey `query:"key"`
		} `security:"any"`
	}
	for name, row := range map[string]struct {
		options []candor.RouteOption
		want    string
	}{
		"alone":      {nil, `[{"HTTPToken":[]},{"APIKeyHeader":[]}]`},
		"required":   {[]candor.RouteOption{candor.Require(guardOf[required])}, `[{"APIKeyCookie":[],"HTTPToken":[]},{"APIKeyCookie":[],"APIKeyHeader":[]}]`},
		"optional":   {[]candor.RouteOption{candor.Require(guardOf[optional])}, `[{"HTTPBasic":[],"HTTPToken":[]},{"APIKeyHeader":[],"HTTPBasic":[]},{"HTTPToken":[]},{"APIKeyHeader":[]}]`},
		"the same":   {[]candor.RouteOption{candor.Require(guardOf[showsOneOfTwo])}, `[{"HTTPToken":[]},{"APIKeyHeader":[]}]`},
		"half of it": {[]candor.RouteOption{candor.Require(guardOf[tokenToo])}, `[{"HTTPToken":[]},{"APIKeyHeader":[],"APIKeyQuery":[]}]`},
	} {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			candor.Get(app, "/", whoShows, row.options...)
			assert.JSONEq(t, row.want, securityOf(t, app, "/"))
		})
	}
}

func TestScopesOfAChoice(t *testing.T) {
	app := loginApp()
	candor.Get(app, "/", idleOf[struct {
		Shown struct {
			Token *candor.Bearer `security:"login"`
			Key   *candor.APIKey `header:"X-Key"`
		} `security:"any"`
		Required candor.RequiredScopes
	}], scopesRead)
	assert.JSONEq(t, `[{"login":["read"]},{"APIKeyHeader":["read"]}]`, securityOf(t, app, "/"))
}

// A security scheme is named by the field, and described by the field or the configuration.
func TestNamesOfSecuritySchemes(t *testing.T) {
	app := candor.New(candor.Config{SecuritySchemes: map[string]candor.SecurityScheme{
		"Device":  candor.SecurityScheme{}.WithDescription("The key of a device"),
		"Partner": candor.SecurityScheme{}.WithDescription("A partner's name"),
		"JWT":     candor.BearerTokens("JWT").WithDescription("From the login"),
	}})
	candor.Get(app, "/device", idleOf[struct {
		Key candor.APIKey `header:"X-Key" security:"Device"`
	}])
	candor.Get(app, "/other", idleOf[struct {
		Key candor.APIKey `query:"key" security:"APIKeyHeader" doc:"Named in its place"`
	}])
	candor.Get(app, "/usual", idleOf[struct {
		Key candor.APIKey `header:"X-Usual"`
	}])
	candor.Get(app, "/partner", idleOf[struct {
		Partner candor.Basic `security:"Partner"`
	}])
	candor.Get(app, "/jwt", idleOf[struct {
		Token candor.Bearer `security:"JWT" scheme:"Token"`
	}])
	candor.Get(app, "/word", idleOf[struct {
		Token candor.Bearer `scheme:"DPoP" doc:"Bound to a key"`
	}])
	candor.Get(app, "/bearer", idleOf[struct {
		Token candor.Bearer `scheme:"Bearer"`
	}])
	for path, want := range map[string]string{
		"/device": "Device", "/other": "APIKeyHeader", "/usual": "APIKeyHeader2", "/partner": "Partner", "/jwt": "JWT", "/word": "HTTPDPoP", "/bearer": "HTTPBearer",
	} {
		assert.JSONEq(t, `[{"`+want+`":[]}]`, securityOf(t, app, path), path)
	}
	schemes := apptest.Member(apptest.Document(t, app), "components", "securitySchemes")
	assert.Equal(t, map[string]any{
		"Device":        map[string]any{"type": "apiKey", "in": "header", "name": "X-Key", "description": "The key of a device"},
		"APIKeyHeader":  map[string]any{"type": "apiKey", "in": "query", "name": "key", "description": "Named in its place"},
		"APIKeyHeader2": map[string]any{"type": "apiKey", "in": "header", "name": "X-Usual"},
		"Partner":       map[string]any{"type": "http", "scheme": "basic", "description": "A partner's name"},
		"JWT":           map[string]any{"type": "http", "scheme": "Token", "description": "From the login"},
		"HTTPDPoP":      map[string]any{"type": "http", "scheme": "DPoP", "description": "Bound to a key"},
		"HTTPBearer":    map[string]any{"type": "http", "scheme": "bearer"},
	}, schemes)
}

// The scheme of the token is matched case-insensitively, and used in challenges.
func TestWordsOfTokens(t *testing.T) {
	app := candor.New(candor.Config{})
	route := candor.Get(app, "/", func(_ context.Context, in struct {
		Token candor.Bearer `scheme:"Token"`
	},
	) (string, error) {
		return string(in.Token), nil
	})
	for sent, want := range map[string]string{"Token a.b": `"a.b"`, "token  a.b ": `"a.b"`} {
		assert.Equal(t, want, apptest.Fetch(app, "/", "Authorization", sent).Body.String())
	}
	for _, sent := range []string{"Bearer a.b", "Token", "Token ", "Tokena.b", ""} {
		refused := apptest.Fetch(app, "/", "Authorization", sent)
		assert.Equal(t, http.StatusUnauthorized, refused.Code, sent)
		assert.Equal(t, []string{"Token"}, refused.Header().Values("WWW-Authenticate"), sent)
	}
	got, err := route.Call(t.Context(), candor.InProcess(app), struct {
		Token candor.Bearer `scheme:"Token"`
	}{"a.b"})
	require.NoError(t, err)
	assert.Equal(t, "a.b", got, "a call sends the word that is read")
}

func TestMistakesInSecurityFields(t *testing.T) {
	for name, row := range map[string]struct {
		build func(app *candor.App)
		want  string
	}{
		"a choice of nothing": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Shown struct{} `security:"any"`
			}])
		}, "a choice of no credentials; give the struct fields such as *candor.Bearer"},
		"a choice that is no pointer": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Shown struct{ Token candor.Bearer } `security:"any"`
			}])
		}, "make it a pointer, which is nil where another one was sent"},
		"a choice of something else": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Shown struct {
					Page *int `query:"page"`
				} `security:"any"`
			}])
		}, "give it a type such as *candor.Bearer, or move it out of the struct"},
		"a choice of a request": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Shown struct{ Request *http.Request } `security:"any"`
			}])
		}, "give it a type such as *candor.Bearer, or move it out of the struct"},
		"a pointer to a choice": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Shown *oneOfTwo `security:"any"`
			}])
		}, "give the field a security type such as candor.Bearer"},
		"a choice with an option": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Shown oneOfTwo `security:"any,omitempty"`
			}])
		}, `the option "omitempty" means nothing for a choice of credentials; drop it`},
		"a choice with a realm": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Shown oneOfTwo `security:"any" realm:"r"`
			}])
		}, "its realm tag has no effect on a choice of credentials; drop the tag"},
		"a scheme of a parameter": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Page string `query:"page" security:"login"`
			}])
		}, "a security tag on a field of type string; give the field a security type such as candor.Bearer"},
		"a word of a parameter": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Page string `query:"page" scheme:"Token"`
			}])
		}, "its scheme tag has no effect, as it names the scheme of credentials; drop the tag, or give the field the type candor.APIKey"},
		"a word of Basic": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Login candor.Basic `scheme:"Token"`
			}])
		}, "its scheme tag has no effect, as candor.Basic is the scheme Basic; drop the tag"},
		"tokens of Basic": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Token candor.Bearer `scheme:"Basic"`
			}])
		}, "Basic is not a scheme of tokens; give the field the type candor.Basic"},
		"a word with a space": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Token candor.Bearer `scheme:"My Token"`
			}])
		}, `scheme:"My Token" is not a name of an authentication scheme; use letters, digits and dashes`},
		"a realm that cannot be sent": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Login candor.Basic `realm:"a\nb"`
			}])
		}, `HTTP cannot carry the realm "a\nb"; leave out control characters`},
		"a realm of a request": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Request *http.Request `realm:"r"`
			}])
		}, "its tag has no effect, as the value is not a credential and comes from the request itself; drop the tag"},
		"a source of a logger": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Tasks *candor.Tasks `query:"tasks"`
			}])
		}, "its tag has no effect, as the value is not a credential and comes from the request itself; drop the tag"},
		"a name that no document has": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Key candor.APIKey `header:"X-Key" security:"my key"`
			}])
		}, `the field Key names the security scheme "my key"; use letters, digits, dots, dashes and underscores`},
		"no name": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Key candor.APIKey `header:"X-Key" security:""`
			}])
		}, "its security tag has no name"},
		"one name of two keys": {func(app *candor.App) {
			candor.Get(app, "/a", idleOf[struct {
				Key candor.APIKey `header:"X-Key" security:"Key"`
			}])
			candor.Get(app, "/b", idleOf[struct {
				Key candor.APIKey `query:"key" security:"Key"`
			}])
		}, `the field Key names the security scheme "Key", as a field does whose credentials are sent in another way; give one of them another name`},
		"a key that is a token": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Key candor.APIKey `header:"X-Key" security:"login"`
			}])
		}, `the field Key is a candor.APIKey, while Config.SecuritySchemes describes "login" as oauth2, whose tokens are a candor.Bearer`},
		"a login that is a token": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Login candor.Basic `security:"login"`
			}])
		}, `the field Login is a candor.Basic, while Config.SecuritySchemes describes "login" as oauth2`},
		"a token after another word": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[struct {
				Token candor.Bearer `security:"login" scheme:"Token"`
			}])
		}, `the field Token reads tokens after the word "Token", while Config.SecuritySchemes describes "login" as oauth2, whose tokens come after Bearer; drop the scheme tag`},
		"a webhook that names no scheme": {func(app *candor.App) {
			candor.Webhook[struct {
				Token candor.Bearer `security:"lgoin"`
			}, candor.None](app, http.MethodPost, "sent")
		}, `the field Token names the security scheme "lgoin", which Config.SecuritySchemes does not have`},
	} {
		t.Run(name, func(t *testing.T) {
			err := apptest.ConfigErrorOf(func(*candor.App) {
				app := loginApp()
				row.build(app)
				if err := app.Check(); err != nil {
					panic(err)
				}
			})
			require.Error(t, err)
			assert.Contains(t, err.Error(), row.want)
			assert.Contains(t, err.Error(), "security_test.go:")
		})
	}
}

// The URLs of security schemes include the prefix under which clients reach the app.
func TestURLsOfSchemesFollowTheAnnouncedPrefix(t *testing.T) {
	const token = "tokenUrl"
	for name, row := range map[string]struct {
		root, mount string
		servers     []candor.Server
		url, want   string
	}{
		"as it is":                    {url: "/token", want: "/token"},
		"relative, as it is":          {url: "token", want: "token"},
		"a root path":                 {root: "/proxy", url: "/token", want: "/proxy/token"},
		"relative, a root path":       {root: "/proxy", url: "token", want: "/proxy/token"},
		"beside, a root path":         {root: "/proxy", url: "./token?a=b", want: "/proxy/token?a=b"},
		"a mount":                     {mount: "/api/v1", url: "/token", want: "/api/v1/token"},
		"a mount below a root path":   {root: "/proxy", mount: "/api/v1", url: "/token", want: "/proxy/api/v1/token"},
		"elsewhere":                   {root: "/proxy", url: "https://id.example/token", want: "https://id.example/token"},
		"elsewhere, the same scheme":  {root: "/proxy", url: "//id.example/token", want: "//id.example/token"},
		"a server with a path":        {servers: []candor.Server{{URL: "https://api.example/v1/"}}, url: "/token", want: "/v1/token"},
		"a server without a path":     {servers: []candor.Server{{URL: "https://api.example"}}, url: "/token", want: "/token"},
		"a root path before a server": {root: "/proxy", servers: []candor.Server{{URL: "https://api.example/v1"}}, url: "/token", want: "/proxy/token"},
		"a server with a variable":    {servers: []candor.Server{{URL: "/{tenant}/v1", Variables: map[string]candor.ServerVariable{"tenant": {Default: "acme"}}}}, url: "/token", want: "/acme/v1/token"},
	} {
		t.Run(name, func(t *testing.T) {
			config := candor.Config{RootPath: row.root, Servers: row.servers, SecuritySchemes: map[string]candor.SecurityScheme{
				"login":   candor.OAuth2Password(row.url, nil),
				"code":    candor.OAuth2Code(row.url, row.url, nil),
				"machine": candor.OAuth2ClientCredentials(row.url, nil),
				"id":      candor.OpenIDConnect(row.url),
			}}
			if row.mount != "" {
				config.RootPath = ""
			}
			app := candor.New(config)
			candor.Get(app, "/a", idleOf[showsToken])
			candor.Get(app, "/b", idleOf[struct {
				Token candor.Bearer `security:"code"`
			}])
			candor.Get(app, "/c", idleOf[struct {
				Token candor.Bearer `security:"machine"`
			}])
			candor.Get(app, "/d", idleOf[struct {
				Token candor.Bearer `security:"id"`
			}])
			if row.mount != "" {
				outer := candor.New(candor.Config{RootPath: row.root})
				outer.Mount(row.mount, app)
				outer.Seal()
			}
			for range 2 { // a second document must not add the prefix again
				schemes := func(keys ...string) any {
					return apptest.Member(apptest.Document(t, app), append([]string{"components", "securitySchemes"}, keys...)...)
				}
				assert.Equal(t, row.want, schemes("login", "flows", "password", token))
				assert.Equal(t, row.want, schemes("code", "flows", "authorizationCode", token))
				assert.Equal(t, row.want, schemes("code", "flows", "authorizationCode", "authorizationUrl"))
				assert.Equal(t, row.want, schemes("machine", "flows", "clientCredentials", token))
				assert.Equal(t, row.want, schemes("id", "openIdConnectUrl"))
			}
		})
	}
}
