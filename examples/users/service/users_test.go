package service

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/paging"
)

const (
	adminKey = "the-key"
	secret   = "the-secret"
	password = "correct horse"
)

// cheap makes hashing passwords fast.
var cheap = Cost{Time: 1, Memory: 64, Threads: 1}

// letters records letters instead of sending them.
type letters struct {
	mutex sync.Mutex
	to    []string
	fail  error
}

func (l *letters) Welcome(_ context.Context, to User) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.to = append(l.to, to.Email)
	return l.fail
}

func (l *letters) sent() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.to
}

// onEach runs a test on each database: SQLite, and PostgreSQL if DATABASE_URL
// is set.
func onEach(t *testing.T, test func(t *testing.T, database string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "users.db")) })
	if server := os.Getenv("DATABASE_URL"); server != "" {
		t.Run("postgres", func(t *testing.T) { test(t, ownSchema(t, server)) })
	}
}

// ownSchema gives a test its own tables.
func ownSchema(t *testing.T, server string) string {
	t.Helper()
	db, err := sql.Open("pgx", server)
	require.NoError(t, err)
	name := fmt.Sprintf("test_%d", time.Now().UnixNano())
	_, err = db.Exec("CREATE SCHEMA " + name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		assert.NoError(t, err)
		assert.NoError(t, db.Close())
	})
	u, err := url.Parse(server)
	require.NoError(t, err)
	query := u.Query()
	query.Set("search_path", name)
	query.Set("application_name", name)
	u.RawQuery = query.Encode()
	return u.String()
}

func appOn(database string, mail *letters) *candor.App {
	app := New(Settings{Database: database, Secret: secret, AdminKey: adminKey, Cost: cheap})
	candor.ProvideValue[Mailer](app, mail)
	return app
}

// service is the app under test.
type service struct {
	*candor.TestClient
	t    *testing.T
	mail *letters
}

func newService(t *testing.T, database string) *service {
	t.Helper()
	s := &service{t: t, mail: &letters{}}
	s.TestClient = candor.NewTestClient(t, appOn(database, s.mail))
	return s
}

func (s *service) register(name string) User {
	s.t.Helper()
	var user User
	s.Post("/api/v1/users", UserIn{UserBase{name, name + "@example.com"}, password}).Status(201).JSON(&user)
	return user
}

// form sends a login.
func (s *service) form(name, password string, more ...string) *candor.TestResponse {
	s.t.Helper()
	values := url.Values{"username": {name}, "password": {password}, "grant_type": {"password"}, "scope": {strings.Join(more, " ")}}
	return s.Post("/api/v1/token", nil, candor.WithBody("application/x-www-form-urlencoded", strings.NewReader(values.Encode())))
}

// as logs in and returns the credentials.
func (s *service) as(name string, scopes ...string) candor.TestOption {
	s.t.Helper()
	var token TokenBody
	s.form(name, password, scopes...).Status(200).JSON(&token)
	return bearer(token.AccessToken)
}

func bearer(token string) candor.TestOption {
	return candor.WithHeader("Authorization", "Bearer "+token)
}

var operator = candor.WithHeader("X-Admin-Key", adminKey)

// admin makes an account an administrator.
func (s *service) admin(name string) candor.TestOption {
	s.t.Helper()
	user := s.register(name)
	s.Put(fmt.Sprintf("/admin/users/%d/access", user.ID), Access{Role: Admin}, operator).Status(200)
	return s.as(name)
}

func TestRegistration(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		s := newService(t, database)
		got := s.Post("/api/v2/users", UserIn{UserBase{"ann", "ann@example.com"}, password}).Status(201)
		var user User
		got.JSON(&user)
		assert.Equal(t, Member, user.Role)
		assert.WithinDuration(t, time.Now(), user.Created, time.Minute)
		assert.Equal(t, fmt.Sprintf("/api/v2/users/%d", user.ID), got.Header.Get("Location"))
		assert.NotContains(t, got.Text(), "password")
		assert.NotContains(t, got.Text(), "argon2id")
		assert.Eventually(t, func() bool { return len(s.mail.sent()) > 0 }, time.Minute, 10*time.Millisecond)
		assert.Equal(t, []string{"ann@example.com"}, s.mail.sent())

		s.Post("/api/v1/users", UserIn{UserBase{"ann", "other@example.com"}, password}).Status(409)
		assert.Len(t, s.mail.sent(), 1, "nobody is welcomed who is not there")
		faults := s.Post("/api/v1/users", UserIn{UserBase{"A", "nobody"}, "short"}).Faults()
		assert.Len(t, faults, 3)
	})
}

