package typeinfo_test

import (
	"database/sql"
	"reflect"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/typeinfo"
)

type window struct {
	From int `query:"from"`
}

func (window) Validate() error { return nil }

type bounded struct {
	Limit int `query:"limit"`
}

func (*bounded) Validate() error { return nil }

type search struct {
	bounded
	Window window `query:""`
	Q      string `query:"q"`
}

func (search) Validate() error { return nil }

// embedding has its method from an embedded type.
type embedding struct{ window }

func TestInputValidators(t *testing.T) {
	read := func(in reflect.Type) []typeinfo.InputValidator {
		described, err := typeinfo.ReadInput(in, func(reflect.Type) bool { return false })
		require.NoError(t, err)
		return described.Validators
	}
	assert.Equal(t, []typeinfo.InputValidator{
		{Index: []int{0}}, {Index: []int{1}, Model: typeinfo.Query}, {},
	}, read(reflect.TypeFor[search]()), "innermost first")
	assert.Equal(t, []typeinfo.InputValidator{{Index: []int{0}}}, read(reflect.TypeFor[embedding]()), "not twice through promotion")
}

type (
	turned struct {
		Valid bool
		Count int
	}
	ownMaybe    struct{ Bytes, Valid bool }
	taggedMaybe struct {
		Code  string `json:"code"`
		Valid bool   `json:"valid"`
	}
	embedsMaybe struct {
		inner
		Valid bool
	}
	threeMaybe struct {
		Code  string
		Since int
		Valid bool
	}
	missingMaybe struct {
		Code  string
		Valid int
	}
)

func (ownMaybe) MarshalJSON() ([]byte, error) { return []byte("{}"), nil }

func TestNullableTypes(t *testing.T) {
	for goType, want := range map[reflect.Type]typeinfo.Kind{
		reflect.TypeFor[sql.NullString]():            typeinfo.String,
		reflect.TypeFor[uuid.NullUUID]():             typeinfo.Text,
		reflect.TypeFor[turned]():                    typeinfo.Int,
		reflect.TypeFor[decimal.NullDecimal]():       typeinfo.JSON,
		reflect.TypeFor[sql.NullBool]():              typeinfo.Bool,
		reflect.TypeFor[sql.NullByte]():              typeinfo.Uint,
		reflect.TypeFor[sql.NullInt16]():             typeinfo.Int,
		reflect.TypeFor[sql.NullFloat64]():           typeinfo.Float,
		reflect.TypeFor[sql.NullTime]():              typeinfo.Time,
		reflect.TypeFor[sql.Null[[]int]]():           typeinfo.Slice,
		reflect.TypeFor[sql.Null[struct{ N int }]](): typeinfo.Struct,
		reflect.TypeFor[sql.Null[sql.RawBytes]]():    typeinfo.Bytes,
	} {
		described, err := typeinfo.Of(goType)
		require.NoError(t, err)
		assert.Equal(t, typeinfo.Nullable, described.Kind, goType)
		assert.Equal(t, want, described.Elem.Kind, goType)
		assert.True(t, described.Null() && described.Wraps())
	}
	for goType, want := range map[reflect.Type]typeinfo.Kind{
		reflect.TypeFor[ownMaybe]():     typeinfo.JSON,
		reflect.TypeFor[taggedMaybe]():  typeinfo.Struct,
		reflect.TypeFor[embedsMaybe]():  typeinfo.Struct,
		reflect.TypeFor[threeMaybe]():   typeinfo.Struct,
		reflect.TypeFor[missingMaybe](): typeinfo.Struct,
	} {
		described, err := typeinfo.Of(goType)
		require.NoError(t, err)
		assert.Equal(t, want, described.Kind, goType)
	}
	_, err := typeinfo.Of(reflect.TypeFor[*sql.NullString]())
	assert.ErrorContains(t, err, "two ways to be null, one inside the other; use sql.NullString")
}
