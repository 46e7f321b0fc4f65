package candor

import (
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
)

// offer lets a response that would be JSON go out in the media type of every
// codec. Which one is chosen per request, before anything else is done.
func (p *responsePlan) offer(codecs codecSet) {
	if len(codecs.names) == 0 || p.body == nil || p.kind.media != mediatype.JSON || p.media[0] != mediatype.JSON || p.choosesType() {
		return
	}
	// JSON is written first, and the codec makes its media type of that: rules and members
	// are the same in all of them.
	inner := p.body
	p.media, p.negotiated = codecs.offers(), true
	p.body = func(value reflect.Value, checks bool, a *response) error {
		if err := inner(value, checks, a); err != nil || a.contentType == mediatype.JSON {
			return err
		}
		data, err := codecs.byName[a.contentType].fromJSON(a.body)
		// a.body keeps the buffer of the JSON, for the next response.
		a.borrowed = data
		return err
	}
}

// accept chooses the media type of the response to a request. It returns a 406
// where the client takes none of those there are.
func (p *responsePlan) accept(w http.ResponseWriter, r *http.Request, a *response) error {
	// In every response, a 406 too: a cache must not give one client the type of another.
	w.Header().Add("Vary", "Accept")
	chosen, ok := negotiate(r.Header["Accept"], p.media)
	if !ok {
		return p.notAcceptable()
	}
	a.accepted = chosen
	return nil
}

func (p *responsePlan) notAcceptable() *HTTPError {
	return Error(http.StatusNotAcceptable, "the answer is "+strings.Join(p.media, " or "))
}

// negotiate chooses among the offers, the preferred one first, by an Accept
// header (RFC 9110, section 12.5.1): the one with the highest weight, the first
// of those that are equal. What cannot be read in the header does not count; if
// nothing can, every offer will do. ok is false when no offer is acceptable.
func negotiate(accept []string, offers []string) (chosen string, ok bool) {
	var ranges []mediaRange
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

// mediaRange is one element of an Accept header.
type mediaRange struct {
	name   string
	weight float64
}

func parseRange(element string) (mediaRange, bool) {
	name, params, err := mime.ParseMediaType(element)
	if err != nil || !strings.Contains(name, "/") {
		return mediaRange{}, false
	}
	r := mediaRange{name: name, weight: 1}
	if q, ok := params["q"]; ok {
		// Written so that it refuses NaN, which ParseFloat reads.
		// The comparison is the other way round because NaN fails each one.
		if r.weight, err = strconv.ParseFloat(q, 64); err != nil || !(r.weight >= 0 && r.weight <= 1) {
			return mediaRange{}, false
		}
	}
	return r, true
}

// weightOf is the weight of the most specific range that an offer falls into.
func weightOf(offer string, ranges []mediaRange) float64 {
	weight, specific := 0.0, -1
	for _, r := range ranges {
		// 2 for a media type, 1 for text/*, 0 for */*.
		// Fewer stars are more specific, and the most specific range decides.
		level := 2 - strings.Count(r.name, "*")
		prefix, isRange := strings.CutSuffix(r.name, "*")
		matches := r.name == offer || r.name == "*/*" || isRange && strings.HasPrefix(offer, prefix)
		if matches && level > specific {
			weight, specific = r.weight, level
		}
	}
	return weight
}
