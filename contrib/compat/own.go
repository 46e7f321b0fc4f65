package compat

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/oasdiff/oasdiff/checker"
)

// ownStatuses are statuses with which an app rejects what it reads. Removing one, because the app no longer reads what it
// could reject, breaks no client.
var ownStatuses = []string{"401", "406", "413", "415", "422"}

// isFalseAlarm reports whether a change that oasdiff considers breaking is not.
func isFalseAlarm(c checker.Change) bool {
	switch id := c.GetId(); {
	case id == "response-non-success-status-removed":
		return slices.ContainsFunc(c.GetArgs(), func(arg any) bool { return slices.Contains(ownStatuses, fmt.Sprint(arg)) })
	case strings.HasPrefix(id, "request-") && strings.HasSuffix(id, "-type-changed"):
		return isWider(c.GetArgs())
	}
	return false
}

// isWider reports whether a type changed from integer to number. oasdiff knows that this is wider, but not if there is a
// format as well.
func isWider(args []any) bool {
	var types []string
	for _, arg := range args {
		types = append(types, fmt.Sprint(arg))
	}
	n := len(types)
	return n > 1 && strings.HasPrefix(types[n-2], "integer") && strings.HasPrefix(types[n-1], "number")
}

// sameBound matches oasdiff's message for a bound whose number has not changed.
var sameBound = regexp.MustCompile("from `([^`]+)` to `([^`]+)`")

// ofParameters is what oasdiff appends to messages about the media type that stands for parameters.
const ofParameters = " (media type: " + memberMedia + ")"

// inWords describes a bound whose number has not changed: it now excludes that number.
func inWords(text string) string {
	text = strings.TrimSuffix(text, ofParameters)
	if m := sameBound.FindStringSubmatch(text); m != nil && m[1] == m[2] {
		return strings.Replace(text, m[0], "from `"+m[1]+"` to `"+m[1]+"`, which it does not include any more", 1)
	}
	return text
}

// ownChanges returns breaking changes that oasdiff does not find.
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

// operationPair is an operation in both documents.
type operationPair struct {
	where         string
	before, after *tree
	seen          map[[2]string]bool
	found         []change
}

func (o *operationPair) breaks(format string, args ...any) {
	o.found = append(o.found, change{o.where, fmt.Sprintf(format, args...), true})
}

// forbidsExtra is the extension that lists the locations in which unknown parameters are rejected.
const forbidsExtra = "x-forbid-extra"

// parameters finds changed list notations and locations that now reject unknown parameters.
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

// closed returns the locations in which unknown parameters are rejected.
func closed(op object) []any {
	places, _ := op[forbidsExtra].([]any)
	return places
}

// parametersOf returns the parameters of an operation by location and name.
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

// wayOf returns the notation of a list or an object, "" for other parameters.
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

// insideOfParameters moves the contents of parameters into a body, because oasdiff compares the members of bodies only.
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

// inside returns the schema of an object, or of a list that has no rules of its own, which are compared already; nil for a
// single value.
func (t *tree) inside(p object) object {
	schema := p["schema"]
	content, _ := p["content"].(object)
	for _, media := range content { // there is only one
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

// memberMedia is a media type that no real body has.
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

// bodies finds members that are now rejected.
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

// schemas compares two schemas; path is the path of their member.
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

// members finds members that an object now rejects.
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

// named returns a name for a member of the body, or for the body.
func named(path string) string {
	if path == "" {
		return "the request body"
	}
	return "the request property `" + path + "`"
}
