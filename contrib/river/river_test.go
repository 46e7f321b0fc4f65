package candorriver_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	candorriver "github.com/candor-go/candor/contrib/river"
)

// Letter is a job that sends a letter.
type Letter struct {
	To string `json:"to"`
}

// Kind is the kind of these jobs in River.
func (Letter) Kind() string { return "letter" }

// post works on the jobs.
type post struct {
	river.WorkerDefaults[Letter]
	mutex sync.Mutex
	sent  []string
	work  func(ctx context.Context) error
	// rescueAfter is the time after which a running job counts as lost, an hour by default: no test takes as long.
	rescueAfter time.Duration
}

func (p *post) Work(ctx context.Context, job *river.Job[Letter]) error {
	if p.work != nil {
		if err := p.work(ctx); err != nil {
			return err
		}
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.sent = append(p.sent, job.Args.To)
	return nil
}

func (p *post) letters() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.sent
}

// openTestDatabase gives a test its own tables, including those of River.
func openTestDatabase(t *testing.T) (db *sql.DB, at string) {
	t.Helper()
	server := os.Getenv("DATABASE_URL")
	if server == "" {
		t.Skip("DATABASE_URL is not set; .ci/with-postgres sets it")
	}
	whole, err := sql.Open("pgx", server)
	require.NoError(t, err)
	name := fmt.Sprintf("river_%d", time.Now().UnixNano())
	_, err = whole.Exec("CREATE SCHEMA " + name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := whole.Exec("DROP SCHEMA " + name + " CASCADE")
		assert.NoError(t, errors.Join(err, whole.Close()))
	})
	u, err := url.Parse(server)
	require.NoError(t, err)
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	db = connect(t, u.String())
	migrator, err := rivermigrate.New(riverdatabasesql.New(db), nil)
	require.NoError(t, err)
	_, err = migrator.Migrate(t.Context(), rivermigrate.DirectionUp, nil)
	require.NoError(t, err)
	_, err = db.Exec("CREATE TABLE orders (id INT PRIMARY KEY)")
	require.NoError(t, err)
	return db, u.String()
}

func connect(t *testing.T, at string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", at)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// patience is long enough for a busy machine. No test waits for all of it.
const patience = 3 * time.Minute

// shop is an app whose orders send letters.
func shop(db *sql.DB, p *post, config candorriver.Config, options ...candor.ProvideOption) *candor.App {
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	candor.ProvideValue(app, db)
	candor.ProvideScoped(app, transaction, options...)
	candorriver.Provide(app, func(_ context.Context, in struct {
		DB *sql.DB `dep:""`
	},
	) (*river.Client[*sql.Tx], error) {
		workers, rescueAfter := river.NewWorkers(), cmp.Or(p.rescueAfter, time.Hour)
		river.AddWorker(workers, p)
		return river.NewClient(riverdatabasesql.New(in.DB), &river.Config{
			Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}},
			FetchCooldown: 10 * time.Millisecond, FetchPollInterval: 20 * time.Millisecond,
			JobTimeout: rescueAfter, RescueStuckJobsAfter: rescueAfter, Logger: slog.New(slog.DiscardHandler),
		})
	}, config)
	candor.Post(app, "/orders/{id}", order, candor.Raises(errRefused))
	return app
}

var errRefused = candor.Error(409, "refused")

// order adds a job before it uses the transaction.
func order(ctx context.Context, in struct {
	ID     int                        `path:"id"`
	Refuse bool                       `query:"refuse,omitempty"`
	Tx     candor.Lazy[*sql.Tx]       `dep:""`
	Jobs   *candorriver.Jobs[*sql.Tx] `dep:""`
},
) (candor.None, error) {
	if err := in.Jobs.Add(ctx, Letter{To: fmt.Sprint("order ", in.ID)}); err != nil {
		return candor.None{}, err
	}
	tx, err := in.Tx.Get(ctx)
	if err != nil {
		return candor.None{}, err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO orders (id) VALUES ($1)", in.ID); err != nil {
		return candor.None{}, err
	}
	if in.Refuse {
		return candor.None{}, errRefused
	}
	return candor.None{}, nil
}

