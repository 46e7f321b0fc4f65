-- +goose Up
CREATE TABLE users (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	salt BLOB NOT NULL,
	hash BLOB NOT NULL
);

-- +goose Down
DROP TABLE users;
