package candor_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// provoked is a configuration error, and a function that causes it.
type provoked struct {
	name string
	make func(app *candor.App)
}

type (
	motor struct{ N int }
	gears struct{ N int }

	noise     interface{ Noise() string }
	loudMotor struct{}

	needsNoise struct {
		Noise noise `dep:""`
	}
	needsMotor struct {
		Motor *motor `dep:""`
	}
	needsGears struct {
		Gears *gears `dep:""`
	}
	bounded struct {
		N int `json:"n" validate:"gte=1"`
	}
	illustrated struct {
		N int `json:"n" example:"0" validate:"gte=1"`
	}
	defaulted struct {
		N int `json:"n" default:"0" validate:"gte=1"`
	}
	covert struct {
		N int `json:"n" hidden:"true"`
	}
	pathTagged struct {
		ID int `path:"id"`
	}
)

func nothing(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil }

func plainly(http.ResponseWriter, *http.Request) {}

// reads registers a route with an input.
func reads[In any](app *candor.App) { candor.Post(app, "/", apptest.Ignores[In]) }

// answersWith registers a route that returns a value.
func answersWith[Out any](app *candor.App) {
	candor.Get(app, "/", func(context.Context, candor.None) (out Out, err error) { return out, nil })
}

// onRoute registers a route without a body, with options.
func onRoute(options ...candor.RouteOption) func(*candor.App) {
	return func(app *candor.App) { candor.Get(app, "/", nothing, options...) }
}

// onPlain, onMount, onSocket and onWebhook do the same for other kinds of routes.
func onPlain(options ...candor.RouteOption) func(*candor.App) {
	return func(app *candor.App) {
		candor.HandleHTTP(app, []string{"POST"}, "/", http.HandlerFunc(plainly), options...)
	}
}

func onMount(options ...candor.RouteOption) func(*candor.App) {
	return func(app *candor.App) { app.Mount("/files", http.HandlerFunc(plainly), options...) }
}

func onSocket(options ...candor.RouteOption) func(*candor.App) {
	return func(app *candor.App) {
		candor.WebSocket(app, "/", func(context.Context, candor.None, *candor.Socket[string, string]) error { return nil }, options...)
	}
}

func onWebhook(options ...candor.RouteOption) func(*candor.App) {
	return func(app *candor.App) { candor.Webhook[candor.None, candor.None](app, "POST", "sent", options...) }
}

// onRouter registers a route on a router with options.
func onRouter(options ...candor.Option) func(*candor.App) {
	return func(app *candor.App) {
		r := candor.NewRouter("/r", options...)
		candor.Get(r, "/", nothing)
		app.Include(r)
	}
}

