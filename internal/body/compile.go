package body

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/form"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/transcode"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Compiler makes plans under the rules of one app.
type Compiler struct {
	Rules *check.Set
	Codec *codec.Compiler
	Form  *form.Compiler
	// Others are the media types beside JSON of bodies that are decoded.
	Others transcode.Set
}

// UnknownMediaError reports a media type that only another app may know.
type UnknownMediaError string

// Error says how the media type becomes known.
func (e UnknownMediaError) Error() string {
	return fmt.Sprintf("nothing reads the media type %s into a struct; add it to Config.Codecs, or take the body as []byte, string or io.Reader", string(e))
}

// IsRaw reports whether a body of this type is taken as the bytes that were sent.
func IsRaw(t reflect.Type) bool {
	return t == reflect.TypeFor[[]byte]() || t == reflect.TypeFor[string]()
}

// Unread makes the plan of a body that the handler reads, in these media types. large selects the limit for bodies that
// are not held in memory, and text means that the charset parameter must say UTF-8.
func Unread(names []string, required, large, text bool) *Plan {
	p := &Plan{Required: required, large: large}
	for _, name := range names {
		p.media = append(p.media, media{name: name, text: text})
	}
	return p
}

// Compile makes the plan of an input whose body the handler does not read itself; nil for an input without a body.
func (c *Compiler) Compile(in *typeinfo.Input) (p *Plan, err error) {
	p = &Plan{}
	switch {
	case in.Body != nil && IsRaw(in.Body.Type.Go):
		// This case must come first: in the next one, a []byte or string would be decoded from JSON.
		err = c.raw(p, in)
	case in.Body != nil:
		if err = c.whole(p, in); err == nil && in.BodyForm != nil {
			err = c.alsoForm(p, in)
		}
	case in.Members != nil:
		err = c.members(p, in)
	case in.Form != nil:
		err = c.form(p, in)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// members reads an object whose members are fields of the input.
func (c *Compiler) members(p *Plan, in *typeinfo.Input) error {
	decoder, err := c.Codec.Object(in.Members, in.Go)
	if err != nil {
		return err
	}
	p.Required = slices.ContainsFunc(in.Members.Fields, func(f *typeinfo.Field) bool { return f.Required })
	// The decoder treats nil as an object without members: it fills in defaults and reports required members.
	p.absent = decoder.Decode
	return c.decoded(p, decoder.Decode, "")
}

// whole reads one field from the whole body.
func (c *Compiler) whole(p *Plan, in *typeinfo.Input) error {
	f := in.Body
	decoder, err := c.Codec.Decoder(f.Type, f.Rules)
	if err != nil {
		return err
	}
	if err := c.absent(p, in); err != nil {
		return err
	}
	return c.decoded(p, func(data []byte, into reflect.Value, o codec.Options, faults *fault.List) bool {
		return decoder.Decode(data, into.FieldByIndex(f.Index), o, faults)
	}, f.Media)
}

// absent treats a missing body as an object treats a missing member: with the body's default, with the defaults of its
// members, or with a validation error.
func (c *Compiler) absent(p *Plan, in *typeinfo.Input) error {
	// The body is wrapped as the only member of an object, which implements all of these cases.
	object, err := c.Codec.Object(&typeinfo.Object{Fields: []*typeinfo.Field{in.Body}}, in.Go)
	if err != nil {
		return err
	}
	p.Required = in.Body.Required
	p.absent = func(_ []byte, into reflect.Value, o codec.Options, faults *fault.List) bool {
		return object.Decode(nil, into, o, faults)
	}
	return nil
}

// decoded lists the media types that share one decoder: the one named by the tag, or JSON and the others of the app.
func (c *Compiler) decoded(p *Plan, decode decode, name string) error {
	switch {
	case name == "":
		p.media = append(p.media, media{name: mediatype.JSON, decode: decode, copies: true, text: true})
		for _, other := range c.Others.Names() {
			p.media = append(p.media, c.other(other, decode))
		}
	case mediatype.IsJSON(name):
		p.media = []media{{name: name, decode: decode, copies: true, text: true}}
	case !c.Others.Has(name):
		return UnknownMediaError(name)
	default:
		p.media = []media{c.other(name, decode)}
	}
	return nil
}

// other puts the codec of a media type in front of the JSON decoder.
func (c *Compiler) other(name string, then decode) media {
	// copies stays false: the user's Unmarshal may keep references to the bytes.
	return media{name: name, decode: func(data []byte, into reflect.Value, o codec.Options, faults *fault.List) bool {
		text, err := c.Others.ToJSON(name, data)
		if err != nil {
			// The codec's error message is not sent: it may contain what clients must not see.
			faults.Add(fault.With(fault.ValueError, "error", "not valid "+name))
			return true
		}
		return then(text, into, o, faults)
	}}
}

// AcceptMergePatch adds the media type for merge patches to a body that distinguishes absent from null, and reports
// whether it did. The body is decoded like any JSON.
func (p *Plan) AcceptMergePatch(in *typeinfo.Input) bool {
	members := in.Members.Members()
	if in.Body != nil {
		members = in.Body.Type.Object.Members()
	}
	isOptional := func(f *typeinfo.Field) bool { return f.Type.Kind == typeinfo.Optional }
	if p.media[0].name != mediatype.JSON || !slices.ContainsFunc(members, isOptional) {
		return false
	}
	// JSON stays first: in loose mode the first media type is assumed for a body without Content-Type.
	patch := p.media[0]
	patch.name = mediatype.MergePatch
	p.media = slices.Insert(p.media, 1, patch)
	return true
}

// raw passes on the body as it was sent.
func (c *Compiler) raw(p *Plan, in *typeinfo.Input) error {
	f := in.Body
	keeps, err := c.Rules.Compile(f.Type, f.Rules)
	if err != nil {
		return in.ErrorIn(f, err)
	}
	p.media = []media{{name: cmp.Or(f.Media, mediatype.Octets), decode: setBytes(f.Index, keeps)}}
	if f.Type.Go.Kind() == reflect.String {
		p.media = []media{{name: cmp.Or(f.Media, "text/plain"), decode: setText(f.Index, keeps), text: true}}
	}
	// A raw body may have a default too, handled like that of any other body.
	return c.absent(p, in)
}

func setBytes(index []int, keeps check.Check) decode {
	return func(data []byte, into reflect.Value, _ codec.Options, faults *fault.List) bool {
		// The field refers to the bytes that were read, so media.copies is not set.
		into.FieldByIndex(index).SetBytes(data)
		return judge(into.FieldByIndex(index), keeps, faults)
	}
}

func setText(index []int, keeps check.Check) decode {
	return func(data []byte, into reflect.Value, _ codec.Options, faults *fault.List) bool {
		// A Go string may hold any bytes, but the document says that this is text, as in JSON.
		if !utf8.Valid(data) {
			faults.Add(fault.New(fault.StringUnicode))
			return true
		}
		into.FieldByIndex(index).SetString(string(data))
		return judge(into.FieldByIndex(index), keeps, faults)
	}
}

// judge always returns true (fits): the value is already in memory.
func judge(value reflect.Value, keeps check.Check, faults *fault.List) bool {
	if keeps == nil {
		return true
	}
	if f := keeps(value); f != nil {
		faults.Add(f)
	}
	return true
}

// alsoForm accepts a whole body as a form as well. The fields of the body's type are the form's fields, without a
// prefix.
func (c *Compiler) alsoForm(p *Plan, in *typeinfo.Input) error {
	fields, err := c.Form.Whole(in.BodyForm)
	if err != nil {
		return in.ErrorIn(in.BodyForm, err)
	}
	p.media = append(p.media, pairs(fields), parts(fields))
	return nil
}

// form reads a form.
func (c *Compiler) form(p *Plan, in *typeinfo.Input) error {
	fields, err := c.Form.Compile(in)
	if err != nil {
		return err
	}
	p.Required = fields.IsNeeded()
	p.absent = fields.Decode
	// If no form was sent, one error for the body says more than one for each field.
	if p.Required {
		p.absent = missing
	}
	p.media = []media{pairs(fields), parts(fields)}
	// Pairs cannot carry a file, so the document does not list URL-encoded bodies for this form.
	if fields.HasFiles() {
		p.media, p.KeepsFiles = p.media[1:], true
	}
	return nil
}

// missing reports that the body is missing, whatever its content would be.
func missing(_ []byte, _ reflect.Value, _ codec.Options, faults *fault.List) bool {
	faults.Add(fault.New(fault.Missing))
	return true
}

// pairs reads a URL-encoded form, as a whole.
func pairs(fields *form.Plan) media {
	return media{name: mediatype.Form, decode: fields.Decode, copies: true, text: true}
}

// parts reads a multipart form as it arrives, since files may be larger than memory.
func parts(fields *form.Plan) media {
	return media{name: mediatype.Multipart, stream: func(into reflect.Value, body io.Reader, in *Incoming, o codec.Options, faults *fault.List) error {
		sent, err := fields.Read(form.Parts{
			ContentType: in.R.Header.Get("Content-Type"), Length: in.R.ContentLength, Body: body,
			Limits: in.Parts, Memory: in.Limit, Files: in.Files,
		})
		if err != nil {
			return err
		}
		if in.Kept != nil {
			sent.Share()
			in.Kept.keep(nil, true, func(_ []byte, into reflect.Value, o codec.Options, faults *fault.List) bool {
				fields.Fill(into, sent, o, faults)
				return true
			}, o)
		}
		fields.Fill(into, sent, o, faults)
		return nil
	}}
}
