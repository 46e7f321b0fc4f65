package typeinfo_test

import (
	"encoding/json"
	"math/big"
	"net"
	"net/netip"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/typeinfo"
)

type (
	byteLevel uint8
	listNode  struct {
		Next *listNode  `json:"next" validate:"omitempty" default:"{}"`
		Kids []listNode `json:"kids,omitempty" validate:"dive"`
	}
	author struct {
		Books map[string]*book `json:"books" validate:"dive,keys,min=1,endkeys"`
	}
	book struct {
		Authors []*author `json:"authors" validate:"max=3,dive"`
		Twin    *book     `json:"twin" validate:"omitempty"`
	}
	selfSlice []selfSlice
	selfMap   map[string]selfMap
	both      int // a JSON form and a text form
	onlyRead  struct{}
	onlyWrite struct{}
	nameList  []string
	shout     string
)

func (byteLevel) MarshalText() ([]byte, error) { return []byte("x"), nil }
func (both) MarshalJSON() ([]byte, error)      { return []byte("1"), nil }
func (both) MarshalText() ([]byte, error)      { return []byte("1"), nil }
func (*both) UnmarshalText([]byte) error       { return nil }
func (*onlyRead) UnmarshalJSON([]byte) error   { return nil }
func (onlyWrite) MarshalText() ([]byte, error) { return nil, nil }

func (shout) Enum() []shout                   { return []shout{"a", "b"} }
func (s *shout) MarshalText() ([]byte, error) { return []byte(*s + "!"), nil }

func TestShapes(t *testing.T) {
	type local struct{ A int }
	for _, row := range []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[bool](), "bool"},
		{reflect.TypeFor[int8](), "int8"},
		{reflect.TypeFor[int](), "int64"},
		{reflect.TypeFor[uint16](), "uint16"},
		{reflect.TypeFor[uintptr](), "uint64"},
		{reflect.TypeFor[float32](), "float32"},
		{reflect.TypeFor[string](), "string"},
		{reflect.TypeFor[any](), "any"},
		{reflect.TypeFor[nameList](), "[]string"},
		{reflect.TypeFor[[]byte](), "bytes"},
		{reflect.TypeFor[[3]byte](), "[3]uint8"},
		{reflect.TypeFor[[]byteLevel](), "[]text-writeonly"},
		{reflect.TypeFor[time.Time](), "time"},
		{reflect.TypeFor[time.Duration](), "duration"},
		{reflect.TypeFor[time.Month](), "int64"},
		{reflect.TypeFor[json.RawMessage](), "raw"},
		{reflect.TypeFor[json.Number](), "number"},
		{reflect.TypeFor[netip.Addr](), "text/ip"},
		{reflect.TypeFor[net.IP](), "text/ip"},
		{reflect.TypeFor[big.Int](), "json/integer"},
		{reflect.TypeFor[ownJSON](), "json"},
		{reflect.TypeFor[ownText](), "text"},
		{reflect.TypeFor[onlyRead](), "json-readonly"},
		{reflect.TypeFor[onlyWrite](), "text-writeonly"},
		{reflect.TypeFor[*int](), "*int64"},
		{reflect.TypeFor[optional[string]](), "opt string"},
		{reflect.TypeFor[[2][]*inner](), "[2][]*{x:int64}"},
		{reflect.TypeFor[map[string]any](), "map[string]any"},
		{reflect.TypeFor[map[int8]bool](), "map[int8]bool"},
		{reflect.TypeFor[map[netip.Addr]int](), "map[text/ip]int64"},
		{reflect.TypeFor[map[both]int](), "map[text]int64"},
		{reflect.TypeFor[map[Level]Level](), `map[string["low" "a<b"]]string["low" "a<b"]`},
		{reflect.TypeFor[shout](), `text-writeonly["a!" "b!"]`},
		{reflect.TypeFor[struct{}](), "{}"},
		{reflect.TypeFor[local](), "{A:int64}"},
		{reflect.TypeFor[page[local]](), "{items:[]{A:int64} total:int64}"},
		{reflect.TypeFor[page[page[int]]](), "{items:[]{items:[]int64 total:int64} total:int64}"},
		{reflect.TypeFor[[]struct{ A struct{ B *int } }](), "[]{A:{B?:*int64}}"},
		{reflect.TypeFor[pet](), "<kind:cat{lives:int64}>"},
		{reflect.TypeFor[listNode](), "{next?:*~ kids?:[]~}"},
		{reflect.TypeFor[*listNode](), "*{next?:~ kids?:[]~}"},
		{reflect.TypeFor[[]listNode](), "[]{next?:*~ kids?:~}"},
		{reflect.TypeFor[author](), "{books:map[string]*{authors:[]*~ twin?:~}}"},
		{reflect.TypeFor[*book](), "*{authors:[]*{books:map[string]~} twin?:~}"},
		{reflect.TypeFor[selfSlice](), "[]~"},
		{reflect.TypeFor[selfMap](), "map[string]~"},
	} {
		d, err := typeinfo.Of(row.typ)
		if assert.NoError(t, err, "%s", row.typ) {
			assert.Equal(t, row.want, shape(d), "%s", row.typ)
		}
	}
}