var wrongTags = []provoked{
	{"a key nearly default", reads[struct {
		N int `query:"n" defualt:"1"`
	}]},
	{"a key nearly json", reads[struct {
		Body struct {
			N int `josn:"n"`
		} `body:""`
	}]},
	{"a key nearly validate", reads[struct {
		N int `query:"n" valdate:"gte=1"`
	}]},
	{"a key nearly query", reads[struct {
		N int `qeury:"n"`
	}]},
	{"a key in another case", answersWith[struct {
		N int `JSON:"n"`
	}]},
	{"gin's binding", reads[struct {
		N int `query:"n" binding:"required"`
	}]},
	{"gin's uri", reads[struct {
		N int `uri:"n"`
	}]},
	{"huma's minLength", reads[struct {
		S string `query:"s" minLength:"3"`
	}]},
	{"huma's maximum", reads[struct {
		N int `query:"n" maximum:"3"`
	}]},
	{"huma's enum", reads[struct {
		S string `query:"s" enum:"a,b"`
	}]},
	{"huma's required", reads[struct {
		S string `query:"s" required:"true"`
	}]},
	{"huma's readOnly", answersWith[struct {
		N int `json:"n" readOnly:"true"`
	}]},
	{"swag's format", reads[struct {
		S string `query:"s" format:"email"`
	}]},
	{"swag's description", reads[struct {
		S string `query:"s" description:"text"`
	}]},
	{"fiber's reqHeader", reads[struct {
		S string `reqHeader:"s"`
	}]},
	{"envDefault in settings", func(*candor.App) {
		_, _ = candor.FromEnv[struct {
			N int `env:"N" envDefault:"1"`
		}](nil)
	}},
	{"a key that stands twice", reads[struct {
		N int `query:"n" query:"m"` //nolint:staticcheck // twice on purpose
	}]},
	{"two sources", reads[struct {
		N int `query:"n" header:"n"`
	}]},
	{"no source", reads[struct{ N int }]},
	{"no source of a model", reads[struct{ Body struct{ N int } }]},
	{"no source of a service", reads[struct{ Motor *motor }]},
	{"no source of an upload", reads[struct{ Photo candor.Upload }]},
	{"no source of a Lazy", reads[struct{ Motor candor.Lazy[*motor] }]},
	{"no source of a form", reads[struct{ Form candor.OAuth2PasswordForm }]},
	{"tasks by value", reads[struct{ Tasks candor.Tasks }]},
	{"a pointer to a header", reads[struct{ Header *candor.ResponseHeader }]},
	{"a writer in an input", reads[struct{ W http.ResponseWriter }]},
	{"a context in an input", reads[struct{ C context.Context }]},
	{"a name that leaves nothing out", reads[struct {
		N int `query:"-"`
	}]},
	{"a location inside a body", reads[struct {
		Body pathTagged `body:""`
	}]},
	{"a default that is no number", reads[struct {
		N int `query:"n" default:"x"`
	}]},
	{"a default that breaks a rule", reads[struct {
		Body defaulted `body:""`
	}]},
	{"an example of a parameter that breaks a rule", reads[struct {
		N int `query:"n" example:"0" validate:"gte=1"`
	}]},
	{"an example of a form value that breaks a rule", reads[struct {
		S string `form:"s" example:"ab" validate:"len=3"`
	}]},
	{"an example of a member that breaks a rule", reads[struct {
		Body illustrated `body:""`
	}]},
	{"an example in an answer that breaks a rule", answersWith[illustrated]},
	{"an example of a header of an answer that breaks a rule", answersWith[struct {
		N int `header:"N" example:"0" validate:"gte=1"`
	}]},
	{"a required member that is hidden", reads[struct {
		Body covert `body:""`
	}]},
	{"a required parameter that is hidden", reads[struct {
		N int `query:"n" hidden:"true"`
	}]},
	{"a map in a form", reads[struct {
		M map[string]int `form:"m"`
	}]},
	{"a map in a header", reads[struct {
		M map[string]int `header:"m"`
	}]},
	{"a list of lists in a query", reads[struct {
		L [][]int `query:"l"`
	}]},
	{"a rule that nobody knows", reads[struct {
		N int `query:"n" validate:"minn=1"`
	}]},
	{"the name that a rule has elsewhere", reads[struct {
		N int `query:"n" validate:"ge=1"`
	}]},
	{"a rule for what is a tag of its own", reads[struct {
		S string `query:"s" validate:"regexp=^a"`
	}]},
	{"commas between the values of oneof", reads[struct {
		S string `query:"s" validate:"oneof=a,b"`
	}]},
	{"a default that is no list", reads[struct {
		S []string `query:"s" default:"a,b"`
	}]},
	{"a file as a text", reads[struct {
		S string `file:"s"`
	}]},
	{"required on a pointer", reads[struct {
		N *int `query:"n" validate:"required"`
	}]},
	{"a pattern that is none", reads[struct {
		S string `query:"s" pattern:"("`
	}]},
	{"a useless media type", reads[struct {
		S string `query:"s" media:"image/png"`
	}]},
	{"a path value that is not in the path", reads[struct {
		ID int `path:"id"`
	}]},
	{"a second body", reads[struct {
		A int `body:""`
		B int `body:""`
	}]},
}

