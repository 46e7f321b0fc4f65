-- +goose Up
CREATE TABLE accounts (
	id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	owner   TEXT NOT NULL UNIQUE,
	balance BIGINT NOT NULL CHECK (balance >= 0)
);

-- +goose Down
DROP TABLE accounts;
