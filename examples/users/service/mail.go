package service

import (
	"context"
	"log/slog"
)

// Mailer sends letters to users. It is an interface, so that tests can read
// them.
type Mailer interface {
	Welcome(ctx context.Context, to User) error
}

// LogMailer writes to the log what another would send.
type LogMailer struct{ Log *slog.Logger }

// Welcome implements Mailer.
func (m LogMailer) Welcome(ctx context.Context, to User) error {
	m.Log.InfoContext(ctx, "welcome mail", "to", to.Email, "name", to.Name)
	return nil
}
