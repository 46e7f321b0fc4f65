// Package lazy initializes package-level values when they are first used.
//
// The initializer of a package variable, even a sync.OnceValue, is linked into every program that imports the package.
// A function that is never called is not, so programs only contain the tables they use.
package lazy

import "sync"

// Value is made once. The zero value is not made yet.
type Value[T any] struct {
	once  sync.Once
	value T
}

// Get returns the value; the first caller builds it. It may be called concurrently, each time with the same function.
func (v *Value[T]) Get(build func() T) T {
	v.once.Do(func() { v.value = build() })
	return v.value
}
