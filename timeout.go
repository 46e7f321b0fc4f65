package candor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// errTimedOut is why a context ended that a Timeout bounds.
var errTimedOut = errors.New("the operation took longer than its Timeout")

// Timeout bounds the time of operations: it ends the context of guards,
// providers and the handler that long after the request's turn came. An error that
// they return then becomes a 504 Gateway Timeout, which the document lists, unless
// it is an [HTTPError] or a [ValidationError]. The innermost Timeout
// counts; 0 lifts one further out.
//
//   - Nothing is interrupted that does not watch its context. An operation that
//     is late but succeeds responds as usual.
//   - Scoped providers end as after any other error: a transaction begun under
//     the context is rolled back.
//   - It holds for the whole of a stream, which is then aborted.
//   - A plain handler, or one that is mounted, sees it in the context of its
//     request. One that has written nothing by then gets a 504, too.
//   - Reading the body has limits of its own: see [Limits].
func Timeout(d time.Duration) Option {
	return everywhere(func(s *settings) error {
		if d < 0 {
			return fmt.Errorf("Timeout(%s); write a positive duration, or 0 for none", d)
		}
		s.timeout = &d
		return nil
	})
}

// limited is the request under a context that ends in time.
func limited(r *http.Request, d time.Duration) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeoutCause(r.Context(), d, errTimedOut)
	return r.WithContext(ctx), cancel
}

// isLate reports whether err came of a context whose Timeout has passed. An
// error that is made for the client is kept, and so is a panic.
func isLate(ctx context.Context, err error) bool {
	if err == nil || !errors.Is(context.Cause(ctx), errTimedOut) {
		return false
	}
	// What is made for the client says more than that it took too long.
	_, invalid := errors.AsType[*ValidationError](opened(err))
	_, panicked := errors.AsType[*panicError](err)
	return httpErrorIn(err) == nil && !invalid && !panicked
}
