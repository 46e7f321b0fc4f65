package service

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

// A registration that is retried, or sent several times at once, creates one
// account and sends one letter.
func TestRegistrationsWithKeys(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		s := newService(t, database)
		key := candor.WithHeader("Idempotency-Key", "4711")
		ann := UserIn{UserBase{"ann", "ann@example.com"}, password}
		ids := make([]User, 8)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() { s.Post("/api/v1/users", ann, key).Status(201).JSON(&ids[i]) })
		}
		all.Wait()
		for _, user := range ids {
			assert.Equal(t, ids[0], user)
		}
		assert.Eventually(t, func() bool { return len(s.mail.sent()) > 0 }, time.Minute, 10*time.Millisecond)
		again := s.Post("/api/v1/users", ann, key).Status(201)
		assert.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
		assert.Equal(t, fmt.Sprintf("/api/v1/users/%d", ids[0].ID), again.Header.Get("Location"))
		s.Post("/api/v1/users", UserIn{UserBase{"bob", "bob@example.com"}, password}, key).Status(422)
		s.Post("/api/v1/users", ann).Status(409)
		assert.Equal(t, []string{"ann@example.com"}, s.mail.sent())
	})
}

// A failed registration has no effect, and its key can be used again.
func TestRegistrationsThatFailKeepNoKey(t *testing.T) {
	onEach(t, func(t *testing.T, database string) {
		s := newService(t, database)
		boss := s.admin("boss")
		user := s.register("ann")
		key := candor.WithHeader("Idempotency-Key", "4712")
		ann := UserIn{UserBase{"ann", "ann@example.com"}, password}
		s.Post("/api/v1/users", ann, key).Status(409)
		s.Delete(fmt.Sprintf("/api/v1/users/%d", user.ID), boss).Status(204)
		assert.Empty(t, s.Post("/api/v1/users", ann, key).Status(201).Header.Get("Idempotent-Replayed"))
	})
}
