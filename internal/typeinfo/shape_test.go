package typeinfo_test

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/typeinfo"
)

func describe[T any](t *testing.T) *typeinfo.Type {
	t.Helper()
	d, err := typeinfo.Of(reflect.TypeFor[T]())
	require.NoError(t, err)
	return d
}

var kindNames = map[typeinfo.Kind]string{
	typeinfo.Bool: "bool", typeinfo.Int: "int", typeinfo.Uint: "uint", typeinfo.Float: "float",
	typeinfo.Number: "number", typeinfo.String: "string", typeinfo.Bytes: "bytes", typeinfo.Time: "time",
	typeinfo.Duration: "duration", typeinfo.Text: "text", typeinfo.JSON: "json", typeinfo.Raw: "raw", typeinfo.Any: "any",
}

// shape writes a description in short: {id:int64 tags?:[]string} is an object with a required and an optional member,
// "~" is an enclosing type.
func shape(d *typeinfo.Type) string { return shapeIn(d, nil) }

func shapeIn(d *typeinfo.Type, around []*typeinfo.Type) string {
	if slices.Contains(around, d) {
		return "~"
	}
	around = append(slices.Clone(around), d)
	elem := func() string { return shapeIn(d.Elem, around) }
	switch d.Kind {
	case typeinfo.Pointer:
		return "*" + elem()
	case typeinfo.Optional:
		return "opt " + elem()
	case typeinfo.Slice:
		return "[]" + elem()
	case typeinfo.Array:
		return fmt.Sprintf("[%d]%s", d.Len, elem())
	case typeinfo.Map:
		return "map[" + shapeIn(d.Key, around) + "]" + elem()
	case typeinfo.Struct:
		return objectShape(d.Object, around)
	case typeinfo.Union:
		return unionShape(d.Object, around)
	}
	return leafShape(d)
}

func leafShape(d *typeinfo.Type) string {
	s := kindNames[d.Kind]
	if d.Bits > 0 {
		s += fmt.Sprint(width(d))
	}
	if d.Format != "" {
		s += "/" + d.Format
	}
	if !d.Reads {
		s += "-writeonly"
	}
	if !d.Writes {
		s += "-readonly"
	}
	if d.Enum != nil {
		s += fmt.Sprintf("%s", d.Enum)
	}
	return s
}

func objectShape(o *typeinfo.Object, around []*typeinfo.Type) string {
	var members []string
	for _, f := range o.Fields {
		mark := ":"
		if f.Optional() {
			mark = "?:"
		}
		members = append(members, f.Name+mark+shapeIn(f.Type, around))
	}
	if o.Strict {
		members = append(members, "!")
	}
	return "{" + strings.Join(members, " ") + "}"
}

func unionShape(o *typeinfo.Object, around []*typeinfo.Type) string {
	var cases []string
	for _, c := range o.Cases {
		cases = append(cases, c.Name+shapeIn(c.Type, around))
	}
	return "<" + o.Discriminator + ":" + strings.Join(cases, "|") + ">"
}

// width returns the width of a type; int, uint and uintptr count as 64 bits, as on most machines.
func width(d *typeinfo.Type) int {
	if kind := d.Go.Kind(); d.Bits == strconv.IntSize && (kind == reflect.Int || kind == reflect.Uint || kind == reflect.Uintptr) {
		return 64
	}
	return d.Bits
}
