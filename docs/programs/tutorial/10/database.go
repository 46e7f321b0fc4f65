package main

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/candor-go/candor"
)

//go:embed migrations/*.sql
var files embed.FS

// DatabaseFile is the path of the database.
type DatabaseFile string

type OpenDatabase struct {
	File DatabaseFile `dep:""`
}

// openDatabase wraps the life of the app.
func openDatabase(ctx context.Context, in OpenDatabase, use func(*sql.DB) error) error {
	db, err := sql.Open("sqlite", "file:"+string(in.File)+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrate(ctx, db); err != nil {
		return err
	}
	return use(db)
}

func migrate(ctx context.Context, db *sql.DB) error {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

type BeginTransaction struct {
	DB *sql.DB `dep:""`
}

// transaction wraps a request: it commits if the handler succeeds, and rolls
// back if it returns an error or panics.
func transaction(ctx context.Context, in BeginTransaction, use func(*sql.Tx) error) error {
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

func provideDatabase(app *candor.App, file DatabaseFile) {
	candor.ProvideValue(app, file)
	candor.ProvideShared(app, openDatabase)
	candor.ProvideScoped(app, transaction)
}
