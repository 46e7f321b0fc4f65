package torture

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"testing/fstest"
	"time"

	"github.com/candor-go/candor"
)

var (
	errGone = candor.Error(410, "gone").WithHeader("X-Since", "yesterday")
	errFull = candor.Error(409, map[string]any{"free": 0})
)

// shortError is an error with its own response.
type shortError struct{ missing int }

func (e shortError) Error() string { return fmt.Sprint("short of ", e.missing) }

type (
	kept struct {
		Status  int         `status:"201,200"`
		Total   int         `header:"X-Total"`
		Link    string      `header:"Link,omitempty"`
		Tags    []string    `header:"X-Tags"`
		Session string      `cookie:"session"`
		Theme   http.Cookie `cookie:"theme"`
		Body    base        `body:""`
	}
	shortfall struct {
		Missing int `json:"missing" validate:"gte=1"`
	}
	reading struct {
		N int      `json:"n" validate:"gte=0"`
		C *float64 `json:"c"`
	}
)

// ledger is provided lazily; its page is the number of the attempt.
type ledger struct{ page int }

// caller is provided from a request.
type caller struct{ name string }

type counted struct {
	N int `query:"n" validate:"gte=0,lte=5"`
}

var files = fstest.MapFS{"a.txt": {Data: []byte("some text")}}

// addAnswers registers operations for everything that responses can contain. The document keeps this order.
func addAnswers(app *candor.App) {
	addEnvelope(app)
	addLedger(app)
	addStreams(app)
	addOtherResponses(app)
}

// addEnvelope registers an envelope with a provider, and errors of each kind.
func addEnvelope(app *candor.App) {
	candor.OnError(app, func(_ context.Context, err shortError) (shortfall, error) {
		return shortfall{err.missing}, nil
	}, candor.Status(402, "There is not enough"))
	candor.Provide(app, func(_ context.Context, in struct {
		Name string `header:"X-Caller" validate:"max=6"`
	},
	) (*caller, error) {
		return &caller{in.Name}, nil
	}, candor.Raises(errGone))
	candor.Post(app, "/kept", func(_ context.Context, in struct {
		counted
		Caller *caller `dep:""`
	},
	) (kept, error) {
		switch in.N {
		case 1:
			return kept{}, errGone
		case 2:
			return kept{}, errFull
		case 3:
			return kept{}, shortError{in.N}
		}
		k := kept{Total: in.N, Session: "s", Tags: []string{"a", "b"}, Body: base{ID: 1, Name: "by " + in.Caller.name}, Theme: http.Cookie{Value: "dark"}}
		if in.N == 4 {
			k.Status = 200
		}
		return k, nil
	}, candor.OperationID("kept"), candor.Raises(errGone, errFull), candor.RaisesType[shortError]())
}

// addLedger registers a provider that runs only when it is needed, and may run again.
func addLedger(app *candor.App) {
	candor.ProvideScoped(app, func(_ context.Context, in struct {
		Attempt int `query:"attempt,omitempty" validate:"gte=0,lte=3"`
	}, use func(*ledger) error,
	) error {
		err := use(&ledger{0})
		for n := 1; n <= in.Attempt; n++ {
			err = use(&ledger{n})
		}
		return err
	}, candor.Attempts(4), candor.Raises(errGone))
	candor.Post(app, "/booked", func(ctx context.Context, in struct {
		counted
		Body   base                 `body:""`
		Ledger candor.Lazy[*ledger] `dep:""`
	},
	) (base, error) {
		if in.N == 1 {
			return base{}, errGone
		}
		_, err := in.Ledger.Get(ctx)
		return in.Body, err
	}, candor.OperationID("booked"))
}

// addStreams registers JSON Lines and events, with and without names.
func addStreams(app *candor.App) {
	candor.Get(app, "/lines", func(_ context.Context, in counted) (candor.JSONLines[reading], error) {
		if in.N == 5 {
			return nil, errGone
		}
		return candor.LinesOf(upTo(in.N)), nil
	}, candor.OperationID("lines"), candor.Raises(errGone))
	candor.Get(app, "/events", func(_ context.Context, in counted) (candor.Events[reading], error) {
		return func(yield func(candor.Event[reading], error) bool) {
			for r := range upTo(in.N) {
				if !yield(candor.Event[reading]{ID: fmt.Sprint(r.N), Name: "reading", Data: r, Comment: "a\nb"}, nil) {
					return
				}
			}
		}, nil
	}, candor.OperationID("events"))
	candor.Get(app, "/news", func(_ context.Context, in counted) (candor.Events[notice], error) {
		return func(yield func(candor.Event[notice], error) bool) {
			for r := range upTo(in.N) {
				n := []notice{{Started: &started{By: "a"}}, {Done: &dog{Name: "b"}}, {Other: &later{Type: "paused", Note: &r.N}}}[r.N%3]
				if !yield(candor.Event[notice]{Data: n}, nil) {
					return
				}
			}
		}, nil
	}, candor.OperationID("news"))
}

