package service

import (
	"context"
	"database/sql"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/candor-go/candor"
	candorriver "github.com/candor-go/candor/contrib/river"
)

// welcome makes sure that a new account gets a letter: on PostgreSQL with a
// job, which survives the process, otherwise with a background task.
type welcome func(ctx context.Context, user User) error

func provideWelcome(app *candor.App, database string) {
	if !isPostgres(database) {
		candor.Provide(app, welcomeByTask)
		return
	}
	candorriver.Provide(app, openJobs, candorriver.Config{})
	candor.Provide(app, welcomeByJob)
}

// WelcomeByTask is the input of welcomeByTask.
type WelcomeByTask struct {
	Tasks  *candor.Tasks
	Mailer Mailer `dep:""`
}

func welcomeByTask(_ context.Context, in WelcomeByTask) (welcome, error) {
	return func(_ context.Context, user User) error {
		in.Tasks.Add(func(ctx context.Context) error { return in.Mailer.Welcome(ctx, user) })
		return nil
	}, nil
}

// WelcomeByJob is the input of welcomeByJob.
type WelcomeByJob struct {
	Jobs *candorriver.Jobs[*sql.Tx] `dep:""`
}

// welcomeByJob adds the job in the transaction of the account.
func welcomeByJob(_ context.Context, in WelcomeByJob) (welcome, error) {
	return func(ctx context.Context, user User) error { return in.Jobs.Add(ctx, Welcome{user}) }, nil
}

// Welcome is a job that sends a letter to a new account.
type Welcome struct {
	To User `json:"to"`
}

// Kind implements river.JobArgs.
func (Welcome) Kind() string { return "welcome" }

type welcomeWorker struct {
	river.WorkerDefaults[Welcome]
	mailer Mailer
}

// Work sends the letter. River retries after errors with growing delays.
func (w *welcomeWorker) Work(ctx context.Context, job *river.Job[Welcome]) error {
	return w.mailer.Welcome(ctx, job.Args.To)
}

// OpenJobs is the input of openJobs.
type OpenJobs struct {
	Settings Settings `dep:""`
	DB       *sql.DB  `dep:""`
	Mailer   Mailer   `dep:""`
}

// openJobs creates the client of River, whose workers run in this process.
func openJobs(ctx context.Context, in OpenJobs) (*river.Client[*sql.Tx], error) {
	if err := makeJobTables(ctx, in.DB); err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &welcomeWorker{mailer: in.Mailer})
	return river.NewClient(riverdatabasesql.New(in.DB), &river.Config{
		Workers: workers,
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}},
		Logger:  in.Settings.Logger,
	})
}

// makeJobTables creates the tables of River. Processes that start at the same
// time wait for each other.
func makeJobTables(ctx context.Context, db *sql.DB) error {
	const lock = 7_301_955
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return err
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lock) }()
	migrator, err := rivermigrate.New(riverdatabasesql.New(db), nil)
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}
