package sending

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"reflect"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Body writes the body of an input.
type Body func(from reflect.Value, to *Draft) error

// Whole sends a field that is the whole body as JSON, or as what convert makes of it unless that is nil.
func Whole(c *codec.Compiler, f *typeinfo.Field, media string, convert func(json []byte) ([]byte, error)) (Body, error) {
	encoder, err := c.Encoder(f.Type, nil)
	if err != nil {
		return nil, err
	}
	return func(from reflect.Value, to *Draft) error {
		if bind.IsAbsent(f, from) {
			return nil
		}
		data, err := encoder.Append(nil, from.FieldByIndex(f.Index), false, nil)
		if err == nil && convert != nil {
			data, err = convert(data)
		}
		if err != nil {
			return fmt.Errorf("the body: %w", err)
		}
		to.SetBody(media, data)
		return nil
	}, nil
}

// Members sends fields that are members of one object.
func Members(c *codec.Compiler, in *typeinfo.Input) (Body, error) {
	encoder, err := c.ObjectEncoder(in.Members, in.Go)
	return func(from reflect.Value, to *Draft) error {
		// Without validation, which is up to the server.
		data, err := encoder.Append(nil, from, false, nil)
		if err != nil {
			return fmt.Errorf("the body: %w", err)
		}
		to.SetBody(mediatype.JSON, data)
		return nil
	}, err
}

// ErrEmpty is the error for an empty raw body, which the server would treat as absent.
var ErrEmpty = errors.New("the body: the server treats an empty one as absent, so it reports it as missing or takes the default")

// Raw sends a body unchanged.
func Raw(f *typeinfo.Field) Body {
	return func(from reflect.Value, to *Draft) error { return sendRaw(f, from, to) }
}

func sendRaw(f *typeinfo.Field, from reflect.Value, to *Draft) error {
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
		to.SetReader(media, body)
		return nil
	case *multipart.Reader:
		if body != nil {
			return errors.New("the body: a *multipart.Reader cannot be sent; take files in fields with the tag file")
		}
	}
	switch {
	case len(data) > 0:
		to.SetBody(media, data)
	case f.Required || f.Default != nil && data != nil:
		return ErrEmpty
	}
	return nil
}
