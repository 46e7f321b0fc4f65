package candor

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/spool"
	"github.com/candor-go/candor/internal/typeinfo"
)

// OAuth2PasswordForm is the form with which OAuth2 clients request a token for a user name and a password (RFC 6749,
// section 4.3.2). Embed it in an input, use it as the input, or as a field:
//
//	func login(ctx context.Context, in candor.OAuth2PasswordForm) (Token, error)
//	type Login struct {
//		Form candor.OAuth2PasswordForm `form:""`
//		DB   *sql.DB                   `dep:""`
//	}
//
//	func login(ctx context.Context, in Login) (Token, error)
//
// A parameter without a value counts as absent (RFC 6749, section 3.2), so an empty user name or password is missing.
//
// Compare the password in constant time: with a password hash, or with [SecretsEqual].
type OAuth2PasswordForm struct {
	// GrantType is "password", or "" if the client left it out.
	GrantType string `form:"grant_type,omitempty" validate:"oneof=password" example:"password"`
	Username  string `form:"username" validate:"min=1"`
	Password  string `form:"password" validate:"min=1"`
	// Scope holds the requested scopes, separated by spaces.
	Scope string `form:"scope,omitempty"`
	// ClientID and ClientSecret identify the client rather than the user.
	ClientID     string `form:"client_id,omitempty"`
	ClientSecret string `form:"client_secret,omitempty"`
}

// Scopes returns the requested scopes.
func (f OAuth2PasswordForm) Scopes() []string { return strings.Fields(f.Scope) }

// formPlan reads a URL-encoded or multipart body into the form fields of an input.
type formPlan struct {
	fields []formField
	// strict rejects unknown names, also those in nested values, whose types need not be strict.
	strict bool
}

// formField is one field of a form. takesEmpty means that an empty value is valid; otherwise it is what browsers send
// for an input left empty.
type formField struct {
	// param binds a value of one name; nil for others.
	param *bind.Param
	// nested is set for a value made of several names.
	nested *bind.Nested
	// file is set for a file.
	file       *filePlan
	name       string
	index      []int
	takesEmpty bool
	isJSON     bool
	// isNeeded means that a form without the field is invalid.
	isNeeded bool
	// isList means that all values count, rather than only the last.
	isList bool
	// aliases are the indices of the fields for former names; isAlias means that this is one of those.
	aliases []int
	isAlias bool
	// cross checks the field together with others; nil without such rules.
	cross check.CrossCheck
	// requiredBy are the indices of the fields in whose presence this one is required.
	requiredBy []int
	// isSecret means that no error repeats the value.
	isSecret bool
}

// formBody makes the plan of a form body.
func (c *compiler) formBody(p *bodyPlan, in *typeinfo.Input) error {
	form := &formPlan{strict: in.Form.Strict}
	for _, f := range in.Form.Fields {
		field, err := c.formField(in, f)
		if err != nil {
			return inField(in, f, err)
		}
		form.fields = append(form.fields, field)
	}
	if err := c.formAliases(form, in); err != nil {
		return err
	}
	p.required = slices.ContainsFunc(form.fields, func(f formField) bool { return f.isNeeded })
	p.absent = form.decode
	// If no form was sent, one error for the body says more than one for each field.
	if p.required {
		p.absent = missingBody
	}
	// Pairs are read as a whole; parts are streamed, since files may be larger than memory.
	p.media = []bodyMedia{{name: mediatype.Form, decode: form.decode, copies: true, text: true}, {name: mediatype.Multipart, stream: form.readMultipart}}
	// Pairs cannot carry a file, so the document does not list URL-encoded bodies for this form.
	if form.hasFiles() {
		p.media, p.keepsFiles = p.media[1:], true
	}
	return nil
}

// formAliases appends the fields of former names, after all others.
func (c *compiler) formAliases(form *formPlan, in *typeinfo.Input) error {
	for i, f := range in.Form.Fields {
		for _, former := range f.Aliases {
			alias, err := c.formField(in, former)
			if err != nil {
				return inField(in, f, err)
			}
			alias.isAlias, alias.cross = true, nil
			form.fields[i].aliases = append(form.fields[i].aliases, len(form.fields))
			form.fields = append(form.fields, alias)
		}
	}
	return nil
}

