package patch

// Merge is a merge patch.
type Merge map[string]any

// Change is what a merge patch with this text does. Null takes a member away.
func (Merge) Change(text []byte) Change {
	return func(resource []byte) ([]byte, error) {
		target, err := withDigits(resource)
		if err != nil {
			return nil, err
		}
		// Read anew each time, because merging puts parts of the patch into the resource.
		patch, err := withDigits(text)
		if err != nil {
			return nil, err
		}
		return asText(merged(target, patch))
	}
}

// merged is the algorithm of RFC 7396, section 2. The library of JSON patches has
// one too, which takes nulls out of lists.
func merged(target, patch any) any {
	members, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := target.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for name, value := range members {
		if value == nil {
			delete(object, name)
			continue
		}
		object[name] = merged(object[name], value)
	}
	return object
}
