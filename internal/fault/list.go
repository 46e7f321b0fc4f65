package fault

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
)

// List collects the validation errors of one request. The zero value is ready to use.
type List struct {
	Faults []Fault
	// Truncated is set if validation errors were omitted because there were too many.
	Truncated bool
	// locations is where short locations lie, one after the other.
	locations []any
}

// maxKept is the largest capacity that is reused, in validation errors.
const maxKept = 16

// Reset empties the list for the next request. Its validation errors and their locations must no longer be used.
func (l *List) Reset() {
	// One request with many errors must not permanently enlarge what a pool keeps.
	if cap(l.Faults) > maxKept {
		*l = List{}
		return
	}
	// The validation errors refer to memory of the last request.
	clear(l.Faults)
	clear(l.locations)
	*l = List{Faults: l.Faults[:0], locations: l.locations[:0]}
}

// Add notes a copy of f, with the location it has.
func (l *List) Add(f *Fault) {
	if len(l.Faults) >= Limit {
		l.Truncated = true
		return
	}
	if l.Faults == nil {
		// Most invalid requests have a few validation errors: one allocation is enough.
		l.Faults = make([]Fault, 0, 4)
	}
	l.Faults = append(l.Faults, *f)
}

// shortLocation is the length of a location with a source, a member, an index and a member; a longer one is
// reallocated.
const shortLocation = 4

// location is an empty one.
func (l *List) location() []any {
	n := len(l.locations)
	if cap(l.locations)-n < shortLocation {
		l.locations, n = make([]any, 0, maxKept/2*shortLocation), 0
	}
	l.locations = l.locations[:n+shortLocation]
	// The capacity ends here as well: a longer location is reallocated, and does not overwrite the next one.
	return l.locations[n:n:len(l.locations)]
}

// Under prepends a member name or an index to the locations of all validation errors from the n-th on. Locations are
// built innermost first, so valid values have no cost.
func (l *List) Under(n int, at any) {
	for i := n; i < len(l.Faults); i++ {
		if l.Faults[i].Loc == nil {
			l.Faults[i].Loc = l.location()
		}
		l.Faults[i].Loc = append(l.Faults[i].Loc, at)
	}
}

// Seal reverses the locations of all validation errors from the n-th on and prepends the source, such as "body". The
// source is a string: a constant converts to any without an allocation.
func (l *List) Seal(n int, source any) {
	if n == len(l.Faults) {
		return
	}
	l.Under(n, source)
	for i := n; i < len(l.Faults); i++ {
		slices.Reverse(l.Faults[i].Loc)
	}
}

// DropRepeated removes duplicates: two readers of one parameter find the same error.
func (l *List) DropRepeated() {
	kept := l.Faults[:0]
	for _, f := range l.Faults {
		if !slices.ContainsFunc(kept, func(other Fault) bool { return f.repeats(&other) }) {
			kept = append(kept, f)
		}
	}
	// Or the array would keep them alive.
	clear(l.Faults[len(kept):])
	l.Faults = kept
}

func (f *Fault) repeats(other *Fault) bool {
	return f.Type == other.Type && f.Msg == other.Msg && reflect.DeepEqual(f.Loc, other.Loc) && reflect.DeepEqual(f.Ctx, other.Ctx)
}

// SortBy sorts validation errors stably by rank. Nearly all lists are sorted already, which is checked first.
func SortBy(faults []Fault, rank func(*Fault) int) {
	for i, last := 0, math.MinInt; i < len(faults); i++ {
		r := rank(&faults[i])
		if r < last {
			slices.SortStableFunc(faults, func(a, b Fault) int { return rank(&a) - rank(&b) })
			return
		}
		last = r
	}
}

// SortBySource sorts validation errors of a whole request by where the values come from: path, query, header, cookie,
// body.
func (l *List) SortBySource() {
	SortBy(l.Faults, func(f *Fault) int {
		if len(f.Loc) == 0 {
			// Errors about the request as a whole come first.
			return -1
		}
		return slices.Index(sources, f.Loc[0])
	})
}

// sources is the order in which validation errors are listed.
var sources = []any{"path", "query", "header", "cookie", "body"}

// TakeResponse removes the errors of Validate methods that are responses by themselves, as isResponse knows. It returns
// the first of them if no validation error is left: otherwise those are the response.
func (l *List) TakeResponse(isResponse func(error) bool) error {
	own := func(f Fault) bool { return f.Err != nil && isResponse(f.Err) }
	first := slices.IndexFunc(l.Faults, own)
	if first < 0 {
		return nil
	}
	err := l.Faults[first].Err
	l.Faults = slices.DeleteFunc(l.Faults, own)
	if len(l.Faults) == 0 {
		return err
	}
	return nil
}

// Complete returns all validation errors for a response. If the list was truncated, the last one says so; if inputs are
// echoed, each has one, so that clients can rely on it.
func (l *List) Complete(echo bool) []Fault {
	faults := l.Faults
	for i := range faults {
		if echo && faults[i].Input == nil {
			faults[i].Input = nothingSent(faults[i].Type)
		}
	}
	if l.Truncated {
		faults = append(faults, Fault{Type: TooMany, Loc: []any{}, Ctx: map[string]any{"listed": Limit}})
	}
	return faults
}

// nothingSent returns the echoed input for a value that was absent.
func nothingSent(typ string) any {
	if typ == JSONInvalid {
		return json.RawMessage("{}")
	}
	return json.RawMessage("null")
}
