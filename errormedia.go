package candor

import (
	"log/slog"
	"net/http"
	"slices"

	"github.com/candor-go/candor/internal/mediatype"
)

// Errors are written as JSON first, whoever writes them. A client that takes the
// media type of a codec and no JSON gets that instead: also of a 404, a 405, a panic,
// and an error of middleware. One that takes neither gets JSON, since an error is
// never a 406.

// inClientsType is the body of an error in the media type that the client takes.
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

// varyByAccept says once that another client may get another media type.
func varyByAccept(h http.Header) {
	if !slices.Contains(h["Vary"], "Accept") {
		h.Add("Vary", "Accept")
	}
}

// ofErrors are the media types of errors of the app's format beside the one named.
func (s codecSet) ofErrors(mediaType string) []string {
	return append([]string{mediaType}, s.names...)
}
