package db

import "context"

// Author is a row of authors.
type Author struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

const createAuthor = `-- name: CreateAuthor :one
INSERT INTO authors (name) VALUES (?) RETURNING id, name
`

// CreateAuthor inserts an author.
func (q *Queries) CreateAuthor(ctx context.Context, name string) (Author, error) {
	row := q.db.QueryRowContext(ctx, createAuthor, name)
	var i Author
	err := row.Scan(&i.ID, &i.Name)
	return i, err
}

const getAuthor = `-- name: GetAuthor :one
SELECT id, name FROM authors WHERE id = ?
`

// GetAuthor finds an author.
func (q *Queries) GetAuthor(ctx context.Context, id int64) (Author, error) {
	row := q.db.QueryRowContext(ctx, getAuthor, id)
	var i Author
	err := row.Scan(&i.ID, &i.Name)
	return i, err
}
