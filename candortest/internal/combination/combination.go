// Package combination is an app whose features are combined in pairs: parameters and guards, bodies and strictness,
// unions and defaults, streams and transactions, envelopes and media types. Its operations are made of a few pieces,
// each written once and combined with all others.
package combination

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/candor-go/candor"
)

// CBOR is the app's other media type.
var CBOR = candor.Codec{Marshal: cbor.Marshal, Unmarshal: cbor.Unmarshal}

// Prefix is the path prefix under which clients reach the app.
const Prefix = "/root"

// New returns the app. config adds to its own configuration.
func New(config candor.Config, options ...candor.Option) *candor.App {
	config.RootPath = cmp.Or(config.RootPath, Prefix)
	config.Codecs = map[string]candor.Codec{"application/cbor": CBOR}
	config.Logger = cmp.Or(config.Logger, slog.New(slog.NewTextHandler(io.Discard, nil)))
	app := candor.New(config, options...)
	provide(app)
	addParameters(app)
	addBodies(app)
	addMembers(app)
	addGuards(app)
	addResponses(app)
	addEnvelopes(app)
	addErrors(app)
	app.Mount("/mounted", Mounted(config))
	return app
}

// Mounted returns an app that is mounted in the other one, with its own document.
func Mounted(config candor.Config, options ...candor.Option) *candor.App {
	config.Logger = cmp.Or(config.Logger, slog.New(slog.NewTextHandler(io.Discard, nil)))
	app := candor.New(candor.Config{Logger: config.Logger, Codecs: config.Codecs, ProblemDetails: true}, options...)
	provide(app)
	addGuards(app)
	addResponses(app)
	addErrors(app)
	return app
}

// id is an operation id made of the names of pieces.
func id(pieces ...string) candor.RouteOption {
	return candor.OperationID(strings.Join(pieces, "_"))
}

// at returns the path of an operation made of pieces.
func at(pieces ...string) string { return "/" + strings.Join(pieces, "/") }

type (
	// transaction wraps a request, and caller is provided from one of its parameters.
	transaction struct{ open bool }
	caller      struct{ name string }
	byCaller    struct {
		Caller string `header:"X-Caller" default:"nobody" validate:"max=9"`
	}
)

func provide(app *candor.App) {
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*transaction) error) error {
		tx := &transaction{open: true}
		defer func() { tx.open = false }()
		return use(tx)
	})
	candor.Provide(app, func(_ context.Context, in byCaller) (*caller, error) { return &caller{in.Caller}, nil })
}

// echo returns the body.
func echo[T any](_ context.Context, in struct {
	Body T `body:""`
},
) (T, error) {
	return in.Body, nil
}

// taken accepts any input and returns nothing.
func taken[In any](context.Context, In) (candor.None, error) { return candor.None{}, nil }

// named is a piece with a name.
type named[T any] struct {
	name string
	it   T
}

func must(ok bool, about string, more ...any) {
	if !ok {
		panic(fmt.Sprintf(about, more...))
	}
}