var uselessOptions = []provoked{
	{"Heartbeat of JSON", onRoute(candor.Heartbeat(time.Second))},
	{"Heartbeat of a plain handler", onPlain(candor.Heartbeat(time.Second))},
	{"Heartbeat of a webhook", onWebhook(candor.Heartbeat(time.Second))},
	{"MessageLimit of JSON", onRoute(candor.MessageLimit(1))},
	{"ReplyToInvalidMessages of JSON", onRoute(candor.ReplyToInvalidMessages())},
	{"Origins of JSON", onRoute(candor.Origins("example.com"))},
	{"Origins of a mount", onMount(candor.Origins("example.com"))},
	{"Subprotocols of JSON", onRoute(candor.Subprotocols("a"))},
	{"Produces of no body", onRoute(candor.Produces("text/csv"))},
	{"Produces of a plain handler", onPlain(candor.Produces("text/csv"))},
	{"Produces of a WebSocket", onSocket(candor.Produces("text/csv"))},
	{"ForbidExtra of a plain handler", onPlain(candor.ForbidExtra())},
	{"ForbidExtra of a mount", onMount(candor.ForbidExtra())},
	{"StrictContentType without a body", onRoute(candor.StrictContentType(false))},
	{"StrictContentType of a plain handler", onPlain(candor.StrictContentType(false))},
	{"StrictContentType of a form", func(app *candor.App) {
		candor.Post(app, "/", apptest.Ignores[struct {
			S string `form:"s"`
		}], candor.StrictContentType(false))
	}},
	{"MaxBody without a body", onRoute(candor.MaxBody(1))},
	{"MaxBody of a plain handler", onPlain(candor.MaxBody(1))},
	{"MaxBody of a WebSocket", onSocket(candor.MaxBody(1))},
	{"Cache of a POST", func(app *candor.App) {
		candor.Post(app, "/", apptest.Ignores[candor.None], candor.Cache(candor.CacheConfig{TTL: time.Minute}))
	}},
	{"Cache of a plain handler", onPlain(candor.Cache(candor.CacheConfig{TTL: time.Minute}))},
	{"Status of a WebSocket", onSocket(candor.Status(200))},
	{"Status of a mount", onMount(candor.Status(200))},
	{"Status without a body of a value", func(app *candor.App) {
		candor.Get(app, "/", func(context.Context, candor.None) (int, error) { return 1, nil }, candor.Status(204))
	}},
	{"Summary of a mount", onMount(candor.Summary("s"))},
	{"Description of a mount", onMount(candor.Description("s"))},
	{"OperationID of a mount", onMount(candor.OperationID("s"))},
	{"EditOperation of a mount", onMount(candor.EditOperation(func(*openapi3.Operation) {}))},
	{"Extension of a mount", onMount(candor.Extension("x-a", 1))},
	{"ExternalDocs of a mount", onMount(candor.ExternalDocs{URL: "https://example.com"})},
	{"Server of a mount", onMount(candor.Server{URL: "https://example.com"})},
	{"Responds of a mount", onMount(candor.Responds[int](404))},
	{"Hidden of a mount", onMount(candor.Hidden())},
	{"Deprecated of a mount", onMount(candor.Deprecated())},
	{"Alias of a mount", onMount(candor.Alias("/other"))},
	{"Summary of a front end", func(app *candor.App) { app.Frontend("/", os.DirFS("testdata"), candor.Summary("s")) }},
	{"RequestExample without a body", onRoute(candor.RequestExample("a", 1))},
	{"RequestExample that is refused", func(app *candor.App) {
		candor.Post(app, "/", apptest.Ignores[struct {
			Body bounded `body:""`
		}], candor.RequestExample("a", bounded{}))
	}},
	{"ResponseExample of a status that is none", onRoute(candor.ResponseExample(200, "a", 1))},
	{"Links of a status that is none", onRoute(candor.OperationID("a"), candor.Links(404, candor.Link{Name: "l", OperationID: "a"}))},
	{"Timeout of a webhook", onWebhook(candor.Timeout(time.Second))},
	{"Use of a webhook", onWebhook(candor.Use(func(h http.Handler) http.Handler { return h }))},
	{"Callback of a webhook", onWebhook(candor.Callback[candor.None, candor.None]("c", "POST", "https://example.com"))},
	{"Alias of a webhook", onWebhook(candor.Alias("/a"))},
	{"Raises of a webhook", onWebhook(candor.Raises(candor.Error(404, "no")))},
	{"MessageLimit of a router without WebSockets", onRouter(candor.MessageLimit(1))},
	{"Origins of a router without WebSockets", onRouter(candor.Origins("example.com"))},
	{"LimitMultipart without a form", onRoute(candor.LimitMultipart(candor.MultipartLimits{Parts: 1}))},
	{"LimitMultipart of a router without forms", onRouter(candor.LimitMultipart(candor.MultipartLimits{Parts: 1}))},
	{"MaxBody of a router without bodies", onRouter(candor.MaxBody(1))},
	{"StrictContentType of a router without bodies", onRouter(candor.StrictContentType(false))},
	{"Cache of a router without values", onRouter(candor.Cache(candor.CacheConfig{TTL: time.Minute}))},
	{"Heartbeat of an inclusion without streams", func(app *candor.App) {
		r := candor.NewRouter("/r")
		candor.Get(r, "/", nothing)
		app.Include(r, candor.Heartbeat(time.Second))
	}},
	{"Until of a provider that is a call", func(app *candor.App) {
		candor.Provide(app, func(context.Context, candor.None) (*motor, error) { return nil, nil }, candor.Until(candor.ResponseSent))
	}},
	{"Attempts of a provider that is a call", func(app *candor.App) {
		candor.Provide(app, func(context.Context, candor.None) (*motor, error) { return nil, nil }, candor.Attempts(3))
	}},
	{"Attempts of a guard", onRoute(candor.Require(func(context.Context, candor.None) error { return nil }, candor.Attempts(3)))},
	{"Attempts of what is sent before", onRoute(candor.Around(func(_ context.Context, _ candor.None, next func() error) error { return next() },
		candor.Attempts(3), candor.Until(candor.ResponseSent)))},
	{"no Attempts", onRoute(candor.Around(func(_ context.Context, _ candor.None, next func() error) error { return next() }, candor.Attempts(0)))},
	{"a Lazy of a value", func(app *candor.App) {
		candor.ProvideValue(app, &motor{})
		candor.Get(app, "/", apptest.Ignores[struct {
			Motor candor.Lazy[*motor] `dep:""`
		}])
	}},
	{"a Lazy of a fresh value", func(app *candor.App) {
		candor.Get(app, "/", apptest.Ignores[struct {
			Motor candor.Lazy[*motor] `dep:"fresh"`
		}])
	}},
	{"a Lazy behind a pointer", func(app *candor.App) {
		candor.Get(app, "/", apptest.Ignores[struct {
			Motor *candor.Lazy[*motor] `dep:""`
		}])
	}},
	{"a Lazy of credentials", func(app *candor.App) {
		candor.Provide(app, func(context.Context, struct{ Token candor.Bearer }) (*motor, error) { return nil, nil })
		candor.Get(app, "/", apptest.Ignores[struct {
			Motor candor.Lazy[*motor] `dep:""`
		}])
	}},
	{"a provided Lazy", func(app *candor.App) { candor.ProvideValue(app, candor.LazyValue(&motor{})) }},
	{"Until of a guard", onRoute(candor.Require(func(context.Context, candor.None) error { return nil }, candor.Until(candor.ResponseSent)))},
	{"MaxBody of an error handler", func(app *candor.App) {
		candor.OnStatus(app, 404, func(context.Context, *candor.HTTPError) (int, error) { return 1, nil }, candor.MaxBody(1))
	}},
}

