package typeinfo_test

import (
	"io"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/typeinfo"
)

func readOutput[T any](t *testing.T) *typeinfo.Output {
	t.Helper()
	out, err := typeinfo.ReadOutput(reflect.TypeFor[T](), isKnown)
	require.NoError(t, err)
	return out
}

func TestPlainResponses(t *testing.T) {
	for typ, want := range map[reflect.Type]string{
		reflect.TypeFor[int]():                             "int64",
		reflect.TypeFor[*inner]():                          "*{x:int64}",
		reflect.TypeFor[[]envelopeLike]():                  "[]{name:string}",
		reflect.TypeFor[envelopeLike]():                    "{name:string}",
		reflect.TypeFor[struct{}]():                        "{}",
		reflect.TypeFor[struct{ Inner struct{ A int } }](): "{Inner:{A:int64}}",
		reflect.TypeFor[StrictBase]():                      "{A:int64 !}",
		reflect.TypeFor[time.Time]():                       "time",
		reflect.TypeFor[ownJSON]():                         "json",
		reflect.TypeFor[pet]():                             "<kind:cat{lives:int64}>",
	} {
		out, err := typeinfo.ReadOutput(typ, isKnown)
		require.NoError(t, err)
		assert.False(t, out.Envelope)
		assert.Equal(t, want, shape(out.Body.Type), "%s", typ)
		assert.Empty(t, out.Body.Index)
		assert.Equal(t, typ, out.Go)
	}
	assert.Equal(t, typeinfo.Invalid, readOutput[io.Reader](t).Body.Type.Kind, "what the caller knows is not described")
}

// envelopeLike has the tags of an input and of a body: one type may have both.
type envelopeLike struct {
	Name string `header:"X-Name" json:"name"`
}

type (
	Status struct {
		Code int `status:"201, 200" doc:"D"`
	}
	limits struct {
		Limit int    `header:"x-limit"`
		Next  string `header:"X-Next,omitempty" json:"-"`
	}
)

func TestEnvelopes(t *testing.T) {
	out := readOutput[struct {
		Status
		limits
		Session string      `cookie:"session"`
		Full    http.Cookie `cookie:"full"`
		Body    []inner     `body:"" doc:"B"`
		private int
	}](t)
	assert.True(t, out.Envelope)
	assert.Equal(t, []int{201, 200}, out.Status.Statuses)
	assert.Equal(t, "header:x-limit=limits.Limit header:X-Next?=limits.Next", wire(out.Headers), "names as in the tags")
	assert.Equal(t, "cookie:session=Session cookie:full=Full", wire(out.Cookies))
	assert.Equal(t, "[]{x:int64}", shape(out.Body.Type))
	assert.Equal(t, "B", out.Body.Doc)
	for _, f := range append(append([]*typeinfo.Field{out.Status, out.Body}, out.Headers...), out.Cookies...) {
		assert.Equal(t, f.Go, selector(out.Go, f.Index))
	}
	assert.Nil(t, readOutput[Status](t).Body)

	raw := readOutput[struct {
		Data io.Reader `body:"" media:"image/png"`
	}](t)
	assert.Equal(t, "image/png", raw.Body.Media)
	assert.Equal(t, typeinfo.Invalid, raw.Body.Type.Kind)
	mixed := readOutput[struct {
		Code int    `status:"200,204"`
		Body *inner `body:""`
	}](t)
	assert.NotNil(t, mixed.Body)
}
