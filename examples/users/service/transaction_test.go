package service

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
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

const purses = 10

// transfer is a transfer of money, and its outcome.
type transfer struct {
	From   int `json:"from"`
	To     int `json:"to"`
	Amount int `json:"amount"`
}

// move reads two purses, computes, and writes them.
func move(ctx context.Context, tx *sql.Tx, t transfer) error {
	var from, to int
	if err := tx.QueryRowContext(ctx, "SELECT amount FROM purses WHERE id = $1", t.From).Scan(&from); err != nil {
		return fmt.Errorf("reading a purse: %w", err)
	}
	if err := tx.QueryRowContext(ctx, "SELECT amount FROM purses WHERE id = $1", t.To).Scan(&to); err != nil {
		return fmt.Errorf("reading a purse: %w", err)
	}
	for id, amount := range map[int]int{t.From: from - t.Amount, t.To: to + t.Amount} {
		if _, err := tx.ExecContext(ctx, "UPDATE purses SET amount = $1 WHERE id = $2", amount, id); err != nil {
			return fmt.Errorf("writing a purse: %w", err)
		}
	}
	return nil
}

// exchange is an app whose transfers run in the transaction of this service.
// tasks counts tasks that ran after a response, and runs the calls of the
// handler.
func exchange(database string, tasks, runs *atomic.Int64) *candor.App {
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	candor.ProvideValue(app, Settings{Database: database})
	candor.ProvideShared(app, openDatabase)
	candor.ProvideScoped(app, transaction, candor.Attempts(attempts), candor.Raises(errBusy))
	note := func(header candor.ResponseHeader, after *candor.Tasks) {
		runs.Add(1)
		header.Add("X-Moved", "once")
		after.Add(func(context.Context) error {
			tasks.Add(1)
			return nil
		})
	}
	type TransferAtOnce struct {
		Tx     *sql.Tx  `dep:""`
		Body   transfer `body:""`
		Header candor.ResponseHeader
		Tasks  *candor.Tasks
	}

	candor.Post(app, "/eager", func(ctx context.Context, in TransferAtOnce) (candor.None, error) {
		note(in.Header, in.Tasks)
		return candor.None{}, move(ctx, in.Tx, in.Body)
	})
	type TransferLater struct {
		Tx     candor.Lazy[*sql.Tx] `dep:""`
		Body   transfer             `body:""`
		Header candor.ResponseHeader
		Tasks  *candor.Tasks
	}

	candor.Post(app, "/lazy", func(ctx context.Context, in TransferLater) (candor.None, error) {
		note(in.Header, in.Tasks)
		tx, err := in.Tx.Get(ctx)
		if err != nil {
			return candor.None{}, err
		}
		return candor.None{}, move(ctx, tx, in.Body)
	})
	return app
}

// TestTortureOfTransfers moves money between ten purses on sixteen goroutines,
// so that most transactions conflict:
//
//	CANDOR_TRANSFERS=10000 .ci/with-postgres go -C examples/users test -run Transfers ./service
func TestTortureOfTransfers(t *testing.T) {
	server := os.Getenv("DATABASE_URL")
	if server == "" {
		t.Skip("DATABASE_URL is not set; SQLite has one writer and no conflicts")
	}
	n := 200
	if text := os.Getenv("CANDOR_TRANSFERS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	database := ownSchema(t, server)
	db, err := Connect(database)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("CREATE TABLE purses (id INT PRIMARY KEY, amount INT NOT NULL)")
	require.NoError(t, err)
	_, err = db.Exec("INSERT INTO purses SELECT id, 1000 FROM generate_series(1, $1) id", purses)
	require.NoError(t, err)

	var tasks, runs, moved atomic.Int64
	app := exchange(database, &tasks, &runs)
	origin, stop := serving(t, app)
	inParallel(n, 16, func(i int) {
		from := 1 + rand.IntN(purses)
		body := fmt.Sprintf(`{"from":%d,"to":%d,"amount":%d}`, from, 1+(from+rand.IntN(purses-1))%purses, 1+rand.IntN(9))
		got, err := http.Post(origin+[]string{"/eager", "/lazy"}[i%2], "application/json", strings.NewReader(body))
		if !assert.NoError(t, err) {
			return
		}
		defer got.Body.Close()
		_, _ = io.Copy(io.Discard, got.Body)
		if got.StatusCode == 204 {
			moved.Add(1)
			assert.Equal(t, []string{"once"}, got.Header["X-Moved"])
		} else {
			assert.Equal(t, 503, got.StatusCode)
		}
	})
	stop() // which waits for the tasks
	var sum int
	require.NoError(t, db.QueryRow("SELECT sum(amount) FROM purses").Scan(&sum))
	t.Logf("%d transfers, %d committed, in %d runs of the handler", n, moved.Load(), runs.Load())
	assert.Equal(t, purses*1000, sum)
	assert.EqualValues(t, n, moved.Load(), "all are committed in the end")
	assert.Equal(t, moved.Load(), tasks.Load())
	assert.Greater(t, runs.Load(), moved.Load(), "some were in the way of others")
}

// serving serves an app until stop.
func serving(t *testing.T, app *candor.App) (origin string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- app.Serve(ctx, l) }()
	return "http://" + l.Addr().String(), sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
}

func TestNoTransactionIsOpenWhilePasswordsAreHashed(t *testing.T) {
	server := os.Getenv("DATABASE_URL")
	if server == "" {
		t.Skip("DATABASE_URL is not set; only PostgreSQL tells of open transactions")
	}
	const registrations = 24
	slog.SetDefault(slog.New(slog.DiscardHandler))
	database := ownSchema(t, server)
	app := New(Settings{Database: database, Secret: secret, AdminKey: adminKey, Cost: cheap})
	candor.ProvideValue[Mailer](app, &letters{})
	// All turns are taken until the test releases them.
	waiting := newHasher(cheap)
	for range cap(waiting.turns) {
		waiting.turns <- struct{}{}
	}
	candor.OverrideValue(app, waiting)
	origin, stop := serving(t, app)
	defer stop()
	db, err := Connect(database)
	require.NoError(t, err)
	defer db.Close()

	var all sync.WaitGroup
	all.Go(func() {
		inParallel(registrations, registrations, func(i int) { assert.Equal(t, 201, registerOnce(origin, i, "well")) })
	})
	require.Eventually(t, func() bool { return goroutinesIn("(*hasher).inTurn(") == registrations }, time.Minute, 10*time.Millisecond)
	// A worker of River may be between two statements; what a registration opens now stays open.
	const openNow = `SELECT count(*) FROM pg_stat_activity
		WHERE application_name = current_setting('application_name') AND state LIKE 'idle in transaction%'`
	assert.Eventually(t, func() bool {
		var open int
		return db.QueryRow(openNow).Scan(&open) == nil && open == 0
	}, 20*time.Second, 10*time.Millisecond, "transactions of %d registrations that hash are open", registrations)
	for range cap(waiting.turns) {
		<-waiting.turns
	}
	all.Wait()
	assert.Len(t, namesIn(t, database), registrations)
}

// goroutinesIn counts the goroutines that run a function.
func goroutinesIn(function string) int {
	stacks := make([]byte, 4<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), function)
}
