package envelope_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/envelope"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

type plain struct {
	Name string `json:"name"`
}

type listed struct {
	Status int    `status:"201,200"`
	Body   []byte `body:"" media:"text/csv"`
}

type typed struct {
	Type string `header:"Content-Type"`
	Body []byte `body:""`
}

func describe(t *testing.T, v any) *typeinfo.Output {
	t.Helper()
	out, err := typeinfo.ReadOutput(reflect.TypeOf(v), envelope.IsCookie)
	require.NoError(t, err)
	return out
}

func TestChoose(t *testing.T) {
	t.Parallel()
	body := envelope.Body{Status: 200, Media: "application/json"}
	for name, row := range map[string]struct {
		value  any
		body   envelope.Body
		status int
		media  []string
		want   envelope.Offer
		err    string
	}{
		"by the kind":              {value: plain{}, body: body, want: envelope.Offer{Statuses: []int{200}, Media: []string{"application/json"}}},
		"by the route":             {value: plain{}, body: body, status: 202, media: []string{"application/x+json"}, want: envelope.Offer{Statuses: []int{202}, Media: []string{"application/x+json"}}},
		"by the tags":              {value: listed{}, body: body, want: envelope.Offer{Statuses: []int{201, 200}, Media: []string{"text/csv"}}},
		"by a field":               {value: typed{}, body: body, want: envelope.Offer{Statuses: []int{200}, Media: []string{"*/*"}, Varies: true}},
		"by each value":            {value: plain{}, body: envelope.Body{Status: 200, Media: "*/*", Chooses: true}, want: envelope.Offer{Statuses: []int{200}, Media: []string{"*/*"}, Varies: true}},
		"a redirect":               {value: plain{}, body: envelope.Body{Status: 307, Redirects: true}, want: envelope.Offer{Statuses: []int{307}}},
		"a redirect to nowhere":    {value: plain{}, body: envelope.Body{Status: 307, Redirects: true}, status: 304, err: "the status 304 is not a redirect"},
		"two statuses":             {value: listed{}, body: body, status: 200, err: "Status(200) together with"},
		"a body that is not sent":  {value: plain{}, body: body, status: 204, err: "Status(204) is a response without a body"},
		"a media type of nothing":  {value: plain{}, body: envelope.Body{Status: 204}, media: []string{"a/b"}, err: `Produces("a/b"), but the response has no body`},
		"nothing chooses":          {value: plain{}, body: body, media: []string{"a/b", "c/d"}, err: "nothing chooses among them"},
		"a range cannot be sent":   {value: plain{}, body: body, media: []string{"a/*"}, err: "a/* is not a media type that can be sent"},
		"a range that values fill": {value: typed{}, body: body, media: []string{"a/*"}, want: envelope.Offer{Statuses: []int{200}, Media: []string{"a/*"}, Varies: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := envelope.Choose(describe(t, row.value), row.body, row.status, row.media)
			if row.err != "" {
				require.ErrorContains(t, err, row.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, row.want, got)
		})
	}
	_, err := envelope.Declared(describe(t, plain{}), body, 204)
	require.ErrorContains(t, err, "Responds(204)")
}

func TestCheckType(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"a/default": "", "text/csv": "", "text/plain; charset=utf-8": "", "image/png": `"image/png" is not one of a/default, text/*`, "text": `"text" is not one of`, "text/": "malformed", "text/csv\n": "malformed",
	} {
		err := envelope.CheckType([]string{"a/default", "text/*"}, &response.Response{Outcome: response.Outcome{Status: 200, ContentType: sent}})
		if want == "" {
			assert.NoError(t, err, sent)
			continue
		}
		assert.ErrorContains(t, err, want)
	}
}

func TestEncodesBodyless(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		body    string
		status  int
		streams bool
		want    bool
		faults  int
	}{
		{"", 304, false, false, 0},
		{"a", 304, false, true, 0},
		{"a", 304, true, false, 0},
		{"a", 204, false, false, 1},
	} {
		plan, err := compile(t, listed{}, envelope.Body{Media: "text/plain", Streams: row.streams})
		require.NoError(t, err)
		a := response.Response{Outcome: response.Outcome{Status: row.status, Faults: fault.List{}}}
		assert.Equal(t, row.want, plan.EncodesBodyless(reflect.ValueOf([]byte(row.body)), true, &a))
		assert.Len(t, a.Faults.Faults, row.faults)
	}
}
