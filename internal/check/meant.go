package check

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/candor-go/candor/internal/typeinfo"
)

// otherwise maps names of rules in JSON Schema, pydantic and other frameworks to the names here.
var otherwise = map[string]string{
	"ge": "gte", "le": "lte", "minimum": "gte", "maximum": "lte", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt",
	"minLength": "min", "maxLength": "max", "min_length": "min", "max_length": "max", "minlen": "min", "maxlen": "max",
	"minItems": "min", "maxItems": "max", "minSize": "min", "maxSize": "max", "length": "len", "size": "len", "range": "gte=1,lte=10",
	"positive": "gt=0", "negative": "lt=0", "nonempty": "min=1", "notempty": "min=1", "notblank": "min=1", "not_empty": "min=1",
	"in": "oneof=a b", "enum": "oneof=a b", "options": "oneof=a b", "values": "oneof=a b", "const": "eq", "not": "ne",
	"uniqueItems": "unique", "each": "dive", "date": "datetime=2006-01-02", "int": "number", "integer": "number",
	"url_http": "http_url", "guid": "uuid", "phone": "e164", "prefix": "startswith", "suffix": "endswith",
}

// inPlace are words of other notations that are replaced by something other than a rule.
var inPlace = map[string]string{
	"regexp":   "write a tag of its own: `pattern:\"...\"`",
	"regex":    "write a tag of its own: `pattern:\"...\"`",
	"match":    "write a tag of its own: `pattern:\"...\"`",
	"matches":  "write a tag of its own: `pattern:\"...\"`",
	"optional": "use a pointer, or write omitempty after the name",
	"nullable": "use a pointer or candor.Optional, which take null",
	"default":  "write a tag of its own: `default:\"...\"`",
}

// meant returns what to write instead of an unknown rule, "" if nothing is similar.
func (s *Set) meant(name string) string {
	if advice, ok := inPlace[name]; ok {
		return advice
	}
	word := otherwise[name]
	if word == "" {
		word = typeinfo.NearestWord(name, s.names())
	}
	if word == "" {
		return ""
	}
	return "write " + word
}

// names returns the rules that a tag may have, in a fixed order.
func (s *Set) names() []string {
	all := slices.Concat(slices.Collect(maps.Keys(tags())), slices.Collect(maps.Keys(crossTags())), slices.Collect(maps.Keys(s.custom)),
		[]string{"required", "omitempty", "omitzero", "dive", "multipleOf"})
	slices.Sort(all)
	return all
}

// afterCommas explains an unknown rule after a rule that takes words: they were meant as its parameter.
func afterCommas(err error, before []typeinfo.Rule) error {
	unknown, ok := errors.AsType[*UnknownTagError](err)
	if !ok || len(before) == 0 {
		return err
	}
	switch last := before[len(before)-1]; last.Name {
	case "oneof", "oneofci", "noneof", "noneofci":
		unknown.Meant = fmt.Sprintf("separate the values of %s by spaces: %s %s", last.Name, last, unknown.Tag)
	}
	return err
}
