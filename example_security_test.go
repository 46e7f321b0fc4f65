package candor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/candor-go/candor"
)

func ExampleBearer() {
	app := candor.New(candor.Config{})
	type ReadMe struct {
		Token candor.Bearer
	}

	candor.Get(app, "/me", func(_ context.Context, in ReadMe) (string, error) {
		return "token " + string(in.Token), nil
	})

	visit(app, "GET", "/me", "Authorization", "bearer t1")
	visit(app, "GET", "/me")
	// Output:
	// 200 "token t1"
	// 401 {"detail":"Not authenticated"}
}

// A pointer makes credentials optional: it is nil if none were sent.
func ExampleBearer_optional() {
	app := candor.New(candor.Config{})
	type ReadGreeting struct {
		Token *candor.Bearer
		Key   *candor.APIKey `query:"key"`
	}

	candor.Get(app, "/greeting", func(_ context.Context, in ReadGreeting) (string, error) {
		switch {
		case in.Token != nil:
			return "hello, reader", nil
		case in.Key != nil:
			return "hello, program", nil
		}
		return "hello, stranger", nil
	})

	visit(app, "GET", "/greeting", "Authorization", "Bearer t1")
	visit(app, "GET", "/greeting?key=k1")
	visit(app, "GET", "/greeting")
	// Output:
	// 200 "hello, reader"
	// 200 "hello, program"
	// 200 "hello, stranger"
}

// A request must have at least one of several credentials; without any of them the response is 401.
func ExampleBearer_oneOfSeveral() {
	type Credentials struct {
		Shown struct {
			Token *candor.Bearer
			Key   *candor.APIKey `header:"X-Key"`
		} `security:"any"`
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/greeting", func(_ context.Context, in Credentials) (string, error) {
		if in.Shown.Key != nil {
			return "hello, program", nil
		}
		return "hello, reader", nil
	})

	visit(app, "GET", "/greeting", "Authorization", "Bearer t1")
	visit(app, "GET", "/greeting", "X-Key", "k1")
	visit(app, "GET", "/greeting")
	// Output:
	// 200 "hello, reader"
	// 200 "hello, program"
	// 401 {"detail":"Not authenticated"}
}

// Some APIs expect another scheme than Bearer in front of the token.
func ExampleBearer_word() {
	type Credentials struct {
		Token candor.Bearer `scheme:"Token"`
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/me", func(_ context.Context, in Credentials) (string, error) {
		return "token " + string(in.Token), nil
	})

	visit(app, "GET", "/me", "Authorization", "Token t1")
	// Output: 200 "token t1"
}

// An API key with a name and a description in the document.
func ExampleSecurityScheme() {
	type Credentials struct {
		Key candor.APIKey `header:"X-Key" security:"Device"`
	}
	app := candor.New(candor.Config{
		SecuritySchemes: map[string]candor.SecurityScheme{
			"Device": candor.SecurityScheme{}.WithDescription("The key on the back of the device"),
		},
	})
	candor.Get(app, "/state", func(_ context.Context, in Credentials) (string, error) {
		return "on", nil
	})

	visit(app, "GET", "/state", "X-Key", "k1")
	// Output: 200 "on"
}

// The response to a client without a token says where to get one, and with which scopes.
func ExampleChallenge() {
	app := candor.New(candor.Config{
		Challenge: candor.Challenge{
			Realm:            "library",
			ResourceMetadata: "https://api.example.com/.well-known/oauth-protected-resource",
			Scopes:           true,
		},
	})
	type ReadMe struct {
		Token    candor.Bearer
		Required candor.RequiredScopes
	}

	candor.Get(app, "/me", func(_ context.Context, in ReadMe) (string, error) {
		return "", candor.Error(401, "unknown token")
	}, candor.Scopes("me"))

	for _, token := range []string{"", "Bearer t1"} {
		r := httptest.NewRequest(http.MethodGet, "/me", nil)
		r.Header.Set("Authorization", token)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	}
	// Output:
	// 401 Bearer realm="library", scope="me", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"
	// 401 Bearer realm="library", scope="me", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"
}

// A public route in an app where all others require a token.
func ExamplePublic() {
	type CheckToken struct{ Token candor.Bearer }

	app := candor.New(candor.Config{}, candor.Require(func(context.Context, CheckToken) error {
		return nil
	}))
	candor.ProvideValue(app, &Library{titles: []string{"Emma"}})
	candor.Get(app, "/titles", titles)
	candor.Get(app, "/state", func(context.Context, candor.None) (string, error) { return "up", nil }, candor.Public())

	visit(app, "GET", "/titles")
	visit(app, "GET", "/state")
	// Output:
	// 401 {"detail":"Not authenticated"}
	// 200 "up"
}

