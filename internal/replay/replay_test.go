package replay_test

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/replay"
	"github.com/candor-go/candor/internal/response"
)

// start starts an exchange, whose errors are written as their text with the status 418.
func start(body string) (e *replay.Exchange, r *http.Request, w *httptest.ResponseRecorder, to *response.Response) {
	w, to = httptest.NewRecorder(), new(response.Response)
	r = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	e = new(replay.Exchange)
	e.Start(w, r, to, func(w http.ResponseWriter, err error) {
		w.Header().Set("Vary", "Accept")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, err.Error())
	})
	return e, r, w, to
}

func TestDigest(t *testing.T) {
	t.Parallel()
	want := sha256.Sum256([]byte("abcdef"))

	e, r, _, _ := start("abcdef")
	sum, err := e.Digest(6)
	require.NoError(t, err)
	assert.Equal(t, want[:], sum)
	read, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.Equal(t, "abcdef", string(read), "the handler still gets the body")
	again, err := e.Digest(6)
	require.NoError(t, err)
	assert.Equal(t, want[:], again)

	e, r, _, _ = start("abcdef")
	_, err = io.ReadAll(r.Body)
	require.NoError(t, err)
	sum, err = e.Digest(0)
	require.NoError(t, err, "it was read before, so nothing is held")
	assert.Equal(t, want[:], sum)
	require.NoError(t, r.Body.Close())

	e, _, _, _ = start("abcdef")
	_, err = e.Digest(5)
	assert.ErrorIs(t, err, replay.ErrLong)

	empty := sha256.Sum256(nil)
	e = new(replay.Exchange)
	e.Start(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody), nil, nil)
	sum, err = e.Digest(0)
	require.NoError(t, err)
	assert.Equal(t, empty[:], sum)
}

func TestResponse(t *testing.T) {
	t.Parallel()
	e, _, w, to := start("")
	w.Header()["A"], w.Header()["B"], w.Header()["C"] = []string{"1"}, []string{"1"}, []string{"1"}
	e.Begin()
	w.Header()["B"], w.Header()["C"], w.Header()["D"] = []string{"1", "2"}, []string{"3"}, []string{"4"}
	to.Status, to.ContentType, to.Body = http.StatusCreated, "text/plain", []byte("abc")
	status, header, body, ok := e.Response(nil)
	assert.True(t, ok)
	assert.Equal(t, http.StatusCreated, status)
	assert.Equal(t, http.Header{"B": {"2"}, "C": {"3"}, "D": {"4"}, "Content-Type": {"text/plain"}}, header, "what was added")
	assert.Equal(t, "abc", string(body))
	to.Body[0] = 'x'
	assert.Equal(t, "abc", string(body), "the result may be kept")

	to.Streaming = new(response.Streaming)
	_, _, _, ok = e.Response(nil)
	assert.False(t, ok)
}

func TestResponseToAnError(t *testing.T) {
	t.Parallel()
	e, _, w, _ := start("")
	failure := errors.New("x")
	assert.False(t, e.WriteFailure(w, failure), "no response was made")
	status, header, body, ok := e.Response(failure)
	assert.True(t, ok)
	assert.Equal(t, http.StatusTeapot, status)
	assert.Equal(t, "x", string(body))
	assert.Equal(t, []string{"Accept"}, header["Vary"])
	assert.False(t, e.WriteFailure(w, errors.New("y")), "it is for another error")
	w.Header().Set("Vary", "Origin")
	assert.True(t, e.WriteFailure(w, failure))
	assert.Equal(t, http.StatusTeapot, w.Code)
	assert.Equal(t, "x", w.Body.String())
	assert.Equal(t, []string{"Origin", "Accept"}, w.Header()["Vary"])
}

func TestRespond(t *testing.T) {
	t.Parallel()
	e, _, _, to := start("")
	require.NoError(t, e.Respond(http.StatusAccepted, http.Header{"Content-Type": {"text/plain"}, "Content-Length": {"9"}, "X": {"1", "2"}}, []byte("abc")))
	assert.True(t, e.Gives())
	assert.Equal(t, http.StatusAccepted, to.Status)
	assert.Equal(t, "text/plain", to.ContentType)
	assert.Equal(t, "abc", string(to.Content()))
	assert.Equal(t, []response.Line{{Name: "X", Value: "1"}, {Name: "X", Value: "2"}}, to.Header)
	e.Restart()
	assert.False(t, e.Gives())
	assert.ErrorContains(t, e.Respond(100, nil, nil), "cannot have the status 100")
	assert.Error(t, e.Respond(200, http.Header{"Connection": {"close"}}, nil))
	assert.False(t, e.Gives())
}

func TestNoExchange(t *testing.T) {
	t.Parallel()
	var e *replay.Exchange
	e.Begin()
	e.Restart()
	assert.False(t, e.Gives())
	assert.False(t, e.WriteFailure(nil, nil))
}
