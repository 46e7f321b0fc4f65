package candor_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type (
	visitor struct{ Name string }
	office  struct{}

	// Inputs that read credentials, with and without the required scopes.
	showsToken struct {
		Token candor.Bearer `security:"login"`
	}
	comparesScopes struct {
		showsToken
		Required candor.RequiredScopes
	}
	comparesScopesOfVisitor struct {
		Visitor  *visitor `dep:""`
		Required candor.RequiredScopes
	}
	asksVisitor struct {
		Visitor *visitor `dep:""`
	}
	asksOffice struct {
		Office *office `dep:""`
	}
)

func idleOf[In any](context.Context, In) (candor.None, error) { return candor.None{}, nil }

func guardOf[In any](context.Context, In) error { return nil }

func makeOf[T, In any](context.Context, In) (made T, err error) { return made, nil }

func scopedOf[T, In any](_ context.Context, _ In, use func(T) error) error {
	var made T
	return use(made)
}

// loginApp is an app whose security scheme lists the scopes read and write.
func loginApp(options ...candor.Option) *candor.App {
	return candor.New(candor.Config{SecuritySchemes: map[string]candor.SecurityScheme{
		"login": candor.OAuth2Password("token", map[string]string{"read": "Look", "write": "Change"}),
	}}, options...)
}

var scopesRead = candor.Scopes("read")

// Whatever compares the scopes must also read the credentials they belong to.
func TestScopesThatAreChecked(t *testing.T) {
	for name, build := range map[string]func(app *candor.App){
		"by the handler":  func(app *candor.App) { candor.Get(app, "/", idleOf[comparesScopes], scopesRead) },
		"by a guard":      func(app *candor.App) { candor.Get(app, "/", idle, scopesRead, candor.Require(guardOf[comparesScopes])) },
		"by a wrapper":    func(app *candor.App) { candor.Get(app, "/", idle, scopesRead, candor.Around(aroundOf[comparesScopes])) },
		"by a plain one":  func(app *candor.App) { plain(app, scopesRead, candor.Require(guardOf[comparesScopes])) },
		"by a WebSocket":  func(app *candor.App) { talks[comparesScopes](app, scopesRead) },
		"by a stream":     func(app *candor.App) { streams[comparesScopes](app, scopesRead) },
		"of no operation": func(app *candor.App) { candor.Get(app, "/", idleOf[showsToken]) },
		"by a provider": func(app *candor.App) {
			candor.Provide(app, makeOf[*visitor, comparesScopes])
			candor.Get(app, "/", idleOf[asksVisitor], scopesRead)
		},
		"by a provider that Needs runs": func(app *candor.App) {
			candor.Provide(app, makeOf[*visitor, comparesScopes])
			candor.Get(app, "/", idle, scopesRead, candor.Needs[*visitor]())
		},
		"by a scoped provider": func(app *candor.App) {
			candor.ProvideScoped(app, scopedOf[*visitor, comparesScopes])
			candor.Get(app, "/", idleOf[asksVisitor], scopesRead)
		},
		"by a guard that depends on the credentials": func(app *candor.App) {
			candor.Provide(app, makeOf[*visitor, showsToken])
			candor.Get(app, "/", idle, scopesRead, candor.Require(guardOf[comparesScopesOfVisitor]))
		},
		"by a provider two steps away from them": func(app *candor.App) {
			candor.Provide(app, makeOf[*visitor, showsToken])
			candor.Provide(app, makeOf[*office, comparesScopesOfVisitor])
			candor.Get(app, "/", idleOf[asksOffice], scopesRead)
		},
		"where a provider asks for them": func(app *candor.App) {
			candor.Provide(app, makeOf[*visitor, comparesScopes], scopesRead)
			candor.Get(app, "/", idleOf[asksVisitor])
		},
		"in an alias": func(app *candor.App) {
			candor.Get(app, "/", idleOf[comparesScopes], candor.Alias("/too", scopesRead))
		},
		"not around what is no operation": func(app *candor.App) {
			r := candor.NewRouter("/r", scopesRead, candor.Require(guardOf[comparesScopes]))
			r.Mount("/m", http.NotFoundHandler())
			candor.Get(r, "/", idle)
			app.Include(r)
		},
		"of a request that is sent": func(app *candor.App) {
			candor.Webhook[showsToken, candor.None](app, http.MethodPost, "sent", scopesRead)
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := loginApp()
			build(app)
			candor.Get(app, "/login", idleOf[showsToken])
			assert.NoError(t, app.Check())
		})
	}
}

