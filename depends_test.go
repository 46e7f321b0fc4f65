package candor_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// journal notes events in order.
type journal struct{ lines []string }

func (j *journal) note(line string) { j.lines = append(j.lines, line) }

type (
	user   struct{ Name string }
	dbConn struct{ id int }
	tx     struct{ db *dbConn }
	clock  interface{ Now() string }
	noon   struct{}
	answer struct {
		Text string `json:"text"`
	}
)

func (noon) Now() string { return "12:00" }

func TestProviders(t *testing.T) {
	t.Run("a chain is resolved by type, once a request", func(t *testing.T) {
		app := candor.New(candor.Config{})
		runs := 0
		candor.ProvideValue(app, &dbConn{id: 7})
		candor.Provide(app, func(_ context.Context, in struct {
			DB *dbConn `dep:""`
		},
		) (*tx, error) {
			runs++
			return &tx{db: in.DB}, nil
		})
		candor.Provide(app, func(_ context.Context, in struct {
			TX   *tx    `dep:""`
			Name string `query:"name"`
		},
		) (*user, error) {
			return &user{Name: in.Name}, nil
		})
		candor.Get(app, "/", func(_ context.Context, in struct {
			User *user `dep:""`
			TX   *tx   `dep:""`
		},
		) (answer, error) {
			assert.Equal(t, 7, in.TX.db.id)
			return answer{in.User.Name}, nil
		})
		c := candor.NewTestClient(t, app)
		assert.JSONEq(t, `{"text":"ann"}`, c.Get("/?name=ann").Status(200).Text())
		assert.Equal(t, 1, runs, "a diamond runs its tip once")
		faults := c.Get("/").Faults()
		require.Len(t, faults, 1)
		assert.Equal(t, []any{"query", "name"}, faults[0].Loc)
		assert.Equal(t, 1, runs, "providers run only for valid requests")
	})
	t.Run("the nearest router wins, interfaces are keys", func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.ProvideValue[clock](app, noon{})
		candor.ProvideValue(app, &user{"app"})
		inner := candor.NewRouter("/inner")
		candor.ProvideValue(inner, &user{"router"})
		handler := func(_ context.Context, in struct {
			Clock clock `dep:""`
			User  *user `dep:""`
		},
		) (answer, error) {
			return answer{in.User.Name + " " + in.Clock.Now()}, nil
		}
		candor.Get(app, "/", handler)
		candor.Get(inner, "/", handler)
		app.Include(inner)
		c := candor.NewTestClient(t, app)
		assert.JSONEq(t, `{"text":"app 12:00"}`, c.Get("/").Status(200).Text())
		assert.JSONEq(t, `{"text":"router 12:00"}`, c.Get("/inner/").Status(200).Text())
	})
	t.Run("fresh runs again", func(t *testing.T) {
		app := candor.New(candor.Config{})
		n := 0
		candor.Provide(app, func(context.Context, candor.None) (*dbConn, error) {
			n++
			return &dbConn{id: n}, nil
		})
		candor.Get(app, "/", func(_ context.Context, in struct {
			A *dbConn `dep:""`
			B *dbConn `dep:""`
			C *dbConn `dep:"fresh"`
		},
		) (candor.None, error) {
			assert.Same(t, in.A, in.B)
			assert.NotSame(t, in.A, in.C)
			return candor.None{}, nil
		})
		candor.NewTestClient(t, app).Get("/").Status(204)
		assert.Equal(t, 2, n)
	})
	t.Run("overrides replace parameters too", func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.Provide(app, func(_ context.Context, in struct {
			Token string `header:"X-Token"`
		},
		) (*user, error) {
			return &user{in.Token}, nil
		})
		candor.Get(app, "/", func(_ context.Context, in struct {
			User *user `dep:""`
		},
		) (answer, error) {
			return answer{in.User.Name}, nil
		})
		candor.OverrideValue(app, &user{"test"})
		assert.JSONEq(t, `{"text":"test"}`, candor.NewTestClient(t, app).Get("/").Status(200).Text())
	})
}

