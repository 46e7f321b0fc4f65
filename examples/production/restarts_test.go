package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/examples/users/service"
)

// restarts is how many processes are restarted; CANDOR_RESTARTS=100 takes minutes.
func restarts(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("CANDOR_RESTARTS"), "4"))
	require.NoError(t, err)
	return n
}

// member is a registration with an idempotency key, which its client retries
// until it gets a response.
type member struct {
	name string
	id   int64
	// failed are the errors of attempts without a successful response.
	failed []string
	// replayed means that an earlier attempt without a response had taken effect.
	replayed bool
}

// join makes one attempt.
func (m *member) join(c *http.Client, base string) error {
	body := fmt.Sprintf(`{"name": %q, "email": "%s@example.com", "password": %q}`, m.name, m.name, password)
	r, err := http.NewRequest("POST", base+"/api/v1/users", strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", m.name)
	response, err := c.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusCreated {
		return fmt.Errorf("%d %s", response.StatusCode, text)
	}
	var user struct{ ID int64 }
	if err := json.Unmarshal(text, &user); err != nil {
		return err
	}
	m.id, m.replayed = user.ID, response.Header.Get("Idempotent-Replayed") != ""
	return nil
}

// persist retries with the same key until an attempt succeeds.
func (m *member) persist(t *testing.T, c *http.Client, base string) {
	for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(10 * time.Millisecond) {
		err := m.join(c, base)
		if err == nil {
			return
		}
		m.failed = append(m.failed, err.Error())
	}
	assert.Fail(t, "no response", "%s: %q", m.name, m.failed[max(0, len(m.failed)-3):])
}

// joinDuring has clients register accounts, each one after the other, until f
// returns.
func joinDuring(t *testing.T, c *cluster, kind string, f func()) (all []*member) {
	t.Helper()
	var clients sync.WaitGroup
	var mutex sync.Mutex
	stop := make(chan struct{})
	for i := range 8 {
		clients.Go(func() {
			mine := client(t, "127.0.0.6")
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				m := &member{name: fmt.Sprintf("%s-%d", nameOf(kind, i), n)}
				m.persist(t, mine, c.url)
				mutex.Lock()
				all = append(all, m)
				mutex.Unlock()
			}
		})
	}
	f()
	close(stop)
	clients.Wait()
	return all
}

// The processes are restarted one after the other, while clients retry a POST
// with the same key until they get a response: each takes effect once, and if a
// process drains, no attempt fails.
func TestEachEffectOnce(t *testing.T) {
	for kind, end := range map[string]func(*cluster, int){"drained": (*cluster).stopProcess, "killed": (*cluster).killProcess} {
		t.Run(kind, func(t *testing.T) {
			c := start(t, "LIMIT_REQUESTS=100000", "LIMIT_PER=1s", "LIMIT_BURST=100000")
			n := restarts(t)
			members := joinDuring(t, c, kind, func() {
				for i := range n {
					end(c, i%len(c.processes))
					c.startProcess(i % len(c.processes))
				}
			})
			failed, replayed := 0, 0
			for _, m := range members {
				failed += len(m.failed)
				if m.replayed {
					replayed++
				}
				if kind == "drained" {
					assert.Empty(t, m.failed, m.name)
				}
			}
			t.Logf("%d restarts, %d registrations, %d attempts without a response, after which %d had their effect already",
				n, len(members), failed, replayed)
			require.NotEmpty(t, members)
			checkEffects(t, c, kind, members)
		})
	}
}

// checkEffects compares the responses with the database: one account for each
// key, and on PostgreSQL its job from the same transaction.
func checkEffects(t *testing.T, c *cluster, kind string, members []*member) {
	t.Helper()
	var told []int64
	mine := client(t, "127.0.0.6")
	for _, m := range members {
		again := *m
		if assert.NoError(t, again.join(mine, c.url)) {
			assert.True(t, again.replayed, m.name)
			assert.Equal(t, m.id, again.id, m.name)
		}
		told = append(told, m.id)
	}
	slices.Sort(told)
	prefix := strings.TrimSuffix(nameOf(kind, 0), "0") + "%"
	assert.Equal(t, told, column(t, c, "SELECT id FROM users WHERE name LIKE $1 ORDER BY 1", prefix), "accounts")
	if os.Getenv("DATABASE_URL") != "" {
		jobs := column(t, c, `SELECT (args->'to'->>'id')::bigint FROM river_job WHERE kind = 'welcome' AND args->'to'->>'name' LIKE $1 ORDER BY 1`, prefix)
		assert.Equal(t, told, jobs, "jobs")
	}
}

// column returns the numbers of a query.
func column(t *testing.T, c *cluster, query string, args ...any) (numbers []int64) {
	t.Helper()
	db, err := service.Connect(c.database())
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query, args...)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var n int64
		require.NoError(t, rows.Scan(&n))
		numbers = append(numbers, n)
	}
	require.NoError(t, rows.Err())
	return numbers
}
