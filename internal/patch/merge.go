package patch

// Merge is a merge patch.
type Merge map[string]any

// Change returns the change that a merge patch describes. A null member removes the member.
func (Merge) Change(text []byte) Change {
	return func(resource []byte) ([]byte, error) {
		target, err := withDigits(resource)
		if err != nil {
			return nil, err
		}
		// Decoded for every call, because merging puts parts of the patch into the resource.
		patch, err := withDigits(text)
		if err != nil {
			return nil, err
		}
		return asText(merged(target, patch))
	}
}

// merged implements RFC 7396, section 2: nulls remove members of objects, but stay in lists.
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
