package main

import (
	"context"
	"log/slog"
)

// mailer sends letters to users. It is an interface, so that tests can read
// them.
type mailer interface {
	welcome(ctx context.Context, to User) error
}

// logMailer writes to the log what another would send.
type logMailer struct{ log *slog.Logger }

func (m logMailer) welcome(ctx context.Context, to User) error {
	m.log.InfoContext(ctx, "welcome mail", "to", to.Email, "name", to.Name)
	return nil
}
