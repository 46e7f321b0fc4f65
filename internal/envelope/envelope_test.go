package envelope_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/envelope"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

func compile(t *testing.T, v any, body envelope.Body) (*envelope.Plan, error) {
	t.Helper()
	out, err := typeinfo.ReadOutput(reflect.TypeOf(v), envelope.IsCookie)
	require.NoError(t, err)
	return envelope.Compile(&bind.Compiler{}, out, body)
}

func TestWrite(t *testing.T) {
	t.Parallel()
	type created struct {
		Status  int         `status:"201,200"`
		Count   *int        `header:"X-Count"`
		Type    string      `header:"Content-Type"`
		Session string      `cookie:"session"`
		Exact   http.Cookie `cookie:"exact"`
		Body    []byte      `body:""`
	}
	three := 3
	for name, row := range map[string]struct {
		value  created
		status int
		media  string
		header []response.Line
	}{
		"nothing is set": {status: 201, media: "text/plain"},
		"all is set": {
			value: created{Status: 200, Count: &three, Type: "text/csv", Session: "s", Exact: http.Cookie{Value: "e", Path: "/a"}}, status: 200, media: "text/csv",
			header: []response.Line{
				{Name: "X-Count", Value: "3"},
				{Name: "Set-Cookie", Value: "session=s; Path=/; HttpOnly; SameSite=Lax"},
				{Name: "Set-Cookie", Value: "exact=e; Path=/a"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, err := compile(t, row.value, envelope.Body{Media: "text/plain"})
			require.NoError(t, err)
			a := response.Response{Outcome: response.Outcome{Status: 201, ContentType: "text/plain"}}
			require.NoError(t, plan.Write(reflect.ValueOf(row.value), []int{201, 200}, true, &a))
			assert.Equal(t, row.status, a.Status)
			assert.Equal(t, row.media, a.ContentType)
			assert.Equal(t, row.header, a.Header)
		})
	}
}

type found struct {
	Status int    `status:"200,404"`
	One    string `header:"X-One"`
	Two    string `header:"X-Two"`
	Body   []byte `body:""`
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for want, value := range map[string]found{
		"the status 500 is not one of [200 404]":   {Status: 500},
		"the header X-Two has a control character": {One: "a", Two: "b\r\nSet-Cookie: c=d"},
	} {
		plan, err := compile(t, value, envelope.Body{Media: "text/plain"})
		require.NoError(t, err)
		err = plan.Write(reflect.ValueOf(value), []int{200, 404}, true, new(response.Response))
		require.ErrorContains(t, err, want)
	}
}

// The response to an error leaves such a header out instead.
func TestWriteLeavesOut(t *testing.T) {
	t.Parallel()
	value := found{One: "a\n", Two: "b"}
	plan, err := compile(t, value, envelope.Body{Media: "text/plain"})
	require.NoError(t, err)
	var reasons []error
	a := response.Response{Outcome: response.Outcome{LeaveOut: func(reason error) { reasons = append(reasons, reason) }}}
	require.NoError(t, plan.Write(reflect.ValueOf(value), []int{200}, true, &a))
	assert.Equal(t, []response.Line{{Name: "X-Two", Value: "b"}}, a.Header)
	require.Len(t, reasons, 1)
}

func TestCompileFindsHeaders(t *testing.T) {
	t.Parallel()
	type connection struct {
		Value string `header:"Connection"`
	}
	type cookie struct {
		Value string `header:"Set-Cookie"`
	}
	type length struct {
		Value int    `header:"Content-Length"`
		Body  []byte `body:""`
	}
	type media struct {
		Value string `header:"Content-Type"`
		Body  []byte `body:""`
	}
	type mediaOfNothing struct {
		Value string `header:"Content-Type"`
	}
	type number struct {
		Value int    `header:"Content-Type"`
		Body  []byte `body:""`
	}
	type location struct {
		Value string `header:"Location"`
	}
	type cookies struct {
		Value []string `cookie:"a"`
	}
	type filled struct {
		Value string `header:"X-One" default:"a"`
	}
	for want, row := range map[string]struct {
		value any
		body  envelope.Body
		none  bool
	}{
		"about the connection":     {value: connection{}},
		"a tag of its own":         {value: cookie{}},
		"the length is set":        {value: length{}},
		"is fixed":                 {value: media{}, body: envelope.Body{Encoded: true}},
		"so it has no media type":  {value: mediaOfNothing{}, none: true},
		"a media type is a string": {value: number{}},
		"which writes Location":    {value: location{}, body: envelope.Body{Redirects: true}},
		"a cookie has one value":   {value: cookies{}},
		"its default tag":          {value: filled{}},
	} {
		if row.body.Media = "text/plain"; row.none {
			row.body.Media = ""
		}
		_, err := compile(t, row.value, row.body)
		require.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "Value", "the field is named")
	}
	_, err := compile(t, length{}, envelope.Body{Media: "text/plain", SetsLength: true})
	require.NoError(t, err)
}
