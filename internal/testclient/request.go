// Package testclient builds the requests of the test client: bodies, forms and files, queries, headers and cookies, as a
// server passes them to its handler. The root has the options that set them, the comparison with the document, and the
// responses; internal/recorder and internal/testserver carry a request to the app.
package testclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/sending"
	"github.com/candor-go/candor/internal/sorted"
)

// origin is where requests are sent, and remote where they come from (RFC 5737, section 3).
const (
	origin = "http://testserver"
	remote = "192.0.2.1:1234"
)

// Draft is a request that is being built.
type Draft struct {
	Context context.Context
	Header  http.Header
	Query   url.Values
	Cookies []bind.Cookie
	// Media is the media type of Body, "" for none. Form and Files replace them, if there are any.
	Media string
	Body  io.Reader
	Form  url.Values
	Files []File
}

// File is a file of a form.
type File struct {
	Field, Name string
	Content     []byte
}

// NewDraft starts a request.
func NewDraft() Draft {
	return Draft{Context: context.Background(), Header: http.Header{}, Query: url.Values{}, Form: url.Values{}}
}

// AddForm adds values to the form.
func (d *Draft) AddForm(values url.Values) {
	for name, texts := range values {
		d.Form[name] = append(d.Form[name], texts...)
	}
}

// SetJSON sets a body of JSON: a string or bytes as they are, nil for none, and anything else encoded.
func (d *Draft) SetJSON(body any) (err error) {
	var data []byte
	switch b := body.(type) {
	case nil:
		return nil
	case string:
		data = []byte(b)
	case []byte:
		data = b
	default:
		if data, err = json.Marshal(body); err != nil {
			return fmt.Errorf("the body cannot be encoded: %w", err)
		}
	}
	d.Media, d.Body = mediatype.JSON, bytes.NewReader(data)
	return nil
}

// Request makes the request. jar has the cookies of earlier responses.
func (d *Draft) Request(method, target string, jar http.CookieJar) (*http.Request, error) {
	if name := sending.BodyHeader(d.Header); name != "" {
		return nil, fmt.Errorf("WithHeader(%q, ...): the client writes this header itself", name)
	}
	d.writeForm()
	r, err := http.NewRequestWithContext(d.Context, method, origin+target, d.Body)
	if err != nil {
		return nil, err
	}
	if len(d.Query) > 0 {
		r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&"+d.Query.Encode(), "&")
	}
	asServed(r)
	d.writeHeader(r)
	return r, d.writeCookies(r, jar)
}

// writeForm makes the body from the form and the files, if there are any.
func (d *Draft) writeForm() {
	switch {
	case len(d.Files) > 0:
		var body bytes.Buffer
		parts := multipart.NewWriter(&body)
		// Sorted, so that a test sends the same bytes each time.
		for _, name := range sorted.Keys(d.Form) {
			for _, text := range d.Form[name] {
				_ = parts.WriteField(name, text) // writing to a bytes.Buffer cannot fail
			}
		}
		for _, file := range d.Files {
			part, _ := parts.CreateFormFile(file.Field, file.Name)
			_, _ = part.Write(file.Content)
		}
		_ = parts.Close()
		d.Media, d.Body = parts.FormDataContentType(), &body
	case len(d.Form) > 0:
		d.Media, d.Body = mediatype.Form, strings.NewReader(d.Form.Encode())
	}
}

// asServed sets what a server sets.
func asServed(r *http.Request) {
	if r.Body == nil {
		r.Body = http.NoBody // as a server does for a request without a body
	}
	if r.ContentLength == 0 && r.Body != http.NoBody {
		r.ContentLength = -1 // as a server does if the client does not send a length
	}
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), remote
}

func (d *Draft) writeHeader(r *http.Request) {
	if d.Media != "" {
		r.Header.Set("Content-Type", d.Media)
	}
	maps.Copy(r.Header, d.Header)
	if host := r.Header.Get("Host"); host != "" {
		r.Header.Del("Host") // a server keeps it apart from the header
		r.Host = host
	}
}

func (d *Draft) writeCookies(r *http.Request, jar http.CookieJar) error {
	for _, cookie := range jar.Cookies(r.URL) {
		r.AddCookie(cookie)
	}
	for _, cookie := range d.Cookies {
		if err := cookie.Check(); err != nil {
			return fmt.Errorf("WithCookie(%q, ...): %w", cookie.Name, err)
		}
		cookie.AddTo(r)
	}
	return nil
}
