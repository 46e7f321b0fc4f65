// Package river shows how a handler hands work over to a durable queue.
package river

import (
	"context"
	"errors"
	"time"

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

// Post sends letters.
type Post struct {
	Send func(ctx context.Context, email string) error
	// Drain is how long letters that are being sent may take when the app ends.
	Drain time.Duration
}

// sendWelcome does the job, again if it fails.
type sendWelcome struct {
	river.WorkerDefaults[Welcome]
	post Post
}

// Work is called by the queue.
func (s sendWelcome) Work(ctx context.Context, job *river.Job[Welcome]) error {
	return s.post.Send(ctx, job.Args.Email)
}

// openQueue works for as long as the app lives.
func openQueue(ctx context.Context, in struct {
	Pool *pgxpool.Pool `dep:""`
	Post Post          `dep:""`
}, use func(*Queue) error,
) error {
	workers := river.NewWorkers()
	river.AddWorker(workers, sendWelcome{post: in.Post})
	queue, err := river.NewClient(riverpgxv5.New(in.Pool), &river.Config{
		Workers: workers,
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}},
		// A job that runs longer than its timeout was left by a process that was
		// killed, and comes back.
		JobTimeout: 10 * time.Second, RescueStuckJobsAfter: 11 * time.Second,
		// What has not ended by then is cancelled, and comes back as a failed one.
		SoftStopTimeout: in.Post.Drain,
	})
	if err != nil {
		return err
	}
	// The end of ctx would cancel the jobs at once.
	if err := queue.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return errors.Join(use(queue), stop(ctx, queue, in.Post.Drain))
}

// stop stops the queue, and waits for a job that heeds no context no longer than for
// one that does.
func stop(ctx context.Context, queue *Queue, drain time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain+time.Second)
	defer cancel()
	return queue.Stop(ctx)
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
func Subscriptions(pool *pgxpool.Pool, post Post) *candor.App {
	app := candor.New(candor.Config{Title: "Subscriptions"})
	candor.ProvideValue(app, pool)
	candor.ProvideValue(app, post)
	candor.ProvideShared(app, openQueue)
	candor.ProvideScoped(app, transaction)
	candor.Post(app, "/subscribers", register)
	return app
}