var nils = []provoked{
	{"a nil option of a route", onRoute(nil)},
	{"a nil option of an alias", onRoute(candor.Alias("/a", nil))},
	{"a nil option of a router", func(*candor.App) { candor.NewRouter("/r", nil) }},
	{"a nil option of an inclusion", func(app *candor.App) { app.Include(candor.NewRouter("/r"), nil) }},
	{"a nil option of a provider", func(app *candor.App) {
		candor.Provide(app, func(context.Context, candor.None) (*motor, error) { return nil, nil }, nil)
	}},
	{"a nil option of a guard", onRoute(candor.Require(func(context.Context, candor.None) error { return nil }, nil))},
	{"a nil option of a webhook", onWebhook(nil)},
	{"a nil option of an error handler", func(app *candor.App) {
		candor.OnStatus(app, 404, func(context.Context, *candor.HTTPError) (int, error) { return 1, nil }, nil)
	}},
	{"nothing to register on", func(*candor.App) { candor.Get(nil, "/", nothing) }},
	{"a nil router to register on", func(*candor.App) { candor.Get((*candor.Router)(nil), "/", nothing) }},
	{"a nil app to register on", func(*candor.App) { candor.Get((*candor.App)(nil), "/", nothing) }},
	{"nothing to provide on", func(*candor.App) { candor.ProvideValue(nil, &motor{}) }},
	{"nothing to handle errors on", func(*candor.App) {
		candor.OnStatus(nil, 404, func(context.Context, *candor.HTTPError) (int, error) { return 1, nil })
	}},
	{"nothing to mount on", func(*candor.App) { (*candor.Router)(nil).Mount("/m", http.HandlerFunc(plainly)) }},
	{"nothing to include in", func(*candor.App) { (*candor.Router)(nil).Include(candor.NewRouter("/r")) }},
	{"nothing to override on", func(*candor.App) { candor.OverrideValue(nil, &motor{}) }},
	{"a nil router to include", func(app *candor.App) { app.Include(nil) }},
	{"a nil handler", func(app *candor.App) { candor.Get[candor.None, candor.None](app, "/", nil) }},
	{"a nil plain handler", func(app *candor.App) { candor.HandleHTTP(app, []string{"GET"}, "/", nil) }},
	{"a nil mount", func(app *candor.App) { app.Mount("/m", nil) }},
	{"a nil handler of a WebSocket", func(app *candor.App) { candor.WebSocket[candor.None, string, string](app, "/", nil) }},
	{"a nil error handler", func(app *candor.App) { candor.OnStatus[int](app, 404, nil) }},
	{"a nil middleware", onRoute(candor.Use(nil))},
	{"a middleware that returns nothing", onRoute(candor.Use(func(http.Handler) http.Handler { return nil }))},
	{"a middleware of the app that returns nothing", func(app *candor.App) {
		sub := candor.New(candor.Config{}, candor.Use(func(http.Handler) http.Handler { return nil }))
		app.Mount("/sub", sub)
	}},
	{"a nil guard", onRoute(candor.Require[candor.None](nil))},
	{"a nil bracket", onRoute(candor.Around[candor.None](nil))},
	{"a nil provider", func(app *candor.App) { candor.Provide[candor.None, *motor](app, nil) }},
	{"a nil value", func(app *candor.App) { candor.ProvideValue[*motor](app, nil) }},
	{"a nil interface", func(app *candor.App) { candor.ProvideValue[io.Closer](app, nil) }},
	{"a nil override", func(app *candor.App) { candor.OverrideValue[*motor](app, nil) }},
	{"a nil lifespan", func(app *candor.App) { app.Lifespan(nil) }},
	{"a nil error that is declared", onRoute(candor.Raises(nil))},
	{"a nil edit", onRoute(candor.EditOperation(nil))},
}

