package main

import (
	"flag"
	"log"
	"log/slog"
	"os"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

type Settings struct {
	Address  string `env:"ADDRESS" default:":8000"`
	Database string `env:"DATABASE" default:"books.db"`
	Secret   string `env:"SECRET" validate:"min=32"`
}

func newApp(settings Settings) *candor.App {
	app := candor.New(candor.Config{
		Title: "Books", Version: "1.0.0",
		SecuritySchemes: map[string]candor.SecurityScheme{"password": candor.OAuth2Password("/token", nil)},
		Logger:          slog.Default(),
	}, candor.Use(middleware.RequestID(), middleware.AccessLog(slog.Default())))
	app.Health("/healthz", "/readyz")

	provideDatabase(app, DatabaseFile(settings.Database))
	candor.ProvideValue(app, &Tokens{Secret: []byte(settings.Secret)})
	candor.Provide(app, currentUser, candor.Raises(ErrBadToken))

	candor.Get(app, "/books", listBooks)
	candor.Post(app, "/books", createBook, candor.Status(201), candor.Needs[User]())
	candor.Get(app, "/books/{id}", readBook, candor.Raises(ErrNoBook))

	candor.Post(app, "/users", register, candor.Status(201), candor.Raises(ErrNameTaken))
	candor.Post(app, "/token", login, candor.Raises(ErrBadLogin))
	candor.Get(app, "/me", readMe)
	return app
}

func main() {
	document := flag.Bool("openapi", false, "write the OpenAPI document and exit")
	flag.Parse()
	if *document {
		if err := newApp(Settings{}).WriteOpenAPI(os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	settings, err := candor.FromEnv[Settings](os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	if err := newApp(settings).Run(settings.Address); err != nil {
		log.Fatal(err)
	}
}
