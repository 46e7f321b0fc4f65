package service

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/candortest"
)

// Account 1 belongs to the administrator whose token is sent, so that only the
// others are changed and deleted.
func TestConform(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		newService(t, database).admin("ann")
		token, err := newTokens(secret).issue(User{ID: 1, Role: Admin}, nil)
		require.NoError(t, err)
		candortest.Conform(t, appOn(database, &letters{}),
			candortest.Credentials("password", token.AccessToken), candortest.Credentials("APIKeyHeader", adminKey),
			candortest.Values("user_id", "2", "3", "4"))
	})
}
