package river_test

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	queue "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/docs/snippets/river"
)

func TestGraph(t *testing.T) {
	pool, err := pgxpool.New(t.Context(), "postgres://nobody@localhost/nothing")
	require.NoError(t, err)
	defer pool.Close()
	require.NoError(t, river.Subscriptions(pool, river.Post{}).Check())
}

// workerKey has, in the environment, the database of a process that is to be killed.
const workerKey = "CANDOR_RIVER_WORKER"

// patience is for a machine with everything else to do.
const patience = 2 * time.Minute

func TestMain(m *testing.M) {
	database, isWorker := os.LookupEnv(workerKey)
	if !isWorker {
		os.Exit(m.Run())
	}
	if err := beWorker(database); err != nil {
		log.Fatal(err)
	}
}

// beWorker takes letters and never ends sending one, which it tells.
func beWorker(database string) error {
	pool, err := pgxpool.New(context.Background(), database)
	if err != nil {
		return err
	}
	stop, err := river.Subscriptions(pool, river.Post{Send: func(_ context.Context, email string) error {
		fmt.Println(email)
		select {}
	}}).Start(context.Background())
	if err != nil {
		return err
	}
	defer func() { _ = stop() }()
	time.Sleep(patience)
	return nil
}

// ownDatabase is a schema of its own on PostgreSQL, where DATABASE_URL says so.
func ownDatabase(t *testing.T) (database string, pool *pgxpool.Pool) {
	t.Helper()
	server, ok := os.LookupEnv("DATABASE_URL")
	if !ok {
		return "", nil
	}
	owner, err := pgxpool.New(t.Context(), server)
	require.NoError(t, err)
	name := fmt.Sprintf("river_%d", time.Now().UnixNano())
	_, err = owner.Exec(t.Context(), "CREATE SCHEMA "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := owner.Exec(context.Background(), "DROP SCHEMA "+name+" CASCADE")
		assert.NoError(t, err)
		owner.Close()
	})
	u, err := url.Parse(server)
	require.NoError(t, err)
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	pool, err = pgxpool.New(t.Context(), u.String())
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	require.NoError(t, err)
	_, err = migrator.Migrate(t.Context(), rivermigrate.DirectionUp, nil)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), "CREATE TABLE subscribers (email text)")
	require.NoError(t, err)
	return u.String(), pool
}

func subscribe(t *testing.T, app *candor.App, email string) {
	t.Helper()
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/subscribers?email="+email, nil))
	require.Equal(t, http.StatusNoContent, w.Code, w.Body)
}

// A job of a process that was killed comes back in another one, and so does one
// that was cancelled because it did not end in time; the end waits no longer.
func TestJobsComeBack(t *testing.T) {
	database, pool := ownDatabase(t)
	if pool == nil {
		return // the gate has one
	}
	worker := exec.Command(os.Args[0])
	worker.Env = append(os.Environ(), workerKey+"="+database)
	output, err := worker.StdoutPipe()
	require.NoError(t, err)
	worker.Stderr = os.Stderr
	require.NoError(t, worker.Start())
	kill := func() { _ = worker.Process.Kill(); _ = worker.Wait() }
	defer kill()

	tried := make(chan string, 10)
	hang := make(chan struct{})
	post := river.Post{Drain: 2 * time.Second, Send: func(ctx context.Context, email string) error {
		tried <- email
		select {
		case <-hang:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	inserts, err := queue.NewClient(riverpgxv5.New(pool), &queue.Config{}) // which works nothing
	require.NoError(t, err)
	_, err = inserts.Insert(t.Context(), river.Welcome{Email: "killed@example.com"}, nil)
	require.NoError(t, err)
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "killed@example.com\n", line, "it is being sent")
	kill()

	app := river.Subscriptions(pool, post)
	stop, err := app.Start(t.Context())
	require.NoError(t, err)
	heard := func() string {
		select {
		case email := <-tried:
			return email
		case <-time.After(patience):
			return "nothing"
		}
	}
	require.Equal(t, "killed@example.com", heard(), "it came back")
	begun := time.Now()
	require.NoError(t, stop())
	assert.Less(t, time.Since(begun), patience/2, "the end does not wait for it")

	app = river.Subscriptions(pool, post)
	stop, err = app.Start(t.Context())
	require.NoError(t, err)
	close(hang)
	require.Equal(t, "killed@example.com", heard(), "it came back again")
	subscribe(t, app, "ann@example.com")
	require.Equal(t, "ann@example.com", heard())
	require.NoError(t, stop())
}
