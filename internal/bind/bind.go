// Package bind converts text to typed values: the path, query, header and cookie parameters of a request, and single
// values of forms. A [Sender] and a [Writer] convert in the other direction.
//
// It does for text what codec does for JSON: parameters of routes, headers of responses, fields of forms and settings.
// It builds on typeinfo and check, and knows nothing about routes; JSON and defaults are handled by functions passed to
// it.
//
// A [Plan] is compiled from the description of an input struct and binds all of its parameters, collecting all
// validation errors. A request with plain parameters causes no allocation: strings share the memory of the request's
// text, and the query and the Cookie header are scanned in place.
//
// If a scalar is sent several times, the last value counts, except in cookies: there it is the first, as in net/http,
// because user agents send the cookie of the most specific path first (RFC 6265, section 5.4).
package bind

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Compiler makes plans. Its fields are needed only by some parameters: Rules for rules, Defaults for defaults, JSON for
// parameters written as JSON.
type Compiler struct {
	Rules    *check.Set
	Defaults Defaults
	// Fill is Defaults for a value made of several texts, whose parts may have their own defaults; it returns nil if
	// there are none.
	Fill Defaults
	// Example returns what is wrong with a field's example; nil accepts all.
	Example func(f *typeinfo.Field) error
	JSON    JSONText
	// ClosedJSON is JSON that refuses unknown members, for forms that do; may be nil.
	ClosedJSON JSONText
	// WriteJSON is for senders.
	WriteJSON WriteJSON
}

// Defaults makes a function that sets a field's default.
type Defaults func(f *typeinfo.Field) (func(dst reflect.Value), error)

// JSONText makes a function that reads a parameter written as JSON, whose text is never blank, and checks the field's
// rules. Locations are relative to the value, innermost element first; for text that is not JSON the location is an
// offset.
type JSONText func(f *typeinfo.Field) (func(dst reflect.Value, text string, faults *fault.List), error)

// WriteJSON makes the inverse of the function that JSONText makes.
type WriteJSON func(f *typeinfo.Field) (func(v reflect.Value) (string, error), error)

// Plan binds all parameters of one input struct. It is safe for concurrent
// use.
type Plan struct {
	path    []pathParam
	query   []*Param
	headers []headerParam
	cookies []*Param
	env     []*Param
	cross   []crossRule
	needs   []need
}

// need is a parameter that is required beside another one; both are indices in the order of binding.
type need struct {
	*Param
	nth, other int
}

// asksPresence reports whether a rule depends on which parameters were sent.
func (p *Plan) asksPresence() bool { return len(p.cross)+len(p.needs) > 0 }

// pathParam is a parameter with the index of its wildcard in the pattern.
type pathParam struct {
	*Param
	position int
}

// headerParam is a parameter with the canonical name of its header; the name is "" for the host, which net/http keeps
// in a field.
type headerParam struct {
	*Param
	key string
}

// crossRule is a rule about several fields of the input.
type crossRule struct {
	*Param
	// nth is the index of the parameter in the order of binding.
	nth   int
	check check.CrossCheck
}

// Request is the source of the values.
type Request struct {
	// Path holds the decoded values of the pattern's wildcards, in order.
	Path     []string
	RawQuery string
	Header   http.Header
	Host     string
	// Env looks up environment variables, for settings, which have no request.
	Env func(name string) (text string, ok bool)
	// EchoInput adds the input to validation errors.
	EchoInput bool
}

// Target is an input struct with its parameters' fields, for a plan that fills the same struct again and again. It
// serves one request at a time.
type Target struct {
	plan *Plan
	into reflect.Value
	// path and the others are the parameters of each source.
	path, query, headers, cookies, env []slot
	// found is where in the current query each parameter's last text is; sent says which parameters were present, and
	// is kept only for rules across fields.
	found []span
	sent  []bool
}

// slot is a parameter with the field it fills.
type slot struct {
	*Param
	dst reflect.Value
	// name is the name of a query parameter if clients send it unescaped; "" for others.
	name string
	// quick is nil if there is no fast path.
	quick quick
	// aliases are the former names, with the same field.
	aliases []slot
}

// At prepares the plan for an addressable input struct. It returns nil if there is nothing to bind.
func (p *Plan) At(into reflect.Value) *Target {
	params := p.inOrder()
	if len(params) == 0 {
		return nil
	}
	slots := make([]slot, len(params))
	for i, param := range params {
		// Looked up once for all requests, because it needs reflection.
		slots[i] = param.at(into.FieldByIndex(param.field.Index))
	}
	t := &Target{plan: p, into: into, found: make([]span, len(p.query))}
	// In the order of inOrder.
	t.path, slots = splitAt(slots, len(p.path))
	t.query, slots = splitAt(slots, len(p.query))
	t.headers, slots = splitAt(slots, len(p.headers))
	t.cookies, t.env = splitAt(slots, len(p.cookies))
	if p.asksPresence() {
		t.sent = make([]bool, 0, len(params))
	}
	return t
}

func (p *Param) at(dst reflect.Value) slot {
	s := slot{Param: p, dst: dst, quick: p.quickAt(dst)}
	// A name with one of these characters cannot be compared with the raw query, where they have a meaning.
	if !strings.ContainsAny(p.field.Name, "%+=&") {
		s.name = p.field.Name
	}
	for _, alias := range p.aliases {
		s.aliases = append(s.aliases, alias.at(dst))
	}
	return s
}

