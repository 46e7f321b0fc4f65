package main

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"log"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/candor-go/candor"

	"example.com/sqlc/db"
)

//go:embed migrations/*.sql
var files embed.FS

func openDatabase(ctx context.Context, _ candor.None, use func(*sql.DB) error) error {
	pool, err := sql.Open("sqlite", "file:authors.db?_pragma=busy_timeout(10000)&_txlock=immediate")
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrate(ctx, pool); err != nil {
		return err
	}
	return use(pool)
}

func migrate(ctx context.Context, pool *sql.DB) error {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, pool, migrations)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
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

type MakeQueries struct {
	Tx *sql.Tx `dep:""`
}

func queries(_ context.Context, in MakeQueries) (*db.Queries, error) {
	return db.New(in.Tx), nil
}

var ErrNoAuthor = candor.Error(404, "author not found")

type CreateAuthor struct {
	Name    string      `body:"name" validate:"min=1"`
	Queries *db.Queries `dep:""`
}

func createAuthor(ctx context.Context, in CreateAuthor) (db.Author, error) {
	return in.Queries.CreateAuthor(ctx, in.Name)
}

type ReadAuthor struct {
	ID      int64       `path:"id"`
	Queries *db.Queries `dep:""`
}

func readAuthor(ctx context.Context, in ReadAuthor) (db.Author, error) {
	author, err := in.Queries.GetAuthor(ctx, in.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return author, ErrNoAuthor
	}
	return author, err
}

func main() {
	app := candor.New(candor.Config{Title: "Authors"})
	candor.ProvideShared(app, openDatabase)
	candor.ProvideScoped(app, transaction)
	candor.Provide(app, queries)
	candor.Post(app, "/authors", createAuthor, candor.Status(201))
	candor.Get(app, "/authors/{id}", readAuthor, candor.Raises(ErrNoAuthor))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
