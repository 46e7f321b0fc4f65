package candor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"github.com/candor-go/candor/internal/socket"
)

// CloseError says why a WebSocket is closed: by the client, as [Socket.Receive]
// reports it, or by the server, as a handler returns it. Make one with [Close].
type CloseError struct {
	// Code is that of RFC 6455, section 7.4.1. 1005 means that the client gave
	// none, 1006 that the connection broke without being closed.
	Code int
	// Reason is a text for people who read logs.
	Reason string

	cause error
}

// Close makes an error that closes a WebSocket with a code and a reason. The
// code is 1000 to 1014, without those that never travel (1004 to 1006), or one
// of your own from 3000 to 4999; any other closes with 1011 and is logged. A
// reason longer than 123 bytes is truncated.
//
// Returned before there is a socket, by a guard or a provider, the response
// to the handshake is 403 with the reason as the detail.
func Close(code int, reason string) error { return &CloseError{Code: code, Reason: reason} }

// Error is the code and the reason, for logs.
func (e *CloseError) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("websocket closed with %d: %s", e.Code, e.Reason), ": ")
}

// closedBy is the error of a connection that ended by itself or by the client.
func closedBy(c *socket.Closing) error {
	e := &CloseError{Code: c.Code, Reason: c.Reason}
	if c.Cause != nil {
		e.cause = fmt.Errorf("%w: %w", errClientGone, c.Cause)
	}
	return e
}

// closing is how the connection is closed for e.
func (e *CloseError) closing() *socket.Closing {
	return &socket.Closing{Code: e.Code, Reason: e.Reason}
}

// Unwrap is what broke the connection, nil for one that was closed.
func (e *CloseError) Unwrap() error { return e.cause }

// As is for errors.As: where no socket is to be closed, the request is
// forbidden.
func (e *CloseError) As(target any) bool {
	to, ok := target.(**HTTPError)
	if ok {
		var detail any
		if e.Reason != "" {
			detail = e.Reason
		}
		*to = Error(http.StatusForbidden, detail)
	}
	return ok
}

// usual reports whether the other side closed because it has finished.
func (e *CloseError) usual() bool {
	switch websocket.StatusCode(e.Code) {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
		return true
	}
	return false
}

// travels reports whether a close frame may carry the code (RFC 6455, section
// 7.4).
func travels(code int) bool {
	switch websocket.StatusCode(code) {
	case 1004, websocket.StatusNoStatusRcvd, websocket.StatusAbnormalClosure:
		return false
	}
	return code >= 1000 && code <= 1014 || code >= 3000 && code <= 4999
}

// closingFor is how a socket is closed whose handler returned err. meant is
// false for errors that nobody made for the client.
func closingFor(err error) (closing *CloseError, meant bool) {
	if err == nil {
		return &CloseError{Code: int(websocket.StatusNormalClosure)}, true
	}
	// A CloseError is found first: it is an HTTPError too, by its method As.
	if asked, ok := errors.AsType[*CloseError](err); ok && travels(asked.Code) {
		return asked, true
	} else if ok {
		return &CloseError{Code: int(websocket.StatusInternalError)}, false
	}
	if invalid, ok := errors.AsType[*ValidationError](err); ok {
		return &CloseError{Code: int(websocket.StatusPolicyViolation), Reason: firstFault(invalid)}, true
	}
	if known := httpErrorIn(err); known != nil && known.status < http.StatusInternalServerError {
		return &CloseError{Code: int(websocket.StatusPolicyViolation), Reason: fmt.Sprint(known.detail)}, true
	}
	return &CloseError{Code: int(websocket.StatusInternalError)}, false
}

// firstFault is one of the validation errors: a reason has 123 bytes.
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

// afterClosing reports whether err only says that the socket is closed.
func afterClosing(err, closing error) bool {
	return errors.Is(err, closing) || errors.Is(err, context.Canceled)
}