func transaction(ctx context.Context, in struct {
	DB *sql.DB `dep:""`
}, use func(*sql.Tx) error,
) error {
	tx, err := in.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := use(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func TestJobsAreThereIfTheTransactionIs(t *testing.T) {
	db, _ := openTestDatabase(t)
	p := &post{}
	client := candor.NewTestClient(t, shop(db, p, candorriver.Config{}))
	client.Post("/orders/1", nil).Status(204)
	client.Post("/orders/2?refuse=true", nil).Status(409)
	client.Post("/orders/3", nil).Status(204)
	assert.Eventually(t, func() bool { return len(p.letters()) == 2 }, patience, 10*time.Millisecond)
	assert.ElementsMatch(t, []string{"order 1", "order 3"}, p.letters())
}

func TestJobsOfAnAttemptGoWithItsTransaction(t *testing.T) {
	db, _ := openTestDatabase(t)
	p := &post{}
	app := shop(db, p, candorriver.Config{})
	conflict := errors.New("somebody was quicker")
	candor.OverrideScoped(app, func(ctx context.Context, in struct {
		DB *sql.DB `dep:""`
	}, use func(*sql.Tx) error,
	) error {
		for attempt := 1; ; attempt++ {
			err := transaction(ctx, in, func(tx *sql.Tx) error {
				if err := use(tx); err != nil || attempt == 3 {
					return err
				}
				return conflict
			})
			if !errors.Is(err, conflict) {
				return err
			}
		}
	}, candor.Attempts(3))
	candor.NewTestClient(t, app).Post("/orders/1", nil).Status(204)
	assert.Eventually(t, func() bool { return len(p.letters()) > 0 }, patience, 10*time.Millisecond)
	var jobs int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM river_job").Scan(&jobs))
	assert.Equal(t, 1, jobs)
}

func TestNoTransactionBeginsWithoutAJob(t *testing.T) {
	db, _ := openTestDatabase(t)
	app := shop(db, &post{}, candorriver.Config{})
	begun := false
	candor.OverrideScoped(app, func(_ context.Context, _ candor.None, use func(*sql.Tx) error) error {
		begun = true
		return use(nil)
	})
	candor.Get(app, "/quiet", func(context.Context, struct {
		Jobs *candorriver.Jobs[*sql.Tx] `dep:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	candor.NewTestClient(t, app).Get("/quiet").Status(204)
	assert.False(t, begun)
}

func TestWorkersAreDrained(t *testing.T) {
	for name, row := range map[string]struct {
		work func(ctx context.Context, release <-chan struct{}) error
		// drain is how long each of the two parts of the end takes, unless the job ends before.
		drain time.Duration
		// err is the error when the app ends, sent the number of letters that were sent.
		err  string
		sent int
	}{
		"a job that runs comes to its end": {func(context.Context, <-chan struct{}) error { return nil }, patience, "", 1},
		"one that does not is told to": {func(ctx context.Context, _ <-chan struct{}) error {
			<-ctx.Done()
			return ctx.Err()
		}, 4 * time.Second, "", 0},
		"and left to another in the end": {func(_ context.Context, release <-chan struct{}) error {
			<-release
			return errors.New("late")
		}, 400 * time.Millisecond, "jobs were still running when the app stopped", 0},
	} {
		t.Run(name, func(t *testing.T) {
			db, _ := openTestDatabase(t)
			begun, release := make(chan struct{}), make(chan struct{})
			p := &post{}
			p.work = func(ctx context.Context) error {
				close(begun)
				return row.work(ctx, release)
			}
			app := shop(db, p, candorriver.Config{Drain: row.drain})
			stop, err := app.Start(t.Context())
			require.NoError(t, err)
			w := httptest.NewRecorder()
			app.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/orders/1", nil))
			require.Equal(t, 204, w.Code)
			<-begun
			err = stop()
			if row.err == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, row.err)
			}
			assert.Len(t, p.letters(), row.sent)
			close(release)
		})
	}
}

func TestProcessesThatOnlyAdd(t *testing.T) {
	db, _ := openTestDatabase(t)
	adding := candor.New(candor.Config{})
	candor.ProvideValue(adding, db)
	candor.ProvideScoped(adding, transaction)
	candorriver.Provide(adding, func(context.Context, candor.None) (*river.Client[*sql.Tx], error) {
		return river.NewClient(riverdatabasesql.New(db), &river.Config{})
	}, candorriver.Config{AddOnly: true})
	candor.Post(adding, "/orders/{id}", order, candor.Raises(errRefused))
	candor.NewTestClient(t, adding).Post("/orders/1", nil).Status(204)

	p := &post{}
	_ = candor.NewTestClient(t, shop(db, p, candorriver.Config{}))
	assert.Eventually(t, func() bool { return len(p.letters()) == 1 }, patience, 10*time.Millisecond)
}

func TestOfAHandlerAsAFunction(t *testing.T) {
	db, _ := openTestDatabase(t)
	client, err := river.NewClient(riverdatabasesql.New(db), &river.Config{})
	require.NoError(t, err)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	added, err := candorriver.JobsIn(client, tx).AddWith(t.Context(), Letter{"ann"}, &river.InsertOpts{Priority: 2})
	require.NoError(t, err)
	assert.Equal(t, 2, added.Job.Priority)
}

// theirs is the database of the process that is killed, in its environment.
const theirs = "CANDOR_RIVER_KILLED"

// TestJobsOfAKilledProcessComeBack kills a process while it works on a job.
func TestJobsOfAKilledProcessComeBack(t *testing.T) {
	db, at := openTestDatabase(t)
	killed := exec.Command(os.Args[0], "-test.run", "^TestWorkUntilKilled$")
	killed.Env = append(os.Environ(), theirs+"="+at)
	require.NoError(t, killed.Start())
	state := func() (state string) {
		_ = db.QueryRow("SELECT state FROM river_job").Scan(&state) // no row at first
		return state
	}
	require.Eventually(t, func() bool { return state() == "running" }, patience, 10*time.Millisecond)
	require.NoError(t, killed.Process.Kill())
	_ = killed.Wait()
	require.Equal(t, "running", state(), "nobody has told the database")

	p := &post{rescueAfter: time.Second}
	_ = candor.NewTestClient(t, shop(db, p, candorriver.Config{}))
	// It takes until the other process counts as dead, and a pause before the next attempt.
	assert.Eventually(t, func() bool { return len(p.letters()) == 1 }, patience, 50*time.Millisecond)
	assert.Equal(t, []string{"order 1"}, p.letters())
}

// TestWorkUntilKilled is the process that the test above kills.
func TestWorkUntilKilled(t *testing.T) {
	at := os.Getenv(theirs)
	if at == "" {
		return // no test by itself
	}
	p := &post{work: func(context.Context) error { select {} }}
	candor.NewTestClient(t, shop(connect(t, at), p, candorriver.Config{})).Post("/orders/1", nil).Status(204)
	select {}
}