func (c *compiler) formField(in *typeinfo.Input, f *typeinfo.Field) (field formField, err error) {
	field = formField{name: f.Name, index: f.Index, isJSON: f.JSON, isList: f.Type.IsList() && !f.JSON, isSecret: f.WriteOnly, isNeeded: f.Required}
	for i, other := range in.Form.Fields {
		if slices.Contains(f.RequiredBy, other.Name) {
			field.requiredBy = append(field.requiredBy, i)
		}
	}
	if f.Source == typeinfo.File {
		field.file, err = c.compileFile(f)
		return field, err
	}
	if f.Nested {
		if field.nested, err = c.bind.Nested(f); err != nil {
			return field, err
		}
		field.isNeeded = field.nested.IsNeeded()
	} else {
		if field.param, err = c.bind.Param(f); err != nil {
			return field, err
		}
		field.takesEmpty = takesEmpty(f, field.param)
	}
	field.cross, err = c.rules.CompileCross(in.Go, f, in.Form.Fields...)
	return field, err
}

func (f *formField) bind(into reflect.Value, sent *sentForm, i int, strict bool, o codec.Options, faults *fault.List) {
	o.Echo = o.Echo && !f.isSecret
	switch wrong := sent.wrong[i]; {
	// The value was not stored, so without this case the field would count as missing.
	case wrong != nil:
		wrong.Loc = []any{"body", f.name}
		faults.Add(wrong)
	case f.nested != nil:
		f.nested.Bind(into, sent.branches[i], o.Echo, bind.Closed{Names: strict || o.ForbidExtra, JSON: o.ForbidExtra}, faults)
	case f.file != nil:
		f.file.fill(into, f.name, sent.filesOf(i), faults)
	case o.ForbidExtra:
		f.param.BindClosed(into, sent.texts[i], o.Echo, faults)
	default:
		f.param.Bind(into, sent.texts[i], o.Echo, faults)
	}
}

// takesEmpty reports whether an empty text is a value of the field. OAuth2 has its own rule: a parameter without a
// value counts as absent (RFC 6749, section 3.2).
func takesEmpty(f *typeinfo.Field, p *bind.Param) bool {
	return f.Owner != reflect.TypeFor[OAuth2PasswordForm]() && bind.TakesEmpty(f, p)
}

// missingBody reports that the body is missing, whatever its content would be.
func missingBody(_ []byte, _ reflect.Value, _ codec.Options, faults *fault.List) bool {
	faults.Add(fault.New(fault.Missing))
	return true
}

// decode fills in the fields from a URL-encoded body.
func (p *formPlan) decode(data []byte, into reflect.Value, o codec.Options, faults *fault.List) (fits bool) {
	p.fill(into, p.read(strings.TrimPrefix(string(data), mediatype.ByteOrderMark)), o, faults)
	return true
}

// fill fills in the fields. Like those of decoders, the locations of its validation errors are innermost first.
func (p *formPlan) fill(into reflect.Value, sent *sentForm, o codec.Options, faults *fault.List) {
	var found fault.List
	p.bind(into, sent, o, &found)
	for i := range found.Faults {
		f := &found.Faults[i]
		// Cloned, since the location may be shared and Reverse changes it.
		f.Loc = slices.Clone(f.Loc[1:])
		slices.Reverse(f.Loc)
		faults.Add(f)
	}
	faults.Truncated = faults.Truncated || found.Truncated
}

// bind fills in the fields. Its validation errors have complete locations.
func (p *formPlan) bind(into reflect.Value, sent *sentForm, o codec.Options, faults *fault.List) {
	// Fields beyond the limit were only counted, so they would wrongly be reported as missing.
	if sent.isFull() {
		f := sent.tooMany()
		f.Loc = []any{"body"}
		faults.Add(f)
		return
	}
	for i := range p.fields {
		if p.fields[i].isAlias {
			continue
		}
		sentAs := p.sentAs(i, sent, faults)
		p.fields[sentAs].bind(into, sent, sentAs, p.strict, o, faults)
		// Rules across fields look up the field by its current name.
		sent.texts[i] = sent.texts[sentAs]
	}
	if p.strict || o.ForbidExtra {
		for _, name := range sent.unknown {
			faults.Add(&fault.Fault{Type: fault.ExtraForbidden, Loc: []any{"body", name}})
		}
	}
	p.require(sent, faults)
	// A rule across fields compares values, so each must be valid by itself first.
	if len(faults.Faults) == 0 {
		p.judge(into, sent, faults)
	}
}

