package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/argon2"

	"github.com/candor-go/candor"
)

type User struct {
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
	salt   []byte
	hash   []byte
}

func newUser(name, password string, scopes ...string) User {
	salt := []byte(rand.Text())
	return User{Name: name, Scopes: scopes, salt: salt, hash: hash(password, salt)}
}

func hash(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, 2, 19<<10, 1, 32)
}

type Users map[string]User

var (
	ErrBadLogin     = candor.Error(401, "wrong name or password")
	ErrBadToken     = candor.Error(401, "the token is not valid").WithHeader("WWW-Authenticate", `Bearer error="invalid_token"`)
	ErrMissingScope = candor.Error(403, "the token does not allow this")
)

type Claims struct {
	jwt.RegisteredClaims
	Scope string `json:"scope"`
}

type Tokens struct {
	Secret   []byte
	Lifetime time.Duration
}

func (t *Tokens) Issue(name string, scopes []string) (string, error) {
	now := time.Now()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, Claims{
		Scope: strings.Join(scopes, " "),
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: "notes", Audience: jwt.ClaimStrings{"notes-api"}, Subject: name,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(t.Lifetime)),
		},
	}).SignedString(t.Secret)
}

func (t *Tokens) Read(token string) (Claims, error) {
	var claims Claims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return t.Secret, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(),
		jwt.WithIssuer("notes"), jwt.WithAudience("notes-api"))
	return claims, err
}

type Login struct {
	Form   candor.OAuth2PasswordForm `form:""`
	Users  Users                     `dep:""`
	Tokens *Tokens                   `dep:""`
}

// Token is the response that OAuth2 clients expect (RFC 6749, section 5.1).
type Token struct {
	CacheControl string    `header:"Cache-Control"`
	Body         TokenBody `body:""`
}

type TokenBody struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

func login(_ context.Context, in Login) (Token, error) {
	user := in.Users[in.Form.Username]
	// An unknown name is hashed too, so that its response takes as long.
	if subtle.ConstantTimeCompare(hash(in.Form.Password, user.salt), user.hash) != 1 {
		return Token{}, ErrBadLogin
	}
	granted := user.Scopes
	if asked := in.Form.Scopes(); len(asked) > 0 {
		granted = slices.DeleteFunc(slices.Clone(granted), func(scope string) bool { return !slices.Contains(asked, scope) })
	}
	token, err := in.Tokens.Issue(user.Name, granted)
	return Token{CacheControl: "no-store", Body: TokenBody{
		AccessToken: token, TokenType: "bearer",
		ExpiresIn: int(in.Tokens.Lifetime.Seconds()), Scope: strings.Join(granted, " "),
	}}, err
}

type CurrentUser struct {
	Token    candor.Bearer `security:"password"`
	Required candor.RequiredScopes
	Tokens   *Tokens `dep:""`
	Users    Users   `dep:""`
}

// currentUser provides the user of the token, if it has the scopes that the
// operation requires.
func currentUser(_ context.Context, in CurrentUser) (User, error) {
	claims, err := in.Tokens.Read(string(in.Token))
	if err != nil {
		return User{}, ErrBadToken
	}
	user, known := in.Users[claims.Subject]
	if !known {
		return User{}, ErrBadToken
	}
	granted := strings.Fields(claims.Scope)
	for _, scope := range in.Required {
		if !slices.Contains(granted, scope) {
			return User{}, ErrMissingScope
		}
	}
	return user, nil
}

type ReadMe struct {
	User User `dep:""`
}

func readMe(_ context.Context, in ReadMe) (User, error) { return in.User, nil }

type ReadNotes struct {
	User User `dep:""`
}

func readNotes(_ context.Context, in ReadNotes) ([]string, error) {
	return []string{"a note of " + in.User.Name}, nil
}

func newApp(secret string) *candor.App {
	app := candor.New(candor.Config{
		Title: "Notes",
		SecuritySchemes: map[string]candor.SecurityScheme{
			"password": candor.OAuth2Password("/token", map[string]string{"notes:read": "Read notes"}),
		},
	})
	candor.ProvideValue(app, Users{
		"ann": newUser("ann", "correct horse", "notes:read"),
		"bob": newUser("bob", "battery staple"),
	})
	candor.ProvideValue(app, &Tokens{Secret: []byte(secret), Lifetime: 15 * time.Minute})
	candor.Provide(app, currentUser, candor.Raises(ErrBadToken, ErrMissingScope))

	candor.Post(app, "/token", login, candor.Raises(ErrBadLogin))
	candor.Get(app, "/me", readMe)
	candor.Get(app, "/notes", readNotes, candor.Scopes("notes:read"))
	return app
}

func main() {
	if err := newApp(cmp.Or(os.Getenv("SECRET"), rand.Text())).Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