// addOtherResponses registers responses that are not JSON, a redirect, and deprecated operations.
func addOtherResponses(app *candor.App) {
	candor.Get(app, "/page", func(context.Context, candor.None) (candor.HTML, error) { return "<p>a</p>", nil }, candor.OperationID("page"))
	candor.Get(app, "/csv", func(context.Context, candor.None) (candor.Reader, error) {
		return bytes.NewReader([]byte("a,b\n")), nil
	}, candor.OperationID("csv"), candor.Produces("text/csv"))
	candor.Get(app, "/file/{name}", func(_ context.Context, in struct {
		Name string `path:"name" validate:"oneof=a.txt b.txt"`
	},
	) (candor.File, error) {
		return candor.File{FS: fs.FS(files), Path: in.Name}, nil
	}, candor.OperationID("file"), candor.Produces("text/plain"))
	candor.Get(app, "/old", func(_ context.Context, in counted) (candor.Redirect, error) {
		return candor.Redirect(fmt.Sprint("/new?n=", in.N)), nil
	}, candor.OperationID("old"), candor.Status(308))
	candor.Get(app, "/any", func(context.Context, candor.None) (any, error) { return nil, nil }, candor.OperationID("any"))
	candor.Get(app, "/outdated", func(_ context.Context, in counted) (int, error) { return in.N, nil }, candor.OperationID("outdated"),
		candor.Deprecated(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)))
	candor.HandleHTTP(app, []string{"GET"}, "/plain", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"missing":1}`)
	}), candor.Responds[shortfall](200), candor.OperationID("plain"))
}

func upTo(n int) func(yield func(reading) bool) {
	return func(yield func(reading) bool) {
		for i := range n {
			if !yield(reading{N: i}) {
				return
			}
		}
	}
}

// addSecured registers operations with every security scheme.
func addSecured(app *candor.App) {
	secured := candor.NewRouter("/secured", candor.Tags("secured"), candor.Require(func(_ context.Context, in struct {
		Version string `query:"version,omitempty" pattern:"^[0-9]+$"`
	},
	) error {
		return nil
	}))
	addOwnSchemes(secured)
	addNamedSchemes(secured)
	addGuarded(secured)
	candor.Get(secured, "/either", func(_ context.Context, in struct {
		Token *candor.Bearer
		Key   *candor.APIKey `header:"X-Key"`
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("either"))
	app.Include(secured)
}

var none = candor.None{}

// addOwnSchemes registers schemes with the names that Candor chooses.
func addOwnSchemes(secured *candor.Router) {
	candor.Get(secured, "/bearer", func(_ context.Context, in struct{ Token candor.Bearer }) (candor.None, error) { return none, nil }, candor.OperationID("bearer"))
	candor.Get(secured, "/basic", func(_ context.Context, in struct {
		User candor.Basic `realm:"torture"`
		N    int          `query:"n"`
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("basic"))
	candor.Post(secured, "/header", func(_ context.Context, in struct {
		Key  candor.APIKey `header:"X-Key"`
		N    int           `query:"n"`
		Body base          `body:""`
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("key"))
	candor.Get(secured, "/query", func(_ context.Context, in struct {
		Key candor.APIKey `query:"key"`
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("queryKey"))
	candor.Get(secured, "/cookie", func(_ context.Context, in struct {
		Key candor.APIKey `cookie:"key"`
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("cookieKey"))
}

// addNamedSchemes registers schemes that fields name.
func addNamedSchemes(secured *candor.Router) {
	candor.Get(secured, "/password", func(_ context.Context, in struct {
		Token    candor.Bearer `security:"password"`
		Required candor.RequiredScopes
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("password"), candor.Scopes("read"))
	candor.Get(secured, "/code", func(_ context.Context, in struct {
		Token candor.Bearer `security:"code"`
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("code"))
	candor.Get(secured, "/machine", func(_ context.Context, in struct {
		Token candor.Bearer `security:"machine"`
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("machine"))
	candor.Get(secured, "/openid", func(_ context.Context, in struct {
		Token candor.Bearer `security:"openid"`
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("openid"))
	candor.Get(secured, "/jwt", func(_ context.Context, in struct {
		Token candor.Bearer  `security:"jwt"`
		Again *candor.APIKey `header:"X-Key"`
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("jwt"))
	candor.Get(secured, "/word", func(_ context.Context, in struct {
		Token candor.Bearer `scheme:"Token"`
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("word"))
	candor.Get(secured, "/any", func(_ context.Context, in struct {
		Shown struct {
			Token *candor.Bearer `scheme:"Token"`
			Key   *candor.APIKey `header:"X-Device" security:"Device"`
			User  *candor.Basic
		} `security:"any"`
	},
	) (candor.None, error) {
		return none, nil
	}, candor.OperationID("anyOf"))
}

// addGuarded registers routes below a guard that checks scopes, one of them public.
func addGuarded(secured *candor.Router) {
	guarded := candor.NewRouter("/guarded", candor.Require(func(_ context.Context, in struct {
		Token    candor.Bearer `security:"password"`
		Required candor.RequiredScopes
	},
	) error {
		return nil
	}), candor.Scopes("read"))
	candor.Get(guarded, "/closed", func(context.Context, candor.None) (candor.None, error) { return none, nil }, candor.OperationID("guarded"))
	candor.Get(guarded, "/open", func(context.Context, candor.None) (candor.None, error) { return none, nil }, candor.OperationID("opened"), candor.Public())
	secured.Include(guarded)
}
