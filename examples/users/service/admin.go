package service

import (
	"context"

	"github.com/candor-go/candor"
)

var errBadKey = candor.Error(401, "the key is not valid").WithHeader("WWW-Authenticate", "APIKey")

// CheckAdminKey is the input of checkAdminKey.
type CheckAdminKey struct {
	Key      candor.APIKey `header:"X-Admin-Key"`
	Settings Settings      `dep:""`
}

// checkAdminKey guards the administration.
func checkAdminKey(_ context.Context, in CheckAdminKey) error {
	if !candor.SecretsEqual(in.Settings.AdminKey, string(in.Key)) {
		return errBadKey
	}
	return nil
}

// Stats are statistics for the operator.
type Stats struct {
	Users int `json:"users"`
}

// ReadStats is the input of readStats.
type ReadStats struct {
	Accounts *accounts `dep:""`
}

// readStats counts the accounts.
func readStats(ctx context.Context, in ReadStats) (Stats, error) {
	n, err := in.Accounts.count(ctx)
	return Stats{Users: n}, err
}

// Access is the role of an account, and whether it is disabled.
type Access struct {
	Role     Role `json:"role"`
	Disabled bool `json:"disabled" default:"false"`
}

// SetAccess is the input of setAccess.
type SetAccess struct {
	UserRef
	Body     Access    `body:""`
	Accounts *accounts `dep:""`
}

// setAccess sets the access of an account.
func setAccess(ctx context.Context, in SetAccess) (User, error) {
	found, err := in.Accounts.byID(ctx, in.UserID)
	if err != nil {
		return User{}, err
	}
	found.Role, found.disabled = in.Body.Role, in.Body.Disabled
	return found.User, in.Accounts.save(ctx, found)
}
