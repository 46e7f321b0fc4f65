package bind

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Extras refuses query keys and cookies that no input of an operation reads: its handler's, its guards' and its
// providers'.
type Extras struct {
	Query, Cookies bool
	plans          []*Plan
	// ready are fields that read parameters without a plan, such as API keys.
	ready []*typeinfo.Field
}

// Add adds an input with its plan.
func (c *Extras) Add(p *Plan, in *typeinfo.Input) {
	c.plans = append(c.plans, p)
	c.ready = append(c.ready, in.Ready...)
}

// Refuse adds a validation error for each unknown name.
func (c *Extras) Refuse(r *http.Request, faults *fault.List) {
	// Any one plan finds the names that were sent; together they know which are allowed.
	if c.Query {
		c.plans[0].Extra(r.URL.RawQuery, c.reads, c.locate, faults)
	}
	if c.Cookies {
		c.plans[0].ExtraCookies(r.Header, c.readsCookie, faults)
	}
}

func (c *Extras) reads(name string) bool {
	return c.isReady(typeinfo.Query, name) || slices.ContainsFunc(c.plans, func(p *Plan) bool { return p.Reads(name) })
}

func (c *Extras) readsCookie(name string) bool {
	return c.isReady(typeinfo.Cookie, name) || slices.ContainsFunc(c.plans, func(p *Plan) bool { return p.ReadsCookie(name) })
}

func (c *Extras) isReady(source typeinfo.Source, name string) bool {
	return slices.ContainsFunc(c.ready, func(f *typeinfo.Field) bool { return f.Source == source && f.Name == name })
}

// locate returns the location of an unknown name inside of a value made of several names, nil elsewhere.
func (c *Extras) locate(name string) []any {
	for _, p := range c.plans {
		if loc := p.Location(name); loc != nil {
			return loc
		}
	}
	return nil
}

// Reads reports whether the plan has a query parameter of that name.
func (p *Plan) Reads(name string) bool {
	return hasName(p.query, name) || slices.ContainsFunc(p.query, func(param *Param) bool {
		return param.nested != nil && param.nested.Reads(name)
	})
}

// Location returns the location of a query key: inside a value made of several names, or the key itself.
func (p *Plan) Location(name string) []any {
	for _, param := range p.query {
		if param.nested == nil {
			continue
		}
		if loc := param.nested.Location(name); loc != nil {
			return loc
		}
	}
	return nil
}

// ReadsCookie reports whether the plan has a cookie parameter of that name.
func (p *Plan) ReadsCookie(name string) bool { return hasName(p.cookies, name) }

// Extra reports query keys that neither this plan nor known reads, each once, in order; known may be nil. If a request
// has several plans, call one of them, with functions that combine Reads and Location of the others. It returns whether
// there was no such key.
//
// Pairs beyond [MaxPairs] are ignored.
func (p *Plan) Extra(rawQuery string, known func(name string) bool, locate func(name string) []any, faults *fault.List) (valid bool) {
	unknown := unknownNames{source: "query", faults: faults}
	for n := 0; rawQuery != "" && n < MaxPairs; {
		pair, rest, _ := strings.Cut(rawQuery, "&")
		rawQuery = rest
		// Empty pairs are ignored, also for the limit.
		if pair == "" {
			continue
		}
		n++
		if name := nameOf(pair); !p.Reads(name) && (known == nil || !known(name)) {
			loc := p.Location(name)
			if loc == nil && locate != nil {
				loc = locate(name)
			}
			unknown.add(name, loc)
		}
	}
	return unknown.seen == nil
}

// nameOf returns the name of a pair, as it was sent if its encoding is malformed.
func nameOf(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	plain, err := url.QueryUnescape(name)
	if err != nil {
		return name
	}
	return plain
}

// ExtraCookies is Extra for cookies and ReadsCookie.
func (p *Plan) ExtraCookies(header http.Header, known func(name string) bool, faults *fault.List) (valid bool) {
	unknown := unknownNames{source: "cookie", faults: faults}
	for _, line := range header["Cookie"] {
		for line != "" {
			var name string
			if name, _, line = cutCookie(line); name != "" && !p.ReadsCookie(name) && (known == nil || !known(name)) {
				unknown.add(name, nil)
			}
		}
	}
	return unknown.seen == nil
}

// unknownNames reports names that nothing reads.
type unknownNames struct {
	source string
	faults *fault.List
	// seen holds the reported names; nil until there is one.
	seen map[string]bool
}

// add reports a name at a location; nil means the name in its source.
func (s *unknownNames) add(name string, loc []any) {
	if s.seen[name] {
		return
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[name] = true
	if loc == nil {
		// The response contains the name, and must be UTF-8.
		loc = []any{s.source, strings.ToValidUTF8(name, "\uFFFD")}
	}
	s.faults.Add(&fault.Fault{Type: fault.ExtraForbidden, Loc: loc})
}
