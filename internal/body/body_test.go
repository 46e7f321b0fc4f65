package body_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/body"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/form"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/spool"
	"github.com/candor-go/candor/internal/transcode"
	"github.com/candor-go/candor/internal/typeinfo"
)

type (
	optional struct {
		Value string
		Set   bool
		Null  bool
		_     mark.Optional
	}
	members struct {
		Name string `body:"name" validate:"min=2"`
		Size int    `body:"size" default:"3"`
	}
	changes struct {
		Name optional `body:"name"`
	}
	whole struct {
		List []int `body:",omitempty"`
	}
	text struct {
		Text string `body:"" validate:"max=5"`
	}
	raw struct {
		Data []byte `body:",omitempty" media:"image/*"`
	}
	pairs struct {
		Name string `form:"name"`
	}
	files struct {
		Name  string `form:"name,omitempty"`
		Photo []byte `file:"photo,omitempty"`
	}
)

// planOf compiles the body of an input, in an app that reads bodies of text/upper as well: JSON in upper case.
func planOf(t *testing.T, in reflect.Type) (*body.Plan, *typeinfo.Input) {
	t.Helper()
	rules, err := check.NewSet(nil)
	require.NoError(t, err)
	values := codec.NewCompiler(rules)
	others, err := transcode.NewSet(map[string]transcode.Codec{"text/upper": {Marshal: json.Marshal, Unmarshal: func(data []byte, v any) error {
		if strings.ToUpper(string(data)) != string(data) {
			return errors.New("a secret")
		}
		return json.Unmarshal(bytes.ToLower(data), v)
	}}})
	require.NoError(t, err)
	c := &body.Compiler{
		Rules: rules, Codec: values,
		Form: &form.Compiler{
			Bind:   &bind.Compiler{Rules: rules, Defaults: values.Default, Fill: values.Filler, Example: values.CheckExample},
			Upload: reflect.TypeFor[struct{ _ mark.File }](),
		},
		Others: others,
	}
	desc, err := typeinfo.ReadInput(in, func(reflect.Type) bool { return false })
	require.NoError(t, err)
	plan, err := c.Compile(desc)
	require.NoError(t, err)
	return plan, desc
}

// incoming is a request with the limits 20 in memory and 400 otherwise. The word chunked behind the media type means that it
// has no length.
func incoming(media, content string) *body.Incoming {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(content))
	if media, chunked := strings.CutSuffix(media, " chunked"); media != "" {
		r.Header.Set("Content-Type", media)
		if chunked {
			r.ContentLength = -1
		}
	}
	return &body.Incoming{
		W: httptest.NewRecorder(), R: r, Limit: 20, LargeLimit: 400, Parts: form.Limits{}.WithDefaults(20), Files: new(spool.Store),
	}
}

// lines returns each validation error as a line: type, location and facts.
func lines(faults fault.List) (all []string) {
	for _, f := range faults.Faults {
		text, err := json.Marshal([]any{f.Loc, f.Ctx})
		if err != nil {
			panic(err)
		}
		all = append(all, f.Type+" "+string(text))
	}
	return all
}

const part = "--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAda\r\n"

