// Package sorted puts names into an order that does not depend on maps. It is here, and not in the packages that need
// it, so that none of them compiles the sort of package slices again.
package sorted

import "slices"

// Keys returns the keys of a map in alphabetical order, nil for an empty one.
func Keys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	return Distinct(keys)
}

// Distinct sorts names in place, and returns them without repetitions.
//
//go:noinline
func Distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
