// Package mark holds empty types by which internal/typeinfo recognises the
// few public types with a meaning of their own. The public type carries a
// blank field of the mark's type, so neither package needs the other and no
// marker method shows in the documentation. It is the only package of
// this module that typeinfo imports.
package mark

type (
	// Optional marks candor.Optional[T]: Value, Set and Null, in that order.
	Optional struct{}
	// Strict marks candor.Strict, whose embedding forbids unknown keys.
	Strict struct{}
	// Union marks candor.OneOf, whose embedding makes a discriminated union.
	Union struct{}
)
