package mcp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
)

// body is the argument "body" of a tool, which is sent as the body of its operation.
type body struct {
	mediaType string
	kind      bodyKind
	schema    any
	shapes    *inliner
	sequence  *mediatype.Sequence
	// encoding is the documented encoding of form fields.
	encoding object
}

type bodyKind uint8

const (
	bodyJSON  bodyKind = iota // unchanged
	bodyItems                 // a list of items, sent as a sequence
	bodyForm                  // an object whose members are fields
	bodyParts                 // a form with files
	bodyText                  // a text
	bodyFile                  // bytes, as a file
)

// newBody chooses the most descriptive media type, and builds the schema of the argument.
func newBody(doc *document, in *inliner, requestBody object) *body {
	content, _ := requestBody["content"].(object)
	b := &body{shapes: in, kind: bodyFile, mediaType: mediatype.Octets}
	rank := -1
	for _, name := range slices.Sorted(maps.Keys(content)) {
		kind, r := kindOfMedia(name)
		if r > rank {
			b.mediaType, b.kind, rank = name, kind, r
		}
	}
	media, _ := content[b.mediaType].(object)
	b.encoding, _ = media["encoding"].(object)
	switch b.kind {
	case bodyJSON:
		b.schema = in.schema(orAny(media["schema"]))
	case bodyItems:
		b.sequence = mediatype.SequenceOf(b.mediaType)
		b.schema = object{"type": "array", "items": in.schema(orAny(itemSchema(media)))}
	case bodyForm, bodyParts:
		b.schema = b.formSchema(in.schema(orAny(doc.top(media["schema"]))))
	case bodyText:
		b.schema = object{"type": "string"}
	case bodyFile:
		b.schema = fileSchema()
	}
	return b
}

// kindOfMedia returns the kind of body for a media type, and how descriptive it is.
func kindOfMedia(name string) (kind bodyKind, rank int) {
	bare := mediatype.Bare(name)
	switch {
	case mediatype.IsJSON(name):
		return bodyJSON, 5
	case mediatype.SequenceOf(bare) != nil:
		return bodyItems, 4
	case bare == mediatype.Form:
		return bodyForm, 3
	case bare == mediatype.Multipart:
		return bodyParts, 2
	case strings.HasPrefix(bare, "text/"):
		return bodyText, 1
	}
	return bodyFile, 0
}

// itemSchema returns the schema of a stream's items in any version of the document.
func itemSchema(media object) any {
	for _, member := range []string{"itemSchema", mediatype.ItemExtension} {
		if s, ok := media[member]; ok {
			return s
		}
	}
	return nil
}

func orAny(schema any) any {
	if schema == nil {
		return object{}
	}
	return schema
}

// formSchema returns a schema of form fields in which files are replaced by file arguments.
func (b *body) formSchema(v any) any {
	s, ok := v.(object)
	if !ok {
		return object{"type": "object"}
	}
	s = maps.Clone(s)
	properties, _ := s["properties"].(object)
	fields := maps.Clone(properties)
	for name, field := range properties {
		f, _ := field.(object)
		items, _ := f["items"].(object)
		switch {
		case isFile(f):
			fields[name] = described(fileSchema(), text(f, "description"), false)
		case isFile(items):
			f = maps.Clone(f)
			f["items"] = fileSchema()
			fields[name] = f
		}
	}
	if fields != nil {
		s["properties"] = fields
	}
	return s
}

// isFile reports whether a schema describes bytes.
func isFile(s object) bool {
	return text(s, "format") == "binary" || text(s, "contentMediaType") == mediatype.Octets && s["contentEncoding"] == nil
}

// write adds the body to the request.
func (b *body) write(out *appRequest, raw json.RawMessage) error {
	value, err := readValue(raw)
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if opened := b.shapes.opened(b.schema, value); kindOf(opened) != kindOf(value) {
		value, raw = opened, written(opened)
	}
	out.header.Set("Content-Type", b.mediaType)
	switch b.kind {
	case bodyItems:
		return b.writeItems(out, value)
	case bodyForm:
		return b.writeForm(out, value)
	case bodyParts:
		return b.writeParts(out, value)
	case bodyText:
		s, ok := value.(string)
		if !ok {
			return errors.New("body: Expected a string")
		}
		out.header.Set("Content-Type", mediatype.WithUTF8(b.mediaType))
		out.body = []byte(s)
	case bodyFile:
		f, err := readFile("body", value)
		if err != nil {
			return err
		}
		out.header.Set("Content-Type", cmp.Or(f.mediaType, concrete(b.mediaType)))
		out.body = f.content
	default:
		out.body = raw
	}
	return nil
}

