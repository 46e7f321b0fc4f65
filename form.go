package candor

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// formMedia is the media type of forms without files.
const formMedia = "application/x-www-form-urlencoded"

// OAuth2PasswordForm is the form by which OAuth2 clients ask for a token with a
// user name and a password (RFC 6749, section 4.3.2). Embed it in an input, or
// take it as one field:
//
//	func login(ctx context.Context, in candor.OAuth2PasswordForm) (Token, error)
//	func login(ctx context.Context, in struct {
//		Form candor.OAuth2PasswordForm `form:""`
//		DB   *sql.DB                   `dep:""`
//	}) (Token, error)
//
// Compare the password in a time that does not depend on what was sent: by a
// password hash, or by [SecretsEqual].
type OAuth2PasswordForm struct {
	// GrantType is "password", or "" where the client left it out.
	GrantType string `form:"grant_type,omitempty" validate:"oneof=password" example:"password"`
	Username  string `form:"username"`
	Password  string `form:"password"`
	// Scope holds the scopes the client asks for, between spaces.
	Scope string `form:"scope,omitempty"`
	// ClientID and ClientSecret are those of the client rather than the user.
	ClientID     string `form:"client_id,omitempty"`
	ClientSecret string `form:"client_secret,omitempty"`
}

// Scopes are the scopes the client asks for, one by one.
func (f OAuth2PasswordForm) Scopes() []string { return strings.Fields(f.Scope) }

// formPlan reads a body of pairs into the form fields of an input.
type formPlan struct {
	fields []formField
	strict bool
}

// formField is one field of a form. takesEmpty means that an empty value is one;
// otherwise it is what browsers send for an input that was left empty.
type formField struct {
	*bind.Param
	name       string
	index      []int
	takesEmpty bool
	// cross judges it beside others; nil without such rules.
	cross check.CrossCheck
}

// formBody makes the plan of a body that is a form.
func (c *compiler) formBody(p *bodyPlan, in *typeinfo.Input) error {
	form := &formPlan{strict: in.Form.Strict}
	for _, f := range in.Form.Fields {
		field, err := c.formField(in, f)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", typeinfo.Name(in.Go), f.Go, err)
		}
		form.fields = append(form.fields, field)
	}
	p.required = slices.ContainsFunc(in.Form.Fields, func(f *typeinfo.Field) bool { return f.Required })
	p.absent = form.decode
	p.media = []bodyMedia{{name: formMedia, decode: form.decode, text: true}}
	return nil
}

func (c *compiler) formField(in *typeinfo.Input, f *typeinfo.Field) (field formField, err error) {
	field = formField{name: f.Name, index: f.Index, takesEmpty: holdsText(f)}
	if field.Param, err = c.bind.Param(f); err != nil {
		return field, err
	}
	field.cross, err = c.rules.CompileCross(in.Go, f, in.Form.Fields...)
	return field, err
}

// holdsText reports whether an empty text is a value of a field, or of the
// elements of its list.
func holdsText(f *typeinfo.Field) bool {
	t := f.Type
	for !f.JSON {
		switch t.Kind {
		case typeinfo.String, typeinfo.Bytes:
			return true
		case typeinfo.Pointer, typeinfo.Optional, typeinfo.Slice, typeinfo.Array:
			t = t.Elem
		default:
			return false
		}
	}
	return false
}

// decode fills in the fields. Faults leave it like those of other decoders, the
// location innermost first.
func (p *formPlan) decode(data []byte, into reflect.Value, o codec.Options, faults *fault.List) (fits bool) {
	var found fault.List
	p.bind(string(data), into, o, &found)
	for i := range found.Faults {
		f := &found.Faults[i]
		f.Loc = slices.Clone(f.Loc[1:])
		slices.Reverse(f.Loc)
		faults.Add(f)
	}
	faults.Cut = faults.Cut || found.Cut
	return true
}

// bind fills in the fields. Faults have complete locations.
func (p *formPlan) bind(data string, into reflect.Value, o codec.Options, faults *fault.List) {
	sent := p.read(data)
	if sent.pairs > bind.MaxPairs {
		faults.Add(&fault.Fault{
			Type: fault.TooLong, Loc: []any{"body"},
			Ctx: map[string]any{"max_length": bind.MaxPairs, "actual_length": sent.pairs},
		})
		return
	}
	for i := range p.fields {
		if sent.malformed[i] {
			faults.Add(&fault.Fault{Type: fault.ValueError, Loc: []any{"body", p.fields[i].name}, Ctx: map[string]any{"error": "malformed percent-encoding"}})
			continue
		}
		p.fields[i].Bind(into, sent.texts[i], o.Echo, faults)
	}
	if p.strict || o.ForbidExtra {
		for _, name := range sent.strange {
			faults.Add(&fault.Fault{Type: fault.ExtraForbidden, Loc: []any{"body", name}})
		}
	}
	if len(faults.Faults) == 0 {
		p.judge(into, sent, faults)
	}
}

// sentForm is what a body holds for each field, and beside them.
type sentForm struct {
	pairs     int
	texts     [][]string
	malformed []bool
	strange   []string
}

// read sorts pairs by field. A name whose percent-encoding is malformed is the
// name of nothing, as in a query.
func (p *formPlan) read(data string) *sentForm {
	sent := &sentForm{texts: make([][]string, len(p.fields)), malformed: make([]bool, len(p.fields))}
	for pair := range strings.SplitSeq(data, "&") {
		if pair == "" {
			continue
		}
		if sent.pairs++; sent.pairs > bind.MaxPairs {
			continue
		}
		name, text, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err == nil {
			p.sort(name, text, sent)
		}
	}
	return sent
}

func (p *formPlan) sort(name, text string, sent *sentForm) {
	i := slices.IndexFunc(p.fields, func(f formField) bool { return f.name == name })
	plain, err := url.QueryUnescape(text)
	switch {
	case i < 0:
		sent.strange = appendNew(sent.strange, []string{strings.ToValidUTF8(name, "\uFFFD")})
	case err != nil:
		sent.malformed[i] = true
	case plain != "" || p.fields[i].takesEmpty:
		sent.texts[i] = append(sent.texts[i], plain)
	}
}

// judge runs the rules across fields.
func (p *formPlan) judge(into reflect.Value, sent *sentForm, faults *fault.List) {
	for i := range p.fields {
		field := &p.fields[i]
		if field.cross == nil {
			continue
		}
		if f := field.cross(into, into.FieldByIndex(field.index), len(sent.texts[i]) > 0); f != nil {
			f.Loc = []any{"body", field.name}
			faults.Add(f)
		}
	}
}

// formEncoding says how the fields of a form are written that are not pairs of
// their own: lists between commas, and JSON.
func formEncoding(form *typeinfo.Object) map[string]*openapi3.Encoding {
	encodings := map[string]*openapi3.Encoding{}
	for _, f := range form.Fields {
		switch {
		case f.JSON:
			encodings[f.Name] = &openapi3.Encoding{ContentType: jsonMedia}
		case f.CSV:
			encodings[f.Name] = &openapi3.Encoding{Style: openapi3.SerializationForm, Explode: new(bool)}
		}
	}
	if len(encodings) == 0 {
		return nil
	}
	return encodings
}
