package typeinfo

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// sourceTags are the keys of the tags that say where an input comes from.
var sourceTags = map[string]Source{
	"path": Path, "query": Query, "header": Header, "cookie": Cookie, "form": Form,
	"file": File, "body": Body, "dep": Dep, "security": Security, "status": Status,
}

// tagged is one struct field with its tags read, not yet judged.
type tagged struct {
	reflect.StructField
	owner reflect.Type
	// source is the one location tag, with its name and options.
	source  Source
	name    string
	options []string
	// json is the json tag's name; hasJSON tells an absent tag from `json:""`.
	json        string
	jsonOptions []string
	hasJSON     bool
}

// readTags reads the tags that say what a field is.
func readTags(owner reflect.Type, f reflect.StructField) (tagged, error) {
	t := tagged{StructField: f, owner: owner}
	for key, source := range sourceTags {
		value, ok := f.Tag.Lookup(key)
		if !ok {
			continue
		}
		if t.source != NoSource {
			return t, t.problem(
				fmt.Sprintf("two sources, %s and %s", min(t.source, source), max(t.source, source)),
				"keep one; a value comes from one place")
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

func cutOptions(value string) (name string, options []string) {
	name, rest, found := strings.Cut(value, ",")
	if found {
		options = strings.Split(rest, ",")
	}
	return name, options
}

func (t *tagged) problem(problem, fix string) *Error {
	return &Error{Type: typeName(t.owner), Field: t.Name, Problem: problem, Fix: fix}
}

func typeName(t reflect.Type) string {
	if t.Name() == "" {
		return "the " + t.Kind().String()
	}
	return t.String()
}

// field makes the description of a field from its tags, the options of the
// tag that names it and the field's type.
func (t *tagged) field(name string, options []string, typ *Type) (*Field, error) {
	f := &Field{
		Name: name, Go: t.Name, Index: t.Index, Type: typ, Source: t.source,
		Title: t.Tag.Get("title"), Doc: t.Tag.Get("doc"), Media: t.Tag.Get("media"), Realm: t.Tag.Get("realm"),
	}
	steps := []func(*Field) error{
		func(f *Field) error { return t.applyOptions(f, options) },
		t.applyFlags, t.applyRules, t.applyDefault, t.applyExample,
	}
	for _, step := range steps {
		if err := step(f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// optionsOf lists the options each tag takes behind its name.
var optionsOf = map[Source][]string{
	Path: {}, Query: {"omitempty", "omitzero", "csv", "json"}, Header: {"omitempty", "omitzero", "csv"},
	Cookie: {"omitempty", "omitzero"}, Form: {"omitempty", "omitzero", "csv", "json"}, File: {"omitempty", "omitzero"},
	Body: {"omitempty", "omitzero"}, NoSource: {"omitempty", "omitzero", "string"}, Dep: {}, Security: {}, Status: {},
}

func (t *tagged) applyOptions(f *Field, options []string) error {
	for _, option := range options {
		if !slices.Contains(optionsOf[t.source], option) {
			return t.problem(fmt.Sprintf("unknown option %q in its %s tag", option, t.tagKey()), t.optionAdvice(option))
		}
		switch option {
		case "omitempty":
			f.OmitEmpty = true
		case "omitzero":
			f.OmitZero = true
		case "csv":
			f.CSV = true
		case "json":
			f.JSON = true
		case "string":
			f.Quoted = true
		}
	}
	if f.Quoted {
		switch bare(f.Type).Kind {
		case Bool, Int, Uint, Float:
		default:
			return t.problem("the json option \"string\" is for numbers and booleans, this is "+f.Type.Go.String(), "drop it")
		}
	}
	if f.CSV && bare(f.Type).Kind != Slice && bare(f.Type).Kind != Array {
		return t.problem("the option csv is for lists, this is "+f.Type.Go.String(), "drop it or make the field a slice")
	}
	return nil
}

func (t *tagged) optionAdvice(option string) string {
	known := optionsOf[t.source]
	if len(known) == 0 {
		return fmt.Sprintf("write `%s:%q`", t.tagKey(), t.name)
	}
	if option == "required" {
		return "a value is required unless the tag says omitempty; drop the option"
	}
	return "the options are " + strings.Join(known, ", ")
}

func (t *tagged) tagKey() string {
	if t.source == NoSource {
		return "json"
	}
	return t.source.String()
}

func (t *tagged) applyFlags(f *Field) error {
	for key, flag := range map[string]*bool{"deprecated": &f.Deprecated, "hidden": &f.Hidden} {
		value, ok := t.Tag.Lookup(key)
		if !ok {
			continue
		}
		set, err := strconv.ParseBool(value)
		if err != nil {
			return t.problem(fmt.Sprintf("%s:%q is neither true nor false", key, value), fmt.Sprintf("write `%s:\"true\"`", key))
		}
		*flag = set
	}
	return nil
}

// applyRules reads validate and pattern, and decides whether the field is
// required.
func (t *tagged) applyRules(f *Field) error {
	parsed, err := parseRules(t.Tag.Get("validate"), f.Type)
	if err != nil {
		problem, fix, _ := strings.Cut(err.Error(), "; ")
		return t.problem(fmt.Sprintf("validate:%q: %s", t.Tag.Get("validate"), problem), fix)
	}
	f.Rules = parsed.rules
	if pattern, ok := t.Tag.Lookup("pattern"); ok {
		if f.Rules == nil {
			f.Rules = &Rules{}
		}
		f.Rules.Self = append(f.Rules.Self, Rule{Name: "pattern", Param: pattern, HasParam: true})
	}
	_, hasDefault := t.Tag.Lookup("default")
	mark := ""
	switch {
	case f.Type.Kind == Pointer:
		mark = "a pointer"
	case f.Type.Kind == Optional:
		mark = "candor.Optional"
	case hasDefault:
		mark = "a default"
	case f.OmitEmpty:
		mark = "omitempty"
	case f.OmitZero:
		mark = "omitzero"
	}
	f.Required = mark == ""
	if parsed.required && mark != "" {
		return t.problem("validate:\"required\" contradicts "+mark+", which makes the value optional",
			"drop one of the two; required means present, and zero values such as 0, false and \"\" are present")
	}
	return nil
}

func (t *tagged) applyDefault(f *Field) (err error) {
	text, ok := t.Tag.Lookup("default")
	if !ok {
		return nil
	}
	if f.Default, err = literal(f.Type, text); err != nil {
		return t.problem(fmt.Sprintf("default:%q: %v", text, err), "write plain text for a scalar and JSON for anything else")
	}
	return nil
}

func (t *tagged) applyExample(f *Field) (err error) {
	text, ok := t.Tag.Lookup("example")
	if !ok {
		return nil
	}
	if f.Example, err = literal(f.Type, text); err != nil {
		return t.problem(fmt.Sprintf("example:%q: %v", text, err), "write plain text for a scalar and JSON for anything else")
	}
	return nil
}

// literal turns the text of a default or example tag into JSON: plain text for
// scalars, JSON for everything else.
func literal(t *Type, text string) (json.RawMessage, error) {
	held := bare(t)
	switch held.Kind {
	case String, Bytes, Time, Duration, Text:
		return jsontext.AppendQuote(nil, text)
	case Bool:
		if text != "true" && text != "false" {
			return nil, fmt.Errorf("neither true nor false")
		}
	case Int, Uint, Float, Number:
		if v := jsontext.Value(text); !v.IsValid() || v.Kind() != '0' {
			return nil, fmt.Errorf("not a number")
		}
	}
	if v := jsontext.Value(text); !v.IsValid() {
		return nil, fmt.Errorf("not valid JSON for %s", t.Go)
	}
	return json.RawMessage(text), nil
}
