package patch

// afterwards is the note in schemas whose values may still be rejected: the patched resource has validation rules that
// the schema of a patch cannot express.
const afterwards = "the resource after the patch must be valid for PUT"

// OpenAPISchema returns the schema of a merge patch.
func (Merge) OpenAPISchema() map[string]any {
	return map[string]any{
		"type": "object", "title": "Merge patch", "description": "RFC 7396: members to change; null removes one",
		"examples": []any{map[string]any{}}, "x-validate": afterwards,
	}
}

// OpenAPISchema returns the schema of a JSON patch.
func (Operations) OpenAPISchema() map[string]any {
	text := map[string]any{"type": "string", "x-validate": afterwards}
	return map[string]any{
		"type": "array", "title": "JSON patch", "description": "RFC 6902: operations, one after the other", "maxItems": maxOperations,
		"examples": []any{[]any{}}, "x-validate": afterwards,
		"items": map[string]any{
			"type": "object", "required": []any{"op", "path"}, "x-validate": afterwards,
			"properties": map[string]any{
				"op":   map[string]any{"type": "string", "enum": []any{"add", "remove", "replace", "move", "copy", "test"}},
				"path": text, "from": text, "value": map[string]any{},
			},
		},
	}
}
