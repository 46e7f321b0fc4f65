package candortest

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/candor-go/candor"
)

// kind is the kind of a probe.
type kind string

const (
	validKind     kind = "what the document allows"
	brokenKind    kind = "a broken rule"
	missingKind   kind = "a missing parameter"
	emptyKind     kind = "no body"
	malformedKind kind = "a body that is not JSON"
	mediaKind     kind = "another media type"
	acceptKind    kind = "an Accept that no media type matches"
	anonymousKind kind = "no credentials"
	methodKind    kind = "another method"
)

// probe is one check of an operation, run with any number of requests.
type probe struct {
	operation *operation
	kind      kind
	// parameter is the one that contains the aim, nil for the body.
	parameter *parameter
	// body is the body to send, nil for any.
	body   *body
	aim    *aim
	method string
	// media is the media type to send the body as.
	media string
	cases int
	// known is what was known when the probe began.
	known *knowledge
}

func (p *probe) String() string {
	name := p.operation.String()
	where := "body"
	if p.parameter != nil {
		where = p.parameter.in + " " + p.parameter.name
	}
	if p.body != nil && p.body.notation != jsonNotation {
		where = p.body.media
	}
	switch p.kind {
	case brokenKind:
		return name + ", " + string(p.kind) + ": " + where + p.aim.String()
	case missingKind:
		return name + ", " + string(p.kind) + ": " + where
	case methodKind, mediaKind:
		return name + ", " + string(p.kind) + ": " + p.method + p.media
	}
	return name + ", " + string(p.kind)
}

// explorer sends requests to one app.
type explorer struct {
	app     *candor.App
	doc     *document
	set     *settings
	tallies map[*operation]*tally
	known   *knowledge
}

// explore runs all probes. Operations that create come before those that read and change, and those that delete come
// last, so that there is something to read and to delete.
func (e *explorer) explore(tb candor.TB) {
	tb.Helper()
	kept, deleting := e.operations()
	var rest []*probe
	for _, o := range kept {
		e.run(tb, e.validProbe(o))
		rest = append(rest, e.otherProbes(o)...)
	}
	for _, o := range kept {
		if t := e.tallies[o]; t.succeeded == 0 && !t.failed {
			e.run(tb, e.validProbe(o)) // again, because more is known now
		}
	}
	for _, o := range deleting {
		rest = append(rest, e.otherProbes(o)...)
	}
	for _, o := range deleting { // a few for each, before one of them deletes everything
		rest = append(rest, &probe{operation: o, kind: validKind, cases: min(3, e.validProbe(o).cases)})
	}
	for _, o := range deleting {
		rest = append(rest, e.validProbe(o))
	}
	for _, p := range rest {
		e.run(tb, p)
	}
}