func TestScopesThatNothingChecks(t *testing.T) {
	const unread = `Scopes("read"): nothing checks the scopes, so any credentials would do; add a field of type candor.RequiredScopes to the provider or guard that reads the credentials, and compare, or drop the scopes`
	const anonymous = `Scopes("read"): no input of the operation has a security field, so there are no credentials that could have a scope; add one such as candor.Bearer beside a field of type candor.RequiredScopes to a provider or guard that compares them, or drop the scopes`
	for name, row := range map[string]struct {
		build func(app *candor.App)
		want  string
	}{
		"no credentials":             {func(app *candor.App) { candor.Get(app, "/", idle, scopesRead) }, anonymous},
		"no credentials of a plain":  {func(app *candor.App) { plain(app, scopesRead) }, anonymous},
		"no reader":                  {func(app *candor.App) { candor.Get(app, "/", idleOf[showsToken], scopesRead) }, unread},
		"no reader in a WebSocket":   {func(app *candor.App) { talks[showsToken](app, scopesRead) }, unread},
		"no reader in a stream":      {func(app *candor.App) { streams[showsToken](app, scopesRead) }, unread},
		"no reader among the guards": {func(app *candor.App) { candor.Get(app, "/", idle, scopesRead, candor.Require(guardOf[showsToken])) }, unread},
		"no reader around a plain":   {func(app *candor.App) { plain(app, scopesRead, candor.Require(guardOf[showsToken])) }, unread},
		"no reader of a router":      {func(app *candor.App) { include(app, candor.NewRouter("/r", scopesRead)) }, unread},
		"no reader of an inclusion":  {func(app *candor.App) { include(app, candor.NewRouter("/r"), scopesRead) }, unread},
		"no reader in an alias":      {func(app *candor.App) { candor.Get(app, "/", idleOf[showsToken], candor.Alias("/too", scopesRead)) }, unread},
		"no reader, and hidden":      {func(app *candor.App) { candor.Get(app, "/", idleOf[showsToken], scopesRead, candor.Hidden()) }, unread},
		"a mount that asks for them": {func(app *candor.App) { app.Mount("/m", http.NotFoundHandler(), scopesRead) }, anonymous},
		"a request that is sent":     {func(app *candor.App) { candor.Webhook[candor.None, candor.None](app, "POST", "sent", scopesRead) }, anonymous},
		"a reader of scopes alone": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[showsToken], scopesRead, candor.Require(guardOf[struct{ Required candor.RequiredScopes }]))
		}, unread},
		"a reader that the credentials depend on": {func(app *candor.App) {
			candor.Provide(app, makeOf[*office, struct{ Required candor.RequiredScopes }])
			candor.Get(app, "/", idle, scopesRead, candor.Require(guardOf[struct {
				showsToken
				asksOffice
			}]))
		}, unread},
		"scopes of a provider": {func(app *candor.App) {
			candor.Provide(app, makeOf[*visitor, showsToken], scopesRead)
			candor.Get(app, "/", idleOf[asksVisitor])
		}, unread},
		"no such scope": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[comparesScopes], candor.Scopes("read", "raed"))
		}, `Scopes("raed"): the security scheme "login" of Config.SecuritySchemes has no such scope, it has "read", "write"; write one of these, or add it there`},
	} {
		t.Run(name, func(t *testing.T) {
			app := loginApp()
			row.build(app)
			err := app.Check()
			require.Error(t, err)
			assert.Contains(t, err.Error(), row.want)
			assert.Contains(t, err.Error(), "credentials_test.go:")
		})
	}
}

// A scheme that lists no scopes, such as OpenID Connect, accepts any.
func TestScopesOfSchemesWithoutAList(t *testing.T) {
	for name, scheme := range map[string]candor.SecurityScheme{
		"a flow that lists none": candor.OAuth2ClientCredentials("token", nil),
		"OpenID Connect":         candor.OpenIDConnect("https://id.example/.well-known/openid-configuration"),
		"bearer tokens":          candor.BearerTokens("JWT"),
	} {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{SecuritySchemes: map[string]candor.SecurityScheme{"login": scheme}})
			candor.Get(app, "/", idleOf[comparesScopes], candor.Scopes("anything"))
			assert.NoError(t, app.Check())
		})
	}
}