// sentAs returns the field under whose name a value was sent. Two different values are a validation error of the former
// name.
func (p *formPlan) sentAs(i int, sent *sentForm, faults *fault.List) int {
	sentAs := i
	for _, alias := range p.fields[i].aliases {
		switch {
		case sent.isAbsent(alias):
		case sent.isAbsent(sentAs):
			sentAs = alias
		case !p.fields[i].param.SameTexts(sent.texts[sentAs], sent.texts[alias]):
			f := bind.Contradiction(p.fields[sentAs].name)
			f.Loc = []any{"body", p.fields[alias].name}
			faults.Add(f)
		}
	}
	return sentAs
}

func (s *sentForm) isAbsent(i int) bool { return s.texts[i] == nil && s.wrong[i] == nil }

// sentForm holds what a body contains for each field, and for other names.
type sentForm struct {
	// pairs counts pairs or parts, and fileCount those parts that are files.
	pairs, fileCount int
	limits           MultipartLimits
	// most is the limit for all texts of a multipart form, in bytes, and memoryLeft what remains of it.
	most, memoryLeft int64
	texts            [][]string
	files            [][]Upload
	// branches hold what was sent for values made of several names.
	branches []*bind.Branch
	// isShared means that several inputs are filled in from it, so that each needs its own files.
	isShared bool
	// wrong is set for a field whose value is invalid.
	wrong   []*fault.Fault
	unknown []string
}

func (p *formPlan) newSent(limits MultipartLimits) *sentForm {
	n := len(p.fields)
	return &sentForm{limits: limits, texts: make([][]string, n), files: make([][]Upload, n), branches: make([]*bind.Branch, n), wrong: make([]*fault.Fault, n)}
}

// takeNested adds a text, or what is wrong with it, to a value made of several names, if the name belongs to one.
func (p *formPlan) takeNested(name, text string, wrong *fault.Fault, sent *sentForm) bool {
	for i := range p.fields {
		if p.fields[i].nested != nil && p.fields[i].nested.Take(&sent.branches[i], name, text, wrong) {
			return true
		}
	}
	return false
}

// filesOf returns the files of a field, for one input to keep.
func (s *sentForm) filesOf(i int) []Upload {
	if !s.isShared {
		return s.files[i]
	}
	files := slices.Clone(s.files[i])
	for i := range files {
		files[i] = files[i].clone()
	}
	return files
}

// addUnknown records a name that no field has, once.
func (s *sentForm) addUnknown(name string) {
	// The name becomes a location in the response, which is JSON and so must be UTF-8.
	name = strings.ToValidUTF8(name, "\uFFFD")
	if !slices.Contains(s.unknown, name) {
		s.unknown = append(s.unknown, name)
	}
}

// isFull reports whether the limit is exceeded. Anything more is only counted.
func (s *sentForm) isFull() bool {
	return s.pairs > s.limits.Parts || s.fileCount > s.limits.Files
}

// tooMany is the validation error of a form that exceeds the limit.
func (s *sentForm) tooMany() *fault.Fault {
	switch {
	case s.pairs <= s.limits.Parts:
		return fault.TooManyItems(s.limits.Files, s.fileCount, "file")
	case s.limits.Files > 0:
		return fault.TooManyItems(s.limits.Parts, s.pairs, "part")
	}
	return fault.TooManyItems(s.limits.Parts, s.pairs, "item")
}

// keepText adds a value of a field.
func (s *sentForm) keepText(i int, field *formField, text string) {
	s.texts[i] = append(s.texts[i], text)
	s.clearWrong(i, field)
}

// clearWrong forgets what was wrong with earlier values of a field of which only the last counts.
func (s *sentForm) clearWrong(i int, field *formField) {
	if !field.isList {
		s.wrong[i] = nil
	}
}

