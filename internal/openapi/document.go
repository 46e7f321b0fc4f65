package openapi

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/candor-go/candor/internal/etag"
	"github.com/candor-go/candor/internal/schema"
)

// Document is a document in several formats, each made when it is first needed. It is safe for concurrent use.
type Document struct {
	written []func() (Written, error)
}

// NewDocument returns the document that build makes, as version 3.1 in JSON, in that many formats.
func NewDocument(build func() (*schema.Encoded, error), formats int, format func(int) *Format) *Document {
	// All formats are made from one tree, built once, whichever is asked for first.
	first := sync.OnceValues(build)
	d := &Document{written: make([]func() (Written, error), formats)}
	for i := range d.written {
		d.written[i] = sync.OnceValues(func() (Written, error) {
			document, err := first()
			if err != nil {
				return Written{}, err
			}
			return format(i).write(document)
		})
	}
	return d
}

// In returns the document in the format with that number.
func (d *Document) In(format int) (Written, error) { return d.written[format]() }

// Written is a document as it is sent, with an ETag.
type Written struct {
	*schema.Encoded
	mediaType string
	// tag is computed when the document is first sent to a client; a file needs none.
	tag func() string
}

// write converts the document, which is JSON in version 3.1.
func (f *Format) write(document *schema.Encoded) (Written, error) {
	converted, err := f.Of(document)
	if err != nil {
		return Written{}, err
	}
	tag := sync.OnceValue(func() string {
		tag, _ := etag.Of(converted.Send) // a hash never fails
		return tag
	})
	return Written{Encoded: converted, mediaType: f.MediaType, tag: tag}, nil
}

// ServeHTTP implements http.Handler.
func (d Written) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	tag := d.tag()
	h.Set("ETag", tag)
	// Clients may cache the document, but must revalidate it each time.
	h.Set("Cache-Control", "no-cache")
	if etag.Lists(r.Header.Values("If-None-Match"), tag, true) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", d.mediaType)
	h.Set("Content-Length", strconv.Itoa(d.Len()))
	_ = d.Send(w) // the client is gone
}
