package candor

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// This file is the inverse of binding: it writes an input into a request, from the same description as an inputPlan.
// What cannot be sent in a form that the server would bind to an equal input is an error before anything is sent.

// sendPlan writes an input into a request.
type sendPlan struct {
	// at is the index of the input in the value that is sent, nil for the value itself.
	at          []int
	params      *bind.Sender
	credentials []*typeinfo.Field
	// body is nil for an input without a body.
	body sendBody
}

// draft is a request under construction.
type draft struct {
	bind.Sent
	// media is the media type of the body. open returns a reader of the body; it may be called again after a redirect. Both
	// are zero without a body.
	media string
	open  func() (io.Reader, error)
	// length is the length of the body, -1 if unknown.
	length int64
}

// sendBody writes the body of an input.
type sendBody func(from reflect.Value, to *draft) error

// compileSending compiles the plan for an input.
func (c *compiler) compileSending(in *typeinfo.Input) (p *sendPlan, err error) {
	p = &sendPlan{}
	if p.params, err = c.bind.Sender(in); err != nil {
		return nil, err
	}
	for _, f := range in.Ready {
		if isSecurity(f) {
			p.credentials = append(p.credentials, f)
		}
	}
	switch {
	case in.Body != nil && isLines(in.Body.Type.Go):
		// Before the raw bodies, because isRaw is also true for lines.
		p.body, err = c.sendLines(in.Body)
	case in.Body != nil && isRaw(in.Body.Type.Go):
		p.body = sendRaw(in.Body)
	case in.Body != nil:
		p.body, err = c.sendWhole(in.Body)
	case in.Members != nil:
		p.body, err = c.sendMembers(in)
	case in.Form != nil:
		p.body, err = c.sendForm(in.Form)
	}
	return p, err
}

// input returns the part of a value that holds the parameters and credentials.
func (p *sendPlan) input(from reflect.Value) reflect.Value {
	return from.FieldByIndex(p.at)
}

// send writes an addressable input into the draft.
func (p *sendPlan) send(from reflect.Value, to *draft) error {
	input := p.input(from)
	if err := p.params.Send(input, &to.Sent); err != nil {
		return err
	}
	for _, f := range p.credentials {
		if err := sendCredential(f, input, to); err != nil {
			return fmt.Errorf("%s: %w", f.Go, err)
		}
	}
	if p.body == nil {
		return nil
	}
	return p.body(from, to)
}

