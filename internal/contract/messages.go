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
	return len(s.Value.AnyOf) > 0 && !slices.ContainsFunc(s.Value.AnyOf, func(one *openapi3.SchemaRef) bool { return !isRawMessage(one) })
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
		p.broken(at, "a "+kindName(wantsBinary)+" message", "a "+kindName(isBinary)+" message")
	case isRawMessage(s):
	case reportedIn(data) != nil && p.refusals.Add(-1) >= 0: // AnswerInvalidMessages
	default:
		p.checkJSON(at, s, data)
	}
}

// CheckReceived judges what the app said of a message that it has read.
func (p *Expected) CheckReceived(data []byte, faults []fault.Fault) {
	p.tb.Helper()
	s := p.messages.Receives
	if s == nil || s.Value == nil || isRawMessage(s) {
		return
	}
	switch {
	case len(faults) == 0:
		p.checkAccepted(sentParts{messagePart: jsonPart(s, data)}, "")
	default:
		p.refusals.Add(1)
		if len(data) <= maxJudged {
			p.checkFaults(sentParts{messagePart: jsonPart(s, data)}, asReported(faults), "")
		}
	}
}
