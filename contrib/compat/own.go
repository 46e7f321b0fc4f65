package compat

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/oasdiff/oasdiff/checker"
)

// ownStatuses are those by which an app refuses what it reads. One that is gone, because
// nothing is read any more that it could refuse, breaks nobody.
var ownStatuses = []string{"401", "406", "413", "415", "422"}

// isFalseAlarm reports changes that oasdiff takes for breaking, and that break nobody.
func isFalseAlarm(c checker.Change) bool {
	switch id := c.GetId(); {
	case id == "response-non-success-status-removed":
		return slices.ContainsFunc(c.GetArgs(), func(arg any) bool { return slices.Contains(ownStatuses, fmt.Sprint(arg)) })
	case strings.HasPrefix(id, "request-") && strings.HasSuffix(id, "-type-changed"):
		return isWider(c.GetArgs())
	}
	return false
}

// isWider reports whether a type was an integer and is any number now. oasdiff knows that,
// but not where a format stands beside.
func isWider(args []any) bool {
	var types []string
	for _, arg := range args {
		types = append(types, fmt.Sprint(arg))
	}
	n := len(types)
	return n > 1 && strings.HasPrefix(types[n-2], "integer") && strings.HasPrefix(types[n-1], "number")
}

// sameBound is a bound that is still the same number, in the words of oasdiff.
var sameBound = regexp.MustCompile("from `([^`]+)` to `([^`]+)`")

// ofParameters is what oasdiff adds for the media type that has what is inside of
// parameters.
const ofParameters = " (media type: " + memberMedia + ")"

// inWords says what became of a bound that is still the same number: it does not include
// that number any more.
func inWords(text string) string {
	text = strings.TrimSuffix(text, ofParameters)
	if m := sameBound.FindStringSubmatch(text); m != nil && m[1] == m[2] {
		return strings.Replace(text, m[0], "from `"+m[1]+"` to `"+m[1]+"`, which it does not include any more", 1)
	}
	return text
}

// ownChanges are those that oasdiff does not see.
func ownChanges(before, after *tree) []change {
	var found []change
	old, today := before.operations(), after.operations()
	for _, where := range slices.Sorted(maps.Keys(old)) {
		if op, ok := today[where]; ok {
			o := &operationPair{where: where, before: before, after: after, seen: map[[2]string]bool{}}
			o.parameters(old[where], op)
			o.bodies(old[where], op)
			found = append(found, o.found...)
		}
	}
	return found
}

// operationPair is an operation of two documents.
type operationPair struct {
	where         string
	before, after *tree
	seen          map[[2]string]bool
	found         []change
}

func (o *operationPair) breaks(format string, args ...any) {
	o.found = append(o.found, change{o.where, fmt.Sprintf(format, args...), true})
}

// forbidsExtra is the extension by which a document says that unknown parameters are
// refused, with the places where.
const forbidsExtra = "x-forbid-extra"

// parameters finds other ways to write a list, and parameters that are refused now.
func (o *operationPair) parameters(before, after object) {
	old, today := parametersOf(before), parametersOf(after)
	for _, key := range slices.Sorted(maps.Keys(old)) {
		was, name := old[key], old[key]["name"]
		is, stays := today[key]
		if stays {
			if a, b := o.before.wayOf(was), o.after.wayOf(is); a != b && a != "" && b != "" {
				o.breaks("the %s request parameter `%s` is written in another way: %s, and not %s", was["in"], name, b, a)
			}
			continue
		}
		if slices.Contains(closed(after), was["in"]) {
			o.breaks("removed the %s request parameter `%s`, which is refused now", was["in"], name)
		}
	}
	for _, place := range closed(after) {
		if !slices.Contains(closed(before), place) {
			o.breaks("unknown parameters of the %s are refused now", place)
		}
	}
}

// closed are the places where unknown parameters are refused.
func closed(op object) []any {
	places, _ := op[forbidsExtra].([]any)
	return places
}

// parametersOf are the parameters of an operation by place and name.
func parametersOf(op object) map[string]object {
	all := map[string]object{}
	parameters, _ := op["parameters"].([]any)
	for _, value := range parameters {
		if p, ok := value.(object); ok {
			all[fmt.Sprint(p["in"], " ", p["name"])] = p
		}
	}
	return all
}

