package candor

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
)

// offer makes a response that would be JSON available in the media type of every codec. The media type is chosen per
// request, before any other step runs.
func (p *responsePlan) offer(codecs codecSet) {
	if len(codecs.names) == 0 || p.body == nil || p.kind.media != mediatype.JSON || p.media[0] != mediatype.JSON || p.choosesType() {
		return
	}
	// The value is encoded as JSON first and the codec converts that, so rules and members are the same in every media
	// type.
	inner := p.body
	p.media, p.negotiated = codecs.offers(), true
	p.body = func(value reflect.Value, checks bool, a *response) error {
		if err := inner(value, checks, a); err != nil || a.contentType == mediatype.JSON {
			return err
		}
		data, err := codecs.byName[a.contentType].fromJSON(a.body)
		// a.body keeps the JSON buffer, so that the next response can reuse it.
		a.borrowed = data
		return err
	}
}

// accept negotiates the media type of the response. It returns a 406 if the client accepts none of those on offer.
func (p *responsePlan) accept(w http.ResponseWriter, r *http.Request, a *response) error {
	// Every response needs Vary, even a 406: a cache must not serve one client's media type to another.
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
