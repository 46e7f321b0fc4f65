package typeinfo_test

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"

	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Public types with a special meaning, as in the root package.
type (
	Strict          struct{ _ mark.Strict }
	OneOf           struct{ _ mark.Union }
	optional[T any] struct {
		Value     T
		Set, Null bool
		_         mark.Optional
	}
)

// known and known2 are types that the caller fills in.
type (
	known  struct{ Token string }
	known2 struct{ Open func() (io.Reader, error) }
)

func isKnown(t reflect.Type) bool {
	return t == reflect.TypeFor[known]() || t == reflect.TypeFor[*known]() || t == reflect.TypeFor[io.Reader]()
}

type (
	inner struct {
		X int `json:"x"`
	}
	Base struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
	}
	Other struct {
		Name string `json:"name"`
	}
	broken struct {
		C chan int `json:"c"`
	}
	page[T any] struct {
		Items []T `json:"items"`
		Total int `json:"total"`
	}
	reader interface{ Read() }
	model  struct {
		Page int    `query:"page" json:"page"`
		Sort string `query:"sort,omitempty" header:"-"`
	}
	strictModel struct {
		Strict
		A string `header:"X-A" `
	}
	envelope struct {
		Code int    `status:"200,201"`
		ETag string `header:"ETag"`
		Body inner  `body:""`
	}
	cat struct {
		Lives int `json:"lives"`
	}
	pet struct {
		OneOf `json:"kind"`
		Cat   *cat `case:"cat"`
	}
)

type (
	ownJSON struct{ A int }
	ownText struct{ A int }
)

func (ownJSON) MarshalJSON() ([]byte, error) { return []byte("1"), nil }
func (*ownJSON) UnmarshalJSON([]byte) error  { return nil }
func (ownText) MarshalText() ([]byte, error) { return []byte("a"), nil }
func (*ownText) UnmarshalText([]byte) error  { return nil }

type (
	Level        string
	noValues     string
	twiceListed  int
	listedFloats float64
	unwritable   int
)

func (Level) Enum() []Level               { return []Level{"low", "a<b"} }
func (noValues) Enum() []noValues         { return nil }
func (twiceListed) Enum() []twiceListed   { return []twiceListed{1, 2, 1} }
func (listedFloats) Enum() []listedFloats { return []listedFloats{1.5} }
func (unwritable) Enum() []unwritable     { return []unwritable{1} }

func (unwritable) MarshalText() ([]byte, error) { return nil, errors.New("no text") }

var _ json.Marshaler = ownJSON{}

func of(t reflect.Type) error {
	_, err := typeinfo.Of(t)
	return err
}

func input(t reflect.Type) error {
	_, err := typeinfo.ReadInput(t, isKnown)
	return err
}

func response(t reflect.Type) error {
	_, err := typeinfo.ReadOutput(t, isKnown)
	return err
}

// object makes a struct of fields; vet would reject some of the tags in the tables.
func object(fields ...reflect.StructField) reflect.Type { return reflect.StructOf(fields) }

func field[T any](name, tag string) reflect.StructField {
	f := reflect.StructField{Name: name, Type: reflect.TypeFor[T](), Tag: reflect.StructTag(tag)}
	if name[0] >= 'a' {
		f.PkgPath = reflect.TypeFor[inner]().PkgPath()
	}
	return f
}

func embedded[T any]() reflect.StructField {
	f := field[T](reflect.TypeFor[T]().Name(), "")
	f.Anonymous = true
	return f
}
