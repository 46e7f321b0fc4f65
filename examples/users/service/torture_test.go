package service

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// The possible ends of a registration. If the client disconnects, or the server
// times out, it is unknown whether the row was written.
var endings = []string{"well", "duplicate", "invalid", "error", "panic", "commit", "leave", "timeout"}

// failing replaces the transaction with a provider that fails as a header
// demands.
func failing(app *candor.App) {
	type BeginTx struct {
		DB     *sql.DB `dep:""`
		Ending string  `header:"X-Ending,omitempty"`
	}

	candor.OverrideScoped(app, func(ctx context.Context, in BeginTx, use func(*sql.Tx) error) error {
		if in.Ending == "timeout" {
			limited, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(3000))*time.Microsecond)
			defer cancel()
			ctx = limited
		}
		return transaction(ctx, Transaction{in.DB}, func(tx *sql.Tx) error {
			err := use(tx)
			switch {
			case err != nil:
				return err
			case in.Ending == "error":
				return errors.New("something else went wrong")
			case in.Ending == "panic":
				panic("something broke")
			case in.Ending == "commit":
				return tx.Rollback() // Commit fails then.
			}
			return nil
		})
	}, candor.Attempts(attempts))
}

// TestTortureOfRegistrations compares the rows with the responses: one for each
// 201, none for any other status.
func TestTortureOfRegistrations(t *testing.T) {
	n := 400
	if text := os.Getenv("CANDOR_TORTURE"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	onEach(t, func(t *testing.T, database string) {
		slog.SetDefault(slog.New(slog.DiscardHandler))
		app := appOn(database, &letters{fail: errors.New("no post today")})
		failing(app)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		ended := make(chan error, 1)
		go func() { ended <- app.Serve(ctx, l) }()

		origin := "http://" + l.Addr().String()
		require.Equal(t, 201, registerOnce(origin, 0, "taken"))
		answers := make([]int, n)
		inParallel(n, 16, func(i int) {
			if i == n*9/10 {
				stop()
			}
			answers[i] = registerOnce(origin, i, endings[i%len(endings)])
		})
		require.NoError(t, <-ended)
		written := namesIn(t, database)
		created := 0
		for i, status := range answers {
			name := fmt.Sprintf("user%d", i)
			switch ending := endings[i%len(endings)]; {
			case status == 201:
				created++
				assert.True(t, written[name], "%s: 201 without a row", ending)
			case status == 0 || ending == "timeout":
			default:
				assert.False(t, written[name], "%s: a row in spite of %d", ending, status)
			}
		}
		t.Logf("%d requests, %d answered with 201, %d rows", n, created, len(written))
		assert.Positive(t, created)
	})
}

func inParallel(n, workers int, do func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}

// registerOnce returns the status, 0 if there was no response.
func registerOnce(origin string, i int, ending string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	name := fmt.Sprintf("user%d", i)
	switch ending {
	case "duplicate", "taken":
		name = "taken"
	case "invalid":
		name = "X"
	case "leave":
		timer := time.AfterFunc(time.Duration(rand.IntN(3000))*time.Microsecond, cancel)
		defer timer.Stop()
	}
	body := fmt.Sprintf(`{"name":%q,"email":"a@example.com","password":%q}`, name, password)
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, origin+"/api/v1/users", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Ending", ending)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer got.Body.Close()
	_, _ = io.Copy(io.Discard, got.Body)
	return got.StatusCode
}

func namesIn(t *testing.T, database string) map[string]bool {
	t.Helper()
	db, err := Connect(database)
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.Query("SELECT name FROM users")
	require.NoError(t, err)
	defer rows.Close()
	names := map[string]bool{}
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names[name] = true
	}
	require.NoError(t, rows.Err())
	return names
}
