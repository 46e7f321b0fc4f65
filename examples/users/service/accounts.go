package service

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// Role is the role of an account.
type Role string

// The roles.
const (
	Member Role = "member"
	Admin  Role = "admin"
)

// Enum lists the roles.
func (Role) Enum() []Role { return []Role{Member, Admin} }

// Scopes returns the scopes that a role may have.
func (r Role) Scopes() []string {
	if r == Admin {
		return []string{"me", "users:read", "users:write"}
	}
	return []string{"me"}
}

// account is a row of the table.
type account struct {
	User
	hash     string
	disabled bool
}

// accounts reads and writes the rows, in a transaction or outside of one.
type accounts struct{ db querier }

// querier is implemented by *sql.DB and *sql.Tx.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// MakeAccounts is the input of accountsOf.
type MakeAccounts struct {
	Tx *sql.Tx `dep:""`
}

// accountsOf provides the accounts in the request's transaction.
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

// save writes the members of an account that may change.
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
		return account{}, errNoUser // no account has such a name, and PostgreSQL rejects the query
	}
	return scan(a.db.QueryRowContext(ctx, "SELECT "+columns+" FROM users WHERE name = $1", name))
}

// list returns accounts in the order of their ids, after skipping the first
// ones.
func (a *accounts) list(ctx context.Context, skip, limit int) ([]User, error) {
	return a.find(ctx, "ORDER BY id LIMIT $1 OFFSET $2", limit, skip)
}

// page returns accounts in the order of their registration, after a position.
// It uses the index users_by_registration, where OFFSET would count up to the
// position.
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

// scan reads a row. If it does not exist, it returns errNoUser.
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
