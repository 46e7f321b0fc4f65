package candortest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/candor-go/candor"
)

// tally counts the results of valid requests.
type tally struct {
	sent, succeeded int
	// statuses counts the responses that were not successes.
	statuses map[int]int
	// failed means that a valid request has already failed the test.
	failed bool
}

func (t *tally) count(a *response) {
	t.sent++
	if a.isSuccess() {
		t.succeeded++
		return
	}
	t.statuses[a.status]++
}

// isSuccess reports whether the request succeeded.
func (a *response) isSuccess() bool { return a.aborted == nil && a.status >= 200 && a.status < 400 }

// others lists the statuses that were not successes.
func (t *tally) others() string {
	var texts []string
	for _, status := range slices.Sorted(maps.Keys(t.statuses)) {
		texts = append(texts, fmt.Sprintf("%d: %d", status, t.statuses[status]))
	}
	return strings.Join(texts, ", ")
}

// closing reports what could not be tested, and how much was.
func (e *explorer) closing(tb candor.TB) {
	tb.Helper()
	for _, o := range e.doc.operations {
		if about := e.unseen(o); about != "" {
			tb.Errorf("%s: %s", o, about)
		}
	}
	if logging, ok := tb.(interface{ Logf(string, ...any) }); ok {
		logging.Logf("%s", e.table())
	}
}

// unseen returns why no success of an operation was seen, "" if there was one or none is expected.
func (e *explorer) unseen(o *operation) string {
	t := e.tallies[o]
	switch {
	case t == nil || t.failed || t.succeeded > 0:
		return ""
	case t.sent == 0 && o.needsBody && len(o.bodies) == 0:
		return fmt.Sprintf("no body of %s could be written; give it a Codec, or Skip the operation", strings.Join(o.media, " or "))
	case t.sent == 0:
		return "no request could be made that the document allows; give the parameters their Values, or Skip it"
	case !o.declaresSuccess() || o.isNamed(e.set.barren):
		return ""
	}
	return fmt.Sprintf("not one of %d requests that the document allows ended in 2xx or 3xx (%s), so its response was never seen; "+
		"give it Credentials, or Values of what there is, or name it in WithoutSuccess", t.sent, t.others())
}

// declaresSuccess reports whether the document has a success response for the operation.
func (o *operation) declaresSuccess() bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(o.responses.at)), func(status string) bool {
		return status == "default" || strings.HasPrefix(status, "2") || strings.HasPrefix(status, "3")
	})
}

func (o *operation) String() string {
	if o.id == "" {
		return o.method + " " + o.path
	}
	return o.method + " " + o.path + " (" + o.id + ")"
}

// table shows how many valid requests succeeded.
func (e *explorer) table() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "operation\tvalid\t2xx/3xx\tothers\n")
	for _, o := range e.doc.operations {
		if t := e.tallies[o]; t != nil {
			_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", o, t.sent, t.succeeded, t.others())
		} else {
			_, _ = fmt.Fprintf(w, "%s\tskipped\t\t\n", o)
		}
	}
	_ = w.Flush() // a strings.Builder has no errors
	return b.String()
}

// checkOptions reports options that match nothing in the document.
func (e *explorer) checkOptions(tb candor.TB) {
	tb.Helper()
	for option, names := range map[string][]string{"Skip": e.set.skipped, "WithoutSuccess": e.set.barren} {
		for _, name := range names {
			if !slices.ContainsFunc(e.doc.operations, func(o *operation) bool { return o.isNamed([]string{name}) }) {
				tb.Errorf("%s(%q): the document has no operation with this id or tag", option, name)
			}
		}
	}
	schemes := e.doc.find("/components/securitySchemes")
	for _, name := range slices.Sorted(maps.Keys(e.set.credentials)) {
		if schemes[name] == nil {
			tb.Errorf("Credentials(%q): the document has no such security scheme; it has %s", name, strings.Join(slices.Sorted(maps.Keys(schemes)), ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.set.values)) {
		if !slices.ContainsFunc(e.doc.operations, func(o *operation) bool { return e.doc.takes(o, name) }) {
			tb.Errorf("Values(%q): the document has no parameter and no field of a form of this name", name)
		}
	}
}

// takes reports whether an operation has a parameter or a field of a form of the
// name.
func (d *document) takes(o *operation, name string) bool {
	return slices.ContainsFunc(o.parameters, func(p *parameter) bool { return p.name == name }) ||
		slices.ContainsFunc(o.bodies, func(b *body) bool { return b.isForm() && slices.Contains(d.facts(b.schema).names, name) })
}

// checkPatterns reports patterns that cannot be checked.
func (e *explorer) checkPatterns(tb candor.TB) {
	tb.Helper()
	for _, u := range e.doc.unread {
		tb.Errorf("the document's pattern %s at %s cannot be judged: %v; \"x-validate\" next to it says that values may be refused for more than the schema says",
			u.Pattern, u.Pointer, u.Reason)
	}
}