var wrongPlaces = []provoked{
	{"no provider", reads[needsMotor]},
	{"a provider of nearly the type", func(app *candor.App) {
		candor.ProvideValue(app, motor{})
		reads[needsMotor](app)
	}},
	{"a provider of what implements the type", func(app *candor.App) {
		candor.ProvideValue(app, loudMotor{})
		reads[needsNoise](app)
	}},
	{"a provider on another router", func(app *candor.App) {
		r := candor.NewRouter("/r")
		candor.ProvideValue(r, &motor{})
		app.Include(r)
		reads[needsMotor](app)
	}},
	{"a shared provider that asks for what is provided as another type", func(app *candor.App) {
		candor.ProvideValue(app, loudMotor{})
		candor.ProvideShared(app, func(_ context.Context, _ needsNoise, use func(*motor) error) error { return use(nil) })
		reads[needsMotor](app)
	}},
	{"an override of what implements the type", func(app *candor.App) {
		candor.ProvideValue[noise](app, loudMotor{})
		reads[needsNoise](app)
		candor.OverrideValue(app, loudMotor{})
	}},
	{"an override that nobody asks for", func(app *candor.App) {
		candor.Get(app, "/", nothing)
		candor.OverrideValue(app, motor{})
	}},
	{"an override of nearly the type", func(app *candor.App) {
		candor.ProvideValue(app, &motor{})
		reads[needsMotor](app)
		candor.OverrideValue(app, motor{})
	}},
	{"two providers", func(app *candor.App) {
		candor.ProvideValue(app, &motor{})
		candor.ProvideValue(app, &motor{})
	}},
	{"a provider of a text", func(app *candor.App) { candor.ProvideValue(app, "text") }},
	{"what Needs would begin early", func(app *candor.App) {
		candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*motor) error) error { return use(nil) })
		candor.Provide(app, func(context.Context, needsMotor) (*gears, error) { return nil, nil })
		candor.Get(app, "/", nothing, candor.Needs[*gears]())
	}},
	{"what a guard would begin early", func(app *candor.App) {
		candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*motor) error) error { return use(nil) })
		candor.Get(app, "/", nothing, candor.Require(func(context.Context, needsMotor) error { return nil }))
	}},
	{"a bracket that outlives what it depends on", func(app *candor.App) {
		candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*motor) error) error { return use(nil) })
		candor.Get(app, "/", nothing, candor.Around(func(_ context.Context, _ needsMotor, next func() error) error { return next() }, candor.Until(candor.ResponseSent)))
	}},
	{"a wildcard that nobody reads", func(app *candor.App) { candor.Get(app, "/{id}", nothing) }},
	{"two routes in one place", func(app *candor.App) {
		candor.Get(app, "/", nothing)
		candor.Get(app, "/", nothing)
	}},
	{"a prefix that ends with a slash", func(*candor.App) { candor.NewRouter("/r/") }},
	{"a body in a provider", func(app *candor.App) {
		candor.Provide(app, func(context.Context, struct {
			Body int `body:""`
		},
		) (*motor, error) {
			return nil, nil
		})
	}},
	{"a registration that comes late", func(app *candor.App) {
		app.Seal()
		candor.Get(app, "/", nothing)
	}},
}

