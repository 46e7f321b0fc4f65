package service

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"modernc.org/sqlite"

	"github.com/candor-go/candor"
)

// OpenDatabase is the input of openDatabase.
type OpenDatabase struct {
	Settings Settings `dep:""`
}

// openDatabase opens the database for as long as the app lives.
func openDatabase(ctx context.Context, in OpenDatabase, use func(*sql.DB) error) error {
	db, err := Connect(in.Settings.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, schemaOf(in.Settings.Database)); err != nil {
		return err
	}
	return use(db)
}

// attempts is how often a transaction is tried if it conflicts with others.
const attempts = 30

var errBusy = candor.Error(503, "too many changes at once").WithHeader("Retry-After", "1")

// Transaction is the input of transaction.
type Transaction struct {
	DB *sql.DB `dep:""`
}

// transaction gives each request that needs one its own transaction. After a
// conflict, the transaction and the rest of the request run again.
func transaction(ctx context.Context, in Transaction, use func(*sql.Tx) error) error {
	for n := 1; ; n++ {
		err := inTransaction(ctx, in.DB, use)
		switch {
		case !isConflict(err):
			return err
		case n == attempts:
			return errBusy
		}
		select {
		case <-time.After(rand.N(time.Duration(min(n*n, 200)) * time.Millisecond)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// inTransaction is one attempt. It ends before the response is written: if the
// commit fails, there is no 201.
func inTransaction(ctx context.Context, db *sql.DB, use func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := use(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// isConflict reports whether PostgreSQL aborted a transaction because of
// another one, which may also happen at COMMIT.
func isConflict(err error) bool {
	const serializationFailure, deadlock = "40001", "40P01"
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == serializationFailure || pg.Code == deadlock)
}

func isPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// Connect opens a pool of connections to PostgreSQL, if the database is its
// URL, or to an SQLite file.
func Connect(database string) (*sql.DB, error) {
	if isPostgres(database) {
		db, err := sql.Open("pgx", database)
		if err == nil {
			db.SetMaxOpenConns(20)
			// The default is 2: under load, all other connections would be closed after each use and opened anew.
			db.SetMaxIdleConns(20)
		}
		return db, err
	}
	pragmas := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+database+"?"+pragmas.Encode())
	if err != nil {
		return nil, err
	}
	// A database in memory belongs to its connection, and a file has one writer.
	db.SetMaxOpenConns(1)
	return db, nil
}

func schemaOf(database string) string {
	id, bytes := "INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB"
	if isPostgres(database) {
		id, bytes = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA"
	}
	return `CREATE TABLE IF NOT EXISTS users (
		id       ` + id + `,
		name     TEXT NOT NULL UNIQUE,
		email    TEXT NOT NULL,
		password TEXT NOT NULL,
		role     TEXT NOT NULL,
		disabled BOOLEAN NOT NULL,
		created  BIGINT NOT NULL
	);
	CREATE INDEX IF NOT EXISTS users_by_registration ON users (created, id);
	CREATE TABLE IF NOT EXISTS idempotency_keys (
		id    TEXT PRIMARY KEY,
		value ` + bytes + ` NOT NULL,
		until BIGINT NOT NULL
	)`
}

// isDuplicate reports whether a row violates a unique constraint.
func isDuplicate(err error) bool {
	const postgresUnique, sqliteUnique = "23505", 2067
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == postgresUnique
	}
	lite, ok := errors.AsType[*sqlite.Error](err)
	return ok && lite.Code() == sqliteUnique
}
