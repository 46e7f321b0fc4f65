package main

import (
	"context"
	"database/sql"
	"embed"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/source"
)

// Reading is a measurement of a station.
type Reading struct {
	ID      int64     `json:"id"`
	Station int       `json:"station" validate:"gte=0,lte=99"`
	At      time.Time `json:"at"`
	Celsius float64   `json:"celsius"`
}

// code has the comments that describe operations and types in the document.
//
//go:embed *.go
var code embed.FS

func newApp(s store) *candor.App {
	app := candor.New(candor.Config{
		Title: "Export", Version: "1.0.0", Description: "A table, line by line.",
		License: candor.License{Name: "MIT", Identifier: "MIT"},
		Source:  source.Of(code),
		Servers: []candor.Server{{URL: "/", Description: "here"}},
		Tags:    []candor.Tag{{Name: "readings", Description: "What was measured"}},
	}, candor.Tags("readings"))
	candor.ProvideShared(app, s.open)
	candor.Get(app, "/readings", export)
	return app
}

type Export struct {
	After   int64   `query:"after" default:"0" doc:"The id after which to go on"`
	Station *int    `query:"station" validate:"gte=0,lte=99"`
	Limit   int64   `query:"limit" default:"-1" doc:"How many lines at most; -1 is all"`
	DB      *sql.DB `dep:""`
}

// export streams the readings in the order of their ids, one JSON object per
// line.
//
// A query that fails is an error, and not an empty export. If it fails later,
// the response is truncated.
func export(ctx context.Context, in Export) (candor.JSONLines[Reading], error) {
	rows, err := in.DB.QueryContext(ctx, `
		SELECT id, station, at, celsius FROM readings
		WHERE id > ?1 AND (?2 IS NULL OR station = ?2) ORDER BY id LIMIT ?3`, in.After, in.Station, in.Limit)
	if err != nil {
		return nil, err
	}
	return func(yield func(Reading, error) bool) {
		defer rows.Close()
		for rows.Next() {
			reading, err := scan(rows)
			if !yield(reading, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Reading{}, err)
		}
	}, nil
}

func scan(rows *sql.Rows) (r Reading, err error) {
	var at int64
	err = rows.Scan(&r.ID, &r.Station, &at, &r.Celsius)
	r.At = time.Unix(at, 0).UTC()
	return r, err
}

// store is the file of the table, and the size of a new one.
type store struct {
	file string
	rows int
}

// open opens the database for as long as the app lives.
func (s store) open(ctx context.Context, _ candor.None, use func(*sql.DB) error) error {
	if s.file == "" {
		dir, err := os.MkdirTemp("", "export-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // the system removes what is left
		s.file = filepath.Join(dir, "readings.db")
	}
	db, err := sql.Open("sqlite", "file:"+s.file+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(20) // else all but two are closed after each use
	if err := s.fill(ctx, db); err != nil {
		return err
	}
	return use(db)
}

// fill creates the table if it is missing.
func (s store) fill(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS readings (
		id INTEGER PRIMARY KEY, station INTEGER NOT NULL, at INTEGER NOT NULL, celsius REAL NOT NULL)`); err != nil {
		return err
	}
	var count int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM readings`).Scan(&count); err != nil || count > 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO readings
		WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
		SELECT n, n % 100, 1767225600 + n, 15 + (n * 37 % 200) / 10.0 FROM numbers WHERE ?1 > 0`, s.rows)
	if err != nil {
		return err
	}
	return tx.Commit()
}
