package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/argon2"

	"github.com/candor-go/candor"
)

type User struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type Credentials struct {
	Name     string `json:"name" validate:"min=1,max=50" example:"ann"`
	Password string `json:"password" validate:"min=8,max=100" example:"correct horse"`
}

var (
	ErrNameTaken = candor.Error(409, "the name is taken")
	ErrBadLogin  = candor.Error(401, "wrong name or password")
	ErrBadToken  = candor.Error(401, "the token is not valid")
)

// hash keeps passwords secret even if the database is stolen.
func hash(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, 2, 19<<10, 1, 32)
}

type Register struct {
	Body Credentials `body:""`
	DB   *sql.DB     `dep:""`
}

func register(ctx context.Context, in Register) (User, error) {
	user := User{Name: in.Body.Name}
	salt := make([]byte, 16)
	rand.Read(salt)
	err := in.DB.QueryRowContext(ctx,
		"INSERT INTO users (name, salt, hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id",
		user.Name, salt, hash(in.Body.Password, salt)).Scan(&user.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return user, ErrNameTaken
	}
	return user, err
}

// Tokens issues and verifies JSON Web Tokens.
type Tokens struct {
	Secret []byte
}

func (t *Tokens) Issue(user User) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer:    "books",
		Subject:   strconv.FormatInt(user.ID, 10),
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).SignedString(t.Secret)
}

func (t *Tokens) UserID(token string) (int64, error) {
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return t.Secret, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("books"), jwt.WithExpirationRequired())
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(claims.Subject, 10, 64)
}

type Login struct {
	Form   candor.OAuth2PasswordForm `form:""`
	DB     *sql.DB                   `dep:""`
	Tokens *Tokens                   `dep:""`
}

type Token struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
}

func login(ctx context.Context, in Login) (Token, error) {
	var user User
	var salt, want []byte
	err := in.DB.QueryRowContext(ctx, "SELECT id, name, salt, hash FROM users WHERE name = $1", in.Form.Username).
		Scan(&user.ID, &user.Name, &salt, &want)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Token{}, err
	}
	// An unknown name is hashed too, so that its response takes as long.
	if subtle.ConstantTimeCompare(hash(in.Form.Password, salt), want) != 1 {
		return Token{}, ErrBadLogin
	}
	token, err := in.Tokens.Issue(user)
	return Token{AccessToken: token, TokenType: "bearer"}, err
}

type CurrentUser struct {
	Token  candor.Bearer `security:"password"`
	Tokens *Tokens       `dep:""`
	DB     *sql.DB       `dep:""`
}

// currentUser provides the user of the token.
func currentUser(ctx context.Context, in CurrentUser) (User, error) {
	id, err := in.Tokens.UserID(string(in.Token))
	if err != nil {
		return User{}, ErrBadToken
	}
	user := User{ID: id}
	err = in.DB.QueryRowContext(ctx, "SELECT name FROM users WHERE id = $1", id).Scan(&user.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return user, ErrBadToken
	}
	return user, err
}

type ReadMe struct {
	User User `dep:""`
}

func readMe(_ context.Context, in ReadMe) (User, error) {
	return in.User, nil
}
