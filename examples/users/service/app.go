// Package service is the API of a product with accounts. It is a package, so
// that several programs can serve it.
package service

import (
	"embed"
	"io/fs"
	"log/slog"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/idempotency"
	"github.com/candor-go/candor/source"
)

// Settings are configured by the operator.
type Settings struct {
	// Database is the URL of a PostgreSQL database, or an SQLite file.
	Database string
	// Secret signs tokens. Anyone who knows it can issue them.
	Secret string
	// AdminKey is the key for the administration.
	AdminKey string
	// Cost is the cost of hashing passwords.
	Cost Cost
	// Code has the comments of operations that the program adds.
	Code []fs.FS
	// Logger defaults to slog.Default.
	Logger *slog.Logger
}

// The scopes of the app, with their descriptions in the document.
var scopes = map[string]string{
	"me":          "Read and change the own account",
	"users:read":  "Read all accounts",
	"users:write": "Change and delete all accounts",
}

// code has the comments that describe operations and types in the document.
//
//go:embed *.go
var code embed.FS

// New creates the app and its routes. The caller provides a [Mailer], as a
// value or shared.
func New(s Settings, options ...candor.Option) *candor.App {
	app := candor.New(candor.Config{
		Title: "Users", Version: "2.0.0", Description: "Accounts, logins and roles.",
		License: candor.License{Name: "MIT", Identifier: "MIT"},
		Source:  source.Of(append([]fs.FS{code}, s.Code...)...),
		Logger:  s.Logger,
		Servers: []candor.Server{{URL: "/", Description: "here"}},
		Tags: []candor.Tag{
			{Name: "login", Description: "Who one is"},
			{Name: "users", Description: "Accounts"},
			{Name: "admin", Description: "For operators"},
		},
		SecuritySchemes: map[string]candor.SecurityScheme{
			"password": candor.OAuth2Password("/api/v1/token", scopes).WithDescription("A user name and a password"),
		},
	}, options...)

	candor.ProvideValue(app, s)
	candor.ProvideValue(app, newHasher(s.Cost))
	candor.ProvideValue(app, newTokens(s.Secret))
	candor.ProvideShared(app, openDatabase)
	candor.ProvideScoped(app, transaction, candor.Attempts(attempts), candor.Raises(errBusy))
	candor.Provide(app, accountsOf)
	candor.Provide(app, keyTableOf)
	provideWelcome(app, s.Database)
	candor.Provide(app, claims, candor.Raises(errBadToken, errMissingScope))
	candor.Provide(app, currentUser, candor.Raises(errBadToken, errDisabled))

	v1 := candor.NewRouter("/api/v1")
	candor.Post(v1, "/token", login, candor.Tags("login"), candor.Raises(errBadLogin, errDisabled))
	candor.Get(v1, "/users", listUsers, candor.Tags("users"), candor.Scopes("users:read"), candor.Needs[*User]())
	v1.Include(accountRoutes())
	app.Include(v1)

	v2 := candor.NewRouter("/api/v2")
	candor.Get(v2, "/users", pageUsers, candor.Tags("users"), candor.Scopes("users:read"), candor.Needs[*User]())
	v2.Include(accountRoutes())
	app.Include(v2)

	app.Include(adminRoutes())
	return app
}

// accountRoutes are the same in all versions.
func accountRoutes() *candor.Router {
	r := candor.NewRouter("/users", candor.Tags("users"))
	candor.Post(r, "", register, candor.Status(201), candor.Raises(errNameTaken), idempotency.KeysIn[*keyTable](idempotency.Config{}))

	me := candor.NewRouter("/me", candor.Scopes("me"))
	candor.Get(me, "", readMe)
	candor.Patch(me, "", changeMe, candor.Raises(errNameTaken, errWrongPassword))
	r.Include(me)

	one := candor.NewRouter("/{user_id}", candor.Needs[*User](), candor.Raises(errNoUser))
	candor.Get(one, "", readUser, candor.Scopes("users:read"))
	candor.Patch(one, "", changeUser, candor.Scopes("users:write"), candor.Raises(errNameTaken))
	candor.Delete(one, "", deleteUser, candor.Scopes("users:write"))
	r.Include(one)
	return r
}

// adminRoutes are for clients with the admin key.
func adminRoutes() *candor.Router {
	r := candor.NewRouter("/admin", candor.Tags("admin"), candor.Require(checkAdminKey, candor.Raises(errBadKey)))
	candor.Get(r, "/stats", readStats)
	candor.Put(r, "/users/{user_id}/access", setAccess, candor.Raises(errNoUser))
	return r
}