// scopedApp wraps a handler in a transaction whose commit returns the given error.
func scopedApp(j *journal, commit error, options ...candor.ProvideOption) *candor.App {
	app := candor.New(candor.Config{})
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*tx) error) error {
		j.note("open")
		defer j.note("closed")
		if err := use(&tx{}); err != nil {
			j.note("rollback")
			return err
		}
		j.note("commit")
		return commit
	}, options...)
	candor.Post(app, "/", func(_ context.Context, in struct {
		TX   *tx    `dep:""`
		Fail string `query:"fail,omitempty"`
	},
	) (answer, error) {
		j.note("handler")
		switch in.Fail {
		case "error":
			return answer{}, candor.Error(409, "taken")
		case "panic":
			panic("on fire")
		}
		return answer{"done"}, nil
	}, candor.Status(201), candor.Raises(candor.Error(409, "taken")))
	return app
}

func TestScopedProviders(t *testing.T) {
	for _, row := range []struct {
		name, query string
		commit      error
		status      int
		journal     string
	}{
		{"a good request is committed before the answer", "", nil, 201, "open handler commit closed"},
		{"an error rolls back and stands", "?fail=error", nil, 409, "open handler rollback closed"},
		{"a panic runs the defers", "?fail=panic", nil, 500, "open handler closed"},
		{"a failed commit is no 201", "", errors.New("disk full"), 500, "open handler commit closed"},
		{"a failed commit may say what it is", "", candor.Error(409, "conflict"), 409, "open handler commit closed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			j := &journal{}
			c := candor.NewTestClient(t, scopedApp(j, row.commit))
			c.Post("/"+row.query, nil).Status(row.status)
			assert.Equal(t, row.journal, strings.Join(j.lines, " "))
		})
	}
}

func TestGuardsRunBeforeTheBody(t *testing.T) {
	j := &journal{}
	guard := func(name string) candor.Option {
		return candor.Require(func(context.Context, candor.None) error {
			j.note(name)
			return nil
		})
	}
	app := candor.New(candor.Config{}, guard("app"))
	router := candor.NewRouter("/r", guard("router"))
	candor.Provide(app, func(_ context.Context, in struct{ Token candor.Bearer }) (*user, error) {
		j.note("user")
		if in.Token != "good" {
			return nil, candor.Error(403, "no")
		}
		return &user{string(in.Token)}, nil
	}, candor.Raises(candor.Error(403, "no")))
	candor.Post(router, "/", func(_ context.Context, in struct {
		Body answer `body:""`
		User *user  `dep:""`
	},
	) (answer, error) {
		j.note("handler")
		return in.Body, nil
	}, guard("route"))
	app.Include(router, guard("include"))
	c := candor.NewTestClient(t, app)
	for _, row := range []struct {
		name, token, body string
		status            int
		journal           string
	}{
		{"all in order", "Bearer good", `{"text":"x"}`, 200, "app include router route user handler"},
		{"the scheme is compared without regard to case", "bearer  good ", `{"text":"x"}`, 200, "app include router route user handler"},
		{"missing credentials are 401, whatever the body is", "", `{"text":`, 401, "app include router route"},
		{"another scheme is none", "Basic good", `{}`, 401, "app include router route"},
		{"an error of a guard comes before the body", "Bearer bad", `{"text":`, 403, "app include router route user"},
		{"then the body", "Bearer good", `{}`, 422, "app include router route user"},
	} {
		t.Run(row.name, func(t *testing.T) {
			j.lines = nil
			var options []candor.TestOption
			if row.token != "" {
				options = append(options, candor.WithHeader("Authorization", row.token))
			}
			got := c.Post("/r/", row.body, options...).Status(row.status)
			assert.Equal(t, row.journal, strings.Join(j.lines, " "))
			if row.status == http.StatusUnauthorized {
				assert.Equal(t, "Bearer", got.Header.Get("WWW-Authenticate"))
				assert.JSONEq(t, `{"detail":"Not authenticated"}`, got.Text())
			}
		})
	}
}

func TestLifetimes(t *testing.T) {
	j := &journal{}
	app := candor.New(candor.Config{}, candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&notingWriter{w, j}, r)
		})
	}))
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*dbConn) error) error {
		j.note("sent{")
		err := use(&dbConn{})
		j.note("}sent")
		return err
	}, candor.Until(candor.ResponseSent))
	candor.ProvideScoped(app, func(_ context.Context, in struct {
		DB *dbConn `dep:""`
	}, use func(*tx) error,
	) error {
		j.note("tx{")
		err := use(&tx{in.DB})
		j.note("}tx")
		return err
	})
	candor.Get(app, "/", func(_ context.Context, in struct {
		TX    *tx `dep:""`
		Tasks *candor.Tasks
	},
	) (answer, error) {
		in.Tasks.Add(func(context.Context) error {
			j.note("task")
			return nil
		})
		return answer{}, nil
	})
	candor.NewTestClient(t, app).Get("/").Status(200)
	assert.Equal(t, "sent{ tx{ }tx write task }sent", strings.Join(j.lines, " "))
}

