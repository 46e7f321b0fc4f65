package service

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// Role says what an account may do.
type Role string

// The roles.
const (
	Member Role = "member"
	Admin  Role = "admin"
)

// Enum lists the roles for the document.
func (Role) Enum() []Role { return []Role{Member, Admin} }

// Scopes are those a role may get.
func (r Role) Scopes() []string {
	if r == Admin {
		return []string{"me", "users:read", "users:write"}
	}
	return []string{"me"}
}

// account is a row.
type account struct {
	User
	hash     string
	disabled bool
}

// accounts reads and writes the rows, in a transaction or outside of one.
type accounts struct{ db querier }

// querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// MakeAccounts is the input of accountsOf.
type MakeAccounts struct {
	Tx *sql.Tx `dep:""`
}

// accountsOf provides the accounts as the request's transaction sees them.
func accountsOf(_ context.Context, in MakeAccounts) (*accounts, error) {
	return &accounts{in.Tx}, nil
}

const columns = "id, name, email, password, role, disabled, created"

// add inserts an account and returns it with its id.
func (a *accounts) add(ctx context.Context, in UserIn, hash string) (User, error) {
	u := User{UserBase: in.UserBase, Role: Member, Created: time.Now().UTC().Truncate(time.Millisecond)}
	row := a.db.QueryRowContext(ctx,
		"INSERT INTO users (name, email, password, role, disabled, created) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
		u.Name, u.Email, hash, u.Role, false, u.Created.UnixMilli())
	return u, nameTaken(row.Scan(&u.ID))
}

// save writes what can change about an account.
func (a *accounts) save(ctx context.Context, u account) error {
	_, err := a.db.ExecContext(ctx,
		"UPDATE users SET name = $1, email = $2, password = $3, role = $4, disabled = $5 WHERE id = $6",
		u.Name, u.Email, u.hash, u.Role, u.disabled, u.ID)
	return nameTaken(err)
}

func nameTaken(err error) error {
	if isDuplicate(err) {
		return errNameTaken
	}
	return err
}

func (a *accounts) delete(ctx context.Context, id int64) error {
	result, err := a.db.ExecContext(ctx, "DELETE FROM users WHERE id = $1", id)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return errNoUser
}

func (a *accounts) byID(ctx context.Context, id int64) (account, error) {
	return scan(a.db.QueryRowContext(ctx, "SELECT "+columns+" FROM users WHERE id = $1", id))
}

func (a *accounts) byName(ctx context.Context, name string) (account, error) {
	if strings.ContainsRune(name, 0) {
		return account{}, errNoUser // nobody can be called so, and PostgreSQL does not take the question
	}
	return scan(a.db.QueryRowContext(ctx, "SELECT "+columns+" FROM users WHERE name = $1", name))
}

// list returns accounts in the order of their ids, without the first so many.
func (a *accounts) list(ctx context.Context, skip, limit int) ([]User, error) {
	return a.find(ctx, "ORDER BY id LIMIT $1 OFFSET $2", limit, skip)
}

// page returns accounts in the order of their registration, from a place on. The
// index users_by_registration finds that place, where OFFSET counts up to it.
func (a *accounts) page(ctx context.Context, after registration, limit int) ([]User, error) {
	return a.find(ctx, "WHERE (created, id) > ($1, $2) ORDER BY created, id LIMIT $3", after.Created, after.ID, limit)
}

func (a *accounts) find(ctx context.Context, which string, args ...any) ([]User, error) {
	rows, err := a.db.QueryContext(ctx, "SELECT "+columns+" FROM users "+which, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := []User{}
	for rows.Next() {
		u, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, u.User)
	}
	return found, rows.Err()
}

func (a *accounts) count(ctx context.Context) (n int, err error) {
	err = a.db.QueryRowContext(ctx, "SELECT count(*) FROM users").Scan(&n)
	return n, err
}

// scan reads a row. One that is not there is an answer.
func scan(row interface{ Scan(into ...any) error }) (account, error) {
	var u account
	var created int64
	err := row.Scan(&u.ID, &u.Name, &u.Email, &u.hash, &u.Role, &u.disabled, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return u, errNoUser
	}
	u.Created = time.UnixMilli(created).UTC()
	return u, err
}
