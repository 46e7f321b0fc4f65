package benchmarks

import (
	"net/http"

	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v5"
)

type echoSearch struct {
	ID    int    `param:"id" validate:"gte=1"`
	Q     string `query:"q" validate:"max=50"`
	Limit int    `query:"limit" validate:"gte=1,lte=100"`
}

// Echo is echo with its own binder and validator/v10, as its guide shows.
func Echo() Contender {
	return onHTTP{"echo", "github.com/labstack/echo/v5", newEcho, echoHub, echoLarge}
}

func echoHub() http.Handler {
	e := echo.New()
	for _, r := range HubRoutes() {
		name := r.String()
		e.Add(r.Method, colons(r.Path), func(c *echo.Context) error { return c.JSON(http.StatusOK, r.hit(name, c.Param)) })
	}
	return e
}

func echoLarge(groups int) (any, []byte, error) {
	e := echo.New()
	hello := func(c *echo.Context) error { return c.JSON(http.StatusOK, Greeting{greeting}) }
	return routesOnly(e, groups, func(method, path string) { e.Add(method, colons(path), hello) })
}

// echoValidator adapts validator to echo.
type echoValidator struct{ rules *validator.Validate }

// Validate validates a struct, or each element of a list. A map has no rules.
func (v echoValidator) Validate(i any) error {
	switch i.(type) {
	case *[]Item:
		return v.rules.Var(i, "dive")
	case *map[string]int:
		return nil
	}
	return v.rules.Struct(i)
}

func newEcho() http.Handler {
	items := stock()
	e := echo.New()
	e.Validator = echoValidator{newValidate()}
	e.GET("/", func(c *echo.Context) error { return c.JSON(http.StatusOK, Greeting{greeting}) })
	e.GET("/items/:id", func(c *echo.Context) error {
		in := echoSearch{Limit: 20}
		if err := echoBind(c, &in); err != nil {
			return echoRefuse(c, err)
		}
		return c.JSON(http.StatusOK, Search(in))
	})
	e.GET("/items", func(c *echo.Context) error { return c.JSON(http.StatusOK, items) })
	e.POST("/items", echoBody(func(item Item) any { return item }))
	e.POST("/items/batch", echoBody(func(items []Item) any { return Count{len(items)} }))
	e.GET("/me", func(c *echo.Context) error { return c.JSON(http.StatusOK, c.Get(echoAccount)) }, echoEditor(newAccounts()))
	odd := oddities()
	e.GET("/oddities", func(c *echo.Context) error { return c.JSON(http.StatusOK, odd) })
	e.POST("/orders", echoBody(func(order Order) any { return order }))
	e.POST("/stock", echoBody(func(stock map[string]int) any { return Count{len(stock)} }))
	e.POST("/upload", func(c *echo.Context) error {
		file, err := c.FormFile("file")
		if err != nil {
			return echoRefuse(c, err)
		}
		return c.JSON(http.StatusOK, Uploaded{c.FormValue("title"), file.Filename, file.Size})
	})
	return e
}

// echoBody is a handler that responds with a value made from the body.
func echoBody[T any](answer func(T) any) echo.HandlerFunc {
	return func(c *echo.Context) error {
		var body T
		if err := echoBind(c, &body); err != nil {
			return echoRefuse(c, err)
		}
		return c.JSON(http.StatusOK, answer(body))
	}
}

func echoBind(c *echo.Context, into any) error {
	if err := c.Bind(into); err != nil {
		return err
	}
	return c.Validate(into)
}

func echoRefuse(c *echo.Context, err error) error {
	return c.JSON(http.StatusUnprocessableEntity, Problems{problemsOf(err, "request")})
}

// echoAccount is the key of the account found by echoEditor.
const echoAccount = "account"

// echoEditor is middleware for operations that require an editor.
func echoEditor(users accounts) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			account, err := users.editor(c.Request().Header.Get("Authorization"))
			if err != nil {
				status, challenge, body := refusal(err)
				if challenge != "" {
					c.Response().Header().Set("WWW-Authenticate", challenge)
				}
				return c.JSON(status, body)
			}
			c.Set(echoAccount, account)
			return next(c)
		}
	}
}