// concrete returns a media type to send if the document has a range.
func concrete(mediaType string) string {
	if strings.Contains(mediaType, "*") {
		return mediatype.Octets
	}
	return mediaType
}

func (b *body) writeItems(out *appRequest, value any) error {
	items, ok := value.([]any)
	if !ok {
		return errors.New("body: Expected a list")
	}
	for i, item := range items {
		var err error
		if out.body, err = b.sequence.Write(out.body, mediatype.Item{Data: written(item)}); err != nil {
			return fmt.Errorf("body[%d]: %w", i, err)
		}
	}
	if len(items) == 0 {
		out.body = []byte("\n") // an empty sequence differs from an absent body
	}
	return nil
}

// encodingOf returns the documented encoding of a field.
func (b *body) encodingOf(field string) (isJSON, explode bool) {
	encoding, _ := b.encoding[field].(object)
	explode = true
	if said, ok := encoding["explode"].(bool); ok {
		explode = said
	}
	return mediatype.IsJSON(text(encoding, "contentType")), explode
}

// fieldTexts returns the texts of a field; JSON if no other notation can represent the value.
func (b *body) fieldTexts(name string, value any) (texts []string, isJSON bool, err error) {
	isJSON, explode := b.encodingOf(name)
	if _, ok := value.(object); ok || isJSON {
		return []string{string(written(value))}, true, nil
	}
	texts, err = scalars("body."+name, asList(value))
	if !explode && len(texts) > 1 {
		texts = []string{strings.Join(texts, ",")}
	}
	return texts, false, err
}

func (b *body) writeForm(out *appRequest, value any) error {
	fields, ok := value.(object)
	if !ok {
		return errors.New("body: Expected an object")
	}
	form := url.Values{}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name] == nil {
			continue
		}
		texts, _, err := b.fieldTexts(name, fields[name])
		form[name] = texts
		errs = append(errs, err)
	}
	out.body = []byte(form.Encode())
	return errors.Join(errs...)
}

func (b *body) writeParts(out *appRequest, value any) error {
	fields, ok := value.(object)
	if !ok {
		return errors.New("body: Expected an object")
	}
	var sent bytes.Buffer
	w := multipart.NewWriter(&sent)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name] != nil {
			errs = append(errs, b.writeField(w, name, fields[name]))
		}
	}
	errs = append(errs, w.Close())
	out.header.Set("Content-Type", w.FormDataContentType())
	out.body = sent.Bytes()
	return errors.Join(errs...)
}

// writeField writes the parts of a field: one for each file or value.
func (b *body) writeField(w *multipart.Writer, name string, value any) error {
	if b.isFiles(name) {
		for i, one := range asList(value) {
			path := "body." + name
			if _, isList := value.([]any); isList {
				path = fmt.Sprintf("%s[%d]", path, i)
			}
			f, err := readFile(path, one)
			if err != nil {
				return err
			}
			if err := writePart(w, name, cmp.Or(f.name, "file"), cmp.Or(f.mediaType, mediatype.Octets), f.content); err != nil {
				return err
			}
		}
		return nil
	}
	texts, isJSON, err := b.fieldTexts(name, value)
	if err != nil {
		return err
	}
	mediaType := ""
	if isJSON {
		mediaType = mediatype.JSON
	}
	for _, one := range texts {
		if err := writePart(w, name, "", mediaType, []byte(one)); err != nil {
			return err
		}
	}
	return nil
}

// isFiles reports whether a field is a file or a list of files.
func (b *body) isFiles(name string) bool {
	s, _ := b.schema.(object)
	properties, _ := s["properties"].(object)
	field, _ := properties[name].(object)
	if items, ok := field["items"].(object); ok {
		field = items
	}
	members, _ := field["properties"].(object)
	content, _ := members["content"].(object)
	return content["contentEncoding"] == "base64" && members["content_type"] != nil
}

// inQuotes escapes the name of a part as browsers do.
var inQuotes = strings.NewReplacer("\\", "\\\\", `"`, `\"`, "\r", "%0D", "\n", "%0A")

// writePart writes one part of a form (RFC 7578, section 4.2).
func writePart(w *multipart.Writer, name, filename, mediaType string, content []byte) error {
	disposition := `form-data; name="` + inQuotes.Replace(name) + `"`
	if filename != "" {
		disposition = multipart.FileContentDisposition(name, filename)
	}
	header := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if mediaType != "" {
		header.Set("Content-Type", mediaType)
	}
	part, err := w.CreatePart(header)
	if err != nil {
		return err
	}
	_, err = part.Write(content)
	return err
}
