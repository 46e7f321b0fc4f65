package fault

import "slices"

// List gathers the faults of one request. Its zero value is ready.
type List struct {
	Faults []Fault
	// Cut is set when faults were left out because there were too many.
	Cut bool
}

// Add notes f with the location it has.
func (l *List) Add(f *Fault) {
	if len(l.Faults) >= Limit {
		l.Cut = true
		return
	}
	if l.Faults == nil {
		l.Faults = make([]Fault, 0, 4)
	}
	l.Faults = append(l.Faults, *f)
}

// Under puts a member name or an index in front of the locations of all
// faults from the n-th on. Locations are built innermost first, so that a
// value without a fault pays nothing for knowing where it is.
func (l *List) Under(n int, at any) {
	for i := n; i < len(l.Faults); i++ {
		if l.Faults[i].Loc == nil {
			l.Faults[i].Loc = make([]any, 0, 3)
		}
		l.Faults[i].Loc = append(l.Faults[i].Loc, at)
	}
}

// Seal turns the locations of all faults from the n-th on outermost first and
// puts the source, such as "body", in front.
func (l *List) Seal(n int, source string) {
	if n == len(l.Faults) {
		return
	}
	l.Under(n, source)
	for i := n; i < len(l.Faults); i++ {
		slices.Reverse(l.Faults[i].Loc)
	}
}
