// Package candorriver runs work that must not be lost: jobs of River (riverqueue.com), which are stored in the
// PostgreSQL database of the service. A handler adds a job in the transaction of its request, so the job exists if and
// only if the transaction is committed. Workers run in the processes of the service as long as the app runs.
//
//	candorriver.Provide(app, openJobs)
//	type PlaceOrder struct {
//		Jobs *candorriver.Jobs[*sql.Tx] `dep:""`
//	}
//
//	candor.Post(app, "/orders", func(ctx context.Context, in PlaceOrder) (Order, error) {
//		...
//		return order, in.Jobs.Add(ctx, Ship{order.ID})
//	})
//
// With database/sql a transaction is a *sql.Tx and the driver is riverdriver/riverdatabasesql, with pgx they are pgx.Tx
// and riverdriver/riverpgxv5. Use River's package rivermigrate to create its tables.
package candorriver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/candor-go/candor"
)

// Config says how a process handles jobs. The zero value is ready to use.
type Config struct {
	// AddOnly is for processes that only add jobs: their clients need no workers.
	AddOnly bool
	// Drain is how long running jobs may take after the app stops, 10 seconds by default. Then their contexts are
	// cancelled, and they have the same time again; jobs still running after that are left to the next process.
	Drain time.Duration
}

const defaultDrain = 10 * time.Second

// Jobs adds jobs in the transaction of a request; Tx is the type of the transaction. It is provided for each request,
// and must not be kept.
type Jobs[Tx any] struct {
	client *river.Client[Tx]
	tx     candor.Lazy[Tx]
}

// Add adds a job, which runs after the transaction of the request is committed, and never if it is rolled back. It
// begins the transaction if that has not begun.
//
// If a provider with [candor.Attempts] runs the request again, the jobs of the previous attempt are rolled back with
// its transaction.
func (j *Jobs[Tx]) Add(ctx context.Context, job river.JobArgs) error {
	_, err := j.AddWith(ctx, job, nil)
	return err
}

// AddWith is Add with options, such as a start time or a priority. It returns the stored job; nil options mean those of
// the job's type.
func (j *Jobs[Tx]) AddWith(ctx context.Context, job river.JobArgs, options *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	tx, err := j.tx.Get(ctx)
	if err != nil {
		return nil, err
	}
	added, err := j.client.InsertTx(ctx, tx, job, options)
	if err != nil {
		return nil, fmt.Errorf("adding the job %s: %w", job.Kind(), err)
	}
	return added, nil
}

// JobsIn returns jobs for an existing transaction, for tests that call a handler as a function.
func JobsIn[Tx any](client *river.Client[Tx], tx Tx) *Jobs[Tx] {
	return &Jobs[Tx]{client: client, tx: candor.LazyValue(tx)}
}

// Provide provides [Jobs] for the routes of an app or router. open makes the client; its input may have shared
// providers and values, such as the pool and what workers need. A client with workers and queues starts working when
// the app has started, and stops with it as [Config] says, before the dependencies of open are torn down.
//
// The routes need a provider of Tx, the transaction of the request.
func Provide[In, Tx any](r candor.Routes, open func(ctx context.Context, in In) (*river.Client[Tx], error), config Config) {
	drain := cmp.Or(config.Drain, defaultDrain)
	candor.ProvideShared(r, func(ctx context.Context, in In, use func(*river.Client[Tx]) error) error {
		client, err := open(ctx, in)
		if err != nil {
			return err
		}
		if config.AddOnly {
			return use(client)
		}
		// Jobs outlive the context of the start, and continue while the server stops.
		ctx = context.WithoutCancel(ctx)
		if err := client.Start(ctx); err != nil {
			return fmt.Errorf("starting the workers: %w", err)
		}
		return errors.Join(use(client), stop(ctx, client, drain))
	})
	candor.Provide(r, func(_ context.Context, in struct {
		Client *river.Client[Tx] `dep:""`
		Tx     candor.Lazy[Tx]   `dep:""`
	},
	) (*Jobs[Tx], error) {
		return &Jobs[Tx]{client: in.Client, tx: in.Tx}, nil
	})
}

// stop waits for running jobs, then cancels their contexts, and then leaves them to another process.
func stop[Tx any](ctx context.Context, client *river.Client[Tx], drain time.Duration) error {
	for _, end := range []func(context.Context) error{client.Stop, client.StopAndCancel} {
		limited, cancel := context.WithTimeout(ctx, drain)
		err := end(limited)
		cancel()
		if err == nil {
			return nil
		}
	}
	return errors.New("jobs were still running when the app stopped; another process works on them again")
}