func TestNull(t *testing.T) {
	for typ, want := range map[reflect.Type]bool{
		reflect.TypeFor[*int](): true, reflect.TypeFor[optional[int]](): true, reflect.TypeFor[any](): true,
		reflect.TypeFor[json.RawMessage](): true, reflect.TypeFor[ownJSON](): true,
		reflect.TypeFor[int](): false, reflect.TypeFor[[]int](): false, reflect.TypeFor[map[string]int](): false,
		reflect.TypeFor[ownText](): false, reflect.TypeFor[inner](): false, reflect.TypeFor[pet](): false,
	} {
		d, err := typeinfo.Of(typ)
		require.NoError(t, err)
		assert.Equal(t, want, d.Null(), "%s", typ)
	}
}

func TestNames(t *testing.T) {
	type local struct{ A int }
	for typ, want := range map[reflect.Type]string{
		reflect.TypeFor[int]():                                "int",
		reflect.TypeFor[local]():                              "typeinfo_test.local",
		reflect.TypeFor[page[local]]():                        "typeinfo_test.page[typeinfo_test.local]",
		reflect.TypeFor[page[map[json.Number]*page[local]]](): "typeinfo_test.page[map[json.Number]*typeinfo_test.page[typeinfo_test.local]]",
		reflect.TypeFor[page[struct{ A local }]]():            "typeinfo_test.page[struct{...}]",
		reflect.TypeFor[*[]map[string][2]struct{ A int }]():   "*[]map[string][2]struct{...}",
		reflect.TypeFor[struct{}]():                           "struct {}",
		reflect.TypeFor[map[any]error]():                      "map[any]error",
	} {
		assert.Equal(t, want, typeinfo.Name(typ))
	}
}

// TestFailureLeavesNothing shows that a type with a configuration error is reported each time, and that its valid parts
// are not cached incompletely.
func TestFailureLeavesNothing(t *testing.T) {
	type bad struct {
		Self *struct{ Next []inner } `json:"self"`
		C    chan int
	}
	for range 2 {
		require.Error(t, of(reflect.TypeFor[bad]()))
	}
	assert.Equal(t, "*{Next:[]{x:int64}}", shape(describe[*struct{ Next []inner }](t)))
}

func TestOneDescriptionPerType(t *testing.T) {
	type leaf struct{ A map[string]*time.Time }
	type branch struct {
		Leaves []leaf
		Up     *branch
	}
	types := []reflect.Type{
		reflect.TypeFor[leaf](), reflect.TypeFor[[]leaf](), reflect.TypeFor[branch](), reflect.TypeFor[*branch](), reflect.TypeFor[page[branch]](),
	}
	found := make([][]*typeinfo.Type, 32)
	var group sync.WaitGroup
	for i := range found {
		group.Go(func() {
			for j := range types {
				d, err := typeinfo.Of(types[(i+j)%len(types)])
				if !assert.NoError(t, err) {
					return
				}
				found[i] = append(found[i], d)
			}
		})
	}
	group.Wait()
	for i := range found {
		for j, d := range found[i] {
			want, err := typeinfo.Of(types[(i+j)%len(types)])
			require.NoError(t, err)
			assert.Same(t, want, d)
		}
	}
	d := describe[branch](t)
	assert.Same(t, describe[leaf](t), d.Object.Field("Leaves").Type.Elem)
	assert.Same(t, d, d.Object.Field("Up").Type.Elem)
}
