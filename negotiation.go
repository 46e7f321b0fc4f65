package candor

import (
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/envelope"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/transcode"
)

// offer makes a response that would be JSON available in the media type of every codec. The media type is chosen per
// request, before any other step runs.
func (p *responsePlan) offer(codecs transcode.Set) {
	if len(codecs.Names()) == 0 || p.body == nil || p.kind.media != mediatype.JSON || p.media[0] != mediatype.JSON || envelope.HasContentType(p.desc) {
		return
	}
	// The value is encoded as JSON first and the codec converts that, so rules and members are the same in every media
	// type.
	inner := p.body
	p.media, p.negotiated = codecs.After(mediatype.JSON), true
	p.body = func(value reflect.Value, checks bool, resp *response.Response) error {
		if err := inner(value, checks, resp); err != nil || resp.ContentType == mediatype.JSON {
			return err
		}
		data, err := codecs.FromJSON(resp.ContentType, resp.Body)
		// a.Body keeps the JSON buffer, so that the next response can reuse it.
		resp.Borrowed = data
		return err
	}
}

// accept negotiates the media type of the response. It returns a 406 if the client accepts none of those on offer.
func (p *responsePlan) accept(w http.ResponseWriter, r *http.Request, resp *response.Response) error {
	// Every response needs Vary, even a 406: a cache must not serve one client's media type to another.
	w.Header().Add("Vary", "Accept")
	chosen, ok := mediatype.Negotiate(r.Header["Accept"], p.media)
	if !ok {
		return p.notAcceptable()
	}
	resp.Accepted = chosen
	return nil
}

func (p *responsePlan) notAcceptable() *HTTPError {
	return Error(http.StatusNotAcceptable, "the response is "+strings.Join(p.media, " or "))
}

// Errors are encoded as JSON first. A client that accepts the media type of a codec, but not JSON, gets that instead,
// also for a 404, a 405, a panic, and an error of middleware. A client that accepts neither gets JSON, because an error
// never becomes a 406.

// inClientsType converts the body of an error to the media type that the client accepts.
func (f *failure) inClientsType(mediaType string, body []byte) (string, []byte) {
	codecs := f.writer.codecs
	if len(codecs.Names()) == 0 || len(body) == 0 || !mediatype.IsJSON(mediaType) {
		return mediaType, body
	}
	varyByAccept(f.w.Header())
	chosen, _ := mediatype.Negotiate(f.r.Header["Accept"], codecs.After(mediaType, mediatype.JSON))
	if !codecs.Has(chosen) {
		return mediaType, body
	}
	translated, err := codecs.TryFromJSON(chosen, body)
	if err != nil {
		f.logAt(slog.LevelError, "a codec cannot write an error", err, "media_type", chosen)
		return mediaType, body
	}
	return chosen, translated
}

// varyByAccept adds Vary: Accept, unless it is there already.
func varyByAccept(h http.Header) {
	if !slices.Contains(h["Vary"], "Accept") {
		h.Add("Vary", "Accept")
	}
}
