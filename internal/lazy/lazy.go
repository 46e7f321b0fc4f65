// Package lazy makes values of packages when they are first asked for.
//
// What a package variable is initialized with, even a sync.OnceValue, is in every
// program that imports the package. A function that is not called is not: so a
// program carries the tables of what it uses only.
package lazy

import "sync"

// Value is made once. The zero value is not made yet.
type Value[T any] struct {
	once  sync.Once
	value T
}

// Get is the value; the first caller has it made. It may be called concurrently, each
// time with the same function.
func (v *Value[T]) Get(build func() T) T {
	v.once.Do(func() { v.value = build() })
	return v.value
}
