package service

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

// asAdministrator has the credentials of account 1, and the accounts that may
// be changed and deleted.
func asAdministrator(t *testing.T) []candortest.Option {
	t.Helper()
	token, err := newTokens(secret).issue(User{ID: 1, Role: Admin}, nil)
	require.NoError(t, err)
	return []candortest.Option{
		candortest.Credentials("password", token.AccessToken), candortest.Credentials("APIKeyHeader", adminKey),
		candortest.Values("user_id", strings.Fields("2 3 4 5 6 7 8 9 10 11 12 13 14 15")...),
		candortest.Values("username", "ann"), candortest.Values("password", password),
	}
}

func TestConform(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		newService(t, database).admin("ann")
		candortest.Conform(t, appOn(database, &letters{}), asAdministrator(t)...)
	})
}

// rolledBack rolls back the transaction of every request.
func rolledBack(app *candor.App) {
	type BeginTx struct {
		DB *sql.DB `dep:""`
	}

	candor.OverrideScoped(app, func(ctx context.Context, in BeginTx, use func(*sql.Tx) error) error {
		tx, err := in.DB.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		return use(tx)
	})
}

func TestConformRolledBack(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		s := newService(t, database)
		s.admin("ann")
		for _, name := range strings.Fields("b c d e f g h i j k l m n o") {
			s.register(name + "bob")
		}
		before := s.Get("/api/v1/users?limit=100", s.as("ann")).Status(200).Text()
		app := appOn(database, &letters{})
		rolledBack(app)
		candortest.Conform(t, app, asAdministrator(t)...)
		require.Equal(t, before, s.Get("/api/v1/users?limit=100", s.as("ann")).Text())
	})
}
