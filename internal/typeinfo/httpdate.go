package typeinfo

import (
	"net/http"
	"reflect"
	"slices"
)

// HTTPDate is the Format of a time.Time in a header that uses HTTP dates (RFC 9110, section 5.6.7) instead of RFC 3339.
const HTTPDate = "http-date"

// LocalDateTime is the Format of a date and time without a zone.
const LocalDateTime = "date-time-local"

var dateHeaders = []string{
	"Date", "Expires", "If-Modified-Since", "If-Range", "If-Unmodified-Since", "Last-Modified", "Retry-After", "Sunset",
}

// describeValue describes the type of a parameter, or of a header of a response.
func (t *tagged) describeValue(known func(reflect.Type) bool) (*Type, error) {
	typ, err := t.describe(known)
	if err != nil || t.source != Header || !slices.Contains(dateHeaders, http.CanonicalHeaderKey(t.name)) {
		return typ, err
	}
	switch held := bare(typ); {
	case held.Kind == Time:
		return asHTTPDate(typ), nil
	case (held.Kind == Slice || held.Kind == Array) && bare(held.Elem).Kind == Time:
		return nil, t.problem("a list of dates in "+http.CanonicalHeaderKey(t.name)+", which holds one", "make it a time.Time")
	}
	return typ, nil
}

// asHTTPDate returns the description of a time, possibly wrapped, in another notation. It is a copy, because descriptions
// are shared.
func asHTTPDate(t *Type) *Type {
	c := *t
	if t.Wraps() {
		c.Elem = asHTTPDate(t.Elem)
		return &c
	}
	c.Format = HTTPDate
	return &c
}
