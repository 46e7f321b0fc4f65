// Package autopatch serves a PATCH as two requests to a resource: a GET, whose body is patched, and a PUT, which gets
// the result.
//
// Package patch says what a patch does to a resource; this one knows the requests, their header and their entity tags.
// Its callers provide the two handlers and read the body of the PATCH.
package autopatch

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/etag"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/patch"
	"github.com/candor-go/candor/internal/recorder"
)

// Accepted are the media types of patches, as in an Accept-Patch header.
const Accepted = mediatype.MergePatch + ", " + mediatype.JSONPatch

// Errors of a PATCH, beside those of its body and of package patch. None of them has written a response.
var (
	// ErrPrecondition means that If-Match, or another condition, names another version of the resource.
	ErrPrecondition = errors.New("the precondition failed")
	// ErrChanged means that the resource changed between GET and PUT each time.
	ErrChanged = errors.New("the resource changes too often to be patched")
	// ErrTooLarge means that the PUT would refuse the patched resource for its size.
	ErrTooLarge = errors.New("the patched resource is too large")
)

// attempts is how often a patch is applied when the resource changes between GET and PUT.
const attempts = 3

// Resource is what a PATCH reads and writes.
type Resource struct {
	// Get and Put run every step that they would run for a client.
	Get, Put http.HandlerFunc
	// Takes reports whether the PUT takes a member. The others, such as an id, are left out of its body.
	Takes func(member string) bool
	// MaxBody is the largest body that the PUT takes, in bytes.
	MaxBody int64
}

// Patch responds to a PATCH. It calls read for the change once, after the guards of the GET have run, so that nobody
// without access gets a body parsed.
func (s *Resource) Patch(w http.ResponseWriter, r *http.Request, read func() (patch.Change, error)) error {
	var apply patch.Change
	for range attempts {
		current := s.get(r)
		if current.recorder.Status < 200 || current.recorder.Status > 299 {
			current.writeTo(w)
			return nil
		}
		if apply == nil {
			var err error
			if apply, err = read(); err != nil {
				return err
			}
		}
		tag := current.recorder.Sent.Get("ETag")
		if tag != "" && etag.Precondition(r, tag, time.Time{}) != 0 {
			return ErrPrecondition
		}
		body, err := s.change(current.body.Bytes(), apply)
		if err != nil {
			return err
		}
		written := s.put(r, body, tag)
		// Another client was faster. A client that sent no If-Match wants the current version patched, so try again.
		if written.recorder.Status == http.StatusPreconditionFailed && tag != "" && len(r.Header.Values("If-Match")) == 0 {
			continue
		}
		written.writeTo(w)
		return nil
	}
	return ErrChanged
}

// change applies a patch and removes the members that the PUT does not take.
func (s *Resource) change(resource []byte, apply patch.Change) ([]byte, error) {
	patched, err := apply(resource)
	if err != nil {
		return nil, err
	}
	if int64(len(patched)) > s.MaxBody {
		return nil, ErrTooLarge
	}
	return patch.Keep(s.Takes, resource, patched)
}

// get runs the GET.
func (s *Resource) get(r *http.Request) reply {
	get := r.Clone(r.Context())
	get.Method, get.Body, get.ContentLength, get.TransferEncoding = http.MethodGet, http.NoBody, 0, nil
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Range", "Accept-Encoding"} {
		get.Header.Del(name)
	}
	get.Header.Set("Accept", mediatype.JSON)
	return run(s.Get, get)
}

// put runs the PUT.
func (s *Resource) put(r *http.Request, body []byte, tag string) reply {
	put := r.Clone(r.Context())
	put.Method, put.Body, put.ContentLength, put.TransferEncoding = http.MethodPut, io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	put.Header.Set("Content-Type", mediatype.JSON)
	put.Header.Del("Content-Length")
	// If-Match never matches a weak tag.
	if tag != "" && !strings.HasPrefix(tag, "W/") {
		put.Header.Set("If-Match", tag)
		put.Header.Del("If-None-Match")
	}
	return run(s.Put, put)
}

// reply is a response that stays in the process.
type reply struct {
	recorder *recorder.Recorder
	body     *bytes.Buffer
}

// run serves a request and records the response.
func run(h http.HandlerFunc, r *http.Request) reply {
	body := &bytes.Buffer{}
	into := recorder.New(r.Method, body)
	h(into, r)
	into.Begin(http.StatusOK)
	return reply{into, body}
}

func (a reply) writeTo(w http.ResponseWriter) {
	for name, values := range a.recorder.Sent {
		// Middleware of the PATCH may already have added values to these headers.
		if name == "Vary" || name == "Set-Cookie" {
			values = append(slices.Clip(w.Header()[name]), values...)
		}
		w.Header()[name] = values
	}
	w.WriteHeader(a.recorder.Status)
	if a.body.Len() > 0 && mediatype.BodyAllowed(a.recorder.Status) {
		_, _ = w.Write(a.body.Bytes()) // an error means that the client has gone
	}
}

// MediaType returns the media type of the patch in a request, "" if it is no patch.
func MediaType(header http.Header) string {
	contentType := mediatype.TypeOf(header)
	if contentType == mediatype.MergePatch || contentType == mediatype.JSONPatch { // the usual case, without parsing
		return contentType
	}
	media, params, ok := mediatype.Parse(contentType)
	if !ok || media != mediatype.MergePatch && media != mediatype.JSONPatch || !mediatype.IsUTF8(params["charset"]) {
		return ""
	}
	return media
}
