package river_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/docs/snippets/river"
)

func TestGraph(t *testing.T) {
	pool, err := pgxpool.New(t.Context(), "postgres://nobody@localhost/nothing")
	require.NoError(t, err)
	defer pool.Close()
	require.NoError(t, river.Subscriptions(pool).Check())
}
