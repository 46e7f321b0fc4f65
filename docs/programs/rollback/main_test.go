package main

import (
	"context"
	"database/sql"
	"testing"

	"github.com/candor-go/candor"
)

// testClient serves an app whose requests share one transaction, which is
// rolled back when the test ends.
func testClient(t *testing.T, db *sql.DB) *candor.TestClient {
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tx.Rollback() })

	app := newApp(db)
	candor.OverrideScoped(app, func(_ context.Context, _ candor.None, use func(*sql.Tx) error) error {
		return use(tx)
	})
	return candor.NewTestClient(t, app)
}

func TestNotes(t *testing.T) {
	db := openDatabase()
	defer db.Close()

	t.Run("a note is kept", func(t *testing.T) {
		c := testClient(t, db)
		c.Post("/notes", Note{Text: "milk"}).Status(201)
		var notes []Note
		c.Get("/notes").Status(200).JSON(&notes)
		if len(notes) != 1 {
			t.Errorf("got %v", notes)
		}
	})
	t.Run("the next test does not see it", func(t *testing.T) {
		var notes []Note
		testClient(t, db).Get("/notes").Status(200).JSON(&notes)
		if len(notes) != 0 {
			t.Errorf("got %v", notes)
		}
	})
}