func TestLogin(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		s := newService(t, database)
		user := s.register("ann")
		got := s.form("ann", password).Status(200)
		var token TokenBody
		got.JSON(&token)
		assert.Equal(t, TokenBody{AccessToken: token.AccessToken, TokenType: "bearer", ExpiresIn: 3600, Scope: "me"}, token)
		assert.Equal(t, "no-store", got.Header.Get("Cache-Control"))
		var me User
		s.Get("/api/v1/users/me", bearer(token.AccessToken)).Status(200).JSON(&me)
		assert.Equal(t, user, me)

		for _, pair := range [][2]string{{"ann", "wrong horse"}, {"bob", password}} {
			refused := s.form(pair[0], pair[1]).Status(401)
			assert.Equal(t, "Bearer", refused.Header.Get("WWW-Authenticate"))
		}
		s.form("ann", "").Status(422)
		s.Put(fmt.Sprintf("/admin/users/%d/access", user.ID), Access{Role: Member, Disabled: true}, operator).Status(200)
		s.form("ann", password).Status(403)
		s.Get("/api/v1/users/me", bearer(token.AccessToken)).Status(403)
	})
}

func TestTokens(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		s := newService(t, database)
		user := s.register("ann")
		sound := func(change func(*tokenClaims)) *tokenClaims {
			c := &tokenClaims{Scope: "me", RegisteredClaims: jwt.RegisteredClaims{
				Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: fmt.Sprint(user.ID),
				ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
			}}
			change(c)
			return c
		}
		sign := func(method jwt.SigningMethod, key any, c jwt.Claims) string {
			signed, err := jwt.NewWithClaims(method, c).SignedString(key)
			require.NoError(t, err)
			return signed
		}
		nothing := func(*tokenClaims) {}
		for _, row := range []struct {
			name, token string
			status      int
		}{
			{"a sound one", sign(jwt.SigningMethodHS256, []byte(secret), sound(nothing)), 200},
			{"another secret", sign(jwt.SigningMethodHS256, []byte("guess"), sound(nothing)), 401},
			{"another method", sign(jwt.SigningMethodHS512, []byte(secret), sound(nothing)), 401},
			{"no signature", sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, sound(nothing)), 401},
			{"expired", sign(jwt.SigningMethodHS256, []byte(secret), sound(func(c *tokenClaims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Second)) })), 401},
			{"without an end", sign(jwt.SigningMethodHS256, []byte(secret), sound(func(c *tokenClaims) { c.ExpiresAt = nil })), 401},
			{"another issuer", sign(jwt.SigningMethodHS256, []byte(secret), sound(func(c *tokenClaims) { c.Issuer = "other" })), 401},
			{"another audience", sign(jwt.SigningMethodHS256, []byte(secret), sound(func(c *tokenClaims) { c.Audience = nil })), 401},
			{"nobody's", sign(jwt.SigningMethodHS256, []byte(secret), sound(func(c *tokenClaims) { c.Subject = "999" })), 401},
			{"no number", sign(jwt.SigningMethodHS256, []byte(secret), sound(func(c *tokenClaims) { c.Subject = "ann" })), 401},
			{"without the scope", sign(jwt.SigningMethodHS256, []byte(secret), sound(func(c *tokenClaims) { c.Scope = "other" })), 403},
			{"none at all", "nonsense", 401},
		} {
			t.Run(row.name, func(t *testing.T) {
				got := s.Get("/api/v1/users/me", bearer(row.token)).Status(row.status)
				if row.status != 200 {
					assert.Contains(t, got.Header.Get("WWW-Authenticate"), "Bearer error=")
				}
			})
		}
	})
}

