package fault

import (
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Rule has the parts that all validation errors of one rule share, computed when the rule is compiled. It is immutable.
type Rule struct {
	// Type and Ctx are the same for all validation errors of the rule.
	Type string
	Ctx  map[string]any
	// Kind is Type, Sentence the result of Message, and Facts is Ctx, all as JSON.
	Kind, Sentence, Facts []byte
}

// NewRule computes the shared parts of a rule with these facts.
func NewRule(typ string, facts map[string]any) *Rule {
	r := &Rule{Type: typ, Ctx: facts}
	// Facts come from tags, which may contain invalid UTF-8.
	lenient := jsonv2.JoinOptions(jsonv2.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	r.Kind, _ = jsonv2.Marshal(typ)
	r.Sentence, _ = jsonv2.Marshal(Message(typ, r.Ctx), lenient)
	r.Facts, _ = jsonv2.Marshal(r.Ctx, lenient)
	return r
}

// Broken is a validation error at the value itself.
func (r *Rule) Broken() Fault { return Fault{Type: r.Type, Ctx: r.Ctx, Rule: r} }