type notingWriter struct {
	http.ResponseWriter
	j *journal
}

func (w *notingWriter) WriteHeader(status int) {
	w.j.note("write")
	w.ResponseWriter.WriteHeader(status)
}

func TestAroundSeesWhatWasBound(t *testing.T) {
	app := candor.New(candor.Config{})
	var seen []string
	candor.Get(app, "/rooms/{room}", func(_ context.Context, in struct {
		Room string `path:"room"`
	},
	) (answer, error) {
		return answer{in.Room}, nil
	}, candor.Around(func(_ context.Context, in struct {
		Room  string `path:"room"`
		Route candor.RouteInfo
	}, next func() error,
	) error {
		err := next()
		seen = append(seen, in.Room, in.Route.Pattern)
		return err
	}))
	candor.NewTestClient(t, app).Get("/rooms/blue").Status(200)
	assert.Equal(t, []string{"blue", "/rooms/{room}"}, seen)
}

func TestWrongWrappers(t *testing.T) {
	for name, provider := range map[string]func(context.Context, candor.None, func(*tx) error) error{
		"never": func(context.Context, candor.None, func(*tx) error) error { return nil },
		"twice": func(_ context.Context, _ candor.None, use func(*tx) error) error {
			return errors.Join(use(&tx{}), use(&tx{}))
		},
		"swallowed twice": func(_ context.Context, _ candor.None, use func(*tx) error) error {
			_ = use(&tx{})
			_ = use(&tx{})
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			candor.ProvideScoped(app, provider)
			candor.Get(app, "/", func(context.Context, struct {
				TX *tx `dep:""`
			},
			) (answer, error) {
				return answer{}, nil
			})
			candor.NewTestClient(t, app).Get("/").Status(500)
		})
	}
}

func TestSwallowedErrorsStand(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*tx) error) error {
		_ = use(&tx{})
		return nil
	})
	candor.Get(app, "/", func(context.Context, struct {
		TX *tx `dep:""`
	},
	) (answer, error) {
		return answer{}, candor.Error(404, nil)
	}, candor.Raises(candor.Error(404, nil)))
	candor.NewTestClient(t, app).Get("/").Status(404)
}

func TestSharedProvidersAndLifespans(t *testing.T) {
	j := &journal{}
	app := candor.New(candor.Config{})
	app.Lifespan(func(ctx context.Context, serve func(context.Context) error) error {
		j.note("first{")
		defer j.note("}first")
		return serve(ctx)
	})
	candor.ProvideShared(app, func(_ context.Context, in struct {
		DB *dbConn `dep:""`
	}, use func(*tx) error,
	) error {
		j.note("pool{")
		defer j.note("}pool")
		return use(&tx{in.DB})
	})
	candor.ProvideShared(app, func(_ context.Context, _ candor.None, use func(*dbConn) error) error {
		j.note("db{")
		defer j.note("}db")
		return use(&dbConn{id: 3})
	})
	router := candor.NewRouter("/r")
	router.Lifespan(func(ctx context.Context, serve func(context.Context) error) error {
		j.note("router{")
		defer j.note("}router")
		return serve(ctx)
	})
	app.Include(router)
	candor.Get(app, "/", func(_ context.Context, in struct {
		Pool *tx `dep:""`
	},
	) (answer, error) {
		j.note("handler")
		assert.Equal(t, 3, in.Pool.db.id)
		return answer{}, nil
	})
	t.Run("running", func(t *testing.T) { candor.NewTestClient(t, app).Get("/").Status(200) })
	assert.Equal(t, "db{ pool{ first{ router{ handler }router }first }pool }db", strings.Join(j.lines, " "))
}

func TestStartFailure(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.ProvideShared(app, func(context.Context, candor.None, func(*dbConn) error) error {
		return errors.New("no database")
	})
	_, err := app.Start(t.Context())
	require.EqualError(t, err, "no database")
}

