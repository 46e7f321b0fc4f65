package candortest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
)

// plain is a value in the types that codecs get.
func plain(value any) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name := range v {
			object[name] = plain(v[name])
		}
		return object
	case json.Number:
		// Codecs other than JSON tell integers from other numbers.
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return n
		}
		x, _ := v.Float64()
		return x
	}
	return value
}

// jsonOf is a value that a codec has read as one of JSON: text for the names of
// members, base64 for bytes.
func jsonOf(value any) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = jsonOf(v[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name := range v {
			object[name] = jsonOf(v[name])
		}
		return object
	case map[any]any:
		object := make(map[string]any, len(v))
		for name := range v {
			object[fmt.Sprint(name)] = jsonOf(v[name])
		}
		return object
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	}
	return value
}
