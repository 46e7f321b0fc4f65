package candor_test

import (
	"context"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// needsTenant is the input of a guard that reads no credentials.
type needsTenant struct {
	Tenant string `header:"X-Tenant"`
}

// In an app whose routes all require a tenant and some kind of credentials, a public route requires only the tenant.
func TestPublicRoutes(t *testing.T) {
	provided := func(app *candor.App) *candor.App {
		candor.Provide(app, makeOf[*visitor, needsToken])
		candor.Provide(app, makeOf[*office, asksVisitor])
		return app
	}
	optional := candor.Require(guardOf[struct{ Token *candor.Bearer }])
	for name, guards := range map[string][]candor.Option{
		"a guard": {candor.Require(guardOf[needsToken])},
		"a guard with scopes": {candor.Scopes("read"), candor.Require(guardOf[struct {
			needsToken
			Required candor.RequiredScopes
		}])},
		"a guard that asks for scopes": {candor.Require(guardOf[struct {
			needsToken
			Required candor.RequiredScopes
		}], candor.Scopes("read"))},
		"a guard that depends on one":   {candor.Require(guardOf[asksOffice])},
		"one of several credentials":    {candor.Require(guardOf[showsOneOfTwo])},
		"a provider":                    {candor.Needs[*visitor]()},
		"a provider that depends on it": {candor.Needs[*office]()},
		"a wrapper":                     {candor.Around(aroundOf[needsToken])},
		"optional credentials":          {candor.Require(guardOf[needsToken]), optional},
	} {
		t.Run(name, func(t *testing.T) {
			app := provided(candor.New(candor.Config{}, append(guards, candor.Require(guardOf[needsTenant]))...))
			candor.Get(app, "/closed", idle)
			candor.Get(app, "/open", idle, candor.Public())
			plainly := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
			candor.HandleHTTP(app, []string{http.MethodGet}, "/plain", plainly, candor.Public())
			streaming := func(context.Context, candor.None) (candor.JSONLines[int], error) {
				return candor.JSONLines[int](func(func(int, error) bool) {}), nil
			}
			candor.Get(app, "/stream", streaming, candor.Public())
			router := candor.NewRouter("/router", guards...)
			candor.Get(router, "/open", idle, candor.Public(), candor.Alias("/alias"))
			candor.Get(router, "/closed", idle, candor.Alias("/opened", candor.Public()))
			app.Include(router, candor.Prefix("/v1"))
			app.Frontend("/pages", fstest.MapFS{"index.html": {Data: []byte("page")}}, candor.Public())

			for _, path := range []string{"/closed", "/v1/router/closed"} {
				assert.Equal(t, http.StatusUnauthorized, apptest.Fetch(app, path, "X-Tenant", "acme").Code, path)
				assert.NotEqual(t, `[]`, securityOf(t, app, path), path)
			}
			for _, path := range []string{"/open", "/plain", "/stream", "/v1/router/open", "/v1/router/alias", "/v1/router/opened"} {
				assert.Equal(t, http.StatusOK, apptest.Fetch(app, path, "X-Tenant", "acme").Code, path)
				assert.Equal(t, http.StatusUnprocessableEntity, apptest.Fetch(app, path).Code, "%s: the tenant is asked for", path)
				assert.Equal(t, `[]`, securityOf(t, app, path), path)
				assert.Nil(t, apptest.Member(apptest.Document(t, app), "paths", path, "get", "responses", "401"), path)
			}
			assert.Equal(t, http.StatusOK, apptest.Fetch(app, "/pages/", "X-Tenant", "acme").Code)
		})
	}
}

func TestPublicRoutesAreListed(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Require(guardOf[needsToken]))
	candor.Get(app, "/closed", idle)
	candor.Get(app, "/open", idle, candor.Public())
	candor.Get(app, "/told", func(_ context.Context, in struct{ Route candor.RouteInfo }) (bool, error) {
		return in.Route.Public, nil
	}, candor.Public())
	listed := map[string]bool{}
	for _, info := range app.Routes() {
		listed[info.Pattern] = info.Public
	}
	assert.Equal(t, map[string]bool{"/closed": false, "/open": true, "/told": true}, listed)
	assert.Equal(t, "true", apptest.Fetch(app, "/told").Body.String())
}

// If a test overrides the provider that reads the credentials, the public route still skips the same guards.
func TestPublicRoutesWithOverrides(t *testing.T) {
	for name, override := range map[string]func(app *candor.App){
		"none":             func(*candor.App) {},
		"a value":          func(app *candor.App) { candor.OverrideValue(app, &visitor{}) },
		"one with a token": func(app *candor.App) { candor.Override(app, makeOf[*visitor, needsToken]) },
	} {
		t.Run(name, func(t *testing.T) {
			guarded := 0
			app := candor.New(candor.Config{}, candor.Require(func(context.Context, asksVisitor) error {
				guarded++
				return nil
			}))
			candor.Provide(app, makeOf[*visitor, needsToken])
			candor.Get(app, "/", idle, candor.Public())
			override(app)
			assert.Equal(t, http.StatusOK, apptest.Fetch(app, "/").Code)
			assert.Zero(t, guarded)
		})
	}
}

func TestMistakesOfPublic(t *testing.T) {
	for name, row := range map[string]struct {
		build func(app *candor.App)
		want  string
	}{
		"the handler": {
			func(app *candor.App) { candor.Get(app, "/", idleOf[needsToken], candor.Public()) },
			"Public: the field Token of the input of the handler reads credentials; drop the field or the dependency that has it, or drop Public",
		},
		"optional": {
			func(app *candor.App) { candor.Get(app, "/", idleOf[struct{ Token *candor.Bearer }], candor.Public()) },
			"Public: the field Token of the input of the handler reads credentials",
		},
		"a provider": {func(app *candor.App) {
			candor.Provide(app, makeOf[*visitor, needsToken])
			candor.Get(app, "/", idleOf[asksVisitor], candor.Public())
		}, "Public: the field Token of *candor_test.visitor reads credentials"},
		"a guard of its own": {
			func(app *candor.App) {
				candor.Get(app, "/", idle, candor.Public(), candor.Require(guardOf[needsToken]))
			},
			"Public: the field Token of ",
		},
		"scopes of its own": {
			func(app *candor.App) { candor.Get(app, "/", idle, candor.Public(), candor.Scopes("read")) },
			`Public and Scopes("read") contradict each other; drop one of them`,
		},
		"a mount": {
			func(app *candor.App) { app.Mount("/m", http.NotFoundHandler(), candor.Public()) },
			"guards do not hold for what is mounted, so Public has no effect; drop it",
		},
		"a webhook": {
			func(app *candor.App) { candor.Webhook[answer, candor.None](app, "POST", "sent", candor.Public()) },
			"leave out Public",
		},
		"a handler of errors": {func(app *candor.App) {
			candor.OnStatus(app, 404, func(context.Context, *candor.HTTPError) (string, error) { return "", nil }, candor.Public())
		}, "drop the others"},
	} {
		t.Run(name, func(t *testing.T) {
			err := apptest.ConfigErrorOf(row.build)
			require.Error(t, err)
			assert.Contains(t, err.Error(), row.want)
			assert.Contains(t, err.Error(), "public_test.go:")
		})
	}
}