func TestTasks(t *testing.T) {
	j := &journal{}
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(ctx context.Context, in struct {
		Fail  bool `query:"fail,omitempty"`
		Tasks *candor.Tasks
	},
	) (candor.None, error) {
		in.Tasks.Add(func(context.Context) error { panic("first") })
		in.Tasks.Add(func(ctx context.Context) error {
			j.note("second")
			return errors.Join(ctx.Err(), errors.New("logged"))
		})
		in.Tasks.Add(func(context.Context) error {
			j.note("third")
			return nil
		})
		if in.Fail {
			return candor.None{}, candor.Error(400, nil)
		}
		return candor.None{}, nil
	}, candor.Raises(candor.Error(400, nil)))
	c := candor.NewTestClient(t, app)
	c.Post("/", nil).Status(204)
	assert.Equal(t, []string{"second", "third"}, j.lines)
	c.Post("/?fail=true", nil).Status(400)
	assert.Len(t, j.lines, 2, "the tasks of a failed request are dropped")
}

func TestSecurityFields(t *testing.T) {
	app := candor.New(candor.Config{
		SecuritySchemes: map[string]candor.SecurityScheme{
			"oauth2": candor.OAuth2Password("/token", map[string]string{"items:read": "Read items"}),
		},
	})
	candor.Get(app, "/basic", func(_ context.Context, in struct {
		Who candor.Basic `realm:"back office"`
	},
	) (answer, error) {
		return answer{in.Who.Username + "/" + in.Who.Password}, nil
	})
	candor.Get(app, "/header", func(_ context.Context, in struct {
		Key candor.APIKey `header:"X-Key"`
	},
	) (answer, error) {
		return answer{string(in.Key)}, nil
	})
	candor.Get(app, "/query", func(_ context.Context, in struct {
		Key candor.APIKey `query:"key"`
	},
	) (answer, error) {
		return answer{string(in.Key)}, nil
	})
	candor.Get(app, "/cookie", func(_ context.Context, in struct {
		Key *candor.APIKey `cookie:"key"`
	},
	) (answer, error) {
		if in.Key == nil {
			return answer{"nobody"}, nil
		}
		return answer{string(*in.Key)}, nil
	})
	candor.Get(app, "/oauth", func(_ context.Context, in struct {
		Token  candor.Bearer `security:"oauth2"`
		Scopes candor.RequiredScopes
	},
	) (answer, error) {
		return answer{strings.Join(in.Scopes, " ")}, nil
	}, candor.Scopes("items:read"))
	c := candor.NewTestClient(t, app)
	for _, row := range []struct {
		target, header, value string
		status                int
		want                  string
	}{
		{"/basic", "Authorization", "basic dTpwOnE=", 200, `{"text":"u/p:q"}`},
		{"/basic", "Authorization", "Basic !!", 401, `Basic realm="back office"`},
		{"/basic", "", "", 401, `Basic realm="back office"`},
		{"/header", "X-Key", "k", 200, `{"text":"k"}`},
		{"/header", "X-Key", "", 401, "APIKey"},
		{"/query?key=k", "", "", 200, `{"text":"k"}`},
		{"/query?key=", "", "", 401, "APIKey"},
		{"/cookie", "", "", 200, `{"text":"nobody"}`},
		{"/cookie", "Cookie", "key=k", 200, `{"text":"k"}`},
		{"/oauth", "Authorization", "Bearer t", 200, `{"text":"items:read"}`},
		{"/oauth", "", "", 401, "Bearer"},
	} {
		t.Run(row.target+" "+row.value, func(t *testing.T) {
			var options []candor.TestOption
			if row.header != "" {
				options = append(options, candor.WithHeader(row.header, row.value))
			}
			got := c.Get(row.target, options...).Status(row.status)
			if row.status == 401 {
				assert.Equal(t, row.want, got.Header.Get("WWW-Authenticate"))
				return
			}
			assert.JSONEq(t, row.want, got.Text())
		})
	}
	var doc struct {
		Components struct {
			SecuritySchemes map[string]map[string]any `json:"securitySchemes"`
		} `json:"components"`
		Paths map[string]map[string]struct {
			Security []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	c.Get("/openapi.json").Status(200).JSON(&doc)
	assert.Equal(t, []map[string][]string{{"oauth2": {"items:read"}}}, doc.Paths["/oauth"]["get"].Security)
	assert.Equal(t, []map[string][]string{{"APIKeyCookie": {}}, {}}, doc.Paths["/cookie"]["get"].Security)
	assert.Equal(t, "apiKey", doc.Components.SecuritySchemes["APIKeyHeader"]["type"])
	assert.Equal(t, "basic", doc.Components.SecuritySchemes["HTTPBasic"]["scheme"])
}

// TestSpellingsOfAuthorization lists Authorization headers and the token that the handler gets; "" means a 401.
func TestSpellingsOfAuthorization(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(_ context.Context, in struct{ Token candor.Bearer }) (string, error) {
		return string(in.Token), nil
	})
	for line, want := range map[string]string{
		"Bearer t":            "t",
		"bEARER t":            "t",
		"Bearer  t":           "t",
		"Bearer \tt\t ":       "t",
		"Bearer t u":          "t u",
		"Bearer t ":           "t",
		"Bearer t\u00a0":      "t",
		"Bearer \u00a0t":      "t",
		"Bearer \u00e4":       "\u00e4",
		"Bearer":              "",
		"Bearer ":             "",
		"Bearer   ":           "",
		"Bearer\tt":           "",
		"Bearert":             "",
		"Basic Bearer t":      "",
		" Bearer t":           "",
		"Bearer \u00a0\u0085": "",
		"":                    "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header["Authorization"] = []string{line}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if want == "" {
			assert.Equal(t, http.StatusUnauthorized, w.Code, "%q", line)
			continue
		}
		assert.Equal(t, http.StatusOK, w.Code, "%q", line)
		assert.JSONEq(t, strconv.Quote(want), w.Body.String(), "%q", line)
	}
}

