package autopatch_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/autopatch"
	"github.com/candor-go/candor/internal/patch"
)

// store is a resource with a version, which a PUT must name. It is changed by others as often as rivals says.
type store struct {
	version, rivals int
	text            string
	calls           []string
}

func (s *store) get(w http.ResponseWriter, r *http.Request) {
	s.calls = append(s.calls, r.Method)
	if s.text == "" {
		http.Error(w, "gone", http.StatusGone)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%d"`, s.version))
	_, _ = io.WriteString(w, s.text)
	if s.rivals > 0 {
		s.rivals--
		s.version++
	}
}

func (s *store) put(w http.ResponseWriter, r *http.Request) {
	s.calls = append(s.calls, r.Method+" "+r.Header.Get("If-Match"))
	if r.Header.Get("If-Match") != fmt.Sprintf(`"%d"`, s.version) {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	body, _ := io.ReadAll(r.Body)
	s.text = string(body)
	w.Header().Add("Vary", "Cookie")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(body)
}

// TestPatch checks the two requests that a PATCH becomes, and its response.
func TestPatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text    string
		rivals  int
		header  http.Header
		maxBody int64
		status  int
		body    string
		err     error
		calls   []string
	}{
		"a change":                          {text: `{"id":1,"a":1}`, status: http.StatusCreated, body: `{"a":2}`, calls: []string{"GET", `PUT "0"`}},
		"no resource":                       {status: http.StatusGone, body: "gone\n", calls: []string{"GET"}},
		"a rival":                           {text: `{"a":1}`, rivals: 2, status: http.StatusCreated, body: `{"a":2}`, calls: []string{"GET", `PUT "0"`, "GET", `PUT "1"`, "GET", `PUT "2"`}},
		"three rivals":                      {text: `{"a":1}`, rivals: 3, err: autopatch.ErrChanged, calls: []string{"GET", `PUT "0"`, "GET", `PUT "1"`, "GET", `PUT "2"`}},
		"a rival of a client with If-Match": {text: `{"a":1}`, rivals: 1, header: http.Header{"If-Match": {`"0"`}}, status: http.StatusPreconditionFailed, calls: []string{"GET", `PUT "0"`}},
		"another version":                   {text: `{"a":1}`, header: http.Header{"If-Match": {`"7"`}}, err: autopatch.ErrPrecondition, calls: []string{"GET"}},
		"a large result":                    {text: `{"a":1}`, maxBody: 3, err: autopatch.ErrTooLarge, calls: []string{"GET"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &store{text: c.text, rivals: c.rivals}
			resource := autopatch.Resource{Get: s.get, Put: s.put, Takes: func(member string) bool { return member != "id" }, MaxBody: max(c.maxBody, 100)}
			if c.maxBody > 0 {
				resource.MaxBody = c.maxBody
			}
			r := httptest.NewRequest(http.MethodPatch, "/", strings.NewReader(`{"a":2}`))
			for name, values := range c.header {
				r.Header[name] = values
			}
			w := httptest.NewRecorder()
			w.Header().Set("Vary", "Origin")
			reads := 0
			err := resource.Patch(w, r, func() (patch.Change, error) {
				reads++
				return patch.Merge{}.Change([]byte(`{"a":2}`)), nil
			})
			assert.ErrorIs(t, err, c.err)
			assert.Equal(t, c.calls, s.calls)
			assert.LessOrEqual(t, reads, 1, "the body is read once")
			if c.err != nil {
				return
			}
			assert.Equal(t, c.status, w.Code)
			assert.Equal(t, c.body, w.Body.String())
			if c.status == http.StatusCreated {
				assert.Equal(t, []string{"Origin", "Cookie"}, w.Header()["Vary"])
			}
		})
	}
}

// TestMediaType checks which requests carry a patch.
func TestMediaType(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"application/merge-patch+json":                     "application/merge-patch+json",
		"application/json-patch+json":                      "application/json-patch+json",
		`application/JSON-patch+json; charset="utf-8"`:     "application/json-patch+json",
		"application/merge-patch+json; charset=iso-8859-1": "",
		"application/json":                                 "",
		"":                                                 "",
	} {
		assert.Equal(t, want, autopatch.MediaType(http.Header{"Content-Type": {sent}}), sent)
	}
}
