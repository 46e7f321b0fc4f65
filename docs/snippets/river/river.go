// Package river shows how a handler hands work over to a durable queue.
package river

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/candor-go/candor"
)

// Queue takes jobs in the transaction of a request.
type Queue = river.Client[pgx.Tx]

// Welcome is a job: to send a letter.
type Welcome struct {
	Email string `json:"email"`
}

// Kind is how the queue knows such jobs.
func (Welcome) Kind() string { return "welcome" }

// sendWelcome does the job, again if it fails.
type sendWelcome struct {
	river.WorkerDefaults[Welcome]
}

// Work is called by the queue.
func (sendWelcome) Work(_ context.Context, job *river.Job[Welcome]) error {
	if job.Args.Email == "" {
		return errors.New("no address")
	}
	return nil
}

// openQueue works for as long as the app lives.
func openQueue(ctx context.Context, in struct {
	Pool *pgxpool.Pool `dep:""`
}, use func(*Queue) error,
) error {
	workers := river.NewWorkers()
	river.AddWorker(workers, sendWelcome{})
	queue, err := river.NewClient(riverpgxv5.New(in.Pool), &river.Config{
		Workers: workers,
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}},
	})
	if err != nil {
		return err
	}
	if err := queue.Start(ctx); err != nil {
		return err
	}
	return errors.Join(use(queue), queue.Stop(context.WithoutCancel(ctx)))
}

// transaction is one of pgx.
func transaction(ctx context.Context, in struct {
	Pool *pgxpool.Pool `dep:""`
}, use func(pgx.Tx) error,
) error {
	return pgx.BeginFunc(ctx, in.Pool, use)
}

func register(ctx context.Context, in struct {
	Email string `query:"email" validate:"email"`
	Tx    pgx.Tx `dep:""`
	Queue *Queue `dep:""`
},
) (candor.None, error) {
	if _, err := in.Tx.Exec(ctx, "INSERT INTO subscribers (email) VALUES ($1)", in.Email); err != nil {
		return candor.None{}, err
	}
	_, err := in.Queue.InsertTx(ctx, in.Tx, Welcome{in.Email}, nil)
	return candor.None{}, err
}

// Subscriptions is an app whose letters are not lost.
func Subscriptions(pool *pgxpool.Pool) *candor.App {
	app := candor.New(candor.Config{Title: "Subscriptions"})
	candor.ProvideValue(app, pool)
	candor.ProvideShared(app, openQueue)
	candor.ProvideScoped(app, transaction)
	candor.Post(app, "/subscribers", register)
	return app
}
