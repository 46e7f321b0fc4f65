// Package auth authenticates clients.
package auth

import (
	"context"

	"github.com/candor-go/candor"
)

// User is a user with a key.
type User struct {
	Name string
}

// Keys maps keys to users.
type Keys map[string]User

var errBadKey = candor.Error(401, "unknown key")

// Provide registers the provider of User.
func Provide(r candor.Routes, keys Keys) {
	candor.ProvideValue(r, keys)
	candor.Provide(r, currentUser, candor.Raises(errBadKey))
}

// CurrentUserIn is the input of the provider.
type CurrentUserIn struct {
	Key  candor.APIKey `header:"X-Key"`
	Keys Keys          `dep:""`
}

func currentUser(_ context.Context, in CurrentUserIn) (User, error) {
	user, ok := in.Keys[string(in.Key)]
	if !ok {
		return User{}, errBadKey
	}
	return user, nil
}
