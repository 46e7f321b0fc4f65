package form_test

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/form"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/spool"
	"github.com/candor-go/candor/internal/typeinfo"
)

// upload is a file with its content as a string.
type upload struct {
	_ mark.File

	Name, Media, Content string
}

// login is a type in whose fields an empty text counts as absent.
type login struct {
	User string `form:"user,omitempty" validate:"min=1"`
}

type fields struct {
	Title string   `form:"title"`
	Tags  []string `form:"tags,omitempty"`
	Box   struct {
		Width int `form:"width"`
	} `form:"box,omitempty"`
	Size int `form:"size,omitempty"`
}

type files struct {
	Note  string   `form:"note,omitempty"`
	Photo upload   `file:"photo" media:"image/png"`
	Copy  *upload  `file:"copy,omitempty"`
	More  []upload `file:"more,omitempty" validate:"max=2"`
	Raw   []byte   `file:"raw,omitempty"`
}

func setUpload(dst reflect.Value, f *form.File) {
	open, err := f.Content.Open()
	if err != nil {
		panic(err)
	}
	content, err := io.ReadAll(open)
	if err != nil {
		panic(err)
	}
	dst.Set(reflect.ValueOf(upload{Name: f.Filename, Media: f.ContentType, Content: string(content)}))
}

// planOf compiles the form of an input.
func planOf(t *testing.T, in reflect.Type) (*form.Plan, error) {
	t.Helper()
	rules, err := check.NewSet(nil)
	require.NoError(t, err)
	values := codec.NewCompiler(rules)
	c := &form.Compiler{
		Bind:   &bind.Compiler{Rules: rules, Defaults: values.Default, Fill: values.Filler, Example: values.CheckExample},
		Upload: reflect.TypeFor[upload](), SetUpload: setUpload, NoEmpty: reflect.TypeFor[login](),
	}
	desc, err := typeinfo.ReadInput(in, func(reflect.Type) bool { return false })
	require.NoError(t, err)
	return c.Compile(desc)
}

// lines returns each validation error as a line: type, location from the inside, and facts.
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

func TestPairs(t *testing.T) {
	tests := []struct {
		body   string
		want   fields
		strict bool
		faults []string
	}{
		{body: "title=a+b%21&tags=x&tags=y&size=3", want: fields{Title: "a b!", Tags: []string{"x", "y"}, Size: 3}},
		{body: "\ufefftitle=a&&title=b&other=1", want: fields{Title: "b"}},
		{body: "title=a&other=1", want: fields{Title: "a"}, strict: true, faults: []string{`extra_forbidden [["other"],null]`}},
		{body: "title=a&box.width=z", faults: []string{`int_parsing [["width","box"],null]`}},
		{body: "title=%zz&size=x", faults: []string{`value_error [["title"],{"error":"malformed percent-encoding"}]`, `int_parsing [["size"],null]`}},
		{body: "title=%zz&title=a", want: fields{Title: "a"}},
		{body: "", faults: []string{`missing [["title"],null]`}},
		{body: "title=a" + strings.Repeat("&x=1", bind.MaxPairs), faults: []string{`too_long [[],{"actual_length":1001,"max_length":1000}]`}},
	}
	plan, err := planOf(t, reflect.TypeFor[fields]())
	require.NoError(t, err)
	assert.True(t, plan.IsNeeded())
	assert.False(t, plan.HasFiles())
	for _, tt := range tests {
		t.Run(tt.body[:min(len(tt.body), 40)], func(t *testing.T) {
			var in fields
			var faults fault.List
			assert.True(t, plan.Decode([]byte(tt.body), reflect.ValueOf(&in).Elem(), codec.Options{ForbidExtra: tt.strict}, &faults))
			assert.Equal(t, tt.faults, lines(faults))
			if len(tt.faults) == 0 {
				assert.Equal(t, tt.want, in)
			}
		})
	}
}

func TestEmptyTexts(t *testing.T) {
	plan, err := planOf(t, reflect.TypeFor[login]())
	require.NoError(t, err)
	var in login
	var faults fault.List
	plan.Decode([]byte("user="), reflect.ValueOf(&in).Elem(), codec.Options{}, &faults)
	assert.Empty(t, lines(faults), "absent, so that no rule looks at it")
}

const png = "\x89PNG\r\n\x1a\n"

// sent writes parts, each made of the parameters of its Content-Disposition and a content.
func sent(parts ...string) form.Parts {
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString("--B\r\nContent-Disposition: form-data; " + parts[i] + "\r\n\r\n" + parts[i+1] + "\r\n")
	}
	b.WriteString("--B--\r\n")
	return form.Parts{
		ContentType: "multipart/form-data; boundary=B", Length: int64(b.Len()), Body: strings.NewReader(b.String()),
		Limits: form.Limits{Parts: 6, Files: 4, Text: 8}.WithDefaults(0), Memory: 12, Files: new(spool.Store),
	}
}

func uploaded(name, content string) upload {
	return upload{Name: name, Media: "application/octet-stream", Content: content}
}