func ExampleRequiredScopes() {
	errForbidden := candor.Error(403, "the token does not allow this")
	granted := map[candor.Bearer][]string{"t1": {"books:read"}}
	type CheckScopes struct {
		Token    candor.Bearer
		Required candor.RequiredScopes
	}

	library := candor.NewRouter("/books", candor.Scopes("books:read"), candor.Require(func(_ context.Context, in CheckScopes) error {
		for _, scope := range in.Required {
			if !slices.Contains(granted[in.Token], scope) {
				return errForbidden.With("needs " + strings.Join(in.Required, " and "))
			}
		}
		return nil
	}, candor.Raises(errForbidden)))
	candor.ProvideValue(library, &Library{titles: []string{"Emma"}})
	candor.Get(library, "", titles)
	type RemoveBook struct {
		Title string `path:"title"`
	}

	candor.Delete(library, "/{title}", func(context.Context, RemoveBook) (candor.None, error) {
		return candor.None{}, nil
	}, candor.Scopes("books:write"))
	app := candor.New(candor.Config{})
	app.Include(library)

	visit(app, "GET", "/books", "Authorization", "Bearer t1")
	visit(app, "DELETE", "/books/Emma", "Authorization", "Bearer t1")
	// Output:
	// 200 ["Emma"]
	// 403 {"detail":"needs books:read and books:write"}
}

func ExampleSecretsEqual() {
	errBadKey := candor.Error(401, "unknown key")
	app := candor.New(candor.Config{})
	type ReadStats struct {
		Key candor.APIKey `header:"X-API-Key"`
	}

	candor.Get(app, "/stats", func(_ context.Context, in ReadStats) (int, error) {
		if !candor.SecretsEqual("s3cret", string(in.Key)) {
			return 0, errBadKey
		}
		return 42, nil
	}, candor.Raises(errBadKey))

	visit(app, "GET", "/stats", "X-API-Key", "s3cret")
	visit(app, "GET", "/stats", "X-API-Key", "s3cre")
	// Output:
	// 200 42
	// 401 {"detail":"unknown key"}
}

func ExampleRouteInfo() {
	type LogRoute struct{ Route candor.RouteInfo }

	app := candor.New(candor.Config{}, candor.Require(func(_ context.Context, in LogRoute) error {
		fmt.Println(in.Route.Method, in.Route.Pattern, in.Route.Tags)
		return nil
	}))
	candor.ProvideValue(app, &Library{titles: []string{"Emma"}})
	candor.Get(app, "/titles", titles, candor.Tags("books"))

	visit(app, "GET", "/titles")
	// Output:
	// GET /titles [books]
	// 200 ["Emma"]
}

func ExampleRootPath() {
	app := candor.New(candor.Config{RootPath: "/api"})
	type ReadNext struct{ Root candor.RootPath }

	candor.Get(app, "/next", func(_ context.Context, in ReadNext) (string, error) {
		return string(in.Root) + "/pages/2", nil
	})

	visit(app, "GET", "/next") // the client asked the proxy for /api/next
	// Output: 200 "/api/pages/2"
}

// printScheme prints how the document describes a security scheme.
func printScheme(scheme candor.SecurityScheme) { printSchemeAs(scheme, candor.OpenAPI31) }

func printSchemeAs(scheme candor.SecurityScheme, format candor.DocumentFormat) {
	app := candor.New(candor.Config{SecuritySchemes: map[string]candor.SecurityScheme{"login": scheme}})
	type ReadMe struct {
		Token candor.Bearer `security:"login"`
	}

	candor.Get(app, "/me", func(_ context.Context, in ReadMe) (string, error) {
		return string(in.Token), nil
	})
	var document bytes.Buffer
	if err := app.WriteOpenAPIAs(&document, format); err != nil {
		fmt.Println(err)
		return
	}
	var parts struct {
		Components struct {
			SecuritySchemes map[string]json.RawMessage `json:"securitySchemes"`
		} `json:"components"`
	}
	if err := json.Unmarshal(document.Bytes(), &parts); err != nil {
		fmt.Println(err)
		return
	}
	var described bytes.Buffer
	if err := json.Indent(&described, parts.Components.SecuritySchemes["login"], "", "  "); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(described.String())
}

func ExampleOAuth2Code() {
	printScheme(candor.OAuth2Code("https://id.example.com/authorize", "https://id.example.com/token",
		map[string]string{"books:read": "Read books"}))
	// Output:
	// {
	//   "type": "oauth2",
	//   "flows": {
	//     "authorizationCode": {
	//       "authorizationUrl": "https://id.example.com/authorize",
	//       "tokenUrl": "https://id.example.com/token",
	//       "scopes": {
	//         "books:read": "Read books"
	//       }
	//     }
	//   }
	// }
}

