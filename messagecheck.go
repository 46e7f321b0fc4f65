package candor

import (
	"fmt"
	"slices"

	"github.com/coder/websocket"
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

// checkSent judges a message from the app.
func (p *promise) checkSent(n int, kind websocket.MessageType, data []byte) {
	p.tb.Helper()
	s, at := p.messages.Sends, fmt.Sprintf("message %d from the app", n)
	if s == nil || s.Value == nil {
		return
	}
	wanted := websocket.MessageText
	if s.Value.Format == "binary" {
		wanted = websocket.MessageBinary
	}
	switch {
	case isFrame(s):
	case kind != wanted:
		p.broken(at, "a "+frameName(wanted)+" message", "a "+frameName(kind)+" message")
	case isRawMessage(s):
	case faultsIn(data) != nil && p.refusals.Add(-1) >= 0: // AnswerInvalidMessages
	default:
		p.checkJSON(at, s, data)
	}
}

// checkReceived judges what the app said of a message that it has read.
func (p *promise) checkReceived(data []byte, faults []fault.Fault) {
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
			p.checkFaults(sentParts{messagePart: jsonPart(s, data)}, asAnswered(faults), "")
		}
	}
}
