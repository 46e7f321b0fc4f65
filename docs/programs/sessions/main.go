package main

import (
	"context"
	"crypto/rand"
	"log"
	"net/http"
	"sync"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

type User struct {
	Name string `json:"name"`
}

// Sessions stores who is logged in. In production this is a table or Redis, and
// each session expires.
type Sessions struct {
	mutex sync.Mutex
	users map[string]User
}

func (s *Sessions) Begin(user User) (id string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	id = rand.Text()
	s.users[id] = user
	return id
}

func (s *Sessions) User(id string) (User, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	user, ok := s.users[id]
	return user, ok
}

func (s *Sessions) End(id string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.users, id)
}

var (
	ErrBadLogin    = candor.Error(401, "wrong name or password")
	ErrNotLoggedIn = candor.Error(401, "log in first")
)

type LoginBody struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

type Login struct {
	Body     LoginBody `body:""`
	Sessions *Sessions `dep:""`
}

type LoggedIn struct {
	Session http.Cookie `cookie:"session"`
	Body    User        `body:""`
}

func login(_ context.Context, in Login) (LoggedIn, error) {
	// The page about JWT has a real check.
	if !candor.SecretsEqual("correct horse", in.Body.Password) {
		return LoggedIn{}, ErrBadLogin
	}
	user := User{Name: in.Body.Name}
	return LoggedIn{Session: sessionCookie(in.Sessions.Begin(user), 3600), Body: user}, nil
}

func sessionCookie(value string, maxAge int) http.Cookie {
	return http.Cookie{Value: value, MaxAge: maxAge, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode}
}

type Session struct {
	ID       candor.APIKey `cookie:"session"`
	Sessions *Sessions     `dep:""`
}

func currentUser(_ context.Context, in Session) (User, error) {
	user, ok := in.Sessions.User(string(in.ID))
	if !ok {
		return User{}, ErrNotLoggedIn
	}
	return user, nil
}

type LoggedOut struct {
	Session http.Cookie `cookie:"session"`
}

func logout(_ context.Context, in Session) (LoggedOut, error) {
	in.Sessions.End(string(in.ID))
	return LoggedOut{Session: sessionCookie("", -1)}, nil
}

type ReadMe struct {
	User User `dep:""`
}

func readMe(_ context.Context, in ReadMe) (User, error) { return in.User, nil }

func main() {
	app := candor.New(candor.Config{Title: "Sessions"}, candor.Use(middleware.CrossOrigin()))
	candor.ProvideValue(app, &Sessions{users: map[string]User{}})
	candor.Provide(app, currentUser, candor.Raises(ErrNotLoggedIn))

	candor.Post(app, "/login", login, candor.Raises(ErrBadLogin))
	candor.Post(app, "/logout", logout, candor.Status(204))
	candor.Get(app, "/me", readMe)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
