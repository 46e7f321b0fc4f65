-- +goose Up
CREATE TABLE authors (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL
);

-- +goose Down
DROP TABLE authors;
