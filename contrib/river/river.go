// Package candorriver runs work that must not be lost: jobs of River
// (riverqueue.com), which lie in the PostgreSQL database of the service. A handler
// adds a job in the transaction of its request, so that it is there if and only if
// what it is about is; workers run in the processes of the service for as long as
// the app lives.
//
//	candorriver.Provide(app, openJobs)
//	candor.Post(app, "/orders", func(ctx context.Context, in struct {
//		Jobs *candorriver.Jobs[*sql.Tx] `dep:""`
//	}) (Order, error) {
//		...
//		return order, in.Jobs.Add(ctx, Ship{order.ID})
//	})
//
// With database/sql a transaction is a *sql.Tx and the driver is
// riverdriver/riverdatabasesql, with pgx they are pgx.Tx and riverdriver/riverpgxv5.
// The tables of River are made by its package rivermigrate.
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

// Config says what a process does with jobs. The zero value is ready to use.
type Config struct {
	// AddOnly is for processes that add jobs and leave them to others: their clients
	// need no workers.
	AddOnly bool
	// Drain is how long jobs that run may take once the app ends, 10 seconds by
	// default. Then their contexts end, and they have as long again; what still runs
	// after that is left to the next process.
	Drain time.Duration
}

const defaultDrain = 10 * time.Second

// Jobs adds jobs in the transaction of a request, of which Tx is the type. It is
// provided for each request, and must not be kept.
type Jobs[Tx any] struct {
	client *river.Client[Tx]
	tx     candor.Lazy[Tx]
}

// Add adds a job, which is worked on once the transaction of the request is
// committed, and never if that is rolled back. It begins the transaction if
// nobody has before.
//
// Where a provider with [candor.Attempts] runs the request again, the jobs of the
// attempt before are gone with its transaction.
func (j *Jobs[Tx]) Add(ctx context.Context, job river.JobArgs) error {
	_, err := j.AddWith(ctx, job, nil)
	return err
}

// AddWith is Add with options, such as a time to begin or a priority. It returns
// what the database keeps of the job; nil options are those of the job's type.
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

// JobsIn are jobs in a transaction that is there, for tests that call a handler as
// a function.
func JobsIn[Tx any](client *river.Client[Tx], tx Tx) *Jobs[Tx] {
	return &Jobs[Tx]{client: client, tx: candor.LazyValue(tx)}
}

// Provide provides [Jobs] for the routes of an app or router. open makes the client;
// its input has shared providers and values, such as the pool, and what workers
// need. A client with workers and queues begins to work once the app has started,
// and ends with it as [Config] says, before what open's input holds is torn down.
//
// The routes need a provider of Tx, the transaction of a request.
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
		// Jobs outlive the context of the start, and that of the server's end.
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

// stop lets the jobs that run come to their end, then ends their contexts, and then
// leaves them to another process.
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
