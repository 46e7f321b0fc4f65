package ajv

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
)

// inBrackets matches the name of a member in a parameter name of the style deepObject.
var inBrackets = regexp.MustCompile(`^\[([^\[\]]*)\]`)

// branch is a node of an object in a query: a leaf has strings, other nodes have members.
type branch struct {
	texts   []string
	members map[string]*branch
}

// readDeep decodes the object of a parameter in the style deepObject; usual is false if a query has a node with both
// strings and members, or a repeated value that is not a list.
func (d document) readDeep(p parameter, query string) (object string, isThere, usual bool) {
	root := &branch{}
	for pair := range strings.SplitSeq(query, "&") {
		name, text, _ := strings.Cut(pair, "=")
		plain, nameErr := url.QueryUnescape(name)
		value, err := url.QueryUnescape(text)
		rest, isOurs := strings.CutPrefix(plain, p.name)
		if nameErr != nil || !isOurs || rest != "" && rest[0] != '[' {
			continue
		}
		if err != nil || !root.add(rest, value) {
			return "", true, false
		}
	}
	switch {
	case root.texts != nil: // a string instead of an object
		return quote(root.texts[0]), true, len(root.texts) == 1
	case root.members == nil:
		return "", false, true
	}
	made, usual := d.asJSON(root, p.schema)
	text, err := json.Marshal(made)
	return string(text), true, usual && err == nil
}

func (b *branch) add(rest, text string) bool {
	for rest != "" {
		m := inBrackets.FindStringSubmatch(rest)
		if m == nil || b.texts != nil {
			return false
		}
		if b.members == nil {
			b.members = map[string]*branch{}
		}
		if b.members[m[1]] == nil {
			b.members[m[1]] = &branch{}
		}
		b, rest = b.members[m[1]], rest[len(m[0]):]
	}
	b.texts = append(b.texts, text)
	return b.members == nil
}

// asJSON converts a branch to a value of a schema.
func (d document) asJSON(b *branch, schema map[string]any) (value any, usual bool) {
	schema = d.follow(schema)
	switch {
	case b.members != nil:
		object := map[string]any{}
		for name, member := range b.members {
			made, usual := d.asJSON(member, d.memberOf(schema, name))
			if !usual {
				return nil, false
			}
			object[name] = made
		}
		return object, true
	case d.isList(schema):
		items, _ := schema["items"].(map[string]any)
		list := make([]any, len(b.texts))
		for i, text := range b.texts {
			made, usual := d.asLeaf(text, d.follow(items))
			if !usual {
				return nil, false
			}
			list[i] = made
		}
		return list, true
	case len(b.texts) > 1:
		return nil, false
	}
	return d.asLeaf(b.texts[0], schema)
}

func (d document) asLeaf(text string, schema map[string]any) (value any, usual bool) {
	readings, usual := d.read(schema, text)
	if !usual || text == "" || isInexactIn(text) {
		return nil, false
	}
	if d.isAbout(schema, 0, "integer", "number", "boolean") {
		return json.RawMessage(readings[len(readings)-1]), true
	}
	return text, true
}

// follow resolves references, and returns the alternative that is not null.
func (d document) follow(schema map[string]any) map[string]any {
	if ref, ok := schema["$ref"].(string); ok {
		return d.follow(d.find(ref[1:]))
	}
	for _, choice := range []string{"anyOf", "oneOf"} {
		parts, _ := schema[choice].([]any)
		for _, one := range parts {
			if branch, _ := one.(map[string]any); branch["type"] != "null" {
				return d.follow(branch)
			}
		}
	}
	return schema
}

func (d document) memberOf(schema map[string]any, name string) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	if member, ok := properties[name].(map[string]any); ok {
		return member
	}
	others, _ := schema["additionalProperties"].(map[string]any)
	return others
}
