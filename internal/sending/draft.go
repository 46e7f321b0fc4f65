// Package sending writes the bodies of requests and makes the requests, for typed calls: the inverse of reading them,
// compiled from the same descriptions. What cannot be sent in a form that a server would read as an equal value is an
// error before anything is sent.
package sending

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/bind"
)

// Draft is a request under construction.
type Draft struct {
	bind.Sent
	// media is the media type of the body. open returns a reader of the body; it may be called again after a redirect. Both
	// are zero without a body.
	media string
	open  func() (io.Reader, error)
	// length is the length of the body, -1 if unknown.
	length int64
}

// SetBody sets a body that is in memory.
func (d *Draft) SetBody(media string, data []byte) {
	d.media, d.length = media, int64(len(data))
	// A new reader each time, since a redirect may send the body again.
	d.open = func() (io.Reader, error) { return bytes.NewReader(data), nil }
}

// SetReader sets a body of unknown length that can be read only once.
func (d *Draft) SetReader(media string, body io.Reader) {
	opened := false
	d.media, d.length = media, -1
	d.open = func() (io.Reader, error) {
		if opened {
			return nil, errors.New("the body was read while it was sent, and cannot be sent a second time")
		}
		opened = true
		return body, nil
	}
}

// Request makes the request. If the route leaves a choice of media types, the client's choice is used.
func (d *Draft) Request(method string, target *url.URL, chosen string) (*http.Request, error) {
	r := &http.Request{Method: method, URL: target, Host: cmp.Or(d.Host, target.Host), Header: d.Header, Body: http.NoBody}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	for _, cookie := range d.Cookies {
		cookie.AddTo(r)
	}
	if d.open == nil {
		return r, nil
	}
	r.ContentLength = d.length
	// net/http calls GetBody when it follows a redirect that keeps the method.
	r.GetBody = func() (io.ReadCloser, error) {
		body, err := d.open()
		if closer, ok := body.(io.ReadCloser); ok {
			return closer, err
		}
		return io.NopCloser(body), err
	}
	var err error
	if r.Body, err = r.GetBody(); err != nil {
		return nil, err
	}
	return r, d.typed(r, chosen)
}

// typed sets the Content-Type. If the route has a range of media types, the client must choose one.
func (d *Draft) typed(r *http.Request, chosen string) error {
	switch {
	case !strings.Contains(d.media, "*"):
		chosen = d.media
	case chosen == "" || strings.Contains(chosen, "*"):
		return fmt.Errorf("nothing says which media type of %s the body has; set Content-Type in Client.Header", d.media)
	}
	r.Header.Set("Content-Type", chosen)
	return nil
}
