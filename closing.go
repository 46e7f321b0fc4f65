package candor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/socket"
)

// CloseError says why a WebSocket was or is to be closed: [Socket.Receive] returns one when the client closes, and a
// handler returns one, made by [Close], to close with a code and a reason.
type CloseError struct {
	// Code is the status code of RFC 6455, section 7.4.1. 1005 means that the client sent none, 1006 that the
	// connection broke without a close frame.
	Code int
	// Reason is a text for people who read logs.
	Reason string

	cause error
}

// Close returns an error that closes a WebSocket with a code and a reason. The code is one of 1000 to 1014, except for
// those that are never sent (1004 to 1006), or your own from 3000 to 4999; any other closes with 1011 and is logged. A
// reason longer than 123 bytes is truncated.
//
// If a guard or provider returns it before the handshake has finished, the response is a 403 with the reason as its
// detail.
func Close(code int, reason string) error { return &CloseError{Code: code, Reason: reason} }

// Error returns the code and the reason, for logs.
func (e *CloseError) Error() string {
	if e == nil {
		return fault.NilError("CloseError")
	}
	return strings.TrimSuffix(fmt.Sprintf("websocket closed with %d: %s", e.Code, e.Reason), ": ")
}

// closedBy returns the error for a connection that broke or that the client closed.
func closedBy(c *socket.Closing) error {
	e := &CloseError{Code: c.Code, Reason: c.Reason}
	if c.Cause != nil {
		e.cause = fmt.Errorf("%w: %w", response.ErrClientGone, c.Cause)
	}
	return e
}

// closing returns the close frame for e.
func (e *CloseError) closing() *socket.Closing {
	return &socket.Closing{Code: e.Code, Reason: e.Reason}
}

// Unwrap returns what broke the connection, nil if it was closed properly.
func (e *CloseError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// As lets errors.As find an [HTTPError]: before there is a socket to close, the error is a 403.
func (e *CloseError) As(target any) bool {
	to, ok := target.(**HTTPError)
	if ok = ok && e != nil; ok {
		var detail any
		if e.Reason != "" {
			detail = e.Reason
		}
		*to = Error(http.StatusForbidden, detail)
	}
	return ok
}

// usual reports whether the other side closed because it was finished.
func (e *CloseError) usual() bool {
	switch websocket.StatusCode(e.Code) {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
		return true
	}
	return false
}

// travels reports whether a close frame may carry the code (RFC 6455, section 7.4).
func travels(code int) bool {
	switch websocket.StatusCode(code) {
	case 1004, websocket.StatusNoStatusRcvd, websocket.StatusAbnormalClosure:
		return false
	}
	return code >= 1000 && code <= 1014 || code >= 3000 && code <= 4999
}

// closingFor returns how to close a socket whose handler returned err. meant is false for errors that were not made for
// the client.
func closingFor(err error) (closing *CloseError, meant bool) {
	if err == nil {
		return &CloseError{Code: int(websocket.StatusNormalClosure)}, true
	}
	// CloseError must be tested first: by its method As it is an HTTPError too.
	if asked, ok := errors.AsType[*CloseError](err); ok && asked != nil && travels(asked.Code) {
		return asked, true
	} else if ok {
		return &CloseError{Code: int(websocket.StatusInternalError)}, false
	}
	if invalid := invalidIn(err); invalid != nil {
		return &CloseError{Code: int(websocket.StatusPolicyViolation), Reason: firstFault(invalid)}, true
	}
	if known := httpErrorIn(err); known != nil && known.status < http.StatusInternalServerError {
		return &CloseError{Code: int(websocket.StatusPolicyViolation), Reason: fmt.Sprint(known.detail)}, true
	}
	return &CloseError{Code: int(websocket.StatusInternalError)}, false
}

// firstFault describes only the first validation error: a reason has at most 123 bytes.
func firstFault(e *ValidationError) string {
	if len(e.Faults) == 0 {
		return "not valid"
	}
	f := e.Faults[0]
	message := f.Msg
	if message == "" {
		message = defaultMessage(f)
	}
	var at []string
	for _, step := range f.Loc {
		at = append(at, fmt.Sprint(step))
	}
	return strings.Join(at, ".") + ": " + message
}

// afterClosing reports whether err only says that the socket was closed.
func afterClosing(err, closing error) bool {
	return errors.Is(err, closing) || errors.Is(err, context.Canceled)
}