func ExampleOAuth2ClientCredentials() {
	printScheme(candor.OAuth2ClientCredentials("https://id.example.com/token", map[string]string{"books:read": "Read books"}))
	// Output:
	// {
	//   "type": "oauth2",
	//   "flows": {
	//     "clientCredentials": {
	//       "tokenUrl": "https://id.example.com/token",
	//       "scopes": {
	//         "books:read": "Read books"
	//       }
	//     }
	//   }
	// }
}

func ExampleOpenIDConnect() {
	printScheme(candor.OpenIDConnect("https://id.example.com/.well-known/openid-configuration"))
	// Output:
	// {
	//   "type": "openIdConnect",
	//   "openIdConnectUrl": "https://id.example.com/.well-known/openid-configuration"
	// }
}

func ExampleBearerTokens() {
	printScheme(candor.BearerTokens("JWT"))
	// Output:
	// {
	//   "type": "http",
	//   "scheme": "bearer",
	//   "bearerFormat": "JWT"
	// }
}

// OpenAPI 3.2 defines this flow; in 3.1 it is written as x-deviceAuthorization.
func ExampleOAuth2Device() {
	printSchemeAs(candor.OAuth2Device("https://id.example.com/device", "https://id.example.com/token",
		map[string]string{"films:watch": "Watch films"}), candor.OpenAPI32)
	// Output:
	// {
	//   "type": "oauth2",
	//   "flows": {
	//     "deviceAuthorization": {
	//       "deviceAuthorizationUrl": "https://id.example.com/device",
	//       "tokenUrl": "https://id.example.com/token",
	//       "scopes": {
	//         "films:watch": "Watch films"
	//       }
	//     }
	//   }
	// }
}

func ExampleSecurityScheme_WithMetadata() {
	printSchemeAs(candor.OAuth2ClientCredentials("https://id.example.com/token", nil).
		WithMetadata("https://id.example.com/.well-known/oauth-authorization-server"), candor.OpenAPI32)
	// Output:
	// {
	//   "type": "oauth2",
	//   "flows": {
	//     "clientCredentials": {
	//       "tokenUrl": "https://id.example.com/token",
	//       "scopes": {}
	//     }
	//   },
	//   "oauth2MetadataUrl": "https://id.example.com/.well-known/oauth-authorization-server"
	// }
}

func ExampleSecurityScheme_Deprecated() {
	printSchemeAs(candor.BearerTokens("JWT").Deprecated(), candor.OpenAPI32)
	// Output:
	// {
	//   "type": "http",
	//   "scheme": "bearer",
	//   "bearerFormat": "JWT",
	//   "deprecated": true
	// }
}

func ExampleSecurityScheme_WithDescription() {
	printScheme(candor.BearerTokens("JWT").WithDescription("From POST /token"))
	// Output:
	// {
	//   "type": "http",
	//   "description": "From POST /token",
	//   "scheme": "bearer",
	//   "bearerFormat": "JWT"
	// }
}

func ExampleOAuth2PasswordForm() {
	errBadLogin := candor.Error(401, "wrong user name or password").WithHeader("WWW-Authenticate", "Bearer")
	app := candor.New(candor.Config{})
	type LogIn struct {
		Form candor.OAuth2PasswordForm `form:""`
	}

	candor.Post(app, "/token", func(_ context.Context, in LogIn) (map[string]any, error) {
		if in.Form.Username != "ann" || !candor.SecretsEqual("sesame", in.Form.Password) {
			return nil, errBadLogin
		}
		return map[string]any{"access_token": "t1", "token_type": "bearer", "scopes": in.Form.Scopes()}, nil
	}, candor.Raises(errBadLogin))

	for _, form := range []string{"username=ann&password=sesame&scope=read+write", "username=ann&password=guess"} {
		r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 {"access_token":"t1","scopes":["read","write"],"token_type":"bearer"}
	// 401 {"detail":"wrong user name or password"}
}

// The dependencies of a stream end after its last byte, unless their lifetime says that they end before the first.
func ExampleLifetime() {
	app := candor.New(candor.Config{})
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*Library) error) error {
		defer fmt.Println("the library closes")
		return use(&Library{titles: []string{"Emma", "Persuasion"}})
	}, candor.Until(candor.ResponseEncoded))
	type StreamTitles struct {
		Library *Library `dep:""`
	}

	candor.Get(app, "/titles", func(_ context.Context, in StreamTitles) (candor.JSONLines[string], error) {
		all := slices.Clone(in.Library.titles) // the stream runs after the library is closed
		return candor.LinesOf(func(yield func(string) bool) {
			fmt.Println("the stream begins")
			for _, title := range all {
				if !yield(title) {
					return
				}
			}
		}), nil
	})

	visit(app, "GET", "/titles")
	// Output:
	// the library closes
	// the stream begins
	// 200 "Emma"
	// "Persuasion"
}
