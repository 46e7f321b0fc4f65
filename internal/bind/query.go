package bind

import (
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/fault"
)

// The query is application/x-www-form-urlencoded: pairs between "&", a name and
// a value around the first "=". A semicolon is an ordinary character. Empty
// pairs do not count, and neither does a name whose percent-encoding is
// malformed: it is the name of nothing.

// MaxPairs is how many pairs of a query are read. A query with more is a fault
// of every plan that reads the query.
const MaxPairs = 1000

func (b *binding) bindQuery(slots []slot) {
	if len(slots) == 0 {
		return
	}
	if n := countPairs(b.RawQuery); n > MaxPairs {
		b.faults.Add(&fault.Fault{
			Type: fault.TooLong, Loc: []any{"query"},
			Ctx: map[string]any{"max_length": MaxPairs, "actual_length": n},
		})
		b.sound = false
		return
	}
	scanQuery(b.RawQuery, slots, b.found)
	for i := range slots {
		b.bindFound(slots, i)
	}
}

// bindFound binds what was found for a parameter: its last text, or, for a
// list, all of them.
func (b *binding) bindFound(slots []slot, i int) {
	at := b.found[i]
	if at.end == 0 {
		b.bind(&slots[i], nil)
		return
	}
	last := [1]string{b.RawQuery[at.start:at.end]}
	if slots[i].list == nil {
		b.bind(&slots[i], last[:])
		return
	}
	var room [8]string
	b.bind(&slots[i], textsOf(b.RawQuery, slots, i, room[:0]))
}

// span is a part of the query. One that was found has an end above 0, since
// something stands before it: its name, or at least the "=".
type span struct{ start, end int }

// scanQuery finds the last text of each parameter, still encoded.
func scanQuery(raw string, slots []slot, found []span) {
	clear(found)
	likely := 0
	for start := 0; start < len(raw); {
		name, text := pairAt(raw, start)
		if i := namedParam(slots, name, likely); i >= 0 {
			found[i], likely = text, i+1
		}
		start = text.end + 1
	}
}

// textsOf appends all texts of one parameter, still encoded.
func textsOf(raw string, slots []slot, param int, into []string) []string {
	for start := 0; start < len(raw); {
		name, text := pairAt(raw, start)
		if namedParam(slots, name, param) == param {
			into = append(into, raw[text.start:text.end])
		}
		start = text.end + 1
	}
	return into
}

// pairAt is the pair that begins at start, up to the next "&".
func pairAt(raw string, start int) (name string, text span) {
	for i := start; i < len(raw); i++ {
		switch raw[i] {
		case '&':
			return raw[start:i], span{i, i}
		case '=':
			end := len(raw)
			if rest := strings.IndexByte(raw[i+1:], '&'); rest >= 0 {
				end = i + 1 + rest
			}
			return raw[start:i], span{i + 1, end}
		}
	}
	return raw[start:], span{len(raw), len(raw)}
}

// namedParam is the parameter of that name, -1 without; likely is tried first.
// Names are nearly always sent as they read.
func namedParam(slots []slot, name string, likely int) int {
	if likely < len(slots) && slots[likely].asRead && slots[likely].field.Name == name {
		return likely
	}
	for i := range slots {
		if slots[i].asRead && slots[i].field.Name == name {
			return i
		}
	}
	plain, err := url.QueryUnescape(name)
	if err != nil {
		return -1
	}
	for i := range slots {
		if slots[i].field.Name == plain {
			return i
		}
	}
	return -1
}

// countPairs counts exactly above the limit; below it the result is a bound.
func countPairs(raw string) (n int) {
	if len(raw) <= MaxPairs {
		return len(raw)
	}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair != "" {
			n++
		}
	}
	return n
}