func TestBind(t *testing.T) {
	const multipart = "multipart/form-data; boundary=B"
	long := strings.Repeat(" ", 21)
	tests := []struct {
		name, media, content string
		want                 any
		faults               []string
		err                  error
	}{
		{name: "JSON", media: "application/json", content: `{"name":"Ada"}`, want: members{"Ada", 3}},
		{name: "JSON in UTF-8", media: "Application/JSON; charset=utf-8", content: `{"name":"Ada"}`, want: members{"Ada", 3}},
		{name: "JSON in another charset", media: "application/json; charset=latin1", content: `{}`, want: members{}, err: body.ErrMedia},
		{name: "no media type", content: `{}`, want: members{}, err: body.ErrMedia},
		{name: "no length", media: "application/json chunked", content: `{"name":"Ada"}`, want: members{"Ada", 3}},
		{name: "a rule", media: "application/json", content: `{"name":"A"}`, want: members{}, faults: []string{`string_too_short [["body","name"],{"min_length":2}]`}},
		{name: "nothing", media: "application/json", want: members{}, faults: []string{`missing [["body"],null]`}},
		{name: "nothing, of another media type", media: "x/y", want: members{}, faults: []string{`missing [["body"],null]`}},
		{name: "converted", media: "text/upper", content: `{"NAME":"ADA"}`, want: members{"ada", 3}},
		{name: "not convertible", media: "text/upper", content: "{}x", want: members{}, faults: []string{`value_error [["body"],{"error":"not valid text/upper"}]`}},
		{name: "a long body", media: "application/json", content: long, want: members{}, err: body.ErrTooLarge},
		{name: "a whole list", media: "application/json", content: `[1,2]`, want: whole{[]int{1, 2}}},
		{name: "no list", media: "application/json", want: whole{}},
		{name: "a text", media: "text/plain", content: "abc", want: text{"abc"}},
		{name: "a text with a rule", media: "text/plain", content: "abcdef", want: text{}, faults: []string{`string_too_long [["body"],{"max_length":5}]`}},
		{name: "not a text", media: "text/plain", content: "\xff", want: text{}, faults: []string{`string_unicode [["body"],null]`}},
		{name: "no text", media: "text/plain", want: text{}, faults: []string{`missing [["body"],null]`}},
		{name: "bytes", media: "image/png", content: "\xff", want: raw{[]byte("\xff")}},
		{name: "bytes of another media type", media: "text/plain", content: "x", want: raw{}, err: body.ErrMedia},
		{name: "pairs", media: "application/x-www-form-urlencoded", content: "name=Ada", want: pairs{"Ada"}},
		{name: "no pairs", media: "application/x-www-form-urlencoded", want: pairs{}, faults: []string{`missing [["body"],null]`}},
		{name: "parts", media: multipart, content: part + "--B--", want: pairs{"Ada"}},
		{name: "parts that end too early", media: multipart, content: part, want: pairs{}, err: formdata.CutShort},
		{name: "parts without a boundary", media: "multipart/form-data", content: "x", want: pairs{}, err: formdata.Malformed("the Content-Type of a multipart body needs a boundary of 1 to 70 characters")},
		{name: "many parts", media: multipart, content: strings.Repeat(part, 8) + "--B--", want: pairs{}, err: body.ErrTooLarge},
		{name: "pairs for files", media: "application/x-www-form-urlencoded", content: "name=Ada", want: files{}, err: body.ErrMedia},
		{name: "parts for files", media: multipart, content: part + "--B--", want: files{Name: "Ada"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plan, _ := planOf(t, reflect.TypeOf(tt.want))
			into := reflect.New(reflect.TypeOf(tt.want)).Elem()
			var faults fault.List
			_, err := plan.Bind(into, incoming(tt.media, tt.content), &faults)
			assert.Equal(t, tt.err, err)
			assert.Equal(t, tt.faults, lines(faults))
			if err == nil && faults.Faults == nil {
				assert.Equal(t, tt.want, into.Interface())
			}
		})
	}
}

func TestBodiesThatAreNotRead(t *testing.T) {
	plan, _ := planOf(t, reflect.TypeFor[members]())
	var in members
	into := reflect.ValueOf(&in).Elem()
	var faults fault.List

	compressed := incoming("application/json", "{}")
	compressed.R.Header.Set("Content-Encoding", "gzip")
	_, err := plan.Bind(into, compressed, &faults)
	require.Equal(t, body.ErrCompressed, err)

	_, err = plan.Bind(into, incoming("application/json chunked", strings.Repeat(" ", 21)), &faults)
	require.ErrorAs(t, err, new(*body.ReadError))
	require.ErrorAs(t, err, new(*http.MaxBytesError))

	waiting := incoming("x/y chunked", "{}")
	waiting.R.Header.Set("Expect", "100-continue")
	waiting.R.Body = io.NopCloser(iotest.ErrReader(errors.New("read")))
	_, err = plan.Bind(into, waiting, &faults)
	require.Equal(t, body.ErrMedia, err, "without reading")

	loose := incoming("", `{"name":"Ada"}`)
	loose.Loose = true
	_, err = plan.Bind(into, loose, &faults)
	require.NoError(t, err)
	assert.Equal(t, "Ada", in.Name)
	assert.Empty(t, lines(faults))
}

func TestBuffers(t *testing.T) {
	buffer := make([]byte, 0, 20)
	tests := []struct {
		in     reflect.Type
		media  string
		reused bool
	}{
		{reflect.TypeFor[members](), "application/json", true},
		{reflect.TypeFor[members](), "text/upper", false}, // the conversion may keep the bytes
		{reflect.TypeFor[raw](), "image/png", false},
	}
	for _, tt := range tests {
		plan, _ := planOf(t, tt.in)
		in := incoming(tt.media, `{"NAME":"x"}`)
		in.Buffer = buffer
		var faults fault.List
		_, err := plan.Bind(reflect.New(tt.in).Elem(), in, &faults)
		require.NoError(t, err)
		assert.Equal(t, tt.reused, in.Buffer != nil && &in.Buffer[:1][0] == &buffer[:1][0], tt.media)
	}
}