func (loudMotor) Noise() string { return "brumm" }

// toldOf returns how a configuration error is reported: a panic at registration, an error when the app is sealed, or
// a line in the log.
func toldOf(provoke func(*candor.App)) string {
	var log bytes.Buffer
	app := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	text := apptest.PanicOf(func() { provoke(app) })
	if text == "" {
		if err := app.Check(); err != nil {
			text = err.Error()
		}
	}
	return text + log.String()
}

// goldenMistakes contains the message of each configuration error. CANDOR_GOLDEN=write rewrites it.
const goldenMistakes = "testdata/mistakes.txt"

var thisFile = regexp.MustCompile(`[^ ]*silence_test\.go:\d+`)

// Every configuration error is reported, with the position of the call and the fix, in the words of the golden file.
func TestNoMistakeIsSilent(t *testing.T) {
	var all strings.Builder
	count := 0
	for _, list := range [][]provoked{wrongTags, uselessOptions, nils, wrongPlaces} {
		for _, p := range list {
			text := toldOf(p.make)
			assert.NotEmpty(t, text, "%s: silence", p.name)
			assert.NotContains(t, text, "runtime error", p.name)
			assert.Regexp(t, thisFile, text, "%s: no place", p.name)
			assert.Regexp(t, `[;:] \S`, thisFile.ReplaceAllString(text, ""), "%s: no advice", p.name)
			fmt.Fprintf(&all, "%s\n\t%s\n", p.name, strings.ReplaceAll(strings.TrimSpace(thisFile.ReplaceAllString(text, "FILE:LINE")), "\n", "\n\t"))
			count++
		}
	}
	assert.GreaterOrEqual(t, count, 80)
	if os.Getenv("CANDOR_GOLDEN") == "write" {
		require.NoError(t, os.WriteFile(goldenMistakes, []byte(all.String()), 0o600))
	}
	want, err := os.ReadFile(goldenMistakes)
	require.NoError(t, err)
	lines, told := strings.Split(string(want), "\n"), strings.Split(all.String(), "\n")
	require.Len(t, told, len(lines))
	for i, line := range lines {
		assert.Equal(t, line, told[i])
	}
}

