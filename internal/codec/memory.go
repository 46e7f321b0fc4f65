package codec

import (
	"encoding/binary"
	"reflect"
	"unsafe"

	"github.com/candor-go/candor/internal/typeinfo"
)

// This file holds all that is unsafe, and it rests on one invariant:
//
//	a pointer handed to a decodeFunc, an encodeFunc or any other compiled
//	function points at a live, addressable Go value of exactly the type the
//	function was compiled for.
//
// The first pointer of a run comes from the reflect.Value of the caller, which
// is checked to be addressable there. Every other one is made of such a pointer
// by the functions below, from offsets and sizes that reflect reported for that
// very type, or of fresh memory that reflect allocated. Pointers are never
// kept as integers, so the garbage collector sees each of them.

// pointer is where a value lies.
type pointer = unsafe.Pointer

// pointerTo is where the addressable value v lies.
func pointerTo(v reflect.Value) pointer { return unsafe.Pointer(v.UnsafeAddr()) }

// valueAt is the value of type t at p, addressable and settable.
func valueAt(t reflect.Type, p pointer) reflect.Value { return reflect.NewAt(t, p).Elem() }

// newValue is a fresh zero value of type t.
func newValue(t reflect.Type) pointer { return reflect.New(t).UnsafePointer() }

// as is the value at p as a Go pointer; the value's type has T's layout.
func as[T any](p pointer) *T { return (*T)(p) }

// bytesOf are the bytes of a string, which must not be changed.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// list is how a slice of any type lies in memory.
type list struct {
	first pointer
	len   int
	cap   int
}

// at is the i-th element of elements of that size.
func (l *list) at(i int, size uintptr) pointer { return unsafe.Add(l.first, uintptr(i)*size) }

// element is the i-th element of an array at p.
func element(p pointer, i int, size uintptr) pointer { return unsafe.Add(p, uintptr(i)*size) }

// field is the field at an offset of the struct at p.
func field(p pointer, offset uintptr) pointer { return unsafe.Add(p, offset) }

// path leads from a struct to one of its fields, through embedded structs and
// embedded pointers to structs.
type path struct {
	// hops are the pointers on the way, offset is the way after the last.
	hops   []hop
	offset uintptr
}

// hop is a pointer to a struct of type elem, at an offset.
type hop struct {
	offset uintptr
	elem   reflect.Type
}

// pathTo follows an index like reflect's FieldByIndex. It also returns the field's type.
func pathTo(t reflect.Type, index []int) (path, reflect.Type) {
	var p path
	for _, i := range index {
		// A pointer that ends the index is the field itself; only one before it is a
		// hop.
		if t.Kind() == reflect.Pointer {
			p.hops = append(p.hops, hop{p.offset, t.Elem()})
			p.offset, t = 0, t.Elem()
		}
		f := t.Field(i)
		p.offset += f.Offset
		t = f.Type
	}
	return p, t
}

// direct is the field; there must be no pointer on the way.
func (a *path) direct(p pointer) pointer { return unsafe.Add(p, a.offset) }

// find is the field, or nil when a pointer on the way is nil.
func (a *path) find(p pointer) pointer {
	if a.hops == nil {
		return a.direct(p)
	}
	return a.findThrough(p)
}

func (a *path) findThrough(p pointer) pointer {
	for i := range a.hops {
		p = *(*pointer)(unsafe.Add(p, a.hops[i].offset))
		if p == nil {
			return nil
		}
	}
	return unsafe.Add(p, a.offset)
}

// reach is the field; it makes the structs that are missing on the way.
func (a *path) reach(p pointer) pointer {
	if a.hops == nil {
		return unsafe.Add(p, a.offset)
	}
	return a.reachThrough(p)
}

func (a *path) reachThrough(p pointer) pointer {
	for i := range a.hops {
		at := (*pointer)(unsafe.Add(p, a.hops[i].offset))
		if *at == nil {
			*at = newValue(a.hops[i].elem)
		}
		p = *at
	}
	return unsafe.Add(p, a.offset)
}