// read sorts pairs by field. A name with malformed percent-encoding is unknown, as in a query, and is reported as it
// was sent.
func (p *formPlan) read(data string) *sentForm {
	sent := p.newSent(MultipartLimits{Parts: bind.MaxPairs})
	for pair := range strings.SplitSeq(data, "&") {
		if pair == "" {
			continue
		}
		// The message needs the count; the extra pairs take no more memory.
		if sent.pairs++; sent.isFull() {
			continue
		}
		name, text, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			p.sort(plain, text, sent)
		} else {
			sent.addUnknown(name)
		}
	}
	return sent
}

// indexOf finds a field by its name, -1 if there is none.
func (p *formPlan) indexOf(name string) int {
	return slices.IndexFunc(p.fields, func(f formField) bool { return f.name == name && f.nested == nil })
}

func (p *formPlan) sort(name, text string, sent *sentForm) {
	i := p.indexOf(name)
	plain, err := url.QueryUnescape(text)
	var wrong *fault.Fault
	if err != nil {
		wrong = fault.With(fault.ValueError, "error", "malformed percent-encoding")
	}
	switch {
	case i < 0:
		if !p.takeNested(name, plain, wrong, sent) {
			sent.addUnknown(name)
		}
	case wrong != nil:
		sent.wrong[i] = wrong
	case plain != "" || p.fields[i].takesEmpty:
		sent.keepText(i, &p.fields[i], plain)
	}
}

// readMultipart fills in the fields from the parts of a body as they arrive.
func (p *formPlan) readMultipart(into reflect.Value, body io.Reader, in *incoming, faults *fault.List) error {
	parts, err := formdata.New(in.r.Header.Get("Content-Type"), body)
	if err != nil {
		return partError(parts, err)
	}
	// The store keeps a whole form in memory if its Content-Length is small enough.
	if in.uploads != nil {
		in.uploads.Begin(in.r.ContentLength, in.heldLimit)
	}
	sent := p.newSent(in.multipart)
	sent.most, sent.memoryLeft = in.heldLimit, in.heldLimit
	for {
		part, err := parts.Next()
		if err == io.EOF { //nolint:errorlint // Next returns it bare
			break
		}
		if err == nil {
			err = p.takePart(part, sent, in.uploads)
		}
		if err != nil {
			return partError(parts, err)
		}
	}
	if in.kept != nil {
		sent.isShared = true
		in.kept.keep(nil, true, func(_ []byte, into reflect.Value, o codec.Options, faults *fault.List) bool {
			p.fill(into, sent, o, faults)
			return true
		}, in.options())
	}
	p.fill(into, sent, in.options(), faults)
	return nil
}

// takePart handles a part according to its name, and reads it to its end.
func (p *formPlan) takePart(part *formdata.Part, sent *sentForm, uploads *spool.Store) error {
	sent.pairs++
	if part.IsFile {
		sent.fileCount++
	}
	i := p.indexOf(part.Name)
	switch {
	case sent.isFull():
		// It must be read to its end: the next part begins there.
		return discard(part)
	case i < 0:
		return p.takeUnnamed(part, sent)
	}
	field := &p.fields[i]
	if field.file != nil && !part.IsFile {
		return sent.takeNoFile(i, part)
	}
	if reason := field.misfit(part); reason != "" {
		sent.wrong[i] = fault.With(fault.ValueError, "error", reason)
		return discard(part)
	}
	if field.file != nil {
		return sent.takeFile(i, field, part, uploads)
	}
	return sent.takeText(i, field, part)
}

// takeUnnamed reads a part whose name no field has; it may belong to a value made of several names.
func (p *formPlan) takeUnnamed(part *formdata.Part, sent *sentForm) error {
	leads := func(f formField) bool { return f.nested != nil && f.nested.Reads(part.Name) }
	if !slices.ContainsFunc(p.fields, leads) {
		if !p.takeNested(part.Name, "", nil, sent) {
			sent.addUnknown(part.Name)
		}
		return discard(part)
	}
	if reason := (&formField{}).misfit(part); reason != "" {
		p.takeNested(part.Name, "", fault.With(fault.ValueError, "error", reason), sent)
		return discard(part)
	}
	text, err := sent.readText(part)
	if err == nil {
		p.takeNested(part.Name, text, nil, sent)
	}
	return err
}

