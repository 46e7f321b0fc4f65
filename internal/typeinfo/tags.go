package typeinfo

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// tagged is a struct field whose tags have been read but not checked.
type tagged struct {
	reflect.StructField
	owner reflect.Type
	// selector is the path to the field of a response, like Index.
	selector string
	// source is the one location tag, with its name and options.
	source  Source
	name    string
	options []string
	// isForm means that a whole body may also be sent as a form.
	isForm bool
	// scheme is the security tag beside a source.
	scheme string
	// json is the json tag's name; hasJSON distinguishes an absent tag from `json:""`.
	json        string
	jsonOptions []string
	hasJSON     bool
	// strays are unknown keys.
	strays []*StrayKey
}

// IsBody reports whether the tag of a field makes it the body of a request or response, or a member of the body.
func IsBody(f reflect.StructField) bool {
	_, ok := f.Tag.Lookup(Body.String())
	return ok
}

// readTags reads the tags that determine what a field is.
func readTags(owner reflect.Type, f reflect.StructField) (tagged, error) {
	t := tagged{StructField: f, owner: owner}
	if err := t.checkSyntax(); err != nil {
		return t, err
	}
	for source := Path; source <= Env; source++ {
		value, ok := f.Tag.Lookup(source.String())
		if !ok {
			continue
		}
		// Together with the source of an API key, the tag names the scheme. This loop visits these sources first.
		if source == Security && t.source.carriesKeys() {
			t.scheme = value
			continue
		}
		// In this order in the loop.
		if t.source == Form && source == Body && t.name == "" && value == "" && len(t.options) == 0 {
			t.isForm, t.source = true, Body
			continue
		}
		if t.source != NoSource {
			return t, t.problem(fmt.Sprintf("two sources, %s and %s", t.source, source), "keep one, as a value has one source")
		}
		t.source = source
		t.name, t.options = cutOptions(value)
	}
	var value string
	if value, t.hasJSON = f.Tag.Lookup("json"); t.hasJSON {
		t.json, t.jsonOptions = cutOptions(value)
	}
	return t, nil
}

// carriesKeys reports whether API keys may come from a source.
func (s Source) carriesKeys() bool { return s == Query || s == Header || s == Cookie }

// checkSyntax finds what reflect silently ignores: a tag that is malformed, and duplicate keys.
func (t *tagged) checkSyntax() error {
	seen := map[string]bool{}
	rest := strings.TrimLeft(string(t.Tag), " ")
	for rest != "" {
		key, after, ok := cutPair(rest)
		if !ok {
			return t.problem(fmt.Sprintf("its tag cannot be read from %q on", rest), "write key:\"value\" pairs with a space between them")
		}
		if seen[key] {
			return t.problem(fmt.Sprintf("its tag has the key %s twice", key), "keep one")
		}
		seen[key] = true
		t.judgeKey(key)
		rest = strings.TrimLeft(after, " ")
	}
	return nil
}

// cutPair removes key:"value" from the start of a tag. It must be followed by a space or the end.
func cutPair(tag string) (key, rest string, ok bool) {
	key, rest, _ = strings.Cut(tag, ":")
	quoted, err := strconv.QuotedPrefix(rest)
	// QuotedPrefix also accepts other quotes, which reflect does not.
	if err != nil || rest[0] != '"' || key == "" || strings.ContainsAny(key, " \",\x7f") {
		return "", "", false
	}
	rest = rest[len(quoted):]
	return key, rest, rest == "" || rest[0] == ' '
}

func cutOptions(value string) (name string, options []string) {
	name, rest, found := strings.Cut(value, ",")
	if found {
		options = strings.Split(rest, ",")
	}
	return name, options
}

func (t *tagged) problem(problem, fix string) *Error {
	return &Error{Type: Name(t.owner), Field: t.Name, Problem: problem, Fix: fix}
}

// useless rejects tags that have no effect where they are.
func (t *tagged) useless(where string, keys ...string) error {
	for _, key := range keys {
		if _, ok := t.Tag.Lookup(key); ok {
			return t.problem(fmt.Sprintf("its %s tag has no effect on %s", key, where), "drop the tag")
		}
	}
	return nil
}

