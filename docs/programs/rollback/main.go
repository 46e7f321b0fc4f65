package main

import (
	"context"
	"database/sql"
	"log"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/candor-go/candor"
)

func openDatabase() *sql.DB {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(1) // a database in memory belongs to its connection
	if _, err := db.Exec("CREATE TABLE notes (text TEXT NOT NULL)"); err != nil {
		log.Fatal(err)
	}
	return db
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

type Note struct {
	Text string `json:"text" validate:"min=1"`
}

type AddNote struct {
	Body Note    `body:""`
	Tx   *sql.Tx `dep:""`
}

func addNote(ctx context.Context, in AddNote) (Note, error) {
	_, err := in.Tx.ExecContext(ctx, "INSERT INTO notes (text) VALUES (?)", in.Body.Text)
	return in.Body, err
}

type ListNotes struct {
	Tx *sql.Tx `dep:""`
}

func listNotes(ctx context.Context, in ListNotes) ([]Note, error) {
	rows, err := in.Tx.QueryContext(ctx, "SELECT text FROM notes")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	notes := []Note{}
	for rows.Next() {
		var note Note
		if err := rows.Scan(&note.Text); err != nil {
			return nil, err
		}
		notes = append(notes, note)
	}
	return notes, rows.Err()
}

func newApp(db *sql.DB) *candor.App {
	app := candor.New(candor.Config{Title: "Notes"})
	candor.ProvideValue(app, db)
	candor.ProvideScoped(app, transaction)
	candor.Post(app, "/notes", addNote, candor.Status(201))
	candor.Get(app, "/notes", listNotes)
	return app
}

func main() {
	if err := newApp(openDatabase()).Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