func TestParts(t *testing.T) {
	const photo = `name="photo"; filename="a.png"`
	tests := []struct {
		name   string
		parts  []string
		want   files
		faults []string
		err    error
	}{
		{
			name:  "each type of field",
			parts: []string{photo, "not this one", photo, png, `name="copy"; filename=c`, "C", `name="raw"; filename=r`, "R", `name="note"`, "N"},
			want:  files{Note: "N", Photo: uploaded("a.png", png), Copy: new(uploaded("c", "C")), Raw: []byte("R")},
		},
		{
			name: "a list", parts: []string{photo, png, `name="more"; filename=d`, "D", `name="more"; filename=e`, "E"},
			want: files{Photo: uploaded("a.png", png), More: []upload{uploaded("d", "D"), uploaded("e", "E")}},
		},
		{
			name: "a list that is too long", parts: []string{photo, png, `name="more"; filename=d`, "", `name="more"; filename=d`, "", `name="more"; filename=d`, ""},
			faults: []string{`too_long [["more"],{"actual_length":3,"field_type":"List","max_length":2}]`},
		},
		{
			name: "too many files", parts: []string{photo, "", photo, "", photo, "", photo, "", photo, ""},
			faults: []string{`too_long [[],{"actual_length":5,"item":"file","max_length":4}]`},
		},
		{name: "no file", parts: []string{`name="photo"; filename=""`, ""}, faults: []string{`missing [["photo"],null]`}},
		{name: "another content", parts: []string{photo, "text"}, faults: []string{`value_error [["photo"],{"error":"the file must be image/png, but its content is text/plain"}]`}},
		{
			name: "a text for a file, a file for a text", parts: []string{`name="photo"`, "x", `name="note"; filename=n`, "x"},
			faults: []string{
				`value_error [["note"],{"error":"a string is expected, not a file"}]`,
				`value_error [["photo"],{"error":"a file is expected, which is a part with a filename"}]`,
			},
		},
		{name: "a long text", parts: []string{`name="note"`, "123456789"}, err: form.TooLargeError("a form value has more than 8 bytes")},
		{name: "long texts", parts: []string{`name="note"`, "1234567", `name="note"`, "1234567"}, err: form.TooLargeError("the texts of the form have together more than 12 bytes")},
		{name: "held files", parts: []string{`name="raw"; filename=r`, "1234567890123"}, err: form.TooLargeError("the files that are read into memory of the form have together more than 12 bytes")},
		{name: "no name", parts: []string{"x=y", ""}, err: formdata.Malformed("a part of the multipart body has a Content-Disposition without a name")},
	}
	plan, err := planOf(t, reflect.TypeFor[files]())
	require.NoError(t, err)
	assert.True(t, plan.HasFiles())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from := sent(tt.parts...)
			defer from.Files.Close()
			read, err := plan.Read(from)
			require.Equal(t, tt.err, err)
			if err != nil {
				return
			}
			var in files
			var faults fault.List
			plan.Fill(reflect.ValueOf(&in).Elem(), read, codec.Options{}, &faults)
			assert.Equal(t, tt.faults, lines(faults))
			if len(tt.faults) == 0 {
				assert.Equal(t, tt.want, in)
			}
		})
	}
}

func TestErrorsOfTheBody(t *testing.T) {
	plan, err := planOf(t, reflect.TypeFor[files]())
	require.NoError(t, err)
	broken := errors.New("broken")
	from := sent(`name="note"`, "x")
	from.Body = io.MultiReader(io.LimitReader(from.Body, 40), iotest.ErrReader(broken))
	_, err = plan.Read(from)
	require.ErrorIs(t, err, broken)
	from = sent(`name="note"`, "x")
	from.Body = io.LimitReader(from.Body, 40)
	_, err = plan.Read(from)
	require.ErrorIs(t, err, formdata.CutShort)
	from.ContentType = "multipart/form-data"
	_, err = plan.Read(from)
	require.ErrorAs(t, err, new(formdata.Malformed))
}

func TestSharedFilesAreCopies(t *testing.T) {
	plan, err := planOf(t, reflect.TypeFor[files]())
	require.NoError(t, err)
	from := sent(`name="photo"; filename=a`, png, `name="raw"; filename=r`, "R")
	defer from.Files.Close()
	read, err := plan.Read(from)
	require.NoError(t, err)
	read.Share()
	for range 2 {
		var in files
		var faults fault.List
		plan.Fill(reflect.ValueOf(&in).Elem(), read, codec.Options{}, &faults)
		assert.Empty(t, lines(faults))
		assert.Equal(t, "R", string(in.Raw))
		in.Raw[0] = 'X'
	}
}

func TestConfigurationErrors(t *testing.T) {
	tests := []struct {
		in   reflect.Type
		want string
	}{
		{reflect.TypeFor[struct {
			A string `file:"a"`
		}](), "a file cannot be taken as string"},
		{reflect.TypeFor[struct {
			A upload `file:"a" validate:"max=1"`
		}](), "rules on a file, whose content they cannot see"},
	}
	for _, tt := range tests {
		_, err := planOf(t, tt.in)
		assert.ErrorContains(t, err, tt.want)
		assert.ErrorContains(t, err, "field A of struct{...}: ")
	}
}
