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

// A server that was restarted is reached over new connections only. So the id of
// its run, once asked for, holds until another connection is made.

// runs knows the present run of a server.
type runs struct {
	client *redis.Client
	// dialed counts the connections that were made.
	dialed atomic.Int64
	mutex  sync.Mutex
	// id is the run's after known connections.
	id    string
	known int64
}

// watchRuns notes the connections that a client makes. It returns nil for a
// client of several servers, which have a run each.
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

// attempts is how often something begins anew because the run changed.
const attempts = 3

var errRuns = errors.New("candorredis: the server changed meanwhile")

// during does something with the id of the run, all of it in one run.
func (r *runs) during(ctx context.Context, do func(run string) error) error {
	if r == nil {
		return do("")
	}
	run, at, err := r.present(ctx)
	for range attempts {
		if err != nil {
			return err
		}
		if err = do(run); err != nil || r.dialed.Load() == at {
			return err
		}
		before := run
		if run, at, err = r.present(ctx); err == nil && run == before {
			return nil
		}
	}
	return errRuns
}

// present is the id of the present run, and after how many connections it was.
func (r *runs) present(ctx context.Context) (id string, at int64, err error) {
	r.mutex.Lock()
	id, at = r.id, r.known
	r.mutex.Unlock()
	if at == r.dialed.Load() {
		return id, at, nil
	}
	// Asking may make a connection itself.
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

// ask asks the server for the id of its run. One that does not tell has none.
func (r *runs) ask(ctx context.Context) (string, error) {
	info, err := r.client.Info(ctx, "server").Result()
	refusal := redis.Error(nil)
	switch {
	case redis.HasErrorPrefix(err, "LOADING"), redis.HasErrorPrefix(err, "MASTERDOWN"):
		return "", err // it will tell
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