func TestRoles(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		s := newService(t, database)
		boss := s.admin("boss")
		ann := s.register("ann")
		path := fmt.Sprintf("/api/v1/users/%d", ann.ID)
		member := s.as("ann")
		refused := s.Get(path, member).Status(403)
		assert.Equal(t, `Bearer error="insufficient_scope", scope="users:read"`, refused.Header.Get("WWW-Authenticate"))
		s.Get(path).Status(401)
		s.Get(path, s.as("boss", "me")).Status(403)
		s.Get(path, boss).Status(200)

		var changed User
		s.Patch(path, `{"email":"new@example.com"}`, boss).Status(200).JSON(&changed)
		assert.Equal(t, "new@example.com", changed.Email)
		assert.Equal(t, "ann", changed.Name)
		s.Patch(path, `{"name":"boss"}`, boss).Status(409)
		s.Patch(path, `{"name":"x"}`, boss).Status(422)
		s.Delete(path, boss).Status(204)
		s.Delete(path, boss).Status(404)
		s.Get(path, boss).Status(404)
		s.Get("/api/v1/users/me", member).Status(401)
	})
}

func TestOwnAccount(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		s := newService(t, database)
		s.register("bob")
		s.register("ann")
		me := s.as("ann")
		s.Patch("/api/v1/users/me", `{"name":"bob"}`, me).Status(409)
		s.Patch("/api/v1/users/me", `{"password":{"old":"wrong","new":"battery staple"}}`, me).Status(403)
		s.Patch("/api/v1/users/me", `{"name":"anna","password":{"old":"correct horse","new":"battery staple"}}`, me).Status(200)
		s.form("anna", password).Status(401)
		s.form("anna", "battery staple").Status(200)
	})
}

func TestPages(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		s := newService(t, database)
		boss := s.admin("boss")
		for i := range 4 {
			s.register(fmt.Sprint("user", i))
		}
		for target, link := range map[string]string{
			"/api/v1/users":                "",
			"/api/v1/users?limit=2":        `</api/v1/users?limit=2&skip=2>; rel="next"`,
			"/api/v1/users?limit=2&skip=1": `</api/v1/users?limit=2&skip=0>; rel="prev", </api/v1/users?limit=2&skip=3>; rel="next"`,
			"/api/v1/users?limit=2&skip=4": `</api/v1/users?limit=2&skip=2>; rel="prev"`,
		} {
			got := s.Get(target, boss).Status(200)
			assert.Equal(t, link, got.Header.Get("Link"), target)
			assert.Equal(t, "5", got.Header.Get("X-Total-Count"))
		}
		var names []string
		var page paging.Page[User]
		for next := ""; ; next = string(page.Next) {
			page = paging.Page[User]{}
			got := s.Get("/api/v2/users?limit=2&after="+next, boss).Status(200).JSON(&page)
			for _, u := range page.Items {
				names = append(names, u.Name)
			}
			if page.Next == "" {
				break
			}
			assert.Contains(t, got.Header.Get("Link"), fmt.Sprintf(`<?after=%s&limit=2>; rel="next"`, page.Next))
			// Accounts that are added or deleted do not move others to another page.
			if next == "" {
				s.Delete(fmt.Sprintf("/api/v2/users/%d", page.Items[1].ID), boss).Status(204)
			}
		}
		s.Get("/api/v2/users?after=forged", boss).Status(422)
		assert.Equal(t, []string{"boss", "user0", "user1", "user2", "user3"}, names)
		s.Get("/api/v1/users?limit=1000", boss).Status(422)
	})
}

func TestAdministration(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		s := newService(t, database)
		s.register("ann")
		assert.Equal(t, "APIKey", s.Get("/admin/stats").Status(401).Header.Get("WWW-Authenticate"))
		s.Get("/admin/stats", candor.WithHeader("X-Admin-Key", "guess")).Status(401)
		assert.JSONEq(t, `{"users":1}`, s.Get("/admin/stats", operator).Status(200).Text())
		s.Put("/admin/users/99/access", Access{Role: Admin}, operator).Status(404)
		s.Put("/admin/users/1/access", `{"role":"king"}`, operator).Status(422)
	})
}

func TestPasswords(t *testing.T) {
	h := newHasher(cheap)
	hash, err := h.hash(t.Context(), password)
	require.NoError(t, err)
	for _, row := range []struct {
		hash, password string
		want           bool
	}{
		{hash, password, true},
		{hash, "other", false},
		{"", password, false},
		{"$argon2id$v=19$m=64,t=1,p=1$!$!", "", false},
		{"$argon2id$v=18$m=64,t=1,p=1$AAAA$AAAA", "", false},
		{"nonsense", "", false},
	} {
		got, err := h.matches(t.Context(), row.hash, row.password)
		require.NoError(t, err)
		assert.Equal(t, row.want, got, row.hash)
	}
}
