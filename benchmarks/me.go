package benchmarks

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Account is the response of GET /me.
type Account struct {
	Name  string   `json:"name"`
	Roles []string `json:"roles"`
}

// accounts are the accounts by token.
type accounts map[string]*Account

func newAccounts() accounts {
	return accounts{
		"a-token-of-ann": {Name: "ann", Roles: []string{"reader", "editor"}},
		"a-token-of-bob": {Name: "bob", Roles: []string{"reader"}},
	}
}

// role is the role that GET /me requires.
const role = "editor"

var (
	errNoToken = errors.New("a bearer token is missing")
	errUnknown = errors.New("the token is unknown")
	errNoRole  = errors.New("the account may not do this")
)

// bearer returns the token in an Authorization header.
func bearer(authorization string) (string, error) {
	scheme, token, found := strings.Cut(authorization, " ")
	if token = strings.TrimSpace(token); !found || token == "" || !strings.EqualFold(scheme, "bearer") {
		return "", errNoToken
	}
	return token, nil
}

// find returns the account of a token.
func (a accounts) find(token string) (*Account, error) {
	if account, ok := a[token]; ok {
		return account, nil
	}
	return nil, errUnknown
}

// editor returns the account for an Authorization header; it must have the role.
func (a accounts) editor(authorization string) (*Account, error) {
	token, err := bearer(authorization)
	if err != nil {
		return nil, err
	}
	account, err := a.find(token)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(account.Roles, role) {
		return nil, errNoRole
	}
	return account, nil
}

// refusal is the response for errors of editor.
func refusal(err error) (status int, challenge string, body Refusal) {
	body = Refusal{err.Error()}
	switch {
	case errors.Is(err, errNoRole):
		return http.StatusForbidden, "", body
	case errors.Is(err, errUnknown):
		return http.StatusUnauthorized, `Bearer error="invalid_token"`, body
	}
	return http.StatusUnauthorized, "Bearer", body
}

// Refusal is the body of a 401 or 403.
type Refusal struct {
	Detail string `json:"detail"`
}
