package typeinfo_test

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/typeinfo"
)

func readInput[T any](t *testing.T) *typeinfo.Input {
	t.Helper()
	in, err := typeinfo.ReadInput(reflect.TypeFor[T](), isKnown)
	require.NoError(t, err)
	return in
}

// wire writes fields in short: source, name, "?" if optional, selector.
func wire(fields []*typeinfo.Field) string {
	var all []string
	for _, f := range fields {
		s := f.Source.String() + ":" + f.Name
		if f.Optional() {
			s += "?"
		}
		all = append(all, s+"="+f.Go)
	}
	return strings.Join(all, " ")
}

type (
	ItemRef struct {
		ItemID int `path:"item_id" json:"item_id"`
	}
	paging struct {
		Page int `query:"page" default:"1"`
		Size int `query:"size,omitempty" json:"size"`
	}
	headers struct {
		Trace string  `header:"X-Trace"`
		Lang  *string `header:"accept-language"`
	}
	cookies struct {
		Strict
		Session string `cookie:"session"`
	}
	avatar struct {
		paged
		Name string   `form:"name"`
		File known2   `file:"avatar"`
		More []known2 `file:"more,omitempty"`
	}
	paged struct {
		P *int `form:"p"`
	}
	strictQuery struct {
		Strict
		Q string `query:"q"`
	}
	strictForm struct {
		Strict
		A string `form:"a"`
	}
)

func TestInputSources(t *testing.T) {
	type local struct {
		ItemRef
		paging
		Q      string         `query:"q"`
		Tags   []string       `query:"tags,csv,omitempty"`
		Filter map[string]int `query:"filter,json"`
		Maybe  optional[int]  `query:"maybe"`
		Token  string         `header:"X-Token"`
		Theme  *string        `cookie:"theme"`
		Since  time.Time      `query:"since"`
		M      headers        `header:""`
		hidden int            //nolint:unused // ignored
		_      int
	}
	in := readInput[local](t)
	assert.Equal(t, "path:item_id=ItemRef.ItemID query:page?=paging.Page query:size?=paging.Size query:q=Q query:tags?=Tags "+
		"query:filter=Filter query:maybe?=Maybe header:X-Token=Token cookie:theme?=Theme query:since=Since "+
		"header:X-Trace=M.Trace header:accept-language?=M.Lang", wire(in.Params))
	assert.Equal(t, reflect.TypeFor[local](), in.Go)
	for _, f := range in.Params {
		assert.Equal(t, f.Go, selector(in.Go, f.Index))
	}
	assert.Nil(t, in.Body)
	assert.Nil(t, in.Members)
	assert.Nil(t, in.Form)
	assert.Equal(t, ",", in.Params[4].Separator)
	assert.True(t, in.Params[5].JSON)
	assert.Equal(t, "1", string(in.Params[1].Default))
}

func TestInputBodies(t *testing.T) {
	whole := readInput[struct {
		Body *inner `body:"" doc:"D"`
	}](t)
	assert.Equal(t, "body:?=Body", wire([]*typeinfo.Field{whole.Body}))
	assert.Equal(t, "D", whole.Body.Doc)

	raw := readInput[struct {
		Video io.Reader `body:"" media:"video/mp4"`
	}](t)
	assert.Equal(t, "video/mp4", raw.Body.Media)
	assert.Equal(t, typeinfo.Invalid, raw.Body.Type.Kind, "what the caller knows is not described")

	members := readInput[struct {
		Item inner  `body:"item"`
		User *inner `body:"user"`
		Note string `body:"note,omitempty" validate:"max=3"`
	}](t)
	assert.Equal(t, "body:item=Item body:user?=User body:note?=Note", wire(members.Members.Fields))
	assert.Equal(t, "max=3", members.Members.Fields[2].Rules.String())

	form := readInput[struct {
		A avatar  `form:""`
		B *known2 `file:"b"`
	}](t)
	assert.Equal(t, "form:p?=A.paged.P form:name=A.Name file:avatar=A.File file:more?=A.More file:b?=B", wire(form.Form.Fields))
}

func TestInputKnownTypes(t *testing.T) {
	in := readInput[struct {
		Token  known           `realm:"r" doc:"D"`
		Key    *known          `header:"X-Key"`
		Scheme known           `security:"oauth"`
		Given  *known          `dep:""`
		Shop   *inner          `dep:"fresh"`
		Both   struct{ A int } `dep:""`
	}](t)
	assert.Equal(t, ":=Token header:X-Key?=Key security:oauth=Scheme", wire(in.Ready))
	assert.Equal(t, "r", in.Ready[0].Realm)
	assert.Equal(t, "D", in.Ready[0].Doc)
	assert.Equal(t, "dep:=Given dep:=Shop dep:=Both", wire(in.Deps), "a dep tag asks for a provider, also of a known type")
	assert.True(t, in.Deps[1].Fresh)
	assert.False(t, in.Deps[0].Fresh)
}

func TestInputStrict(t *testing.T) {
	flags := func(in *typeinfo.Input) string {
		form := in.Form != nil && in.Form.Strict
		members := in.Members != nil && in.Members.Strict
		return fmt.Sprintf("input %t, cookies %t, form %t, members %t", in.Strict, in.StrictCookies, form, members)
	}
	assert.Equal(t, "input true, cookies false, form false, members true", flags(readInput[struct {
		A int `body:"a"`
		Strict
	}](t)))
	assert.Equal(t, "input true, cookies false, form true, members false", flags(readInput[struct {
		A int `form:"a"`
		Strict
	}](t)))
	assert.Equal(t, "input false, cookies true, form false, members false", flags(readInput[struct {
		C cookies `cookie:""`
	}](t)))
	assert.Equal(t, "input true, cookies false, form false, members false", flags(readInput[struct {
		A int         `form:"a"`
		M strictQuery `query:""`
	}](t)))
	assert.Equal(t, "input false, cookies false, form true, members false", flags(readInput[struct {
		B int        `form:"b"`
		M strictForm `form:""`
	}](t)), "wherever the strict model stands")
	assert.Equal(t, "input false, cookies false, form false, members false", flags(readInput[struct{ strictQuery }](t)),
		"it holds for the struct that embeds it directly")
}

func TestEmptyInput(t *testing.T) {
	assert.Equal(t, &typeinfo.Input{Go: reflect.TypeFor[struct{}]()}, readInput[struct{}](t))
}
