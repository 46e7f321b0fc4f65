package candor

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// ResponseChecks says what becomes of an answer that breaks the rules of its
// own tags, and so would make the document a liar.
type ResponseChecks uint8

// What becomes of such an answer. The reason never reaches the client.
const (
	// Fail answers 500 and logs the reason. It is the default.
	Fail ResponseChecks = iota
	// Log sends the answer and logs the reason.
	Log
	// Off does not check.
	Off
)

// isReadyAnswer reports the types a handler may return that are written by
// themselves rather than encoded.
func isReadyAnswer(t reflect.Type) bool { return t == reflect.TypeFor[None]() }

// answer is what is to be written once everything has gone well.
type answer struct {
	status int
	body   []byte
	// stream, if it is not nil, writes the body in the place of body.
	stream func(w http.ResponseWriter, r *http.Request) error
}

// answerPlan encodes what a handler returns.
type answerPlan struct {
	desc *typeinfo.Output
	// status of a value that does not choose one itself.
	status  int
	encoder *codec.Encoder
}

// describeAnswer reads the type a handler returns.
func describeAnswer(t reflect.Type) (*typeinfo.Output, error) {
	out, err := typeinfo.ReadOutput(t, isReadyAnswer)
	if err != nil {
		return nil, err
	}
	if out.Envelope {
		return nil, &typeinfo.Error{Type: t.String(), Problem: "envelopes are not supported yet"}
	}
	return out, nil
}

// compileAnswer makes the plan for answers of a type with the status declared
// by the route, 0 for none.
func (c *compiler) compileAnswer(out *typeinfo.Output, status int) (*answerPlan, error) {
	p := &answerPlan{desc: out, status: status}
	if out.Body == nil || isReadyAnswer(out.Body.Type.Go) {
		p.status = first(status, http.StatusNoContent)
		return p, nil
	}
	p.status = first(status, http.StatusOK)
	if !bodyAllowed(p.status) {
		return nil, fmt.Errorf("Status(%d) is an answer without a body, but the handler returns %s; return candor.None or choose another status", p.status, out.Go)
	}
	var err error
	p.encoder, err = c.codec.Encoder(out.Body.Type, out.Body.Rules)
	return p, err
}

// hasBody reports whether answers of the plan carry a body.
func (p *answerPlan) hasBody() bool { return p.encoder != nil }

// encode turns what the handler returned into an answer.
func (p *answerPlan) encode(ctx context.Context, out reflect.Value, checks ResponseChecks, log *slog.Logger, a *answer) error {
	a.status = p.status
	if !p.hasBody() {
		return nil
	}
	var faults fault.List
	body, err := p.encoder.Append(a.room(), out, checks != Off, &faults)
	if err != nil {
		return fmt.Errorf("the answer cannot be encoded: %w", err)
	}
	a.body = body
	if len(faults.Faults) == 0 {
		return nil
	}
	faults.Seal(0, "answer")
	broken := invalidAnswer{faults.Faults}
	if checks == Log {
		log.ErrorContext(ctx, "the answer breaks its own rules", "error", broken)
		return nil
	}
	return broken
}

// invalidAnswer is an answer that breaks the rules of its own tags.
type invalidAnswer struct{ faults []fault.Fault }

func (e invalidAnswer) Error() string {
	s := "the answer breaks its own rules"
	for _, f := range e.faults {
		s += fmt.Sprintf("; %v: %s", f.Loc, fault.Message(f.Type, f.Ctx))
	}
	return s
}

func (a *answer) write(w http.ResponseWriter) {
	writeBody(w, a.status, "application/json", a.body)
}

// maxKept is the largest buffer kept for the next answer, in bytes.
const maxKept = 64 << 10

// room is an empty buffer for a body.
func (a *answer) room() []byte {
	if a.body == nil {
		a.body = make([]byte, 0, 1024)
	}
	return a.body[:0]
}

// release keeps the buffer for the next answer, unless it is large.
func (a *answer) release() {
	kept := a.body[:0]
	if cap(kept) > maxKept {
		kept = nil
	}
	*a = answer{body: kept}
}
