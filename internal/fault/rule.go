package fault

import (
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Rule is what all faults of one rule have in common, worked out when the rule
// is compiled. Nobody changes it.
type Rule struct {
	// Type and Ctx are the same for all of the faults.
	Type string
	Ctx  map[string]any
	// Kind is Type, Sentence the result of Message, and Facts is Ctx, all as JSON.
	Kind, Sentence, Facts []byte
}

// NewRule works out what the faults of a rule with these facts have in common.
func NewRule(typ string, facts map[string]any) *Rule {
	r := &Rule{Type: typ, Ctx: facts}
	// Facts come from tags, which may hold bytes that are not UTF-8.
	lenient := jsonv2.JoinOptions(jsonv2.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	r.Kind, _ = jsonv2.Marshal(typ)
	r.Sentence, _ = jsonv2.Marshal(Message(typ, r.Ctx), lenient)
	r.Facts, _ = jsonv2.Marshal(r.Ctx, lenient)
	return r
}

// Broken is a fault at the value itself.
func (r *Rule) Broken() Fault { return Fault{Type: r.Type, Ctx: r.Ctx, Rule: r} }
