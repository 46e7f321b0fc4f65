package bind

import (
	"net/url"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/fault"
)

// A query is application/x-www-form-urlencoded: pairs are separated by "&", and the first "=" separates name and value.
// A semicolon is an ordinary character. Empty pairs are ignored, and so are names with malformed percent-encoding.

// MaxPairs is the maximum number of pairs in a query. A query with more is a validation error.
const MaxPairs = 1000

func (b *binding) bindQuery() {
	if n := countPairs(b.RawQuery); n > MaxPairs {
		b.faults.Add(&fault.Fault{
			Type: fault.TooLong, Loc: []any{"query"},
			Ctx: map[string]any{"max_length": MaxPairs, "actual_length": n},
		})
		b.valid = false
		return
	}
	scanQuery(b.RawQuery, b.query, b.found)
	for i := range b.query {
		b.bindFound(i)
	}
}

// bindFound binds what was found for a parameter: its last text or, for a list, all of them.
func (b *binding) bindFound(i int) {
	s, at := &b.query[i], b.found[i]
	if s.nested != nil {
		b.bindNested(s)
		return
	}
	if s.aliases != nil {
		b.bindEither(s, b.queryTexts(s), b.queryTexts)
		return
	}
	if at.end == 0 {
		b.bind(s, nil)
		return
	}
	if s.list != nil {
		var buffer [8]string
		b.bind(s, textsOf(b.RawQuery, b.query, i, buffer[:0]))
		return
	}
	// An array, so that the common case allocates nothing.
	last := [1]string{b.RawQuery[at.start:at.end]}
	b.bind(s, last[:])
}

// queryTexts returns all texts of a name, still encoded.
func (b *binding) queryTexts(s *slot) []string {
	return textsOf(b.RawQuery, []slot{*s}, 0, nil)
}

// bindNested binds the texts of all names that belong to a value.
func (b *binding) bindNested(s *slot) {
	var sent *Branch
	for pair := range strings.SplitSeq(b.RawQuery, "&") {
		name, text, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			s.nested.Take(&sent, plain, text, nil)
		}
	}
	if len(b.plan.cross) > 0 {
		b.sent = append(b.sent, !sent.isNothing())
	}
	// A separate list: the functions of the tree are recursive, so their arguments are on the heap, and the list of all
	// validation errors would take the whole request with it.
	found := new(fault.List)
	if !s.nested.root.bind(s.dst, sent, s.nested.sink(b.EchoInput, Closed{}, found)) {
		b.valid = false
	}
	for i := range found.Faults {
		b.faults.Add(&found.Faults[i])
	}
	b.faults.Truncated = b.faults.Truncated || found.Truncated
}

// span is a part of the query. A found one has end > 0, because its name comes first.
type span struct{ start, end int }

// scanQuery finds the last text of each parameter, still encoded.
func scanQuery(raw string, slots []slot, found []span) {
	clear(found)
	// Clients mostly send parameters in the order of the fields, so the next field is tried first.
	likely := 0
	for start := 0; start < len(raw); {
		param, text := pairAt(raw, start, slots, likely)
		if param >= 0 {
			found[param], likely = text, param+1
		}
		start = text.end + 1
	}
}

// textsOf appends all texts of one parameter, still encoded.
func textsOf(raw string, slots []slot, wanted int, into []string) []string {
	for start := 0; start < len(raw); {
		param, text := pairAt(raw, start, slots, wanted)
		if param == wanted {
			into = append(into, raw[text.start:text.end])
		}
		start = text.end + 1
	}
	return into
}

// pairAt reads the pair that begins at start, up to the next "&", and returns its parameter, -1 if there is none.
// Nearly always it is the likely one, with its name unescaped.
func pairAt(raw string, start int, slots []slot, likely int) (param int, text span) {
	if likely < len(slots) {
		name := slots[likely].name
		if rest := raw[start:]; name != "" && len(rest) > len(name) && rest[len(name)] == '=' && rest[:len(name)] == name {
			return likely, textAt(raw, start+len(name)+1)
		}
	}
	for i := start; i < len(raw); i++ {
		switch raw[i] {
		case '&':
			return paramOf(slots, raw[start:i]), span{i, i}
		case '=':
			return paramOf(slots, raw[start:i]), textAt(raw, i+1)
		}
	}
	return paramOf(slots, raw[start:]), span{len(raw), len(raw)}
}

// textAt is the text that begins at start.
func textAt(raw string, start int) span {
	if i := strings.IndexByte(raw[start:], '&'); i >= 0 {
		return span{start, start + i}
	}
	return span{start, len(raw)}
}

// QueryText returns the last text of a name in a query, decoded. The error is for malformed percent-encoding.
func QueryText(raw, name string) (text string, err error) {
	for pair := range strings.SplitSeq(raw, "&") {
		sentName, sent, _ := strings.Cut(pair, "=")
		if plain, malformed := url.QueryUnescape(sentName); pair == "" || malformed != nil || plain != name {
			continue
		}
		// The last one counts, even if it is malformed.
		text, err = url.QueryUnescape(sent)
	}
	return text, err
}

// paramOf finds a parameter by its name as it was sent, -1 if there is none.
func paramOf(slots []slot, sent string) int {
	if sent == "" {
		return -1
	}
	for i := range slots {
		if slots[i].name == sent {
			return i
		}
	}
	// Few clients escape a name without need.
	name, err := url.QueryUnescape(sent)
	if err != nil {
		return -1
	}
	return slices.IndexFunc(slots, func(s slot) bool { return s.field.Name == name })
}

// countPairs counts exactly above the limit; below it the result is only a bound.
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