func discard(part io.Reader) error {
	_, err := io.Copy(io.Discard, part)
	return err
}

// misfit returns why a part cannot be read into a field, "" if it can. JSON may come as a file, because a script can
// set its media type only that way.
func (f *formField) misfit(part *formdata.Part) string {
	mediaType, params, isMedia := mediatype.Parse(part.Header.Get("Content-Type"))
	switch {
	case f.file != nil:
		return ""
	case part.IsFile && (!f.isJSON || !isMedia || !mediatype.IsJSON(mediaType)):
		return "a string is expected, not a file"
	case !mediatype.IsUTF8(params["charset"]):
		return "the string must be UTF-8"
	}
	return ""
}

// takeNoFile reads a part without a filename for a file field. Several clients send an empty one for an input left
// empty.
func (s *sentForm) takeNoFile(i int, part *formdata.Part) error {
	n, err := io.Copy(io.Discard, part)
	if n > 0 {
		s.wrong[i] = fault.With(fault.ValueError, "error", "a file is expected, which is a part with a filename")
	}
	return err
}

// takeFile keeps a file, unless it is what a browser sends for no file.
func (s *sentForm) takeFile(i int, field *formField, part *formdata.Part, uploads *spool.Store) error {
	u, err := field.file.keep(part, uploads)
	if err != nil || u.Size == 0 && part.Filename == "" {
		return err
	}
	u.Filename, u.Header, u.ContentType = part.Filename, part.Header, part.Header.Get("Content-Type")
	if u.ContentType == "" {
		u.ContentType = mediatype.Octets
	}
	s.files[i] = append(s.files[i], u)
	s.clearWrong(i, field)
	return nil
}

// takeText keeps a text. All texts of a form together are limited like a body that is held in memory.
func (s *sentForm) takeText(i int, field *formField, part *formdata.Part) error {
	text, err := s.readText(part)
	if err == nil && (text != "" || field.takesEmpty) {
		s.keepText(i, field, text)
	}
	return err
}

// readText reads a text part, within the limit for all of them.
func (s *sentForm) readText(part *formdata.Part) (string, error) {
	most := min(s.limits.Text, s.memoryLeft)
	// Reading one byte over the limit shows that there is more; the inner min keeps +1 from overflowing.
	text, err := io.ReadAll(io.LimitReader(part, min(most, math.MaxInt64-1)+1)) // most texts are short
	n := int64(len(text))
	switch {
	case err != nil:
		return "", err
	case n > s.memoryLeft:
		return "", tooMuchHeld("texts", s.most)
	case n > s.limits.Text:
		return "", Error(http.StatusRequestEntityTooLarge, fmt.Sprintf("a form value has more than %d bytes", s.limits.Text))
	}
	s.memoryLeft -= n
	return string(text), nil
}

// hasFiles reports whether the form can be sent only as multipart.
func (p *formPlan) hasFiles() bool {
	return slices.ContainsFunc(p.fields, func(f formField) bool { return f.file != nil })
}

// require reports fields that are missing but required by others.
func (p *formPlan) require(sent *sentForm, faults *fault.List) {
	for i := range p.fields {
		field := &p.fields[i]
		if len(field.requiredBy) > 0 && !sent.has(i) && slices.ContainsFunc(field.requiredBy, sent.has) {
			faults.Add(&fault.Fault{Type: fault.Missing, Loc: []any{"body", field.name}})
		}
	}
}

// has reports whether a value of a field was sent.
func (s *sentForm) has(i int) bool {
	return len(s.texts[i]) > 0 || len(s.files[i]) > 0 || s.wrong[i] != nil || s.branches[i].IsThere()
}

// judge checks the rules across fields.
func (p *formPlan) judge(into reflect.Value, sent *sentForm, faults *fault.List) {
	for i := range p.fields {
		field := &p.fields[i]
		if field.cross == nil {
			continue
		}
		if f := field.cross(into, into.FieldByIndex(field.index), sent.has(i)); f != nil {
			f.Loc = []any{"body", field.name}
			faults.Add(f)
		}
	}
}