// sendCredential is the inverse of setting a security field.
func sendCredential(f *typeinfo.Field, from reflect.Value, to *draft) error {
	v := reflect.Indirect(from.FieldByIndex(f.Index))
	// A nil pointer leaves the credential out.
	if !v.IsValid() {
		return nil
	}
	switch credential := v.Interface().(type) {
	case Bearer:
		if credential == "" {
			return nil
		}
		return to.SetHeader("Authorization", challengeWord(f)+" "+string(credential))
	case Basic:
		if strings.Contains(credential.Username, ":") {
			return errors.New("a user name with a colon cannot be sent (RFC 7617, section 2)")
		}
		pair := credential.Username + ":" + credential.Password
		return to.SetHeader("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	case APIKey:
		return sendKey(f, string(credential), to)
	}
	return nil
}

func sendKey(f *typeinfo.Field, key string, to *draft) error {
	switch {
	case key == "":
		return nil
	case f.Source == typeinfo.Header:
		return to.SetHeader(f.Name, key)
	case f.Source == typeinfo.Query:
		return to.AddQuery(f.Name, key)
	}
	return to.AddCookie(f.Name, key)
}

// setBody sets a body that is in memory.
func (d *draft) setBody(media string, data []byte) {
	d.media, d.length = media, int64(len(data))
	// A new reader each time, since a redirect may send the body again.
	d.open = func() (io.Reader, error) { return bytes.NewReader(data), nil }
}

// setReader sets a body of unknown length that can be read only once.
func (d *draft) setReader(media string, body io.Reader) {
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

// sendWhole compiles a field that is the whole body.
func (c *compiler) sendWhole(f *typeinfo.Field) (sendBody, error) {
	encoder, err := c.codec.Encoder(f.Type, nil)
	if err != nil {
		return nil, err
	}
	media := cmp.Or(f.Media, mediatype.JSON)
	convert := func(data []byte) ([]byte, error) { return data, nil }
	if !mediatype.IsJSON(media) {
		// The codec exists: the server's plan for this type has looked it up before.
		convert = c.codecs.byName[media].fromJSON
	}
	return func(from reflect.Value, to *draft) error {
		if bind.IsAbsent(f, from) {
			return nil
		}
		data, err := encoder.Append(nil, from.FieldByIndex(f.Index), false, nil)
		if err == nil {
			data, err = convert(data)
		}
		if err != nil {
			return fmt.Errorf("the body: %w", err)
		}
		to.setBody(media, data)
		return nil
	}, nil
}

// sendMembers compiles fields that are members of one object.
func (c *compiler) sendMembers(in *typeinfo.Input) (sendBody, error) {
	encoder, err := c.codec.ObjectEncoder(in.Members, in.Go)
	return func(from reflect.Value, to *draft) error {
		// Without validation, which is up to the server.
		data, err := encoder.Append(nil, from, false, nil)
		if err != nil {
			return fmt.Errorf("the body: %w", err)
		}
		to.setBody(mediatype.JSON, data)
		return nil
	}, err
}

// errEmptyBody is the error for an empty raw body, which the server would treat as absent.
var errEmptyBody = errors.New("the body: the server treats an empty one as absent, so it reports it as missing or takes the default")

// sendRaw sends a body unchanged.
func sendRaw(f *typeinfo.Field) sendBody {
	return func(from reflect.Value, to *draft) error {
		var data []byte
		media := cmp.Or(f.Media, mediatype.Octets)
		switch body := from.FieldByIndex(f.Index).Interface().(type) {
		case string:
			if !utf8.ValidString(body) {
				return errors.New("the body: the string is not valid UTF-8")
			}
			data, media = []byte(body), cmp.Or(f.Media, "text/plain")
		case []byte:
			data = body
		// The length is unknown, and a reader cannot be read twice.
		case io.Reader:
			to.setReader(media, body)
			return nil
		case *multipart.Reader:
			if body != nil {
				return errors.New("the body: a *multipart.Reader cannot be sent; take files in fields with the tag file")
			}
		}
		switch {
		case len(data) > 0:
			to.setBody(media, data)
		case f.Required || f.Default != nil && data != nil:
			return errEmptyBody
		}
		return nil
	}
}

// sendableLines is a type of lines that can be sent. It returns a reader that encodes a value as lines, nil for none.
type sendableLines interface {
	lines(c *compiler) (func(value reflect.Value) io.Reader, error)
}

// sendLines sends lines as they are produced.
func (c *compiler) sendLines(f *typeinfo.Field) (sendBody, error) {
	ready, ok := reflect.Zero(f.Type.Go).Interface().(sendableLines)
	if !ok {
		return nil, fmt.Errorf("a body of type %s cannot be sent", typeinfo.Name(f.Type.Go))
	}
	read, err := ready.lines(c)
	media := cmp.Or(f.Media, linesOf(f.Type.Go).media[0])
	return func(from reflect.Value, to *draft) error {
		switch body := read(from.FieldByIndex(f.Index)); {
		case body != nil:
			to.setReader(media, body)
		case f.Required:
			return errEmptyBody
		}
		return nil
	}, err
}

// sentField is a form field to be sent.
type sentField struct {
	*typeinfo.Field
	texts *bind.Texts // nil for a file
	// nested encodes a value that has several names; nil for others.
	nested     *bind.NestedTexts
	takesEmpty bool
}

// sendForm compiles a form. It is sent as multipart/form-data if it may have files.
func (c *compiler) sendForm(form *typeinfo.Object) (sendBody, error) {
	var fields []sentField
	var hasFiles bool
	for _, f := range form.Fields {
		field := sentField{Field: f, takesEmpty: bind.HoldsText(f)}
		var err error
		switch {
		case f.Source == typeinfo.File:
			hasFiles = true
		case f.Nested:
			field.nested, err = c.bind.NestedTexts(f)
		default:
			field.texts, err = c.bind.Texts(f)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Go, err)
		}
		fields = append(fields, field)
	}
	// URL-encoded forms are shorter, and the default of HTML forms.
	if !hasFiles {
		return sendPairs(fields), nil
	}
	return sendParts(fields), nil
}

// textsOf returns the texts of a field.
func (f *sentField) textsOf(from reflect.Value) ([]string, error) {
	texts, err := f.texts.Joined(from)
	for _, text := range texts {
		if text == "" && !f.takesEmpty {
			err = errors.New("an empty string is left out of a form")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s (form %q): %w", f.Go, f.Name, err)
	}
	return texts, nil
}

// each calls put for the names of a field with their texts.
func (f *sentField) each(from reflect.Value, put func(name string, texts []string) error) error {
	if f.nested == nil {
		texts, err := f.textsOf(from)
		if err != nil {
			return err
		}
		return put(f.Name, texts)
	}
	if err := f.nested.Each(from, put); err != nil {
		return fmt.Errorf("%s (form %q): %w", f.Go, f.Name, err)
	}
	return nil
}

func sendPairs(fields []sentField) sendBody {
	return func(from reflect.Value, to *draft) error {
		var pairs []string
		for i := range fields {
			err := fields[i].each(from, func(name string, texts []string) error {
				for _, text := range texts {
					pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(text))
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		if pairs != nil {
			to.setBody(mediatype.Form, []byte(strings.Join(pairs, "&")))
		}
		return nil
	}
}

func sendParts(fields []sentField) sendBody {
	return func(from reflect.Value, to *draft) error {
		w := formdata.NewWriter()
		for i := range fields {
			if err := fields[i].writeParts(from, w); err != nil {
				return err
			}
		}
		if body, ok := w.End(); ok {
			to.media, to.length, to.open = body.MediaType, body.Length, body.Open
		}
		return nil
	}
}

func (f *sentField) writeParts(from reflect.Value, w *formdata.Writer) error {
	if f.Source == typeinfo.File {
		if err := f.writeFiles(from.FieldByIndex(f.Index), w); err != nil {
			return fmt.Errorf("%s (file %q): %w", f.Go, f.Name, err)
		}
		return nil
	}
	return f.each(from, func(name string, texts []string) error {
		for _, text := range texts {
			w.Text(name, text)
		}
		return nil
	})
}

// writeFiles writes the files of a field.
func (f *sentField) writeFiles(v reflect.Value, w *formdata.Writer) error {
	var uploads []Upload
	switch files := v.Interface().(type) {
	case Upload:
		uploads = []Upload{files}
	case *Upload:
		if files != nil {
			uploads = []Upload{*files}
		}
	case []Upload:
		uploads = files
	case []byte:
		if files != nil || f.Required {
			uploads = []Upload{NewUpload(f.Name, files)}
		}
	}
	// The server would treat such a part as an empty file input.
	isNothing := len(uploads) == 1 && uploads[0].Filename == "" && uploads[0].Size == 0
	switch {
	case f.Required && (len(uploads) == 0 || isNothing):
		return errors.New("it is required, but has no file to send; a file has a name or a content")
	case isNothing:
		return nil
	}
	for _, u := range uploads {
		if err := u.writePart(f.Name, w); err != nil {
			return err
		}
	}
	return nil
}

// writePart writes an upload as a part of a form.
func (u Upload) writePart(field string, w *formdata.Writer) error {
	switch {
	case formdata.BaseName(u.Filename) != u.Filename || !utf8.ValidString(u.Filename):
		return fmt.Errorf("the file name %q would not arrive as it is", u.Filename)
	case u.Filename == "" && u.Size == 0:
		return errors.New("a file without a name and content is not sent")
	}
	// Checked before anything is sent; later the body would be truncated.
	if err := u.content.Err(); err != nil {
		return err
	}
	header := textproto.MIMEHeader{}
	for name, lines := range u.Header {
		// A copy, because the header of the upload belongs to another request.
		header[name] = lines
	}
	header.Del("Content-Disposition") // the form writes its own
	header.Set("Content-Type", cmp.Or(u.ContentType, mediatype.Octets))
	for name, lines := range header {
		if !mediatype.ValidHeader(name, lines) {
			return fmt.Errorf("its header %q cannot be sent", name)
		}
	}
	w.File(formdata.SentFile{Field: field, Name: u.Filename, Header: header, Size: u.Size, Open: func() (io.Reader, error) { return u.Open() }})
	return nil
}

// request makes the request from the draft. If the route leaves a choice of media types, the client's choice is used.
func (d *draft) request(method string, target *url.URL, chosen string) (*http.Request, error) {
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
func (d *draft) typed(r *http.Request, chosen string) error {
	switch {
	case !strings.Contains(d.media, "*"):
		chosen = d.media
	case chosen == "" || strings.Contains(chosen, "*"):
		return fmt.Errorf("nothing says which media type of %s the body has; set Content-Type in Client.Header", d.media)
	}
	r.Header.Set("Content-Type", chosen)
	return nil
}
