package candor_test

import (
	"context"
	"errors"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// Types and functions of invalid dependency graphs. Each function depends on what its name says.
type (
	wheel  struct{}
	engine struct{}
	car    struct{}
)

type (
	needsCar struct {
		Car *car `dep:""`
	}
	needsEngine struct {
		Engine *engine `dep:""`
	}
	needsWheel struct {
		Wheel *wheel `dep:""`
	}
	needsBody struct {
		Body answer `body:""`
	}
	needsToken struct{ Token candor.Bearer }
)

func drive(context.Context, needsCar) (answer, error)                       { return answer{}, nil }
func idle(context.Context, candor.None) (answer, error)                     { return answer{}, nil }
func buildCar(context.Context, needsEngine) (*car, error)                   { return nil, nil }
func buildEngine(context.Context, needsWheel) (*engine, error)              { return nil, nil }
func buildWheel(context.Context, needsCar) (*wheel, error)                  { return nil, nil }
func rentCar(_ context.Context, _ candor.None, _ func(*car) error) error    { return nil }
func rentEngine(_ context.Context, _ needsCar, _ func(*engine) error) error { return nil }
func checkLicence(context.Context, needsCar) error                          { return nil }
func lockCar(_ context.Context, _ needsCar, _ func() error) error           { return nil }
func showToken(context.Context, struct {
	Token candor.Bearer
	Car   *car `dep:""`
},
) (*wheel, error) {
	return nil, nil
}

// wrongGraphs are invalid dependency graphs with their complete error messages. N stands for a line number.
var wrongGraphs = []struct {
	name  string
	build func(app *candor.App)
	want  string
}{
	{"nothing provides it", func(app *candor.App) { candor.Get(app, "/", drive) }, "candor: GET / at graphs_test.go:N: GET /: drive -> *candor_test.car: no provider; register one with candor.Provide on the app or a router that contains the route"},
	{"nothing provides it, two steps away", func(app *candor.App) {
		candor.Provide(app, buildCar)
		candor.Provide(app, buildEngine)
		candor.Get(app, "/drive", drive)
	}, "candor: GET /drive at graphs_test.go:N: GET /drive: drive -> *candor_test.engine -> *candor_test.wheel: no provider; register one with candor.Provide on the app or a router that contains the route"},
	{"nothing provides it to a function literal", func(app *candor.App) {
		candor.Get(app, "/", func(context.Context, needsCar) (answer, error) { return answer{}, nil })
	}, "candor: GET / at graphs_test.go:N: GET /: handler -> *candor_test.car: no provider; register one with candor.Provide on the app or a router that contains the route"},
	{"a value is no pointer", func(app *candor.App) {
		candor.ProvideValue(app, car{})
		candor.Get(app, "/", drive)
	}, "candor: GET / at graphs_test.go:N: GET /: drive -> *candor_test.car: no provider; there is one of candor_test.car, registered at graphs_test.go:N, which is another type: ask for exactly that, or provide this one"},
	{"an implementor is no interface", func(app *candor.App) {
		candor.ProvideValue(app, noon{})
		candor.Get(app, "/", func(context.Context, struct {
			Clock clock `dep:""`
		},
		) (answer, error) {
			return answer{}, nil
		})
	}, "candor: GET / at graphs_test.go:N: GET /: handler -> candor_test.clock: no provider; there is one of candor_test.noon, registered at graphs_test.go:N, which implements it but is another type: name the interface where it is provided, as in candor.ProvideValue[candor_test.clock](app, value)"},
	{"only a sibling router provides it", func(app *candor.App) {
		garage, street := candor.NewRouter("/garage"), candor.NewRouter("/street")
		candor.ProvideValue(garage, &car{})
		candor.Get(street, "/", drive)
		app.Include(garage)
		app.Include(street)
	}, "candor: GET / at graphs_test.go:N: as \"/street/\", included at graphs_test.go:N: GET /street/: drive -> *candor_test.car: no provider; there is one at graphs_test.go:N, but on a router that does not contain what asks for it; register it on the app or a router that does"},
	{"only a router below the provider has it", func(app *candor.App) {
		street := candor.NewRouter("/street")
		candor.Provide(app, buildCar)
		candor.ProvideValue(street, &engine{})
		candor.Get(street, "/", drive)
		app.Include(street)
	}, "candor: GET / at graphs_test.go:N: as \"/street/\", included at graphs_test.go:N: GET /street/: drive -> *candor_test.car -> *candor_test.engine: no provider; there is one at graphs_test.go:N, but on a router that does not contain what asks for it; register it on the app or a router that does"},
	{"a guard needs what nothing provides", func(app *candor.App) {
		candor.Get(app, "/", idle, candor.Require(checkLicence))
	}, "candor: GET / at graphs_test.go:N: GET /: idle -> checkLicence -> *candor_test.car: no provider; register one with candor.Provide on the app or a router that contains the route"},
	{"a bracket needs what nothing provides", func(app *candor.App) {
		candor.Get(app, "/", idle, candor.Around(lockCar))
	}, "candor: GET / at graphs_test.go:N: GET /: idle -> lockCar -> *candor_test.car: no provider; register one with candor.Provide on the app or a router that contains the route"},
	{"Needs of what nothing provides", func(app *candor.App) { candor.Get(app, "/", idle, candor.Needs[*car]()) }, "candor: GET / at graphs_test.go:N: GET /: idle -> *candor_test.car: no provider; register one with candor.Provide on the app or a router that contains the route"},
	{"a circle of one", func(app *candor.App) {
		candor.Provide(app, func(context.Context, needsCar) (*car, error) { return nil, nil })
		candor.Get(app, "/", drive)
	}, "candor: GET / at graphs_test.go:N: GET /: drive -> *candor_test.car -> *candor_test.car: a circle; let one of them do without the next"},
	{"a circle of three", func(app *candor.App) {
		candor.Provide(app, buildCar)
		candor.Provide(app, buildEngine)
		candor.Provide(app, buildWheel)
		candor.Get(app, "/", drive)
	}, "candor: GET / at graphs_test.go:N: GET /: drive -> *candor_test.car -> *candor_test.engine -> *candor_test.wheel -> *candor_test.car: a circle; let one of them do without the next"},
	{"a circle through a scoped provider", func(app *candor.App) {
		candor.Provide(app, buildCar)
		candor.ProvideScoped(app, rentEngine)
		candor.Get(app, "/", drive)
	}, "candor: GET / at graphs_test.go:N: GET /: drive -> *candor_test.car -> *candor_test.engine -> *candor_test.car: a circle; let one of them do without the next"},
	{"a circle of shared providers", func(app *candor.App) {
		candor.ProvideShared(app, rentEngine)
		candor.ProvideShared(app, func(context.Context, needsEngine, func(*car) error) error { return nil })
	}, "candor: provider of *candor_test.engine at graphs_test.go:N: *candor_test.engine -> *candor_test.car -> *candor_test.engine: a circle; let one of them do without the next\ncandor: provider of *candor_test.car at graphs_test.go:N: *candor_test.car -> *candor_test.engine -> *candor_test.car: a circle; let one of them do without the next"},
	{"a shared provider needs what nothing provides", func(app *candor.App) { candor.ProvideShared(app, rentEngine) }, "candor: provider of *candor_test.engine at graphs_test.go:N: *candor_test.engine -> *candor_test.car: no provider; register one with candor.ProvideShared or candor.ProvideValue"},
	{"a shared provider needs what each request makes", func(app *candor.App) {
		candor.ProvideScoped(app, rentCar)
		candor.ProvideShared(app, rentEngine)
	}, "candor: provider of *candor_test.engine at graphs_test.go:N: *candor_test.engine -> *candor_test.car: a shared value cannot depend on one that is made for each request; provide it by candor.ProvideShared or candor.ProvideValue"},
	{"a guard would begin a transaction", func(app *candor.App) {
		candor.ProvideScoped(app, rentCar)
		candor.Get(app, "/", idle, candor.Require(checkLicence))
	}, "candor: GET / at graphs_test.go:N: GET /: idle -> checkLicence -> *candor_test.car: it would start before the body is read, because checkLicence depends on it; write candor.Needs[*candor_test.car]() on the route if you want that"},
	{"a provider with a token would begin a transaction", func(app *candor.App) {
		candor.ProvideScoped(app, rentCar)
		candor.Provide(app, showToken)
		candor.Get(app, "/", func(context.Context, needsWheel) (answer, error) { return answer{}, nil })
	}, "candor: GET / at graphs_test.go:N: GET /: handler -> *candor_test.wheel -> *candor_test.car: it would start before the body is read, because a provider that reads credentials depends on it; write candor.Needs[*candor_test.car]() on the route if you want that"},
	{"it outlives what it depends on", func(app *candor.App) {
		candor.ProvideScoped(app, rentCar)
		candor.ProvideScoped(app, rentEngine, candor.Until(candor.ResponseSent))
		candor.Get(app, "/", func(context.Context, needsEngine) (answer, error) { return answer{}, nil })
	}, "candor: GET / at graphs_test.go:N: GET /: handler -> *candor_test.engine -> *candor_test.car: *candor_test.engine lives longer than *candor_test.car, on which it depends; give that the longer candor.Until"},
	{"it outlives what ends before the first byte", func(app *candor.App) {
		candor.ProvideScoped(app, rentCar, candor.Until(candor.ResponseEncoded))
		candor.ProvideScoped(app, rentEngine)
		candor.Get(app, "/", func(context.Context, needsEngine) (answer, error) { return answer{}, nil })
	}, "candor: GET / at graphs_test.go:N: GET /: handler -> *candor_test.engine -> *candor_test.car: *candor_test.engine lives longer than *candor_test.car, on which it depends; give that the longer candor.Until"},
	{"it outlives what a plain provider between them holds", func(app *candor.App) {
		candor.ProvideScoped(app, func(context.Context, candor.None, func(*wheel) error) error { return nil })
		candor.Provide(app, buildEngine)
		candor.ProvideScoped(app, func(context.Context, needsEngine, func(*car) error) error { return nil }, candor.Until(candor.ResponseSent))
		candor.Get(app, "/", drive)
	}, "candor: GET / at graphs_test.go:N: GET /: drive -> *candor_test.car -> *candor_test.wheel: *candor_test.car lives longer than *candor_test.wheel, on which it depends; give that the longer candor.Until"},
	{"two mistakes show at once", func(app *candor.App) {
		candor.Get(app, "/a", drive)
		candor.Get(app, "/b", func(context.Context, needsWheel) (answer, error) { return answer{}, nil })
	}, "candor: GET /a at graphs_test.go:N: GET /a: drive -> *candor_test.car: no provider; register one with candor.Provide on the app or a router that contains the route\ncandor: GET /b at graphs_test.go:N: GET /b: handler -> *candor_test.wheel: no provider; register one with candor.Provide on the app or a router that contains the route"},
	{"nobody declares the scheme", func(app *candor.App) {
		candor.Get(app, "/", func(context.Context, struct {
			Token candor.Bearer `security:"oauth"`
		},
		) (answer, error) {
			return answer{}, nil
		})
	}, "candor: GET / at graphs_test.go:N: the field Token names the security scheme \"oauth\", which Config.SecuritySchemes does not have; add it there, or drop the tag"},
	{"a provider reads a wildcard the path does not have", func(app *candor.App) {
		candor.Provide(app, func(context.Context, struct {
			ID int `path:"id"`
		},
		) (*car, error) {
			return nil, nil
		})
		candor.Get(app, "/cars", drive)
	}, "candor: GET /cars at graphs_test.go:N: field ID of struct{...}: the path has no {id}; put {id} into the path"},

	{"two providers of one type", func(app *candor.App) {
		candor.ProvideValue(app, &car{})
		candor.Provide(app, buildCar)
	}, "candor: provider of *candor_test.car at graphs_test.go:N: *candor_test.car has a provider already, registered at graphs_test.go:N; give one of them a type of its own: type Other *candor_test.car"},
	{"a string", func(app *candor.App) { candor.ProvideValue(app, "secret") }, "candor: provider of string at graphs_test.go:N: a value of type string could be anything; give it a type of its own, such as type APIRoot string"},
	{"a number", func(app *candor.App) {
		candor.Provide(app, func(context.Context, candor.None) (int, error) { return 0, nil })
	}, "candor: provider of int at graphs_test.go:N: a value of type int could be anything; give it a type of its own, such as type APIRoot int"},
	{"any", func(app *candor.App) { candor.ProvideValue[any](app, 1) }, "candor: provider of interface {} at graphs_test.go:N: values of type interface {} are not distinct; provide a type of your own"},
	{"an error", func(app *candor.App) { candor.ProvideValue(app, errors.New("x")) }, "candor: provider of error at graphs_test.go:N: values of type error are not distinct; provide a type of your own"},
	{"nothing", func(app *candor.App) {
		candor.Provide(app, func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil })
	}, "candor: provider of struct {} at graphs_test.go:N: values of type struct {} are not distinct; provide a type of your own"},
	{"a provider wants the body", func(app *candor.App) {
		candor.Provide(app, func(context.Context, needsBody) (*car, error) { return nil, nil })
	}, "candor: provider of *candor_test.car at graphs_test.go:N: it needs the body, which belongs to the handler; take it there, and pass what the provider needs"},
	{"a provider wants a form", func(app *candor.App) {
		candor.Provide(app, func(context.Context, candor.OAuth2PasswordForm) (*car, error) { return nil, nil })
	}, "candor: provider of *candor_test.car at graphs_test.go:N: it needs the body, which belongs to the handler; take it there, and pass what the provider needs"},
	{"a guard wants the body", func(app *candor.App) {
		candor.Get(app, "/", idle, candor.Require(func(context.Context, needsBody) error { return nil }))
	}, "candor: GET / at graphs_test.go:N: guard at graphs_test.go:N: it needs the body, which belongs to the handler; take it there, and pass what the provider needs"},
	{"a shared provider wants a token", func(app *candor.App) {
		candor.ProvideShared(app, func(context.Context, needsToken, func(*car) error) error { return nil })
	}, "candor: provider of *candor_test.car at graphs_test.go:N: it outlives every request, but its input needs values of a request; take dep fields of shared providers only"},
	{"Until of a provider that has no end", func(app *candor.App) {
		candor.Provide(app, buildCar, candor.Until(candor.ResponseSent))
	}, "candor: provider of *candor_test.car at graphs_test.go:N: Until is for wrappers of the rest of a request, such as providers of ProvideScoped and functions of Around; drop it"},
	{"an API key from nowhere", func(app *candor.App) {
		candor.Get(app, "/", func(context.Context, struct{ Key candor.APIKey }) (answer, error) { return answer{}, nil })
	}, "candor: GET / at graphs_test.go:N: field Key of struct{...}: nothing says where the key is sent; add `header:\"X-API-Key\"`, `query:\"api_key\"` or `cookie:\"session\"`"},
	{"a token from a query", func(app *candor.App) {
		candor.Get(app, "/", func(context.Context, struct {
			Token candor.Bearer `query:"token"`
		},
		) (answer, error) {
			return answer{}, nil
		})
	}, "candor: GET / at graphs_test.go:N: field Token of struct{...}: a query tag on a value of the Authorization header; drop the tag"},
	{"no function", func(app *candor.App) {
		var none func(context.Context, candor.None) (*car, error)
		candor.Provide(app, none)
	}, "candor: provider of *candor_test.car at graphs_test.go:N: the function is nil; pass one"},
	{"no guard", func(app *candor.App) {
		var none func(context.Context, candor.None) error
		candor.Get(app, "/", idle, candor.Require(none))
	}, "candor: GET / at graphs_test.go:N: guard at graphs_test.go:N: the function is nil; pass one"},
	{"a lifespan that is none", func(app *candor.App) { app.Lifespan(nil) }, "candor: Lifespan at graphs_test.go:N: the function is nil; pass one"},
	{"after the first request", func(app *candor.App) {
		app.Seal()
		candor.Provide(app, buildCar)
	}, "candor: provider of *candor_test.car at graphs_test.go:N: the app already serves, its routes are fixed; register everything before the first request, Run or NewTestClient"},
	{"an override after the first request", func(app *candor.App) {
		app.Seal()
		candor.OverrideValue(app, &car{})
	}, "candor: provider of *candor_test.car at graphs_test.go:N: the app already serves, its routes are fixed; register everything before the first request, Run or NewTestClient"},
	{"a negative timeout", func(app *candor.App) { candor.Get(app, "/", idle, candor.Timeout(-1)) }, "candor: GET / at graphs_test.go:N: Timeout(-1ns); write a positive duration, or 0 for none"},
}

// lineOf matches a position in this file.
var lineOf = regexp.MustCompile(`\S*/graphs_test\.go:\d+`)

func TestWrongGraphs(t *testing.T) {
	for _, row := range wrongGraphs {
		t.Run(row.name, func(t *testing.T) {
			err := apptest.ConfigErrorOf(row.build)
			require.Error(t, err)
			assert.Equal(t, row.want, lineOf.ReplaceAllString(err.Error(), "graphs_test.go:N"))
		})
	}
}