// structAt is the struct that an index leads to; unlike a field's, the index
// may end at a pointer to it, or be empty.
func structAt(t reflect.Type, index []int) (path, reflect.Type) {
	p, t := pathTo(t, index)
	if t.Kind() == reflect.Pointer {
		p.hops = append(p.hops, hop{p.offset, t.Elem()})
		p.offset, t = 0, t.Elem()
	}
	return p, t
}

// storeInt puts n, which is known to fit, into a signed integer.
func storeInt(p pointer, bits int, n int64) {
	switch bits {
	case 8:
		*as[int8](p) = int8(n)
	case 16:
		*as[int16](p) = int16(n)
	case 32:
		*as[int32](p) = int32(n)
	default:
		*as[int64](p) = n
	}
}

// storeUint puts n, which is known to fit, into an unsigned integer.
func storeUint(p pointer, bits int, n uint64) {
	switch bits {
	case 8:
		*as[uint8](p) = uint8(n)
	case 16:
		*as[uint16](p) = uint16(n)
	case 32:
		*as[uint32](p) = uint32(n)
	default:
		*as[uint64](p) = n
	}
}

func loadInt(p pointer, bits int) int64 {
	switch bits {
	case 8:
		return int64(*as[int8](p))
	case 16:
		return int64(*as[int16](p))
	case 32:
		return int64(*as[int32](p))
	}
	return *as[int64](p)
}

func loadUint(p pointer, bits int) uint64 {
	switch bits {
	case 8:
		return uint64(*as[uint8](p))
	case 16:
		return uint64(*as[uint16](p))
	case 32:
		return uint64(*as[uint32](p))
	}
	return *as[uint64](p)
}

// optional is the layout of candor.Optional: the value and two flags.
type optional struct {
	value, set, null uintptr
}

func optionalOf(t *typeinfo.Type) optional {
	return optional{t.Go.Field(0).Offset, t.Go.Field(1).Offset, t.Go.Field(2).Offset}
}

func (o optional) valueIn(p pointer) pointer { return unsafe.Add(p, o.value) }
func (o optional) setIn(p pointer) *bool     { return (*bool)(unsafe.Add(p, o.set)) }
func (o optional) nullIn(p pointer) *bool    { return (*bool)(unsafe.Add(p, o.null)) }

// nullable is how a nullable type, such as sql.NullString, lies in memory.
type nullable struct{ value, valid uintptr }

func nullableOf(t *typeinfo.Type) nullable {
	return nullable{t.Go.Field(t.Value).Offset, t.Go.Field(t.Valid).Offset}
}

func (n nullable) valueIn(p pointer) pointer { return unsafe.Add(p, n.value) }
func (n nullable) validIn(p pointer) *bool   { return (*bool)(unsafe.Add(p, n.valid)) }

// wordAt is the eight bytes at p, the first of them the lowest.
func wordAt(p pointer) uint64 { return binary.LittleEndian.Uint64(as[[8]byte](p)[:]) }

// putWord writes them.
func putWord(p pointer, w uint64) { binary.LittleEndian.PutUint64(as[[8]byte](p)[:], w) }

// endOf points after the last byte of b, which needs a byte of capacity there.
func endOf(b []byte) pointer { return unsafe.Add(pointer(unsafe.SliceData(b)), len(b)) }

// textAt points at the i-th byte of s, which is not the end.
func textAt(s string, i int) pointer { return unsafe.Add(pointer(unsafe.StringData(s)), i) }

// textOf returns bytes as a string without a copy; it is valid as long as nobody changes them.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// boxed returns an interface that holds the value at p, which nobody may change any more. like is any value of its type,
// which must not be a pointer or like one.
func boxed(like any, p pointer) any {
	as[box](pointer(&like)).value = p
	return like
}

// box is how an interface lies in memory: the type, and where the value lies.
type box struct{ _, value pointer }
