package sending

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Files returns the files in the value of a form field. Those for a file that is left out are none.
type Files func(f *typeinfo.Field, value reflect.Value) ([]formdata.SentFile, error)

// field is a form field to be sent.
type field struct {
	*typeinfo.Field
	texts *bind.Texts // nil for a file
	// nested encodes a value that has several names; nil for others.
	nested     *bind.NestedTexts
	takesEmpty bool
}

// Form sends a form, as multipart/form-data if it may have files.
func Form(c *bind.Compiler, form *typeinfo.Object, files Files) (Body, error) {
	var fields []field
	var hasFiles bool
	for _, f := range form.Fields {
		field := field{Field: f, takesEmpty: bind.HoldsText(f)}
		var err error
		switch {
		case f.Source == typeinfo.File:
			hasFiles = true
		case f.Nested:
			field.nested, err = c.NestedTexts(f)
		default:
			field.texts, err = c.Texts(f)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Go, err)
		}
		fields = append(fields, field)
	}
	// URL-encoded forms are shorter, and the default of HTML forms.
	if !hasFiles {
		return pairs(fields), nil
	}
	return parts(fields, files), nil
}

// textsOf returns the texts of a field.
func (f *field) textsOf(from reflect.Value) ([]string, error) {
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
func (f *field) each(from reflect.Value, put func(name string, texts []string) error) error {
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

// pairs sends a URL-encoded form.
func pairs(fields []field) Body {
	return func(from reflect.Value, to *Draft) error {
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
			to.SetBody(mediatype.Form, []byte(strings.Join(pairs, "&")))
		}
		return nil
	}
}

// parts sends a multipart form.
func parts(fields []field, files Files) Body {
	return func(from reflect.Value, to *Draft) error {
		w := formdata.NewWriter()
		for i := range fields {
			if err := fields[i].writeParts(from, files, w); err != nil {
				return err
			}
		}
		if body, ok := w.End(); ok {
			to.media, to.length, to.open = body.MediaType, body.Length, body.Open
		}
		return nil
	}
}

func (f *field) writeParts(from reflect.Value, files Files, w *formdata.Writer) error {
	if f.Source == typeinfo.File {
		all, err := files(f.Field, from.FieldByIndex(f.Index))
		if err != nil {
			return fmt.Errorf("%s (file %q): %w", f.Go, f.Name, err)
		}
		for _, file := range all {
			w.File(file)
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
