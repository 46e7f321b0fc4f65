// Package mark has empty types by which internal/typeinfo recognises the few public types with a special meaning. The
// public type has a blank field of the marker type, so neither package imports the other and no marker method appears
// in the documentation. It is the only package of this module that typeinfo imports.
package mark

type (
	// Optional marks candor.Optional[T]: Value, Set and Null, in that order.
	Optional struct{}
	// Strict marks candor.Strict, whose embedding forbids unknown keys.
	Strict struct{}
	// File marks candor.Upload, whose source is the tag file.
	File struct{}
	// Lazy marks candor.Lazy[T], whose source is the tag dep.
	Lazy struct{}
	// Union marks candor.OneOf, whose embedding makes a discriminated union.
	Union struct{}
)
