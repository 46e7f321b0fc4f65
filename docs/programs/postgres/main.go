package main

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/candor-go/candor"
)

//go:embed migrations/*.sql
var files embed.FS

type Settings struct {
	Database string `env:"DATABASE_URL" doc:"Such as postgres://user:password@localhost/bank"`
}

type OpenPool struct {
	Settings Settings `dep:""`
}

// openPool wraps the life of the app.
func openPool(ctx context.Context, in OpenPool, use func(*pgxpool.Pool) error) error {
	pool, err := pgxpool.New(ctx, in.Settings.Database)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrate(ctx, pool); err != nil {
		return err
	}
	return use(pool)
}

func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

type BeginTx struct {
	Pool *pgxpool.Pool `dep:""`
}

// attempts is how often a transaction is tried if it conflicts with others.
const attempts = 5

// transaction wraps a request that asks for a pgx.Tx: it commits if the handler
// succeeds, and rolls back if it fails. After a conflict it runs again.
func transaction(ctx context.Context, in BeginTx, use func(pgx.Tx) error) error {
	for n := 1; ; n++ {
		err := pgx.BeginFunc(ctx, in.Pool, use)
		if n == attempts || !isConflict(err) {
			return err
		}
	}
}

// isConflict reports serialization failures and deadlocks.
func isConflict(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

type Account struct {
	ID      int64  `json:"id"`
	Owner   string `json:"owner"`
	Balance int64  `json:"balance"`
}

var (
	ErrNoAccount  = candor.Error(404, "account not found")
	ErrOwnerTaken = candor.Error(409, "the owner has an account")
	ErrTooLittle  = candor.Error(409, "not enough money")
)

type AccountBody struct {
	Owner   string `json:"owner" validate:"min=1,max=100"`
	Balance int64  `json:"balance" validate:"gte=0"`
}

type OpenAccount struct {
	Body AccountBody `body:""`
	Tx   pgx.Tx      `dep:""`
}

func openAccount(ctx context.Context, in OpenAccount) (Account, error) {
	rows, _ := in.Tx.Query(ctx, "INSERT INTO accounts (owner, balance) VALUES ($1, $2) RETURNING id, owner, balance", in.Body.Owner, in.Body.Balance)
	account, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Account])
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return account, ErrOwnerTaken
	}
	return account, err
}

type TransferBody struct {
	From   int64 `json:"from"`
	To     int64 `json:"to" validate:"nefield=From"`
	Amount int64 `json:"amount" validate:"gt=0"`
}

type Transfer struct {
	Body TransferBody `body:""`
	Tx   pgx.Tx       `dep:""`
}

// transfer moves money. If anything fails, neither account changes.
func transfer(ctx context.Context, in Transfer) (candor.None, error) {
	// Both rows are locked in the order of their ids, so two transfers cannot wait for each other.
	rows, _ := in.Tx.Query(ctx, "SELECT id, owner, balance FROM accounts WHERE id = ANY($1) ORDER BY id FOR UPDATE", []int64{in.Body.From, in.Body.To})
	accounts, err := pgx.CollectRows(rows, pgx.RowToStructByName[Account])
	if err != nil {
		return candor.None{}, err
	}
	if len(accounts) < 2 {
		return candor.None{}, ErrNoAccount
	}
	for _, account := range accounts {
		if account.ID == in.Body.From && account.Balance < in.Body.Amount {
			return candor.None{}, ErrTooLittle
		}
	}
	_, err = in.Tx.Exec(ctx, "UPDATE accounts SET balance = balance + CASE id WHEN $1 THEN -$3::bigint ELSE $3::bigint END WHERE id IN ($1, $2)",
		in.Body.From, in.Body.To, in.Body.Amount)
	return candor.None{}, err
}

type ReadAccount struct {
	ID   int64         `path:"id"`
	Pool *pgxpool.Pool `dep:""`
}

// readAccount needs only one statement, so it uses the pool without a
// transaction.
func readAccount(ctx context.Context, in ReadAccount) (Account, error) {
	rows, _ := in.Pool.Query(ctx, "SELECT id, owner, balance FROM accounts WHERE id = $1", in.ID)
	account, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Account])
	if errors.Is(err, pgx.ErrNoRows) {
		return account, ErrNoAccount
	}
	return account, err
}

func newApp(settings Settings) *candor.App {
	app := candor.New(candor.Config{Title: "Bank", Version: "1.0.0"})
	candor.ProvideValue(app, settings)
	candor.ProvideShared(app, openPool)
	candor.ProvideScoped(app, transaction, candor.Attempts(attempts))
	candor.Post(app, "/accounts", openAccount, candor.Status(201), candor.Raises(ErrOwnerTaken))
	candor.Get(app, "/accounts/{id}", readAccount, candor.Raises(ErrNoAccount))
	candor.Post(app, "/transfers", transfer, candor.Status(204), candor.Raises(ErrNoAccount, ErrTooLittle))
	return app
}

func main() {
	settings, err := candor.FromEnv[Settings](os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	if err := newApp(settings).Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
