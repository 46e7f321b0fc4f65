package candor_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

var (
	errNotAccepted  = candor.Error(http.StatusUnauthorized, "unknown token")
	errOwnChallenge = errNotAccepted.WithHeader("WWW-Authenticate", `Bearer error="invalid_token"`)
)

const metadata = "https://api.example/.well-known/oauth-protected-resource"

// refuses is a guard that always returns the error.
func refuses[In any](err error) candor.Option {
	return candor.Require(func(context.Context, In) error { return err }, candor.Raises(errNotAccepted))
}

// A refused client gets a challenge, whether its credentials were missing or not accepted.
func TestChallenges(t *testing.T) {
	type (
		token struct{ Token candor.Bearer }
		maybe struct{ Token *candor.Bearer }
		login struct {
			Login candor.Basic `realm:"back \"office\""`
		}
		key struct {
			Key candor.APIKey `header:"X-Key"`
		}
		ownWord struct {
			Token candor.Bearer `scheme:"Token" realm:"devices"`
		}
		keyWord struct {
			Key candor.APIKey `header:"X-Key" scheme:"Key"`
		}
		both struct {
			token
			key
		}
		scoped struct {
			token
			Required candor.RequiredScopes
		}
	)
	full := candor.Challenge{Realm: "api", ResourceMetadata: metadata, Scopes: true}
	for name, row := range map[string]struct {
		challenge        candor.Challenge
		option           candor.Option
		scopes           []string
		missing, refused []string
	}{
		"no configuration": {option: refuses[token](errNotAccepted), missing: []string{"Bearer"}, refused: []string{"Bearer"}},
		"a realm": {
			candor.Challenge{Realm: `a "b" \`},
			refuses[token](errNotAccepted), nil,
			[]string{`Bearer realm="a \"b\" \\"`},
			[]string{`Bearer realm="a \"b\" \\"`},
		},
		"the metadata": {
			candor.Challenge{ResourceMetadata: metadata},
			refuses[token](errNotAccepted), nil,
			[]string{`Bearer resource_metadata="` + metadata + `"`},
			[]string{`Bearer resource_metadata="` + metadata + `"`},
		},
		"all": {
			full, refuses[scoped](errNotAccepted),
			[]string{"read", "write"},
			[]string{`Bearer realm="api", scope="read write", resource_metadata="` + metadata + `"`},
			[]string{`Bearer realm="api", scope="read write", resource_metadata="` + metadata + `"`},
		},
		"all, without scopes": {
			full, refuses[token](errNotAccepted), nil,
			[]string{`Bearer realm="api", resource_metadata="` + metadata + `"`},
			[]string{`Bearer realm="api", resource_metadata="` + metadata + `"`},
		},
		"Basic has a realm":  {full, refuses[login](errNotAccepted), nil, []string{`Basic realm="back \"office\""`}, []string{`Basic realm="back \"office\""`}},
		"a key has a realm":  {full, refuses[key](errNotAccepted), nil, []string{`APIKey realm="api"`}, []string{`APIKey realm="api"`}},
		"a key with a word":  {candor.Challenge{}, refuses[keyWord](errNotAccepted), nil, []string{"Key"}, []string{"Key"}},
		"a realm of a field": {candor.Challenge{Realm: "api"}, refuses[ownWord](errNotAccepted), nil, []string{`Token realm="devices"`}, []string{`Token realm="devices"`}},
		"two, of which the first is missing": {
			candor.Challenge{Realm: "api"},
			refuses[both](errNotAccepted), nil,
			[]string{`Bearer realm="api"`},
			[]string{`Bearer realm="api"`, `APIKey realm="api"`},
		},
		"an error with its own": {
			full, refuses[token](errOwnChallenge), nil,
			[]string{`Bearer realm="api", resource_metadata="` + metadata + `"`},
			[]string{`Bearer error="invalid_token"`},
		},
		"optional, and refused": {candor.Challenge{Realm: "api"}, refuses[maybe](errNotAccepted), nil, []string{`Bearer realm="api"`}, []string{`Bearer realm="api"`}},
	} {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{Challenge: row.challenge}, row.option)
			candor.Get(app, "/typed", idle, candor.Scopes(row.scopes...))
			candor.HandleHTTP(app, []string{"GET"}, "/plain", http.NotFoundHandler(), candor.Scopes(row.scopes...), candor.Responds[candor.None](404))
			for _, path := range []string{"/typed", "/plain"} {
				missing := apptest.Fetch(app, path)
				assert.Equal(t, http.StatusUnauthorized, missing.Code, path)
				assert.Equal(t, row.missing, missing.Header().Values("WWW-Authenticate"), path)
				refused := apptest.Fetch(app, path, "Authorization", "Bearer t", "X-Key", "k")
				for _, credentials := range []string{"Basic dTpw", "Token t"} {
					if refused.Body.String() != `{"detail":"unknown token"}` {
						refused = apptest.Fetch(app, path, "Authorization", credentials, "X-Key", "k")
					}
				}
				assert.JSONEq(t, `{"detail":"unknown token"}`, refused.Body.String(), path)
				assert.Equal(t, row.refused, refused.Header().Values("WWW-Authenticate"), path)
			}
		})
	}
}

// The challenge does not depend on where the error comes from; without credentials there is none.
func TestChallengesOfErrors(t *testing.T) {
	fails := func(context.Context, needsToken) (answer, error) { return answer{}, errNotAccepted }
	type refusal struct{ error }
	for name, row := range map[string]struct {
		build func(app *candor.App)
		want  []string
	}{
		"a handler": {func(app *candor.App) { candor.Get(app, "/", fails, candor.Raises(errNotAccepted)) }, []string{"Bearer"}},
		"a handler without credentials": {func(app *candor.App) {
			candor.Get(app, "/", func(context.Context, candor.None) (answer, error) { return answer{}, errNotAccepted })
		}, nil},
		"a middleware": {func(app *candor.App) {
			candor.Get(app, "/", fails, candor.Use(func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { candor.WriteError(w, r, errNotAccepted) })
			}))
		}, []string{"Bearer"}},
		"a response in another form": {func(app *candor.App) {
			candor.OnStatus(app, http.StatusUnauthorized, func(context.Context, *candor.HTTPError) (string, error) { return "no", nil })
			candor.Get(app, "/", fails)
		}, []string{"Bearer"}},
		"a type that becomes one": {func(app *candor.App) {
			candor.OnError(app, func(context.Context, refusal) (string, error) { return "no", nil }, candor.Status(http.StatusUnauthorized))
			candor.Get(app, "/", func(context.Context, needsToken) (answer, error) { return answer{}, refusal{errors.New("no")} })
		}, []string{"Bearer"}},
		"a stream": {func(app *candor.App) {
			candor.Get(app, "/", func(context.Context, needsToken) (candor.JSONLines[int], error) { return nil, errNotAccepted })
		}, []string{"Bearer"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			row.build(app)
			got := apptest.Fetch(app, "/", "Authorization", "Bearer t")
			assert.Equal(t, http.StatusUnauthorized, got.Code)
			assert.Equal(t, row.want, got.Header()["Www-Authenticate"])
		})
	}
}

// The document declares the header where it is sent, and the test client checks it.
func TestChallengesInTheDocument(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/required", idleOf[needsToken])
	candor.Get(app, "/optional", idleOf[struct{ Token *candor.Bearer }])
	candor.Get(app, "/raised", idle, refuses[struct{ Token *candor.Bearer }](errNotAccepted))
	candor.Get(app, "/login", idle, candor.Raises(errNotAccepted))
	candor.Get(app, "/declared", idleOf[needsToken], candor.Responds[answer](http.StatusUnauthorized))
	candor.WebSocket(app, "/socket", func(context.Context, needsToken, *candor.Socket[string, string]) error { return nil })
	header := func(path string) any {
		return apptest.Member(apptest.Document(t, app), "paths", path, "get", "responses", "401", "headers", "WWW-Authenticate", "required")
	}
	for path, want := range map[string]any{"/required": true, "/raised": true, "/socket": true, "/optional": nil, "/login": nil, "/declared": nil} {
		assert.Equal(t, want, header(path), path)
	}
	c := candor.NewTestClient(t, app)
	c.Get("/required").Status(http.StatusUnauthorized)
	c.Get("/raised").Status(http.StatusUnauthorized)
}

func TestChallengesThatNobodyCouldRead(t *testing.T) {
	for want, challenge := range map[string]candor.Challenge{
		`Config.Challenge: HTTP cannot carry the realm "a\nb"; leave out control characters`: {Realm: "a\nb"},
		`Config.Challenge.ResourceMetadata is "/metadata"; write the whole URL`:              {ResourceMetadata: "/metadata"},
		`Config.Challenge.ResourceMetadata is "ftp://a.example/m"; write the whole URL`:      {ResourceMetadata: "ftp://a.example/m"},
		`Config.Challenge.ResourceMetadata is "https://a.example/m#f"; write the whole URL`:  {ResourceMetadata: "https://a.example/m#f"},
	} {
		err := apptest.ConfigErrorOf(func(*candor.App) { candor.New(candor.Config{Challenge: challenge}) })
		require.Error(t, err)
		assert.Contains(t, err.Error(), want)
	}
}