// valueTags are tags for the value of a single field.
var valueTags = []string{"validate", "pattern", "patternmsg", "requires", "readonly", "writeonly", "default", "example"}

// suggestion returns a wire name for a field without one: item_id for ItemID, Item-Id as a header.
func (t *tagged) suggestion(source Source) string {
	var words []byte
	for i := range len(t.Name) {
		// A capital starts a word after or before a lower-case letter, as in ItemID and HTTPServer.
		if i > 0 && isUpper(t.Name[i]) && (!isUpper(t.Name[i-1]) || i+1 < len(t.Name) && !isUpper(t.Name[i+1])) {
			words = append(words, '_')
		}
		words = append(words, t.Name[i])
	}
	switch source {
	case Env:
		return strings.ToUpper(string(words))
	case Header:
		return http.CanonicalHeaderKey(strings.ReplaceAll(string(words), "_", "-"))
	}
	return strings.ToLower(string(words))
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

// field returns the description of a field from its tags, its type, and the options of the tag that names it.
func (t *tagged) field(name string, options []string, typ *Type) (*Field, error) {
	f := &Field{
		Name: name, Go: t.Name, Owner: t.owner, Declared: t.Name, Index: t.Index, Type: typ, Source: t.source,
		Title: t.Tag.Get("title"), Doc: t.Tag.Get("doc"), Media: t.Tag.Get("media"), Realm: t.Tag.Get("realm"),
	}
	// Options first, because the rules depend on whether the field may be absent.
	steps := []func(*Field) error{
		func(f *Field) error { return t.applyOptions(f, options) },
		t.refuseCredentialTags, t.refuseAlias, t.applyMedia, t.applyFlags, t.applyRules, t.applyRequires, t.applyDefault, t.applyExample,
	}
	for _, step := range steps {
		if err := step(f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// optionsOf are the options that each tag allows after its name.
var optionsOf = map[Source][]string{
	Path: {}, Query: {"omitempty", "omitzero", "csv", "pipe", "space", "deep", "json"}, Header: {"omitempty", "omitzero", "csv"},
	Cookie: {"omitempty", "omitzero"}, Form: {"omitempty", "omitzero", "csv", "json"}, File: {"omitempty", "omitzero"},
	Body: {"omitempty", "omitzero"}, NoSource: {"omitempty", "omitzero", "string"}, Dep: {}, Security: {}, Status: {},
	Env: {"omitempty", "omitzero", "json"},
}

// separators are the separators of list elements, by option.
var separators = map[string]string{"csv": ",", "pipe": "|", "space": " "}

// listOption returns the option for the field's Separator, "" if it has none.
func (f *Field) listOption() string {
	for option, separator := range separators {
		if separator == f.Separator {
			return option
		}
	}
	return ""
}

// IsDeep reports whether a type may be sent in the style deepObject.
func IsDeep(t *Type) bool {
	t = bare(t)
	return t.Kind == Struct || t.Kind == Map && t.Key.Kind == String
}

// HasOption reports whether the source's tag allows an option after its name.
func (s Source) HasOption(option string) bool { return slices.Contains(optionsOf[s], option) }

func (t *tagged) applyOptions(f *Field, options []string) error {
	for _, option := range options {
		if !t.source.HasOption(option) && (option != "" || t.source != NoSource) {
			return t.problem(fmt.Sprintf("unknown option %q in its %s tag", option, t.tagKey()), t.optionAdvice(option))
		}
		switch option {
		case "omitempty":
			f.OmitEmpty = true
		case "omitzero":
			f.OmitZero = true
		case "csv", "pipe", "space":
			if f.Separator != "" {
				return t.problem("two options say what separates the elements of its list", "keep one of csv, pipe and space")
			}
			f.Separator = separators[option]
		case "deep":
			f.Nested = true
		case "json":
			f.JSON = true
		case "string":
			f.Quoted = true
		}
	}
	return t.checkOptions(f)
}

// checkOptions rejects options that do not fit the field's type.
func (t *tagged) checkOptions(f *Field) error {
	kind, this := bare(f.Type).Kind, func() string { return "this is " + Name(f.Type.Go) }
	isScalar := kind == Bool || kind == Int || kind == Uint || kind == Float
	isList := kind == Slice || kind == Array
	switch {
	case f.Quoted && !isScalar:
		return t.problem("the json option string is for numbers and booleans, "+this(), "drop it")
	case f.Separator != "" && !isList:
		return t.problem(fmt.Sprintf("the option %s is for lists, %s", f.listOption(), this()), "drop it or make the field a slice")
	case f.Nested && !IsDeep(f.Type):
		return t.problem("the option deep is for structs and maps from strings, "+this(), "drop it, or read the value as JSON: "+fmt.Sprintf("`query:\"%s,json\"`", f.Name))
	case f.Nested && f.JSON:
		return t.problem("the options deep and json contradict each other", "keep one")
	case f.Separator != "" && f.JSON:
		return t.problem(fmt.Sprintf("the options %s and json contradict each other", f.listOption()), "keep one")
	}
	return nil
}

func (t *tagged) optionAdvice(option string) string {
	known := optionsOf[t.source]
	if len(known) == 0 {
		return fmt.Sprintf("write `%s:%q`", t.tagKey(), t.name)
	}
	if option == "required" {
		return "drop the option, as a value is required unless the tag says omitempty"
	}
	return "the options are " + strings.Join(known, ", ")
}

func (t *tagged) tagKey() string {
	if t.source == NoSource {
		return "json"
	}
	return t.source.String()
}

// refuseCredentialTags rejects tags that are only for fields of security types.
func (t *tagged) refuseCredentialTags(f *Field) error {
	switch {
	case f.Realm != "":
		return t.problem("its realm tag has no effect, as a realm belongs to credentials", "drop the tag")
	case t.scheme != "":
		return t.notSecurity()
	case t.source.carriesKeys() && t.Tag.Get("scheme") != "":
		return t.problem("its scheme tag has no effect, as it names the scheme of credentials", "drop the tag, or give the field the type candor.APIKey")
	}
	return nil
}

// notSecurity rejects a security tag on a field that is not a credential.
func (t *tagged) notSecurity() error {
	return t.problem("a security tag on a field of type "+Name(t.Type), "give the field a security type such as candor.Bearer")
}

// refuseAlias rejects former names for fields that cannot have any.
func (t *tagged) refuseAlias(f *Field) error {
	_, ok := t.Tag.Lookup("alias")
	switch {
	case !ok:
		return nil
	case !t.source.hasAliases():
		return t.problem("its alias tag has no effect, as former names are read of a query, a header, a cookie or a form value", "drop the tag")
	case f.Nested:
		return t.problem("an alias of a value that is sent under several names", "drop the tag, and read the former value as a field of its own")
	}
	return nil
}

// hasAliases reports whether values of the source may have former names.
func (s Source) hasAliases() bool { return s == Query || s == Header || s == Cookie || s == Form }

func (t *tagged) applyMedia(f *Field) error {
	if f.Media == "" {
		return nil
	}
	if t.source == File {
		return t.applyFileMedia(f)
	}
	if t.source != Body || f.Name != "" {
		return t.problem("its media tag has no effect, as a media type belongs to a whole body or a file", "drop the tag, or write `body:\"\"`")
	}
	if _, _, err := mime.ParseMediaType(f.Media); err != nil || !strings.Contains(f.Media, "/") {
		return t.problem(fmt.Sprintf("media:%q is not a media type", f.Media), "write one such as `media:\"video/mp4\"`")
	}
	return nil
}

// applyFileMedia reads the media types of a file, in the notation of the document.
func (t *tagged) applyFileMedia(f *Field) error {
	var all []string
	for name := range strings.SplitSeq(f.Media, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		mediaType, params, err := mime.ParseMediaType(name)
		kind, rest, _ := strings.Cut(mediaType, "/")
		if err != nil || len(params) > 0 || kind == "" || rest == "" || strings.Contains(strings.TrimSuffix(mediaType, "/*"), "*") {
			return t.problem(fmt.Sprintf("media:%q lists %q, which is not a media type", f.Media, name), "write those of the file with commas between them: `media:\"image/png, image/jpeg\"`, or `media:\"image/*\"`")
		}
		all = append(all, mediaType)
	}
	f.Media = strings.Join(all, ", ")
	return nil
}

func (t *tagged) applyFlags(f *Field) (err error) {
	if f.Deprecated, err = t.flag("deprecated"); err != nil {
		return err
	}
	if f.Hidden, err = t.flag("hidden"); err != nil {
		return err
	}
	return t.applyDirection(f)
}

// applyDirection reads readonly and writeonly.
func (t *tagged) applyDirection(f *Field) (err error) {
	if f.ReadOnly, err = t.flag("readonly"); err != nil {
		return err
	}
	if f.WriteOnly, err = t.flag("writeonly"); err != nil {
		return err
	}
	isFormValue, isBodyMember := t.source == Form, t.source == Body && f.Name != ""
	switch {
	case f.ReadOnly && f.WriteOnly:
		return t.problem("it is readonly and writeonly, so it would be in no request and no response", "keep one, or leave the field out by `json:\"-\"`")
	case f.ReadOnly && isBodyMember:
		return t.problem("its readonly tag is in an input, where nothing could set the value", "drop the field")
	case (f.ReadOnly || f.WriteOnly) && t.source != NoSource && !isFormValue && !isBodyMember:
		return t.problem(fmt.Sprintf("it is readonly or writeonly, which members of bodies are, but its source is %s", t.source), "drop the tag, or put it on a member of the body's type")
	}
	return nil
}

func (t *tagged) flag(key string) (bool, error) {
	value, ok := t.Tag.Lookup(key)
	if !ok {
		return false, nil
	}
	set, err := strconv.ParseBool(value)
	if err != nil {
		return false, t.problem(fmt.Sprintf("%s:%q is neither true nor false", key, value), fmt.Sprintf("write `%s:\"true\"`", key))
	}
	return set, nil
}

// applyRules reads the validate and pattern tags, and decides whether the field is required.
func (t *tagged) applyRules(f *Field) error {
	parsed, err := parseRules(t.Tag.Get("validate"), f.Type)
	if err != nil {
		problem, fix, _ := strings.Cut(err.Error(), "; ")
		return t.problem(fmt.Sprintf("validate:%q: %s", t.Tag.Get("validate"), problem), fix)
	}
	f.Rules = parsed.rules
	if err := t.applyPattern(f); err != nil {
		return err
	}
	optional := t.optional(f)
	f.Required = optional == ""
	if parsed.required && optional != "" {
		return t.problem("validate:\"required\" contradicts "+optional+", which makes the value optional",
			"drop one of the two; required means present, and zero values such as 0, false and \"\" are present")
	}
	return nil
}

func (t *tagged) applyPattern(f *Field) error {
	pattern, ok := t.Tag.Lookup("pattern")
	message, hasMessage := t.Tag.Lookup("patternmsg")
	switch {
	case hasMessage && !ok:
		return t.problem("its patternmsg tag has no effect without a pattern", "add a pattern tag, or drop it")
	case hasMessage && strings.TrimSpace(message) == "":
		return t.problem("its patternmsg tag is empty", "write what the value must look like, or drop the tag")
	case !ok:
		return nil
	}
	if _, err := regexp.Compile(pattern); err != nil {
		return t.problem(fmt.Sprintf("pattern:%q is not a regular expression: %s", pattern, strings.TrimPrefix(err.Error(), "error parsing regexp: ")), "write it in the syntax of the package regexp")
	}
	rules := Rules{}
	if f.Rules != nil {
		rules = *f.Rules
	}
	rules.Self = append(rules.Self, Rule{Name: "pattern", Param: pattern, HasParam: true, Message: message})
	f.Rules = &rules
	return nil
}

// optional returns what allows the field to be absent, "" if nothing does.
func (t *tagged) optional(f *Field) string {
	// The default itself is read later, after type and rules.
	_, hasDefault := t.Tag.Lookup("default")
	switch {
	case f.Type.Kind == Pointer:
		return "a pointer"
	case f.Type.Kind == Optional:
		return "candor.Optional"
	case hasDefault:
		return "a default"
	case f.OmitEmpty:
		return "omitempty"
	case f.OmitZero:
		return "omitzero"
	case f.ReadOnly:
		return "readonly"
	}
	return ""
}

// applyRequires reads the names of the fields that must be present together with this one. They are wire names, because
// presence is decided on the wire; resolveRequires finds the fields.
func (t *tagged) applyRequires(f *Field) error {
	names, ok := t.Tag.Lookup("requires")
	if !ok {
		return nil
	}
	f.Requires = strings.Split(names, ",")
	switch {
	case slices.Contains(f.Requires, ""):
		return t.problem(fmt.Sprintf("requires:%q names no field", names), "write the names on the wire, with commas between them: `requires:\"other\"`")
	case f.Name == "":
		return t.problem("its requires tag has no effect on a whole body", "put it on a member")
	case f.Required:
		return t.problem("its requires tag is on a value that is always present", "drop the tag and make the others required, or make this one optional")
	case f.ReadOnly:
		return t.problem("its requires tag is on a readonly member, which no request has", "drop the tag")
	}
	return nil
}

func (t *tagged) applyDefault(f *Field) (err error) {
	f.Default, err = t.literal("default", f.Type)
	return err
}

func (t *tagged) applyExample(f *Field) (err error) {
	f.Example, err = t.literal("example", f.Type)
	return err
}

// literal reads a tag that holds a value of the type, nil if there is no tag.
func (t *tagged) literal(key string, typ *Type) (json.RawMessage, error) {
	text, ok := t.Tag.Lookup(key)
	if !ok {
		return nil, nil
	}
	if t.source == File {
		typ = &Type{Go: typ.Go} // the type cannot be read from text
	}
	value, err := literal(typ, text)
	if err != nil {
		problem, fix, _ := strings.Cut(err.Error(), "; ")
		return nil, t.problem(fmt.Sprintf("%s:%q is %s", key, text, problem), fix)
	}
	return value, nil
}

// literal converts the text of a default or example tag to compact JSON: plain text for scalars, JSON for all other types.
// The text of the error is "problem; fix".
func literal(t *Type, text string) (json.RawMessage, error) {
	value := jsontext.Value(text)
	switch bare(t).Kind {
	case Invalid:
		return nil, fmt.Errorf("a value for %s, which has no JSON of this kind; drop the tag", Name(t.Go))
	case String, Bytes, Time, Duration, Text:
		quoted, err := jsontext.AppendQuote(nil, text)
		if err != nil {
			return nil, errors.New("not valid UTF-8; write UTF-8")
		}
		return quoted, nil
	case Bool:
		if text != "true" && text != "false" {
			return nil, errors.New("neither true nor false; write one of them")
		}
	case Int, Uint, Float, Number:
		// A value with surrounding white space would be valid JSON, too.
		if !value.IsValid() || value.Kind() != '0' || strings.TrimSpace(text) != text {
			return nil, errors.New("not a number; write one as JSON has it, such as 5 or -0.5")
		}
	}
	if err := value.Format(); err != nil {
		return nil, fmt.Errorf("not valid JSON; write %s as JSON%s", Name(t.Go), sampleJSON(bare(t)))
	}
	return json.RawMessage(value), nil
}

func sampleJSON(t *Type) string {
	switch t.Kind {
	case Slice, Array:
		return ", such as " + sampleList(t.Elem)
	case Map, Struct, Union:
		return ", such as {\"a\":1}"
	}
	return ""
}

// sampleList returns a list as it is written in a tag, where quotes are escaped by a backslash.
func sampleList(elem *Type) string {
	switch bare(elem).Kind {
	case Bool:
		return "[true,false]"
	case Int, Uint, Float, Number:
		return "[1,2]"
	case Slice, Array:
		return "[[],[]]"
	case Map, Struct, Union:
		return "[{}]"
	}
	return `[\"a\",\"b\"]`
}
