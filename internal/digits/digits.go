// Package digits decodes JSON of unknown types without rounding numbers; a float64 would round large integers.
package digits

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Unmarshal is like json.Unmarshal, but numbers in an any become json.Number.
func Unmarshal(data []byte, into any) error {
	if !json.Valid(data) {
		return json.Unmarshal(data, into) // for its error
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// Replace replaces each json.Number in a value by the result of number. Lists and maps are changed in place.
func Replace(value any, number func(text string) any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = Replace(v[i], number)
		}
	case map[string]any:
		for name := range v {
			v[name] = Replace(v[name], number)
		}
	case json.Number:
		return number(v.String())
	}
	return value
}

// Plain converts a JSON number to an int64 or uint64 if it fits, else to a float64.
func Plain(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return n
	}
	// The text is a valid JSON number, so an error only means that it is out of range.
	n, _ := strconv.ParseFloat(text, 64)
	return n
}