// Options that have an effect are not reported.
func TestOptionsWhereTheyHaveAnEffect(t *testing.T) {
	lines := func(options ...candor.RouteOption) func(*candor.App) {
		return func(app *candor.App) {
			candor.Post(app, "/", apptest.Ignores[struct {
				Items candor.JSONLines[int] `body:""`
			}], options...)
		}
	}
	events := func(options ...candor.Option) func(*candor.App) {
		return func(app *candor.App) {
			r := candor.NewRouter("/r", options...)
			candor.Get(r, "/", nothing)
			candor.Get(r, "/events", func(context.Context, candor.None) (e candor.Events[int], err error) { return e, nil })
			app.Include(r)
		}
	}
	for name, register := range map[string]func(*candor.App){
		"of WebSockets": onSocket(candor.Heartbeat(time.Second), candor.MessageLimit(1), candor.ReplyToInvalidMessages(), candor.Origins("*"),
			candor.Subprotocols("a"), candor.ForbidExtra(), candor.Timeout(time.Second), candor.Summary("s")),
		"of lines":                      lines(candor.MessageLimit(1), candor.MaxBody(1)),
		"of a plain handler":            onPlain(candor.Status(201), candor.Summary("s"), candor.Responds[int](404), candor.Timeout(time.Second), candor.Alias("/a")),
		"of a mount":                    onMount(candor.Tags("a"), candor.Timeout(time.Second), candor.Require(func(context.Context, candor.None) error { return nil })),
		"of a webhook":                  onWebhook(candor.Summary("s"), candor.Deprecated(), candor.Responds[int](404), candor.Status(202)),
		"of a router":                   events(candor.Heartbeat(time.Second), candor.Description("s"), candor.Tags("a")),
		"of a router of nothing":        func(app *candor.App) { app.Include(candor.NewRouter("/r", candor.MaxBody(1))) },
		"a value that is an empty list": func(app *candor.App) { candor.ProvideValue[[]string](app, nil) },
		"an override of what a replaced provider asks for": func(app *candor.App) {
			candor.ProvideValue(app, &motor{})
			candor.Provide(app, func(context.Context, needsMotor) (*gears, error) { return nil, nil })
			reads[needsGears](app)
			candor.OverrideValue(app, &gears{})
			candor.OverrideValue(app, &motor{})
		},
	} {
		assert.Empty(t, toldOf(register), name)
	}
}

// A router with routes that no app includes is logged once, even if nothing refers to it any more. A router without
// routes, or in another app, is not.
func TestRouterThatIsNotIncluded(t *testing.T) {
	forgotten := func(app *candor.App) {
		r := candor.NewRouter("/forgotten")
		candor.Get(r, "/", nothing)
		candor.NewRouter("/empty")
		used := candor.NewRouter("/used")
		candor.Get(used, "/", nothing)
		app.Include(used)
		early := candor.NewRouter("/early")
		app.Include(early)
		candor.Get(early, "/", nothing)
		runtime.GC()
		runtime.GC()
	}
	text := toldOf(forgotten)
	assert.Contains(t, text, "a router has routes, but nothing includes it, so they are not served")
	assert.Contains(t, text, "router=/forgotten")
	assert.Contains(t, text, "silence_test.go:")
	assert.NotContains(t, text, "/empty")
	assert.NotContains(t, text, "/used")
	assert.NotContains(t, text, "/early")
	assert.Empty(t, toldOf(onRoute()))
}

// Sealing an app looks for such routers while other goroutines register routes on theirs.
func TestSealWhileAnotherRouterIsFilled(t *testing.T) {
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
				r := candor.NewRouter("/rooms")
				for n := range 5 {
					candor.Get(r, "/"+strconv.Itoa(n), nothing)
				}
				app.Include(r)
				app.Seal()
			}
		})
	}
	all.Wait()
}

// A wrapper can end after the last byte, or before the first.
func TestUntilOfAWrapper(t *testing.T) {
	for _, row := range []struct {
		until candor.Lifetime
		want  string
	}{{candor.ResponseSent, "header, bracket"}, {candor.ResponseEncoded, "bracket, header"}} {
		var order []string
		app := candor.New(candor.Config{})
		candor.Get(app, "/", func(context.Context, candor.None) (int, error) { return 1, nil },
			candor.Around(func(_ context.Context, _ candor.None, next func() error) error {
				err := next()
				order = append(order, "bracket")
				return err
			}, candor.Until(row.until)),
			candor.Use(candor.BeforeHeader(func(*http.Request, int, http.Header) { order = append(order, "header") })))
		exchanges{{"GET /", "200 | 1"}}.check(t, app)
		assert.Equal(t, row.want, strings.Join(order, ", "))
	}
}

// A Timeout also limits the context of a plain handler.
func TestTimeoutOfAPlainHandler(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.HandleHTTP(app, []string{"GET"}, "/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, limited := r.Context().Deadline()
		fmt.Fprint(w, limited)
	}), candor.Timeout(time.Minute))
	exchanges{{"GET /", "200 | true"}}.check(t, app)
}
