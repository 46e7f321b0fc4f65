package main

import (
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

// The service behaves as documented, with all its middleware. Account 1 is the
// administrator whose token is sent, so only other accounts change. The endless
// stream of notices is excluded; other tests cover it.
func TestConform(t *testing.T) {
	database := filepath.Join(t.TempDir(), "users.db")
	token := administrator(t, candor.NewTestClient(t, appOn(t, database)))
	candortest.Conform(t, appOn(t, database), candortest.Skip("notices"),
		candortest.Credentials("password", token), candortest.Credentials("APIKeyHeader", adminKey),
		candortest.Values("user_id", strings.Fields("2 3 4 5 6 7 8 9 10 11 12 13 14 15")...),
		candortest.Values("username", "ann"), candortest.Values("password", password))
}

func appOn(t *testing.T, database string) *candor.App {
	t.Helper()
	settings := Settings{Database: database, Secret: secret, AdminKey: adminKey}
	settings.Limit.Requests, settings.Limit.Per, settings.Limit.Burst = 1_000_000, time.Second, 1_000_000
	app, closeAll, err := newApp(settings, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(closeAll)
	return app
}

// administrator registers the first account, promotes it and returns its token.
func administrator(t *testing.T, c *candor.TestClient) string {
	t.Helper()
	c.Post("/api/v1/users", map[string]string{"name": "ann", "email": "ann@example.com", "password": password}).Status(http.StatusCreated)
	c.Put("/admin/users/1/access", map[string]string{"role": "admin"}, candor.WithHeader("X-Admin-Key", adminKey)).Status(http.StatusOK)
	var token struct {
		AccessToken string `json:"access_token"`
	}
	c.Post("/api/v1/token", nil, candor.WithForm(url.Values{"grant_type": {"password"}, "username": {"ann"}, "password": {password}})).Status(http.StatusOK).JSON(&token)
	return token.AccessToken
}
