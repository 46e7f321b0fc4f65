package snippets_test

import (
	"context"
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

//go:embed dist
var dist embed.FS

func withFrontend(app *candor.App) {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err)
	}
	app.Frontend("/", built)
}

type CheckStaff struct {
	Key string `header:"X-Key,omitempty"`
}

func staffOnly(_ context.Context, in CheckStaff) error {
	if in.Key != "staff" {
		return candor.Error(403, "staff only")
	}
	return nil
}

func TestFrontendOfTheGuide(t *testing.T) {
	assets := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(assets, "index.html"), []byte("assets"), 0o600))

	app := candor.New(candor.Config{})
	withFrontend(app)
	app.Mount("/assets", candor.Static(os.DirFS(assets)))
	reports := assets
	app.Mount("/reports", candor.Static(os.DirFS(reports)), candor.Require(staffOnly))
	admin := candor.NewRouter("/admin", candor.Require(staffOnly))
	admin.Frontend("/", os.DirFS(assets))
	app.Include(admin)

	client := candor.NewTestClient(t, app)
	client.Get("/orders/7", candor.WithHeader("Accept", "text/html")).Status(200)
	client.Get("/missing.js").Status(404)
	client.Get("/assets/").Status(200)
	client.Get("/reports/").Status(403)
	client.Get("/admin/").Status(403)
	client.Get("/admin/", candor.WithHeader("X-Key", "staff")).Status(200)
}
