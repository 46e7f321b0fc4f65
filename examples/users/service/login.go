package service

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/candor-go/candor"
)

// The error responses to logins, tokens and operations that are not allowed.
var (
	errBadLogin      = candor.Error(401, "wrong user name or password").WithHeader("WWW-Authenticate", "Bearer")
	errBadToken      = candor.Error(401, "the token is not valid").WithHeader("WWW-Authenticate", `Bearer error="invalid_token"`)
	errMissingScope  = candor.Error(403, "the token does not allow this")
	errDisabled      = candor.Error(403, "the account is disabled")
	errWrongPassword = candor.Error(403, "the old password is wrong")
)

// Token is the response to a login (RFC 6749, section 5.1).
type Token struct {
	CacheControl string    `header:"Cache-Control"`
	Body         TokenBody `body:""`
}

// TokenBody holds the token.
type TokenBody struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in" doc:"Seconds"`
	Scope       string `json:"scope"`
}

// Login is the input of login.
type Login struct {
	Form   candor.OAuth2PasswordForm `form:""`
	DB     *sql.DB                   `dep:""`
	Hasher *hasher                   `dep:""`
	Tokens *tokens                   `dep:""`
}

// login issues a token for a name and a password.
func login(ctx context.Context, in Login) (Token, error) {
	found, err := (&accounts{in.DB}).byName(ctx, in.Form.Username)
	if err != nil && !errors.Is(err, errNoUser) {
		return Token{}, err
	}
	// An unknown name takes as long as a wrong password.
	matches, err := in.Hasher.matches(ctx, found.hash, in.Form.Password)
	switch {
	case err != nil:
		return Token{}, err
	case !matches:
		return Token{}, errBadLogin
	case found.disabled:
		return Token{}, errDisabled
	}
	body, err := in.Tokens.issue(found.User, in.Form.Scopes())
	return Token{CacheControl: "no-store", Body: body}, err
}

// tokens issues and verifies JSON Web Tokens.
type tokens struct {
	secret []byte
	parser *jwt.Parser
	now    func() time.Time
}

const (
	issuer   = "users"
	audience = "users-api"
	lifetime = time.Hour
)

// tokenClaims are the claims in a token.
type tokenClaims struct {
	jwt.RegisteredClaims
	Scope string `json:"scope"`
}

func newTokens(secret string) *tokens {
	t := &tokens{secret: []byte(secret), now: time.Now}
	t.parser = jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithTimeFunc(func() time.Time { return t.now() }),
	)
	return t
}

// issue returns a token with those of the requested scopes that the user's role
// has; with all scopes of the role if none are requested.
func (t *tokens) issue(u User, asked []string) (TokenBody, error) {
	granted := slices.DeleteFunc(u.Role.Scopes(), func(scope string) bool {
		return len(asked) > 0 && !slices.Contains(asked, scope)
	})
	scope := strings.Join(granted, " ")
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, tokenClaims{
		Scope: scope,
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: strconv.FormatInt(u.ID, 10),
			IssuedAt: jwt.NewNumericDate(t.now()), ExpiresAt: jwt.NewNumericDate(t.now().Add(lifetime)),
		},
	}).SignedString(t.secret)
	return TokenBody{AccessToken: signed, TokenType: "bearer", ExpiresIn: int(lifetime.Seconds()), Scope: scope}, err
}

// read returns the claims of a valid token.
func (t *tokens) read(token string) (*tokenClaims, error) {
	c := new(tokenClaims)
	_, err := t.parser.ParseWithClaims(token, c, func(*jwt.Token) (any, error) { return t.secret, nil })
	return c, err
}

// Claims are the user and the scopes of the request's token.
type Claims struct {
	UserID int64
	Scopes []string
}

// ReadClaims is the input of claims.
type ReadClaims struct {
	Token    candor.Bearer `security:"password"`
	Required candor.RequiredScopes
	Tokens   *tokens `dep:""`
}

// claims is the first dependency of the chain: a valid token with all scopes
// that the operation requires.
func claims(_ context.Context, in ReadClaims) (*Claims, error) {
	read, err := in.Tokens.read(string(in.Token))
	if err != nil {
		return nil, errBadToken
	}
	id, err := strconv.ParseInt(read.Subject, 10, 64)
	if err != nil {
		return nil, errBadToken
	}
	c := &Claims{UserID: id, Scopes: strings.Fields(read.Scope)}
	for _, scope := range in.Required {
		if !slices.Contains(c.Scopes, scope) {
			needed := strings.Join(in.Required, " ")
			return nil, errMissingScope.WithHeader("WWW-Authenticate", fmt.Sprintf(`Bearer error="insufficient_scope", scope=%q`, needed))
		}
	}
	return c, nil
}

// CurrentUser is the input of currentUser.
type CurrentUser struct {
	Claims *Claims `dep:""`
	DB     *sql.DB `dep:""`
}

// currentUser is the second one: the account of the token, if it still exists
// and is enabled. It runs before the body is read, and thus outside of the
// request's transaction.
func currentUser(ctx context.Context, in CurrentUser) (*User, error) {
	found, err := (&accounts{in.DB}).byID(ctx, in.Claims.UserID)
	switch {
	case errors.Is(err, errNoUser):
		return nil, errBadToken
	case err != nil:
		return nil, err
	case found.disabled:
		return nil, errDisabled
	}
	return &found.User, nil
}