// operations returns the operations to test, in order: outer ones first, and POST before the others. Operations that
// delete are separate, inner ones first.
func (e *explorer) operations() (kept, deleting []*operation) {
	for _, o := range e.doc.operations {
		switch {
		case e.set.skips(o):
			continue
		case o.method == http.MethodDelete:
			deleting = append(deleting, o)
		default:
			kept = append(kept, o)
		}
		e.tallies[o] = &tally{statuses: map[int]int{}}
	}
	// An outer resource must exist before an inner one.
	depth := func(o *operation) int { return strings.Count(o.path, "{") }
	rank := func(o *operation) int {
		if o.method == http.MethodPost {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(kept, func(a, b *operation) int { return cmp.Or(depth(a)-depth(b), rank(a)-rank(b)) })
	slices.SortStableFunc(deleting, func(a, b *operation) int { return depth(b) - depth(a) })
	return kept, deleting
}

// probes returns all probes, for a fuzzer to choose from.
func (e *explorer) probes() []*probe {
	kept, deleting := e.operations()
	var all []*probe
	for _, o := range append(kept, deleting...) {
		all = append(append(all, e.validProbe(o)), e.otherProbes(o)...)
	}
	return all
}

// validProbe checks that what the document allows is accepted.
func (e *explorer) validProbe(o *operation) *probe {
	return &probe{operation: o, kind: validKind, cases: max(e.set.cases/2, 1)}
}

// otherProbes check that what it does not allow is refused.
func (e *explorer) otherProbes(o *operation) []*probe {
	var few, broken []*probe
	ask := func(k kind) { few = append(few, &probe{operation: o, kind: k, cases: 3}) }
	for _, p := range o.parameters {
		if p.in == "header" && slices.Contains(reserved, strings.ToLower(p.name)) {
			continue
		}
		if p.required && p.in != "path" {
			few = append(few, &probe{operation: o, kind: missingKind, parameter: p, cases: 3})
		}
		for _, a := range e.doc.aims(p.schema, p.form()) {
			broken = append(broken, &probe{operation: o, kind: brokenKind, parameter: p, aim: a})
		}
	}
	if o.needsBody {
		ask(emptyKind)
	}
	for _, b := range o.bodies {
		if b.notation == jsonNotation {
			few = append(few, &probe{operation: o, kind: malformedKind, body: b, cases: 3})
		}
		if b.isStructured() || b.isForm() {
			for _, a := range e.doc.aims(b.schema, b.form()) {
				broken = append(broken, &probe{operation: o, kind: brokenKind, body: b, aim: a})
			}
		}
	}
	// A range matches every media type, so there is none to refuse.
	if len(o.bodies) > 0 && !slices.ContainsFunc(o.bodies, func(b *body) bool { return strings.Contains(b.media, "*") }) {
		for _, media := range o.otherMedia() {
			few = append(few, &probe{operation: o, kind: mediaKind, media: media, cases: 2})
		}
	}
	if len(o.offers) > 1 {
		ask(acceptKind)
	}
	if o.needsCredentials() {
		ask(anonymousKind)
	}
	few = append(few, e.methodProbes(o)...)
	return append(share(broken, e.set.cases/2), few...)
}

// leastBroken is how often each rule is violated at least: not every generated value violates it.
const leastBroken = 12

func share(broken []*probe, cases int) []*probe {
	for _, p := range broken {
		p.cases = max(leastBroken, cases/len(broken))
		// Enough for each edge character to be tried.
		if p.aim.rule == rulePattern {
			p.cases = max(p.cases, 4*len(edges))
		}
	}
	return broken
}

func (b *body) form() form {
	if b.isForm() {
		return asForm
	}
	return asJSON
}

func (o *operation) needsCredentials() bool {
	return len(o.security) > 0 && !slices.ContainsFunc(o.security, func(alternative map[string]any) bool { return len(alternative) == 0 })
}

// methodProbes request methods that no template matching the path has. The first operation of a path does this for all.
func (e *explorer) methodProbes(o *operation) []*probe {
	if first := slices.IndexFunc(e.doc.operations, func(other *operation) bool { return other.path == o.path && !e.set.skips(other) }); e.doc.operations[first] != o {
		return nil
	}
	var all []*probe
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		if !slices.ContainsFunc(e.doc.operations, func(other *operation) bool { return other.method == method && overlap(other.path, o.path) }) {
			all = append(all, &probe{operation: o, kind: methodKind, method: method, cases: 1})
		}
	}
	return all
}

// overlap reports whether some path matches both templates.
func overlap(a, b string) bool {
	left, right := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] && !isWildcard(left[i]) && !isWildcard(right[i]) {
			return false
		}
	}
	return len(left) == len(right)
}

// failure is a contradiction; requests that fail for the same reason have the same about.
type failure struct{ about, text string }

