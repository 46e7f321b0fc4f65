package contract

import (
	"fmt"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/fault"
)

// isRawMessage reports whether messages are texts or bytes as they are.
func isRawMessage(s *openapi3.SchemaRef) bool {
	return s.Value.ContentMediaType != "" || s.Value.Format == "binary" || isFrame(s)
}

// isFrame reports whether messages are texts and bytes both.
func isFrame(s *openapi3.SchemaRef) bool {
	return len(s.Value.AnyOf) > 0 && !slices.ContainsFunc(s.Value.AnyOf, func(kind *openapi3.SchemaRef) bool { return !isRawMessage(kind) })
}

func kindName(isBinary bool) string {
	if isBinary {
		return "binary"
	}
	return "text"
}

// CheckSent judges a message from the app.
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
	// A list of validation errors replies to an invalid message, so there are at
	// most as many as messages were refused.
	case reportedIn(data) != nil && p.refusals.Add(-1) >= 0:
	default:
		p.checkJSON(at, s, data)
	}
}

// CheckReceived judges a message that the app has read, with the validation
// errors that it found.
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
		// Atomic, since messages of the app are judged in another goroutine.
		p.refusals.Add(1)
		if len(data) <= maxJudged {
			p.checkFaults(requestParts{messageKey: jsonPart(s, data)}, asReported(faults), "")
		}
	}
}
