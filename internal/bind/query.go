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

func (b *binding) bindQuery(params []*Param) {
	if len(params) == 0 {
		return
	}
	if n := countPairs(b.RawQuery); n > MaxPairs {
		b.faults.Add(&fault.Fault{
			Type: fault.TooLong, Loc: []any{"query"},
			Ctx: map[string]any{"max_length": MaxPairs, "actual_length": n},
		})
		b.sound = false
		b.places = b.places[len(params):]
		return
	}
	var hitRoom [16]hit
	var textRoom [8]string
	hits := scanQuery(b.RawQuery, params, hitRoom[:0])
	for i, p := range params {
		b.bind(p, hitsOf(i, hits, textRoom[:0]))
	}
}

// scanQuery appends what was sent for the parameters, still encoded.
func scanQuery(raw string, params []*Param, hits []hit) []hit {
	for raw != "" {
		var name, text string
		name, text, raw = nextPair(raw)
		plain, err := url.QueryUnescape(name)
		if err != nil {
			continue
		}
		if i := indexOf(params, plain); i >= 0 {
			hits = append(hits, hit{param: i, text: text})
		}
	}
	return hits
}

// nextPair takes the first pair off a query. It is strings.Cut twice, without
// the way there through the search for longer separators.
func nextPair(raw string) (name, text, rest string) {
	pair := raw
	if i := strings.IndexByte(raw, '&'); i >= 0 {
		pair, rest = raw[:i], raw[i+1:]
	}
	if i := strings.IndexByte(pair, '='); i >= 0 {
		return pair[:i], pair[i+1:], rest
	}
	return pair, "", rest
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