func TestKeptBodies(t *testing.T) {
	tests := []struct {
		in             reflect.Type
		media, content string
	}{
		{reflect.TypeFor[members](), "application/json", `{"name":"Ada"}`},
		{reflect.TypeFor[members](), "application/json", ""},
		{reflect.TypeFor[raw](), "image/png", "x"},
		{reflect.TypeFor[files](), "multipart/form-data; boundary=B", part + strings.Replace(part, `name="name"`, `name="photo"; filename="x"`, 1) + "--B--"},
	}
	for _, tt := range tests {
		plan, _ := planOf(t, tt.in)
		in := incoming(tt.media, tt.content)
		in.Kept = new(body.Kept)
		assert.False(t, in.Kept.IsRead())
		assert.False(t, in.Kept.IsLost())
		first, second := reflect.New(tt.in).Elem(), reflect.New(tt.in).Elem()
		var faults, again fault.List
		_, err := plan.Bind(first, in, &faults)
		require.NoError(t, err)
		require.True(t, in.Kept.IsRead())
		require.NoError(t, in.Kept.Bind(second, &again))
		assert.Equal(t, first.Interface(), second.Interface())
		assert.Equal(t, lines(faults), lines(again))
		if data := first.Field(first.NumField() - 1); data.Kind() == reflect.Slice {
			data.Bytes()[0] = '?'
			assert.NotEqual(t, first.Interface(), second.Interface(), "each has its own bytes")
		}
	}

	plan, _ := planOf(t, reflect.TypeFor[members]())
	broken := incoming("application/json", "{}")
	broken.Kept = new(body.Kept)
	broken.R.Body = io.NopCloser(iotest.ErrReader(errors.New("broken")))
	var faults fault.List
	_, err := plan.Bind(reflect.New(reflect.TypeFor[members]()).Elem(), broken, &faults)
	require.ErrorAs(t, err, new(*body.ReadError))
	assert.True(t, broken.Kept.IsLost())
	assert.False(t, (*body.Kept)(nil).IsRead())
}

func TestUnreadBodies(t *testing.T) {
	plan := body.Unread([]string{"text/csv"}, true, true, true)
	assert.True(t, plan.Required)
	assert.False(t, plan.IsHeld())
	opened, err := plan.Open(incoming("text/csv chunked", strings.Repeat("x", 500)))
	require.NoError(t, err)
	data, err := io.ReadAll(opened)
	require.ErrorAs(t, err, new(*http.MaxBytesError))
	assert.Len(t, data, 400)
	none := incoming("text/csv", "")
	none.R.Body = http.NoBody
	opened, err = plan.Open(none)
	require.NoError(t, err)
	assert.Nil(t, opened)
	_, err = plan.Open(incoming("text/plain", "x"))
	assert.Equal(t, body.ErrMedia, err)
}

func TestAdmit(t *testing.T) {
	files, _ := planOf(t, reflect.TypeFor[files]())
	for _, tt := range []struct {
		plan           *body.Plan
		media, content string
		want           error
	}{
		{files, "multipart/form-data", "x", nil},
		{files, "multipart/form-data", strings.Repeat("x", 21), body.ErrTooLarge}, // held in memory as a whole
		{files, "text/plain", "x", body.ErrMedia},
		{files, "text/plain", "", nil},
		{nil, "text/plain", "x", nil},
		{nil, "text/plain", strings.Repeat("x", 21), body.ErrTooLarge},
	} {
		assert.Equal(t, tt.want, tt.plan.Admit(incoming(tt.media, tt.content)), "%s %q", tt.media, tt.content)
	}
}

func TestMediaTypes(t *testing.T) {
	plan, in := planOf(t, reflect.TypeFor[members]())
	assert.Equal(t, []string{"application/json", "text/upper"}, plan.Media())
	assert.True(t, plan.IsHeld())
	assert.False(t, plan.AcceptMergePatch(in), "no member distinguishes absent from null")

	plan, in = planOf(t, reflect.TypeFor[changes]())
	assert.True(t, plan.AcceptMergePatch(in))
	assert.Equal(t, []string{"application/json", "application/merge-patch+json", "text/upper"}, plan.Media())
	assert.True(t, plan.Accepts("application/merge-patch+json"))

	plan, _ = planOf(t, reflect.TypeFor[files]())
	assert.Equal(t, []string{"multipart/form-data"}, plan.Media())
	assert.True(t, plan.KeepsFiles)
	assert.False(t, plan.IsHeld())

	plan, _ = planOf(t, reflect.TypeFor[struct{}]())
	assert.Nil(t, plan)
}

func TestDecodeJSON(t *testing.T) {
	plan, _ := planOf(t, reflect.TypeFor[members]())
	var in members
	var faults fault.List
	plan.DecodeJSON([]byte(`{"name":"Ada","x":1}`), reflect.ValueOf(&in).Elem(), codec.Options{ForbidExtra: true}, &faults)
	assert.Equal(t, []string{`extra_forbidden [["body","x"],null]`}, lines(faults))
}

// A lie about the length costs no memory.
func TestMemoryGrowsWithWhatHasCome(t *testing.T) {
	in := incoming("application/json", "x")
	in.R.ContentLength = 1 << 40
	data, err := in.ReadAll()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.LessOrEqual(t, cap(data), 64<<10)
}
