// Package digits reads JSON whose values nobody knows the type of, so that no number loses digits: not as a float64, which
// rounds large integers.
package digits

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Unmarshal is json.Unmarshal with a json.Number for each number in an any.
func Unmarshal(data []byte, into any) error {
	if !json.Valid(data) {
		return json.Unmarshal(data, into) // which says what is wrong
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// Replace replaces each json.Number in a value by what number makes of its text. Lists and maps are changed in place.
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

// Plain is a number of JSON as an int64 or uint64 where one of them holds it, and as a float64 otherwise.
func Plain(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return n
	}
	// The text is a number of JSON, so an error only means that it is out of range.
	n, _ := strconv.ParseFloat(text, 64)
	return n
}
