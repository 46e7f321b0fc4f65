package candor

import (
	"log/slog"
	"net/http"
	"slices"

	"github.com/candor-go/candor/internal/mediatype"
)

// Errors are encoded as JSON first. A client that accepts the media type of a codec, but not JSON, gets that instead,
// also for a 404, a 405, a panic, and an error of middleware. A client that accepts neither gets JSON, because an error
// never becomes a 406.

// inClientsType converts the body of an error to the media type that the client accepts.
func (f *failure) inClientsType(mediaType string, body []byte) (string, []byte) {
	codecs := f.writer.codecs
	if len(codecs.names) == 0 || len(body) == 0 || !mediatype.IsJSON(mediaType) {
		return mediaType, body
	}
	varyByAccept(f.w.Header())
	offers := append([]string{mediaType, mediatype.JSON}, codecs.names...)
	chosen, _ := mediatype.Negotiate(f.r.Header["Accept"], offers)
	codec, isCodec := codecs.byName[chosen]
	if !isCodec {
		return mediaType, body
	}
	translated, err := codec.tryFromJSON(body)
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

// ofErrors returns the media types of errors other than the one named.
func (s codecSet) ofErrors(mediaType string) []string {
	return append([]string{mediaType}, s.names...)
}
