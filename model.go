package candor

import "github.com/candor-go/candor/internal/mark"

// Optional is a value that may be absent, null or present, and distinguishes the three, as a PATCH needs. The zero
// value is absent. Rules in the field's tag are those of T, and are checked only if there is a value. An absent
// Optional is left out when its object is encoded.
type Optional[T any] struct {
	// Value is the value that was sent; the zero value unless Set is true and Null is false.
	Value T
	// Set means that null or a value was sent.
	Set bool
	// Null means that null was sent; Set is true as well.
	Null bool

	_ mark.Optional
}

// Some returns an Optional that holds a value.
func Some[T any](value T) Optional[T] { return Optional[T]{Value: value, Set: true} }

// Null is an Optional that was set to null.
func Null[T any]() Optional[T] { return Optional[T]{Set: true, Null: true} }

// Get returns the value, and whether there is one: set, and not null.
func (o Optional[T]) Get() (T, bool) { return o.Value, o.Set && !o.Null }

// Or returns the value, or another where there is none.
func (o Optional[T]) Or(other T) T {
	if value, ok := o.Get(); ok {
		return value
	}
	return other
}

// Strict forbids what nobody asked for. Embedded in a body's struct, it makes
// each member that the struct does not list a fault of type extra_forbidden;
// embedded in an input or in a model of query values, each query key that the
// operation does not read; in a model of cookies, each such cookie. It holds
// for the struct that embeds it directly.
type Strict struct{ _ mark.Strict }

// OneOf makes a union of the struct that embeds it. Its json tag names the
// discriminator, the member that says which variant an object is; each other
// field is a pointer to one variant, whose case tag is the discriminator's
// value:
//
//	type Pet struct {
//		candor.OneOf `json:"kind"`
//		Cat *Cat `case:"cat"`
//		Dog *Dog `case:"dog"`
//	}
//
// Exactly one of the pointers is set after reading, and must be set for
// writing, which adds the discriminator by itself. With the tag event:"name"
// beside json, the case is also the name of an [Event] whose data it is.
//
// The case "*" is that of a default variant, which takes what no other one is for:
// an object with another value of the discriminator, or without one. To know which,
// it has a member of that name, a string; without it the value is passed over. It
// is written with that member, or without a discriminator. A value that another
// case has cannot be written so.
type OneOf struct{ _ mark.Union }

// None is the input of a handler that takes nothing, and the response of one
// that returns nothing: 204 without a body.
type None = struct{}
