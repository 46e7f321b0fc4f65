package main

import (
	"log/slog"
	"time"
)

// Settings are configured by the operator, with environment variables.
type Settings struct {
	Database string   `env:"DATABASE_URL" default:":memory:" doc:"A URL of PostgreSQL, or a file of SQLite"`
	Redis    string   `env:"REDIS_URL,omitempty" validate:"url" doc:"Where rate limits are counted; in this process without it"`
	NATS     string   `env:"NATS_URL,omitempty" validate:"url" doc:"What carries notices between processes; this process alone without it"`
	Secret   string   `env:"SECRET" validate:"min=16" doc:"Signs tokens; equal in all processes"`
	AdminKey string   `env:"ADMIN_KEY" validate:"min=16" doc:"Opens /admin"`
	LogLevel string   `env:"LOG_LEVEL" default:"INFO" validate:"oneof=DEBUG INFO WARN ERROR"`
	Origins  []string `env:"ORIGINS,omitempty" doc:"Pages of other origins that may use the API"`
	Proxies  []string `env:"TRUSTED_PROXIES,omitempty" validate:"dive,cidr" doc:"Networks of the proxies in front"`

	Limit struct {
		Requests   int           `env:"LIMIT_REQUESTS" default:"600" validate:"min=1"`
		Per        time.Duration `env:"LIMIT_PER" default:"1m"`
		Burst      int           `env:"LIMIT_BURST" default:"100" validate:"min=1"`
		FailClosed bool          `env:"LIMIT_FAIL_CLOSED" default:"false" doc:"Respond with 503 while Redis is unreachable, instead of counting in each process"`
		Budget     time.Duration `env:"LIMIT_BUDGET" default:"50ms" doc:"How long a request waits for Redis"`
	} `env:""`
}

// level returns the log level.
func (s Settings) level() slog.Level {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // LogLevel is one of its four names
	return level
}
