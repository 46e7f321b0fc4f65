package service

import (
	"context"
	"log/slog"
)

// Mailer sends letters to users. It is an interface, so that tests can record
// them.
type Mailer interface {
	Welcome(ctx context.Context, to User) error
}

// LogMailer logs letters instead of sending them.
type LogMailer struct{ Log *slog.Logger }

// Welcome implements Mailer.
func (m LogMailer) Welcome(ctx context.Context, to User) error {
	m.Log.InfoContext(ctx, "welcome mail", "to", to.Email, "name", to.Name)
	return nil
}
