package main

import (
	"context"
	"database/sql"
	"log"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/candor-go/candor"
)

func openDatabase(ctx context.Context, _ candor.None, use func(*sql.DB) error) error {
	db, err := sql.Open("sqlite", "file:notes.db?_pragma=busy_timeout(10000)&_txlock=immediate")
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL)"); err != nil {
		return err
	}
	return use(db)
}

type BeginTx struct {
	DB *sql.DB `dep:""`
}

func transaction(ctx context.Context, in BeginTx, use func(*sql.Tx) error) error {
	tx, err := in.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := use(tx); err != nil {
		return err
	}
	return tx.Commit()
}

type AddNote struct {
	Text string  `body:"text"`
	Tx   *sql.Tx `dep:""`
}

var ErrRude = candor.Error(409, "be nice")

func addNote(ctx context.Context, in AddNote) (string, error) {
	if _, err := in.Tx.ExecContext(ctx, "INSERT INTO notes VALUES (?)", in.Text); err != nil {
		return "", err
	}
	if in.Text == "idiot" {
		return "", ErrRude
	}
	return in.Text, nil
}

type CountNotes struct {
	DB *sql.DB `dep:""`
}

func countNotes(ctx context.Context, in CountNotes) (n int, err error) {
	err = in.DB.QueryRowContext(ctx, "SELECT count(*) FROM notes").Scan(&n)
	return n, err
}

func main() {
	app := candor.New(candor.Config{Title: "Notes"})
	candor.ProvideShared(app, openDatabase)
	candor.ProvideScoped(app, transaction)
	candor.Post(app, "/notes", addNote, candor.Raises(ErrRude))
	candor.Get(app, "/notes/count", countNotes)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
