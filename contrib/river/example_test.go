package candorriver_test

import (
	"context"
	"database/sql"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"github.com/candor-go/candor"
	candorriver "github.com/candor-go/candor/contrib/river"
)

type OpenJobs struct {
	DB *sql.DB `dep:""`
}

// openJobs creates a client with one worker.
func openJobs(_ context.Context, in OpenJobs) (*river.Client[*sql.Tx], error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &post{})
	return river.NewClient(riverdatabasesql.New(in.DB), &river.Config{
		Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}},
	})
}

func ExampleProvide() {
	app := candor.New(candor.Config{})
	candor.ProvideShared(app, func(_ context.Context, _ candor.None, use func(*sql.DB) error) error {
		db, err := sql.Open("pgx", "postgres://localhost/letters")
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		return use(db)
	})
	candor.ProvideScoped(app, transaction)
	candorriver.Provide(app, openJobs, candorriver.Config{})
	type SendLetter struct {
		Letter Letter                     `body:""`
		Jobs   *candorriver.Jobs[*sql.Tx] `dep:""`
	}

	candor.Post(app, "/letters", func(ctx context.Context, in SendLetter) (candor.None, error) {
		return candor.None{}, in.Jobs.Add(ctx, in.Letter)
	})
	_ = app.Run(":8000")
}
