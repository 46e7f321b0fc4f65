package contract

import (
	"fmt"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/fault"
)

// isRawMessage reports whether messages are text or binary without JSON.
func isRawMessage(s *openapi3.SchemaRef) bool {
	return s.Value.ContentMediaType != "" || s.Value.Format == "binary" || isFrame(s)
}

// isFrame reports whether messages may be text or binary.
func isFrame(s *openapi3.SchemaRef) bool {
	return len(s.Value.AnyOf) > 0 && !slices.ContainsFunc(s.Value.AnyOf, func(kind *openapi3.SchemaRef) bool { return !isRawMessage(kind) })
}

func kindName(isBinary bool) string {
	if isBinary {
		return "binary"
	}
	return "text"
}

// CheckSent checks a message from the app.
func (p *Expected) CheckSent(n int, isBinary bool, data []byte) {
	p.tb.Helper()
	s, at := p.messages.Sends, fmt.Sprintf("message %d from the app", n)
	if s == nil || s.Value == nil {
		return
	}
	wantsBinary := s.Value.Format == "binary"
	switch {
	case isFrame(s):
	case isBinary != wantsBinary:
		p.disagree(at, "a "+kindName(wantsBinary)+" message", "a "+kindName(isBinary)+" message")
	case isRawMessage(s):
	// The app replies to an invalid message with a list of validation errors, so there are at most as many lists as
	// rejected messages.
	case reportedIn(data) != nil && p.refusals.Add(-1) >= 0:
	default:
		p.checkJSON(at, s, data)
	}
}

// CheckReceived checks a message that the app has read, given the validation errors that it found.
func (p *Expected) CheckReceived(data []byte, faults []fault.Fault) {
	p.tb.Helper()
	s := p.messages.Receives
	if s == nil || s.Value == nil || isRawMessage(s) {
		return
	}
	switch {
	case len(faults) == 0:
		p.checkAccepted(requestParts{messageKey: jsonPart(s, data)}, "")
	default:
		// Atomic, because messages from the app are checked in another goroutine.
		p.refusals.Add(1)
		if len(data) <= maxJudged {
			p.checkFaults(requestParts{messageKey: jsonPart(s, data)}, asReported(faults), "")
		}
	}
}
