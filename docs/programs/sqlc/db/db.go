// Package db has the queries, in the shape in which sqlc writes them.
package db

import (
	"context"
	"database/sql"
)

// DBTX is a database or a transaction.
type DBTX interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// New makes queries on a database or in a transaction.
func New(db DBTX) *Queries {
	return &Queries{db: db}
}

// Queries has a method for each query.
type Queries struct {
	db DBTX
}