// An override need not read tokens; the scopes and schemes of the app stay the same.
func TestScopesOfOverriddenProviders(t *testing.T) {
	for name, override := range map[string]func(app *candor.App){
		"a value":           func(app *candor.App) { candor.OverrideValue(app, &visitor{}) },
		"a function":        func(app *candor.App) { candor.Override(app, makeOf[*visitor, candor.None]) },
		"one with a token":  func(app *candor.App) { candor.Override(app, makeOf[*visitor, struct{ Token candor.Bearer }]) },
		"a scoped function": func(app *candor.App) { candor.OverrideScoped(app, scopedOf[*visitor, candor.None]) },
	} {
		t.Run(name, func(t *testing.T) {
			app := loginApp()
			candor.Provide(app, makeOf[*visitor, comparesScopes])
			candor.Get(app, "/", idleOf[asksVisitor], scopesRead)
			override(app)
			assert.NoError(t, app.Check())
		})
	}
}

// The document lists scopes beside the credentials that are compared with them.
func TestScopesAreDocumentedBesideTheirCredentials(t *testing.T) {
	app := loginApp()
	candor.Provide(app, makeOf[*visitor, comparesScopes])
	keyed := candor.Require(guardOf[struct {
		Key candor.APIKey `header:"X-Key"`
	}])
	candor.Get(app, "/both", idleOf[asksVisitor], scopesRead, keyed)
	candor.Get(app, "/token", idleOf[asksVisitor], scopesRead)
	assert.JSONEq(t, `[{"login":["read"],"APIKeyHeader":[]}]`, securityOf(t, app, "/both"))
	assert.JSONEq(t, `[{"login":["read"]}]`, securityOf(t, app, "/token"))
}

// An operation without required credentials has a 401 only if it declares one.
func TestUnauthorizedIsDocumentedWhereItComes(t *testing.T) {
	type optional struct{ Token *candor.Bearer }
	errUnknown := candor.Error(http.StatusUnauthorized, "unknown token")
	for name, row := range map[string]struct {
		build    func(app *candor.App)
		security string
		has401   bool
	}{
		"required":                {func(app *candor.App) { candor.Get(app, "/", idleOf[needsToken]) }, `[{"HTTPBearer":[]}]`, true},
		"required by a guard":     {func(app *candor.App) { candor.Get(app, "/", idle, candor.Require(guardOf[needsToken])) }, `[{"HTTPBearer":[]}]`, true},
		"optional":                {func(app *candor.App) { candor.Get(app, "/", idleOf[optional]) }, `[{"HTTPBearer":[]},{}]`, false},
		"optional in a plain":     {func(app *candor.App) { plain(app, candor.Require(guardOf[optional])) }, `[{"HTTPBearer":[]},{}]`, false},
		"optional in a WebSocket": {func(app *candor.App) { talks[optional](app) }, `[{"HTTPBearer":[]},{}]`, false},
		"optional, and raised": {func(app *candor.App) {
			candor.Get(app, "/", idle, candor.Require(guardOf[optional], candor.Raises(errUnknown)))
		}, `[{"HTTPBearer":[]},{}]`, true},
		"optional beside required": {func(app *candor.App) {
			candor.Get(app, "/", idleOf[optional], candor.Require(guardOf[needsToken]))
		}, `[{"HTTPBearer":[]}]`, true},
	} {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			row.build(app)
			assert.JSONEq(t, row.security, securityOf(t, app, "/"))
			responses, _ := apptest.Member(apptest.Document(t, app), "paths", "/", "get", "responses").(map[string]any)
			assert.Equal(t, row.has401, responses["401"] != nil)
		})
	}
}

func aroundOf[In any](_ context.Context, _ In, next func() error) error { return next() }

func plain(app *candor.App, options ...candor.RouteOption) {
	candor.HandleHTTP(app, []string{http.MethodGet}, "/", http.NotFoundHandler(), options...)
}

func include(app *candor.App, r *candor.Router, options ...candor.IncludeOption) {
	candor.Get(r, "/", idleOf[showsToken])
	app.Include(r, options...)
}

func talks[In any](app *candor.App, options ...candor.RouteOption) {
	candor.WebSocket(app, "/", func(context.Context, In, *candor.Socket[string, string]) error { return nil }, options...)
}

func streams[In any](app *candor.App, options ...candor.RouteOption) {
	candor.Get(app, "/", func(context.Context, In) (candor.JSONLines[int], error) {
		return candor.JSONLines[int](func(func(int, error) bool) {}), nil
	}, options...)
}

// securityOf returns the security requirements of a GET in the document.
func securityOf(t *testing.T, app *candor.App, path string) string {
	t.Helper()
	text, err := json.Marshal(apptest.Member(apptest.Document(t, app), "paths", path, "get", "security"))
	require.NoError(t, err)
	return string(text)
}
