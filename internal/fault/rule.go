package fault

import (
	"sync"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Rule has the parts that all validation errors of one rule share.
type Rule struct {
	// Type and Ctx are the same for all validation errors of the rule.
	Type string
	Ctx  map[string]any

	once  sync.Once
	texts Texts
}

// Texts are the parts as JSON: the type, the result of [Message], and the facts.
type Texts struct{ Type, Sentence, Facts []byte }

// NewRule returns the shared parts of a rule with these facts.
func NewRule(typ string, facts map[string]any) *Rule { return &Rule{Type: typ, Ctx: facts} }

// Texts returns the parts as JSON. They are encoded on the first call, because most rules are never broken, and a large
// service has thousands of them.
func (r *Rule) Texts() *Texts {
	r.once.Do(r.encode)
	return &r.texts
}

func (r *Rule) encode() {
	// Facts come from tags, which may contain invalid UTF-8.
	lenient := jsonv2.JoinOptions(jsonv2.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	r.texts.Type, _ = jsonv2.Marshal(r.Type)
	r.texts.Sentence, _ = jsonv2.Marshal(Message(r.Type, r.Ctx), lenient)
	r.texts.Facts, _ = jsonv2.Marshal(r.Ctx, lenient)
}

// Broken is a validation error at the value itself.
func (r *Rule) Broken() Fault { return Fault{Type: r.Type, Ctx: r.Ctx, Rule: r} }