func splitAt(slots []slot, n int) (first, rest []slot) { return slots[:n], slots[n:] }

// Bind fills the parameters into the input struct, which is zero. Validation errors have complete locations; they are
// ordered by source (path, query, header, cookie) and then by field.
//
// It reports whether there was no validation error. Use this rather than the length of the list, which stops growing at
// its limit.
func (t *Target) Bind(r *Request, faults *fault.List) (valid bool) {
	p := t.plan
	b := binding{Request: *r, Target: t, faults: faults, valid: true}
	t.sent = t.sent[:0]
	b.bindPath()
	if len(t.query) > 0 {
		b.bindQuery()
	}
	b.bindHeaders()
	if len(t.cookies) > 0 {
		b.bindCookies()
	}
	b.bindEnv()
	if len(p.needs) > 0 {
		b.require(p.needs)
	}
	if b.valid && len(p.cross) > 0 {
		b.judge(p.cross)
	}
	return b.valid
}

// binding is one run of a plan.
type binding struct {
	// A copy: errors may outlive the run, and a pointer would make the compiler move every Request to the heap.
	Request
	*Target
	faults *fault.List
	valid  bool
}

func (b *binding) bind(s *slot, texts []string) {
	// Only rules across fields ask which parameters were sent.
	if b.plan.asksPresence() {
		b.sent = append(b.sent, len(texts) > 0)
	}
	if len(texts) > 0 && s.quick != nil && s.quick(texts[len(texts)-1]) {
		return
	}
	if !s.bind(s.dst, texts, b.EchoInput, b.faults) {
		b.valid = false
	}
}

func (b *binding) bindPath() {
	for i := range b.path {
		var texts []string
		if at := b.plan.path[i].position; at < len(b.Path) {
			texts = b.Path[at : at+1]
		}
		b.bind(&b.path[i], texts)
	}
}

func (b *binding) bindHeaders() {
	for i := range b.headers {
		if key := b.plan.headers[i].key; key != "" {
			b.bindEither(&b.headers[i], b.Header[key], b.headerTexts)
			continue
		}
		// The host is a field rather than a list of lines; an array makes a list without allocating.
		host := [1]string{b.Host}
		texts := host[:]
		if b.Host == "" {
			texts = nil
		}
		b.bind(&b.headers[i], texts)
	}
}

func (b *binding) bindEnv() {
	for i := range b.env {
		var texts []string
		if text, ok := b.Env(b.env[i].field.Name); ok {
			texts = []string{text}
		}
		b.bind(&b.env[i], texts)
	}
}

// require reports parameters that are required beside others, each once.
func (b *binding) require(needs []need) {
	reported := -1
	for i := range needs {
		n := &needs[i]
		if n.nth != reported && !b.sent[n.nth] && b.sent[n.other] {
			b.valid, reported = n.report(fault.New(fault.Missing), sink{faults: b.faults}), n.nth
		}
	}
}

// judge checks the rules across fields. They see only bound values, so it runs only if there was no validation error.
func (b *binding) judge(rules []crossRule) {
	for i := range rules {
		rule := &rules[i]
		value := b.into.FieldByIndex(rule.field.Index)
		if f := rule.check(b.into, value, b.sent[rule.nth]); f != nil {
			if b.EchoInput {
				f.Input = value.Interface()
			}
			b.valid = rule.report(f, sink{faults: b.faults})
		}
	}
}

func (b *binding) headerTexts(alias *slot) []string {
	return b.Header[http.CanonicalHeaderKey(alias.field.Name)]
}

// bindEither binds a parameter that may have been sent under a former name. A client that supports old and new servers
// may send both names, but with the same value, because otherwise it is unclear which one it means.
func (b *binding) bindEither(s *slot, texts []string, textsOf func(alias *slot) []string) {
	sentAs := s
	for i := range s.aliases {
		alias := &s.aliases[i]
		switch sent := textsOf(alias); {
		case len(sent) == 0:
		case len(texts) == 0:
			sentAs, texts = alias, sent
		case !s.SameTexts(texts, sent):
			alias.report(Contradiction(sentAs.field.Name), sink{faults: b.faults})
			b.valid = false
		}
	}
	b.bind(sentAs, texts)
}

// Contradiction is the validation error for a value that differs from the one sent under another name of the parameter.
func Contradiction(other string) *fault.Fault {
	return fault.With(fault.ValueError, "error", "it is another name of "+other+", which was sent with a different value")
}

// SameTexts reports whether two names were sent with the same value. For a scalar only the one text that counts is
// compared.
func (p *Param) SameTexts(a, b []string) bool {
	if p.list == nil && len(a) > 0 && len(b) > 0 {
		a, b = a[len(a)-1:], b[len(b)-1:]
	}
	return slices.EqualFunc(a, b, func(a, b string) bool {
		plainA, faultA := p.single.decode(a)
		plainB, faultB := p.single.decode(b)
		return plainA == plainB && faultA == nil && faultB == nil
	})
}

// indexOf finds a parameter by its exact name, -1 if there is none.
func indexOf(params []*Param, name string) int {
	for i, p := range params {
		if p.field.Name == name {
			return i
		}
	}
	return -1
}

// hasName reports whether a parameter has the name, or had it formerly.
func hasName(params []*Param, name string) bool {
	return slices.ContainsFunc(params, func(p *Param) bool {
		return p.field.Name == name || indexOf(p.aliases, name) >= 0
	})
}
