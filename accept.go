package candor

import (
	"net/http"
	"reflect"
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
	chosen, ok := mediatype.Negotiate(r.Header["Accept"], p.media)
	if !ok {
		return p.notAcceptable()
	}
	a.accepted = chosen
	return nil
}

func (p *responsePlan) notAcceptable() *HTTPError {
	return Error(http.StatusNotAcceptable, "the response is "+strings.Join(p.media, " or "))
}
