package candor

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/sending"
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
	body sending.Body
}

// compileSending compiles the plan for an input.
func (c *compiler) compileSending(in *typeinfo.Input) (p *sendPlan, err error) {
	p = &sendPlan{credentials: credentials.Fields(in)}
	if p.params, err = c.bind.Sender(in); err != nil {
		return nil, err
	}
	switch {
	case in.Body != nil && isLines(in.Body.Type.Go):
		// Before the raw bodies, because isRaw is also true for lines.
		p.body, err = c.sendLines(in.Body)
	case in.Body != nil && isRaw(in.Body.Type.Go):
		p.body = sending.Raw(in.Body)
	case in.Body != nil:
		p.body, err = c.sendWhole(in.Body)
	case in.Members != nil:
		p.body, err = sending.Members(c.codec, in)
	case in.Form != nil:
		p.body, err = sending.Form(c.bind, in.Form, sentFiles)
	}
	return p, err
}

// input returns the part of a value that holds the parameters and credentials.
func (p *sendPlan) input(from reflect.Value) reflect.Value {
	return from.FieldByIndex(p.at)
}

// send writes an addressable input into the draft.
func (p *sendPlan) send(from reflect.Value, to *sending.Draft) error {
	input := p.input(from)
	if err := p.params.Send(input, &to.Sent); err != nil {
		return err
	}
	for _, f := range p.credentials {
		if err := credentials.Send(f, input.FieldByIndex(f.Index), &to.Sent); err != nil {
			return fmt.Errorf("%s: %w", f.Go, err)
		}
	}
	if p.body == nil {
		return nil
	}
	return p.body(from, to)
}

// sendWhole compiles a field that is the whole body.
func (c *compiler) sendWhole(f *typeinfo.Field) (sending.Body, error) {
	media := cmp.Or(f.Media, mediatype.JSON)
	if mediatype.IsJSON(media) {
		return sending.Whole(c.codec, f, media, nil)
	}
	// The codec exists: the server's plan for this type has looked it up before.
	return sending.Whole(c.codec, f, media, func(json []byte) ([]byte, error) { return c.codecs.FromJSON(media, json) })
}

// sendableLines is a type of lines that can be sent. It returns a reader that encodes a value as lines, nil for none.
type sendableLines interface {
	lines(c *compiler) (func(value reflect.Value) io.Reader, error)
}

// sendLines sends lines as they are produced.
func (c *compiler) sendLines(f *typeinfo.Field) (sending.Body, error) {
	ready, ok := reflect.Zero(f.Type.Go).Interface().(sendableLines)
	if !ok {
		return nil, fmt.Errorf("a body of type %s cannot be sent", typeinfo.Name(f.Type.Go))
	}
	read, err := ready.lines(c)
	media := cmp.Or(f.Media, linesOf(f.Type.Go).media[0])
	return func(from reflect.Value, to *sending.Draft) error {
		switch body := read(from.FieldByIndex(f.Index)); {
		case body != nil:
			to.SetReader(media, body)
		case f.Required:
			return sending.ErrEmpty
		}
		return nil
	}, err
}

// sentFiles returns the files of a form field as they are sent.
func sentFiles(f *typeinfo.Field, v reflect.Value) (files []formdata.SentFile, err error) {
	var uploads []Upload
	switch sent := v.Interface().(type) {
	case Upload:
		uploads = []Upload{sent}
	case *Upload:
		if sent != nil {
			uploads = []Upload{*sent}
		}
	case []Upload:
		uploads = sent
	case []byte:
		if sent != nil || f.Required {
			uploads = []Upload{NewUpload(f.Name, sent)}
		}
	}
	// The server would treat such a part as an empty file input.
	isNothing := len(uploads) == 1 && uploads[0].Filename == "" && uploads[0].Size == 0
	switch {
	case f.Required && (len(uploads) == 0 || isNothing):
		return nil, errors.New("it is required, but has no file to send; a file has a name or a content")
	case isNothing:
		return nil, nil
	}
	for i := range uploads {
		u := &uploads[i]
		file := formdata.SentFile{
			Field: f.Name, Name: u.Filename, Header: u.Header, Size: u.Size, Open: func() (io.Reader, error) { return u.content.Open() },
		}
		if err := file.Prepare(u.ContentType); err != nil {
			return nil, err
		}
		// Checked before anything is sent; later the body would be truncated.
		if err := u.content.Err(); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}