// wayOf is how a list or an object is written, "" for what is neither.
func (t *tree) wayOf(p object) string {
	if p["content"] != nil {
		return "JSON"
	}
	_, schema := t.target(p["schema"])
	if types := fmt.Sprint(schema["type"]); !strings.Contains(types, "array") && !strings.Contains(types, "object") {
		return ""
	}
	style, _ := p["style"].(string)
	if style == "" && (p["in"] == "query" || p["in"] == "cookie") {
		style = "form"
	}
	if style == "" {
		style = "simple"
	}
	explode, ok := p["explode"].(bool)
	if !ok {
		explode = style == "form"
	}
	if explode {
		return "style " + style + ", exploded"
	}
	return "style " + style
}

// insideOfParameters has what is inside of parameters compared as members of a body, as
// oasdiff looks into those only.
func insideOfParameters(before, after *tree) {
	old, today := before.operations(), after.operations()
	for where, op := range old {
		parameters := parametersOf(today[where])
		for key, was := range parametersOf(op) {
			is, ok := parameters[key]
			if !ok {
				continue
			}
			name := fmt.Sprint(was["name"])
			a, b := before.inside(was), after.inside(is)
			if a != nil && b != nil {
				addMember(op, name, a)
				addMember(today[where], name, b)
			}
		}
	}
}

// inside is the schema of what is inside of a parameter, nil for a single value: an object,
// or a list without its own rules, which are compared already.
func (t *tree) inside(p object) object {
	schema := p["schema"]
	content, _ := p["content"].(object)
	for _, media := range content { // there is one
		m, _ := media.(object)
		schema = m["schema"]
	}
	_, s := t.target(schema)
	switch fmt.Sprint(s["type"]) {
	case "object":
		return s
	case "array":
		return object{"type": "array", "items": s["items"]}
	}
	return nil
}

// memberMedia is a media type that no body has.
const memberMedia = "application/x.parameters+json"

func addMember(op object, name string, schema object) {
	body, ok := op["requestBody"].(object)
	if !ok {
		body = object{"content": object{}}
		op["requestBody"] = body
	}
	content, _ := body["content"].(object)
	media, ok := content[memberMedia].(object)
	if !ok {
		media = object{"schema": object{"type": "object", "properties": object{}}}
		content[memberMedia] = media
	}
	media["schema"].(object)["properties"].(object)[name] = schema
}

// bodies finds members that are refused now.
func (o *operationPair) bodies(before, after object) {
	old, today := contentOf(before), contentOf(after)
	for _, mediaType := range slices.Sorted(maps.Keys(old)) {
		was, _ := old[mediaType].(object)
		is, _ := today[mediaType].(object)
		o.schemas("", was["schema"], is["schema"])
	}
}

func contentOf(op object) object {
	body, _ := op["requestBody"].(object)
	content, _ := body["content"].(object)
	return content
}

// schemas walks two schemas side by side; path is that of the member they are.
func (o *operationPair) schemas(path string, a, b any) {
	from, before := o.before.target(a)
	to, after := o.after.target(b)
	if before == nil || after == nil || from != "" && o.seen[[2]string{from, to}] {
		return
	}
	o.seen[[2]string{from, to}] = true
	o.members(path, before, after)
	for _, keyword := range []string{"items", "additionalProperties", "contentSchema"} {
		o.schemas(path, before[keyword], after[keyword])
	}
	for _, keyword := range []string{"oneOf", "anyOf", "allOf"} {
		old, _ := before[keyword].([]any)
		today, _ := after[keyword].([]any)
		for i := range min(len(old), len(today)) {
			o.schemas(path, old[i], today[i])
		}
	}
}

// members finds what an object refuses now.
func (o *operationPair) members(path string, before, after object) {
	old, _ := before["properties"].(object)
	today, _ := after["properties"].(object)
	isClosed := after["additionalProperties"] == false
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if today[name] == nil && isClosed {
			o.breaks("removed the request property `%s`, which is refused now", path+name)
		}
		o.schemas(path+name+"/", old[name], today[name])
	}
	if isClosed && before["additionalProperties"] != false {
		o.breaks("unknown members of %s are refused now", named(strings.TrimSuffix(path, "/")))
	}
}

// named names a member of the body, or the body.
func named(path string) string {
	if path == "" {
		return "the request body"
	}
	return "the request property `" + path + "`"
}
