package funcname_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/funcname"
)

type (
	none       = struct{}
	item       struct{}
	box[T any] struct{}
	users      struct{}
)

type save[T any] struct {
	Body T `body:""`
}

func list(context.Context, none) (item, error)             { return item{}, nil }
func create[T any](context.Context, save[T]) (none, error) { return none{}, nil }
func read[T any](context.Context, none) (box[T], error)    { return box[T]{}, nil }
func (*users) List(context.Context, none) (item, error)    { return item{}, nil }
func (users) Count(context.Context, none) (item, error)    { return item{}, nil }

func TestNames(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fn       any
		name, id string
	}{
		{list, "list", "list"},
		{(&users{}).List, "List", "usersList"},
		{users{}.Count, "Count", "usersCount"},
		{create[item], "create", "createItem"},
		{create[[]*item], "create", "createListOfNullableItem"},
		{read[item], "read", "readItem"},
		{read[int], "read", "readInt"},
		{func(context.Context, none) (item, error) { return item{}, nil }, "", ""},
	} {
		v := reflect.ValueOf(row.fn)
		f := funcname.Function{PC: v.Pointer(), In: v.Type().In(1), Out: v.Type().Out(0), Ours: reflect.TypeFor[box[int]]().PkgPath()}
		name, id := f.Names()
		assert.Equal(t, row.name+" "+row.id, name+" "+id)
	}
}
