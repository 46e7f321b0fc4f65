package typeinfo

import (
	"fmt"
	"slices"
	"strings"
)

// crossTags are the rules that depend on other fields.
var crossTags = map[string]bool{
	"eqfield": true, "nefield": true, "gtfield": true, "gtefield": true, "ltfield": true, "ltefield": true,
	"eqcsfield": true, "necsfield": true, "gtcsfield": true, "gtecsfield": true, "ltcsfield": true, "ltecsfield": true,
	"fieldcontains": true, "fieldexcludes": true,
	"required_if": true, "required_unless": true, "required_with": true, "required_with_all": true,
	"required_without": true, "required_without_all": true,
	"excluded_if": true, "excluded_unless": true, "excluded_with": true, "excluded_with_all": true,
	"excluded_without": true, "excluded_without_all": true, "skip_unless": true,
}

// parsedRules is a parsed validate tag: its rules, and whether the value must be present.
type parsedRules struct {
	rules    *Rules
	required bool
	// omit is the word that makes the tag skip a missing value.
	omit string
}

// parseRules parses a validate tag for a value of type t. The text of the error is "problem; fix".
func parseRules(tag string, t *Type) (parsedRules, error) {
	if tag == "" || tag == "-" {
		return parsedRules{}, nil
	}
	return parseLevel(strings.Split(tag, ","), t)
}

// parseLevel parses the rules of a value and, after dive, of its elements.
func parseLevel(elements []string, t *Type) (parsedRules, error) {
	var p parsedRules
	rules := &Rules{}
	for i, element := range elements {
		rule, err := parseRule(element)
		if err != nil {
			return p, err
		}
		if rule.Name == "dive" {
			if err := parseDive(rules, elements[i+1:], bare(t)); err != nil {
				return p, err
			}
			break
		}
		if err := p.add(rules, rule, i == 0, t); err != nil {
			return p, err
		}
	}
	// null counts as present, so presence alone does not exclude it.
	rules.NotNull = p.required && t.Null()
	p.rules = nonEmpty(rules)
	return p, nil
}

// add adds one rule other than dive.
func (p *parsedRules) add(rules *Rules, rule Rule, first bool, t *Type) error {
	switch rule.Name {
	case "required":
		p.required = true
	case "omitempty", "omitzero", "omitnil":
		// validator skips only the rules after the word.
		if !first && !p.required {
			return fmt.Errorf("%s comes after other rules; put it first", rule.Name)
		}
		p.omit = rule.Name
		// A pointer that is sent is not empty, whatever it points to.
		rules.SkipZero = rule.Name == "omitzero" || rule.Name == "omitempty" && bare(t) == t
	case "keys", "endkeys":
		return fmt.Errorf("%s without dive in front; write dive,keys, the rules of the keys, endkeys", rule.Name)
	default:
		rules.Self = append(rules.Self, rule)
	}
	if p.required && p.omit != "" {
		return fmt.Errorf("required and %s contradict each other; drop one", p.omit)
	}
	return nil
}

// structural are the words of a tag that are not conditions.
var structural = map[string]bool{
	"required": true, "omitempty": true, "omitzero": true, "omitnil": true, "dive": true, "keys": true, "endkeys": true,
}

// bare unwraps pointers and Optionals: rules are conditions on the value inside.
func bare(t *Type) *Type {
	for t.Wraps() {
		t = t.Elem
	}
	return t
}

func nonEmpty(r *Rules) *Rules {
	if len(r.Self) == 0 && !r.SkipZero && !r.NotNull && r.Keys == nil && r.Elem == nil {
		return nil
	}
	return r
}

func parseDive(rules *Rules, elements []string, t *Type) error {
	switch t.Kind {
	case Slice, Array, Map:
	default:
		return fmt.Errorf("dive goes into lists and maps, this is %s; drop it, a nested struct is checked without it", Name(t.Go))
	}
	if len(elements) > 0 && elements[0] == "keys" {
		if t.Kind != Map {
			return fmt.Errorf("keys is for maps, this is %s; drop keys and endkeys", Name(t.Go))
		}
		end := slices.Index(elements, "endkeys")
		if end < 0 {
			return fmt.Errorf("keys without endkeys; write dive,keys, the rules of the keys, endkeys")
		}
		keys, err := parseLevel(elements[1:end], t.Key)
		if err != nil {
			return err
		}
		if keys.required {
			return neverAbsent("keys", "a key")
		}
		rules.Keys, elements = keys.rules, elements[end+1:]
	}
	if len(elements) == 0 {
		return nil
	}
	inner, err := parseLevel(elements, t.Elem)
	if err != nil {
		return err
	}
	// An element is never absent, so required could only forbid null, which its type allows on purpose.
	if held := bare(t.Elem); inner.required && held != t.Elem {
		return fmt.Errorf("required on elements that may be null; use %s as the element", Name(held.Go))
	}
	if inner.required && !t.Elem.Null() {
		return neverAbsent("dive", "an element")
	}
	rules.Elem = inner.rules
	return nil
}

// neverAbsent is the error for required after dive or keys: it means presence as everywhere else, unlike in validator.
func neverAbsent(word, what string) error {
	return fmt.Errorf("required after %s has no effect, as %s is always present and never null; write min=1 where an empty or zero one is refused, or drop it", word, what)
}

func parseRule(element string) (Rule, error) {
	if strings.Contains(element, "|") {
		var or Rule
		for alternative := range strings.SplitSeq(element, "|") {
			rule, err := parseRule(alternative)
			if err != nil {
				return or, err
			}
			if rule.Cross || structural[rule.Name] {
				return or, fmt.Errorf("%s cannot be one of several alternatives; write a Validate method", rule.Name)
			}
			or.Or = append(or.Or, rule)
		}
		return or, nil
	}
	name, param, hasParam := strings.Cut(element, "=")
	if name == "" || strings.TrimSpace(name) != name {
		return Rule{}, fmt.Errorf("%q is not a rule; write name or name=parameter, with commas and no spaces in between", element)
	}
	if structural[name] && hasParam {
		return Rule{}, fmt.Errorf("%s takes no parameter; write %s alone", name, name)
	}
	return Rule{Name: name, Param: unescapeParam.Replace(param), HasParam: hasParam, Cross: crossTags[name]}, nil
}

// validator writes a comma and a bar inside a parameter in hexadecimal.
var (
	unescapeParam = strings.NewReplacer("0x2C", ",", "0x7C", "|")
	escapeParam   = strings.NewReplacer(",", "0x2C", "|", "0x7C")
)
