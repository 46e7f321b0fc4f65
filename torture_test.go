package candor_test

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// ledger is a database that stores numbers and counts its transactions.
type ledger struct {
	opens, commits, rollbacks atomic.Int64
	// wrong counts transactions that ended twice.
	wrong     atomic.Int64
	committed sync.Map
}

func (l *ledger) Connect(context.Context) (driver.Conn, error) { return &ledgerConn{ledger: l}, nil }
func (l *ledger) Driver() driver.Driver                        { return nil }

func (l *ledger) has(id int) bool {
	_, ok := l.committed.Load(id)
	return ok
}

// balanced checks that every transaction ended exactly once.
func (l *ledger) balanced(t *testing.T) {
	t.Helper()
	opens, commits, rollbacks := l.opens.Load(), l.commits.Load(), l.rollbacks.Load()
	t.Logf("%d transactions: %d committed, %d rolled back", opens, commits, rollbacks)
	assert.Positive(t, commits)
	assert.Positive(t, rollbacks)
	assert.Equal(t, opens, commits+rollbacks)
	assert.Zero(t, l.wrong.Load())
}

type ledgerConn struct {
	ledger *ledger
	tx     *ledgerTx
}

func (c *ledgerConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (c *ledgerConn) Close() error                        { return nil }
func (c *ledgerConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

func (c *ledgerConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	c.ledger.opens.Add(1)
	c.tx = &ledgerTx{ledger: c.ledger}
	return c.tx, nil
}

// ExecContext writes a number. A second argument makes the commit fail.
func (c *ledgerConn) ExecContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Result, error) {
	c.tx.id, _ = args[0].Value.(int64)
	c.tx.fails = len(args) > 1
	return driver.RowsAffected(1), nil
}

type ledgerTx struct {
	ledger *ledger
	id     int64
	fails  bool
	ended  atomic.Bool
}

func (t *ledgerTx) end() {
	if t.ended.Swap(true) {
		t.ledger.wrong.Add(1)
	}
}

func (t *ledgerTx) Commit() error {
	t.end()
	if t.fails {
		t.ledger.rollbacks.Add(1)
		return errors.New("the disk is full")
	}
	t.ledger.commits.Add(1)
	t.ledger.committed.Store(int(t.id), true)
	return nil
}

func (t *ledgerTx) Rollback() error {
	t.end()
	t.ledger.rollbacks.Add(1)
	return nil
}

// The ways in which a request can end. A late one may still commit, in which case it has not failed.
var endings = []struct {
	name string
	// status is the status of the response; 0 if no client receives it.
	status int
}{
	{"well", 201},
	{"validation", 422},
	{"error", 409},
	{"panic", 500},
	{"timeout", 504},
	{"late", 0},
	{"reset", 0},
	{"reset at the end", 0},
	{"encoder", 500},
	{"rule", 500},
	{"commit", 500},
	{"tear-down panic", 500},
}

// hangUp is the context key for a function that disconnects the client.
type hangUp struct{}

type deposit struct {
	ID     int     `json:"id" validate:"gte=0"`
	Amount float64 `json:"amount"`
}

// bank is an app that writes a number per request, and fails as the request says.
func bank(db *sql.DB, options ...candor.Option) *candor.App {
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler), Limits: candor.Limits{Drain: 5 * time.Second}}, options...)
	candor.ProvideValue(app, db)
	candor.ProvideScoped(app, func(ctx context.Context, in struct {
		DB     *sql.DB `dep:""`
		Ending string  `query:"ending"`
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
		if in.Ending == "tear-down panic" {
			panic(in.Ending)
		}
		if leave, ok := ctx.Value(hangUp{}).(context.CancelFunc); ok && in.Ending == "reset at the end" {
			leave()
		}
		return tx.Commit()
	})
	candor.Post(app, "/lazy", takeDepositLazily, candor.Status(201), candor.Raises(candor.Error(409, "taken")))
	candor.Post(app, "/deposits", takeDeposit, candor.Status(201), candor.Raises(candor.Error(409, "taken")))
	candor.Post(app, "/quick", takeDeposit, candor.Status(201), candor.Raises(candor.Error(409, "taken")), candor.Timeout(time.Millisecond))
	return app
}

// takeDepositLazily begins the transaction last, after the body is decoded.
func takeDepositLazily(ctx context.Context, in struct {
	Tx     candor.Lazy[*sql.Tx] `dep:""`
	Ending string               `query:"ending"`
	Body   deposit              `body:""`
},
) (deposit, error) {
	tx, err := in.Tx.Get(ctx)
	if err != nil {
		return deposit{}, err
	}
	return takeDeposit(ctx, struct {
		Tx     *sql.Tx `dep:""`
		Ending string  `query:"ending"`
		Body   deposit `body:""`
	}{tx, in.Ending, in.Body})
}

