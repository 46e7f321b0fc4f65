-- name: CreateAuthor :one
INSERT INTO authors (name) VALUES (?) RETURNING *;

-- name: GetAuthor :one
SELECT * FROM authors WHERE id = ?;
