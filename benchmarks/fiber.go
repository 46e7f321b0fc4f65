package benchmarks

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"

	"github.com/go-playground/validator/v10"
	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
)

// Fiber is fiber with its own binder and validator/v10, as its guide shows. It does not use net/http but its own
// server, fasthttp.
func Fiber() Contender { return onFiber{} }

type onFiber struct{}

// Name returns "fiber".
func (onFiber) Name() string { return "fiber" }

// Version returns the version of the module.
func (onFiber) Version() (string, error) { return moduleVersion("github.com/gofiber/fiber/v3"), nil }

// Serve runs fiber's server.
func (onFiber) Serve(ctx context.Context, s Service, l net.Listener) error {
	app := newFiber(s)
	return app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true, GracefulContext: ctx})
}

// Drive calls fiber's handler with contexts of fasthttp. Queries and forms are parsed again for each request, as in
// net/http's handlers.
func (onFiber) Drive(_ context.Context, w Workload) (func(n int) (Cost, error), error) {
	handler := newFiber(w.Service).Handler()
	contexts := make([]fasthttp.RequestCtx, len(w.Requests))
	queries := make([][]byte, len(w.Requests))
	for i, r := range w.Requests {
		var request fasthttp.Request
		if err := request.Header.Read(bufio.NewReader(bytes.NewReader(r.Wire()))); err != nil {
			return nil, err
		}
		request.SetBodyString(r.Body)
		contexts[i].Init(&request, nil, nil)
		queries[i] = bytes.Clone(request.URI().QueryString())
	}
	next, status := 0, 0
	call := func() {
		ctx := &contexts[next]
		ctx.Response.Reset()
		ctx.ResetUserValues()
		ctx.Request.RemoveMultipartFormFiles()
		ctx.Request.URI().SetQueryStringBytes(queries[next])
		handler(ctx)
		status = ctx.Response.StatusCode()
		if next++; next == len(contexts) {
			next = 0
		}
	}
	return func(n int) (Cost, error) {
		cost := cost(n, call)
		cost.Status = status
		return cost, nil
	}, nil
}

// Start creates the large service.
func (onFiber) Start(_ context.Context, groups int) (Started, error) {
	return large(fiberLarge).started(groups)
}

func fiberLarge(groups int) (any, []byte, error) {
	app := fiber.New()
	hello := func(c fiber.Ctx) error { return c.JSON(Greeting{greeting}) }
	service, document, err := routesOnly(app, groups, func(method, path string) { app.Add([]string{method}, colons(path), hello) })
	app.Handler() // builds the routing tree
	return service, document, err
}

type fiberPath struct {
	ID int `uri:"id" validate:"gte=1"`
}

type fiberQuery struct {
	Q     string `query:"q" validate:"max=50"`
	Limit int    `query:"limit" validate:"gte=1,lte=100"`
}

// fiberValidator adapts validator to fiber.
type fiberValidator struct{ rules *validator.Validate }

// Validate validates a struct; fiber does not call it for lists.
func (v fiberValidator) Validate(out any) error { return v.rules.Struct(out) }

func newFiber(s Service) *fiber.App {
	rules := newValidate()
	app := fiber.New(fiber.Config{StructValidator: fiberValidator{rules}})
	if s == Hub {
		fiberHub(app)
		return app
	}
	items := stock()
	app.Get("/", func(c fiber.Ctx) error { return c.JSON(Greeting{greeting}) })
	app.Get("/items/:id", fiberSearch)
	app.Get("/items", func(c fiber.Ctx) error { return c.JSON(items) })
	app.Post("/items", fiberBody(func(item Item) any { return item }))
	app.Post("/items/batch", func(c fiber.Ctx) error {
		var items []Item
		if err := errors.Join(c.Bind().Body(&items), rules.Var(items, "dive")); err != nil {
			return fiberRefuse(c, "body", err)
		}
		return c.JSON(Count{len(items)})
	})
	app.Get("/me", fiberEditor(newAccounts()), func(c fiber.Ctx) error { return c.JSON(c.Locals(fiberAccount{})) })
	odd := oddities()
	app.Get("/oddities", func(c fiber.Ctx) error { return c.JSON(odd) })
	app.Post("/orders", fiberBody(func(order Order) any { return order }))
	app.Post("/stock", fiberBody(func(stock map[string]int) any { return Count{len(stock)} }))
	app.Post("/upload", func(c fiber.Ctx) error {
		file, err := c.FormFile("file")
		if err != nil {
			return fiberRefuse(c, "body", err)
		}
		return c.JSON(Uploaded{c.FormValue("title"), file.Filename, file.Size})
	})
	return app
}

// fiberBody is a handler that responds with a value made from the body.
func fiberBody[T any](answer func(T) any) fiber.Handler {
	return func(c fiber.Ctx) error {
		var body T
		if err := c.Bind().Body(&body); err != nil {
			return fiberRefuse(c, "body", err)
		}
		return c.JSON(answer(body))
	}
}

func fiberSearch(c fiber.Ctx) error {
	var path fiberPath
	if err := c.Bind().URI(&path); err != nil {
		return fiberRefuse(c, "path", err)
	}
	query := fiberQuery{Limit: 20}
	if err := c.Bind().Query(&query); err != nil {
		return fiberRefuse(c, "query", err)
	}
	return c.JSON(Search{ID: path.ID, Q: query.Q, Limit: query.Limit})
}

func fiberRefuse(c fiber.Ctx, source string, err error) error {
	return c.Status(fiber.StatusUnprocessableEntity).JSON(Problems{problemsOf(err, source)})
}

// fiberAccount is the key of the account found by fiberEditor.
type fiberAccount struct{}

// fiberEditor is middleware for operations that require an editor.
func fiberEditor(users accounts) fiber.Handler {
	return func(c fiber.Ctx) error {
		account, err := users.editor(c.Get("Authorization"))
		if err != nil {
			status, challenge, body := refusal(err)
			if challenge != "" {
				c.Set("WWW-Authenticate", challenge)
			}
			return c.Status(status).JSON(body)
		}
		c.Locals(fiberAccount{}, account)
		return c.Next()
	}
}

func fiberHub(app *fiber.App) {
	for _, r := range HubRoutes() {
		name := r.String()
		app.Add([]string{r.Method}, colons(r.Path), func(c fiber.Ctx) error {
			return c.JSON(r.hit(name, func(wildcard string) string { return c.Params(wildcard) }))
		})
	}
}