// run runs a probe and reports the smallest request that fails it.
func (e *explorer) run(tb candor.TB, p *probe) {
	tb.Helper()
	p.known = e.known.snapshot()
	var last *failure
	drawn, sent := 0, 0
	property := func(t *rapid.T) {
		// rapid calls as often as it likes. After a failure it looks for a smaller request.
		if last == nil && (sent >= p.cases || drawn >= draws*p.cases) {
			return
		}
		drawn++
		r := e.draft(t, p)
		if r == nil {
			return
		}
		sent++
		// A smaller request counts only if it fails for the same reason.
		if got := e.ask(p, r); got != nil && (last == nil || last.about == got.about) {
			last = got
			t.Fatalf("%s", got.about)
		}
	}
	// Not every generated request can be sent, so one run of rapid may not be enough.
	for before := -1; sent < p.cases && before < drawn; {
		before = drawn
		c := &collector{name: nameOf(tb)}
		c.run(func() { rapid.Check(c, property) })
		if last != nil {
			t := e.tallies[p.operation]
			t.failed = t.failed || p.kind == validKind
			tb.Errorf("%s: %s\n%s%s", p, last.about, last.text, c.again())
			return
		}
		if len(c.failures) > 0 {
			tb.Errorf("%s: %s", p, strings.Join(c.failures, "\n"))
			return
		}
	}
}

// draws is how many requests are generated for each one to be sent: not all of them are what the probe needs.
const draws = 3

// try is what a fuzzer runs.
func (e *explorer) try(t *rapid.T, p *probe) string {
	p.known = newKnowledge() // the request must depend only on the fuzzer's data
	if r := e.draft(t, p); r != nil {
		if got := e.ask(p, r); got != nil {
			return got.about + "\n" + got.text
		}
	}
	return ""
}

// ask sends a request and checks the response.
func (e *explorer) ask(p *probe, r *request) *failure {
	got := e.send(p.operation, r)
	about := e.judge(p, r, got)
	if p.kind == validKind {
		e.tallies[p.operation].count(got)
		if got.isSuccess() {
			e.learn(p.operation, r, got)
		}
	}
	if about == "" {
		return nil
	}
	return &failure{about: about, text: "sent:\n" + indent(r.String()) + "response:\n" + indent(got.String())}
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}

// nameOf returns the test's name, if it has one.
func nameOf(tb candor.TB) string {
	if named, ok := tb.(interface{ Name() string }); ok {
		return named.Name()
	}
	return "Conform"
}

// collector is the testing.TB that rapid sees. It keeps the output, because Conform reports it in a shorter form.
type collector struct {
	name     string
	failures []string
	failed   bool
}

// run calls f, which may end with FailNow.
func (c *collector) run(f func()) {
	done := make(chan struct{})
	// In its own goroutine, which FailNow ends.
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

var reproduction = regexp.MustCompile(`-rapid\.(seed=[0-9]+|failfile="[^"]*")`)

// again says how to reproduce the failure.
func (c *collector) again() string {
	found := reproduction.FindAllString(strings.Join(c.failures, "\n"), -1)
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf("again: go test -run '%s' %s", c.name, found[len(found)-1])
}

func (c *collector) Helper()                   {}
func (c *collector) Name() string              { return c.name }
func (c *collector) Logf(string, ...any)       {}
func (c *collector) Log(...any)                {}
func (c *collector) Skipf(string, ...any)      { c.SkipNow() }
func (c *collector) Skip(...any)               { c.SkipNow() }
func (c *collector) SkipNow()                  { runtime.Goexit() }
func (c *collector) Error(args ...any)         { c.fail(fmt.Sprint(args...)) }
func (c *collector) Errorf(f string, a ...any) { c.fail(fmt.Sprintf(f, a...)) }
func (c *collector) Fatal(args ...any)         { c.Error(args...); c.FailNow() }
func (c *collector) Fatalf(f string, a ...any) { c.Errorf(f, a...); c.FailNow() }
func (c *collector) FailNow()                  { c.failed = true; runtime.Goexit() }
func (c *collector) Fail()                     { c.failed = true }
func (c *collector) Failed() bool              { return c.failed }

func (c *collector) fail(text string) {
	c.failed = true
	c.failures = append(c.failures, text)
}
