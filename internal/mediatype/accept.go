package mediatype

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// Negotiate chooses among the offers, the preferred one first, by an Accept header (RFC 9110, section 12.5.1): the one
// with the highest weight, and among equals the first. Malformed elements of the header are ignored; if all are
// malformed, every offer is acceptable. ok is false if no offer is acceptable.
func Negotiate(accept []string, offers []string) (chosen string, ok bool) {
	var ranges []Range
	for _, line := range accept {
		for element := range strings.SplitSeq(line, ",") {
			if r, ok := parseRange(element); ok {
				ranges = append(ranges, r)
			}
		}
	}
	if len(ranges) == 0 {
		return offers[0], true
	}
	best := 0.0
	for _, offer := range offers {
		// Strictly greater, so that the first of equal offers is chosen, and none of weight 0.
		if weight := weightOf(offer, ranges); weight > best {
			chosen, best = offer, weight
		}
	}
	return chosen, best > 0
}

// Range is one element of an Accept header. Its weight is between 0 and 1.
type Range struct {
	Name   string
	Weight float64
}

// parseRange parses an element; ok is false if it is malformed.
func parseRange(element string) (r Range, ok bool) {
	name, params, err := mime.ParseMediaType(element)
	if err != nil || !strings.Contains(name, "/") {
		return Range{}, false
	}
	r = Range{Name: name, Weight: 1}
	if q, weighted := params["q"]; weighted {
		// The comparison is negated to reject NaN, which ParseFloat accepts: every comparison with NaN is false.
		if r.Weight, err = strconv.ParseFloat(q, 64); err != nil || !(r.Weight >= 0 && r.Weight <= 1) {
			return Range{}, false
		}
	}
	return r, true
}

// weightOf returns the weight of the most specific range that matches an offer.
func weightOf(offer string, ranges []Range) float64 {
	weight, specific := 0.0, -1
	for _, r := range ranges {
		// 2 for a media type, 1 for text/*, 0 for */*: the most specific range decides.
		level := 2 - strings.Count(r.Name, "*")
		prefix, isRange := strings.CutSuffix(r.Name, "*")
		matches := r.Name == offer || r.Name == "*/*" || isRange && strings.HasPrefix(offer, prefix)
		if matches && level > specific {
			weight, specific = r.Weight, level
		}
	}
	return weight
}

// AcceptsHTML reports whether a client accepts the media types of pages by name. */* does not count, because scripts
// and tools send it.
func AcceptsHTML(h http.Header) bool {
	for _, line := range h["Accept"] {
		for element := range strings.SplitSeq(line, ",") {
			accepted, ok := parseRange(element)
			if ok && accepted.Weight > 0 && (accepted.Name == "text/html" || accepted.Name == "application/xhtml+xml") {
				return true
			}
		}
	}
	return false
}