func TestGuardsOfPlainHandlers(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.HandleHTTP(app, []string{"GET"}, "/plain", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("in"))
	}), candor.Require(func(context.Context, struct{ Token candor.Bearer }) error { return nil }), candor.Hidden())
	c := candor.NewTestClient(t, app)
	c.Get("/plain").Status(401)
	assert.Equal(t, "in", c.Get("/plain", candor.WithHeader("Authorization", "Bearer x")).Status(200).Text())
}

func TestStartTwice(t *testing.T) {
	var order []string
	app := candor.New(candor.Config{})
	for _, name := range []string{"one", "two"} {
		app.Lifespan(func(ctx context.Context, serve func(context.Context) error) error {
			order = append(order, name)
			return serve(ctx)
		})
	}
	stop, err := app.Start(t.Context())
	require.NoError(t, err)
	again, err := app.Start(t.Context())
	require.NoError(t, err)
	require.NoError(t, stop())
	require.NoError(t, stop(), "stopping twice counts once")
	require.NoError(t, again())
	assert.True(t, slices.Equal([]string{"one", "two"}, order), "started once, in order")
}

type freshAccount struct{ token string }

type takesFreshAccount struct {
	Account *freshAccount `dep:"fresh"`
}

// TestFreshCredentialsOfOneInputType checks that each function gets a value of its own, also where two have the same
// input type and the value is made before the body, because it reads credentials.
func TestFreshCredentialsOfOneInputType(t *testing.T) {
	t.Parallel()
	made := 0
	var got []*freshAccount
	app := candor.New(candor.Config{})
	candor.Provide(app, func(_ context.Context, in struct{ Token candor.Bearer }) (*freshAccount, error) {
		made++
		return &freshAccount{string(in.Token)}, nil
	})
	candor.Get(app, "/", func(_ context.Context, in takesFreshAccount) (candor.None, error) {
		got = append(got, in.Account)
		return candor.None{}, nil
	}, candor.Around(func(_ context.Context, in takesFreshAccount, next func() error) error {
		got = append(got, in.Account)
		return next()
	}))
	c := candor.NewTestClient(t, app)
	c.Get("/", candor.WithHeader("Authorization", "Bearer a")).Status(204)
	assert.Equal(t, 2, made)
	assert.Len(t, got, 2)
	assert.NotSame(t, got[0], got[1])
	assert.Equal(t, []freshAccount{{"a"}, {"a"}}, []freshAccount{*got[0], *got[1]})
	c.Get("/").Status(401)
	assert.Len(t, got, 2)
}