func takeDeposit(ctx context.Context, in struct {
	Tx     *sql.Tx `dep:""`
	Ending string  `query:"ending"`
	Body   deposit `body:""`
},
) (deposit, error) {
	args := []any{in.Body.ID}
	if in.Ending == "commit" {
		args = append(args, "fails")
	}
	if _, err := in.Tx.ExecContext(ctx, "", args...); err != nil {
		return deposit{}, err
	}
	switch in.Ending {
	case "error":
		return deposit{}, candor.Error(409, "taken")
	case "panic":
		panic(in.Ending)
	case "timeout":
		<-ctx.Done()
		return deposit{}, ctx.Err()
	case "late":
		<-ctx.Done()
	case "reset":
		if leave, ok := ctx.Value(hangUp{}).(context.CancelFunc); ok {
			leave()
		}
		<-ctx.Done()
		return deposit{}, ctx.Err()
	case "encoder":
		return deposit{Amount: math.NaN()}, nil
	case "rule":
		return deposit{ID: -1}, nil
	}
	return in.Body, nil
}

// tortures is the number of requests: few, or the value of CANDOR_TORTURE.
func tortures(t *testing.T, few int) int {
	t.Helper()
	text := os.Getenv("CANDOR_TORTURE")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// settled waits until there are no more goroutines than before.
func settled(t *testing.T, before int) {
	t.Helper()
	// The condition runs in a goroutine of its own.
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, time.Minute, time.Millisecond)
}

// inParallel runs a function for all numbers below n.
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

// TestTortureOfTransactions compares responses with what was committed:
//
//	CANDOR_TORTURE=200000 go test -race -run Torture .
func TestTortureOfTransactions(t *testing.T) {
	before := runtime.NumGoroutine()
	books := new(ledger)
	db := sql.OpenDB(books)
	app := bank(db)
	app.Seal()
	counts := make([]atomic.Int64, len(endings))
	inParallel(tortures(t, 6000), 64, func(i int) {
		which := rand.IntN(len(endings))
		counts[which].Add(1)
		ending := endings[which]
		status := deposits(app, i, ending.name)
		switch {
		case ending.status != 0 && status != ending.status:
			t.Errorf("%s: status %d, want %d", ending.name, status, ending.status)
		case status == 201 && !books.has(i):
			t.Errorf("%s: 201 for what was not committed", ending.name)
		case status != 201 && ending.name != "reset at the end" && books.has(i):
			t.Errorf("%s: committed, but answered with %d", ending.name, status)
		}
	})
	for i := range endings {
		assert.Positive(t, counts[i].Load(), endings[i].name)
	}
	// If the context has ended, database/sql rolls back in another goroutine.
	assert.Eventually(t, func() bool { return db.Stats().InUse == 0 }, time.Minute, time.Millisecond, "connections in use")
	books.balanced(t)
	require.NoError(t, db.Close())
	settled(t, before)
}

// deposits sends one request in process.
func deposits(app http.Handler, id int, ending string) (status int) {
	path := []string{"/deposits?ending=", "/lazy?ending="}[id%2]
	if ending == "timeout" || ending == "late" {
		path = "/quick?ending="
	}
	body := fmt.Sprintf(`{"id":%d,"amount":1}`, id)
	if ending == "validation" {
		body = `{"id":-1}`
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := httptest.NewRequestWithContext(context.WithValue(ctx, hangUp{}, cancel), http.MethodPost, path+query(ending), bytes.NewReader([]byte(body)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w.Code
}

func query(text string) string {
	return string(bytes.ReplaceAll([]byte(text), []byte(" "), []byte("+")))
}

// TestTortureOfServers disconnects clients and stops servers while requests are running.
func TestTortureOfServers(t *testing.T) {
	before := runtime.NumGoroutine()
	books := new(ledger)
	db := sql.OpenDB(books)
	for round := range 5 {
		tortureServer(t, books, bank(db), round*1_000_000, tortures(t, 4000)/40)
	}
	books.balanced(t)
	require.NoError(t, db.Close())
	settled(t, before)
}

func tortureServer(t *testing.T, books *ledger, app *candor.App, first, n int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- app.Serve(ctx, l) }()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	inParallel(n, 16, func(i int) {
		if i == n*3/4 {
			stop()
		}
		id := first + i
		switch status := postDeposit(client, l.Addr().String(), id, endings[rand.IntN(len(endings))].name); {
		case status == 201 && !books.has(id):
			t.Errorf("201 for what was not committed")
		case status > 201 && books.has(id):
			t.Errorf("committed, but answered with %d", status)
		}
	})
	require.NoError(t, <-ended)
}

// postDeposit returns the status, or 0 if there was no response.
func postDeposit(client *http.Client, addr string, id int, ending string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if ending == "reset" || ending == "reset at the end" {
		timer := time.AfterFunc(time.Duration(rand.IntN(2000))*time.Microsecond, cancel)
		defer timer.Stop()
	}
	path := "/deposits?ending="
	if ending == "timeout" || ending == "late" {
		path = "/quick?ending="
	}
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+path+query(ending), bytes.NewReader(fmt.Appendf(nil, `{"id":%d,"amount":1}`, id)))
	r.Header.Set("Content-Type", "application/json")
	answered, err := client.Do(r)
	if err != nil {
		return 0
	}
	defer answered.Body.Close()
	_, _ = io.Copy(io.Discard, answered.Body)
	return answered.StatusCode
}
