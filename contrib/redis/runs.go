package candorredis

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// A restarted server is reached only over new connections. So a run id is valid until another connection is made.

// runs knows the current run id of a server.
type runs struct {
	client *redis.Client
	// dialed counts the connections that were made.
	dialed atomic.Int64
	mutex  sync.Mutex
	// id is the run id after known connections.
	id    string
	known int64
}

// watchRuns counts the connections that a client makes. It returns nil for a client of several servers, each of which
// has its own run.
func watchRuns(client redis.UniversalClient) *runs {
	single, ok := client.(*redis.Client)
	if !ok {
		return nil
	}
	r := &runs{client: single, known: -1}
	single.AddHook(r)
	return r
}

// DialHook implements redis.Hook.
func (r *runs) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := next(ctx, network, addr)
		if err == nil {
			r.dialed.Add(1)
		}
		return conn, err
	}
}

// ProcessHook implements redis.Hook.
func (r *runs) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook implements redis.Hook.
func (r *runs) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// attempts is how often an operation starts over because the run changed.
const attempts = 3

var errRuns = errors.New("candorredis: the server changed meanwhile")

// during calls do with the run id, which is "" if r is nil. If the server was restarted while do ran, its result may mix
// two runs, so do is called again.
func during[T any](ctx context.Context, r *runs, do func(run string) (T, error)) (T, error) {
	var none T
	if r == nil {
		return do("")
	}
	run, at, err := r.present(ctx)
	for range attempts {
		if err != nil {
			return none, err
		}
		result, failure := do(run)
		if failure != nil || r.dialed.Load() == at {
			return result, failure
		}
		// do used a new connection, which may lead to the same run.
		before := run
		if run, at, err = r.present(ctx); err == nil && run == before {
			return result, nil
		}
	}
	return none, errRuns
}

// present returns the current run id, and the number of connections after which it was read.
func (r *runs) present(ctx context.Context) (id string, at int64, err error) {
	r.mutex.Lock()
	id, at = r.id, r.known
	r.mutex.Unlock()
	if at == r.dialed.Load() {
		return id, at, nil
	}
	// Asking may itself make a connection.
	for range attempts {
		at = r.dialed.Load()
		if id, err = r.ask(ctx); err != nil {
			return "", 0, err
		}
		if at == r.dialed.Load() {
			r.mutex.Lock()
			r.id, r.known = id, at
			r.mutex.Unlock()
			break
		}
	}
	return id, at, nil
}

// ask asks the server for its run id, "" if it does not say.
func (r *runs) ask(ctx context.Context) (string, error) {
	info, err := r.client.Info(ctx, "server").Result()
	refusal := redis.Error(nil)
	switch {
	case redis.HasErrorPrefix(err, "LOADING"), redis.HasErrorPrefix(err, "MASTERDOWN"):
		return "", err // the server will report it later
	case errors.As(err, &refusal):
		return "", nil
	case err != nil:
		return "", err
	}
	_, rest, _ := strings.Cut(info, "run_id:")
	id, _, _ := strings.Cut(rest, "\r")
	if id == "" {
		return "", nil
	}
	return id[:min(len(id), 16)] + ":", nil
}
