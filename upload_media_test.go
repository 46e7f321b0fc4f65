package candor_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/internal/apptest"
)

const (
	pngBytes  = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	jpegBytes = "\xff\xd8\xff\xe0"
	svgBytes  = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>`
)

type pictures struct {
	Avatar candor.Upload   `file:"avatar" media:"image/*"`
	Scans  []candor.Upload `file:"scans,omitempty" media:"image/png,image/jpeg"`
	Notes  []byte          `file:"notes,omitempty" media:"text/plain"`
}

func picturesApp() *candor.App {
	app := candor.New(candor.Config{})
	candor.Post(app, "/pictures", func(_ context.Context, in pictures) (string, error) {
		return fmt.Sprint(in.Avatar.Size, len(in.Scans), len(in.Notes)), nil
	})
	return app
}

// The media type of a file is detected from its first bytes, whatever the client declares.
func TestMediaTypesOfFiles(t *testing.T) {
	c := candor.NewTestClient(t, picturesApp())
	with := candor.WithFile
	for _, row := range []struct {
		about   string
		options []candor.TestOption
		want    string
	}{
		{"an image", []candor.TestOption{with("avatar", "a.txt", []byte(pngBytes))}, `"16 0 0"`},
		{"an image of text", []candor.TestOption{with("avatar", "a", []byte(svgBytes))}, `"67 0 0"`},
		{"no image", []candor.TestOption{with("avatar", "a.png", []byte("hello"))}, `value_error ["body","avatar"]`},
		{"the last counts", []candor.TestOption{with("avatar", "a", []byte("hello")), with("avatar", "a", []byte(pngBytes))}, `"16 0 0"`},
		{"several", []candor.TestOption{with("avatar", "a", []byte(pngBytes)), with("scans", "a", []byte(pngBytes)), with("scans", "a", []byte(jpegBytes))}, `"16 2 0"`},
		{"one of several", []candor.TestOption{with("avatar", "a", []byte(pngBytes)), with("scans", "a", []byte(pngBytes)), with("scans", "a", []byte("GIF89a"))}, `value_error ["body","scans",1]`},
		{"a kind of text", []candor.TestOption{with("avatar", "a", []byte(pngBytes)), with("notes", "a", []byte(`{"a":1}`))}, `"16 0 7"`},
		{"no text", []candor.TestOption{with("avatar", "a", []byte(pngBytes)), with("notes", "a", []byte{0, 1, 2, 0xff})}, `value_error ["body","notes"]`},
		{"none", nil, `missing ["body"]`},
	} {
		assert.Equal(t, row.want, verdict(c.Post("/pictures", nil, row.options...)), row.about)
	}
	faults := c.Post("/pictures", nil, with("avatar", "a.png", []byte("hello"))).Faults()
	assert.Equal(t, "Value error: the file must be image/*, but its content is text/plain", faults[0].Msg)

	encoding := apptest.DocumentMember(t, c, "paths", "/pictures", "post", "requestBody", "content", "multipart/form-data", "encoding").(map[string]any)
	assert.Equal(t, map[string]any{"contentType": "image/*"}, encoding["avatar"])
	assert.Equal(t, map[string]any{"contentType": "image/png, image/jpeg"}, encoding["scans"])
}

func TestMediaTypesOfFilesConform(t *testing.T) { candortest.Conform(t, picturesApp()) }

func TestMediaTypesOfSentFiles(t *testing.T) {
	callArrives(t, "a file of the type", "/", struct {
		File []byte `file:"file" media:"image/png"`
	}{[]byte(pngBytes)})
}

func TestMediaMistakes(t *testing.T) {
	for _, row := range []struct {
		want    string
		provoke func(candor.Routes)
	}{
		{"lists \"image\", which is not a media type; write those of the file with commas between them", badInput[struct {
			F []byte `file:"f" media:"image"`
		}]("/")},
		{"lists \"*/*\", which is not a media type", badInput[struct {
			F []byte `file:"f" media:"*/*"`
		}]("/")},
		{"media:\"application/vnd.own\", which the content of a file does not show; drop the tag", badInput[struct {
			F []byte `file:"f" media:"application/vnd.own"`
		}]("/")},
		{"its media tag has no effect, as a media type belongs to a whole body or a file", badInput[struct {
			F string `form:"f" media:"text/plain"`
		}]("/")},
	} {
		assert.Contains(t, apptest.PanicOf(func() { row.provoke(candor.New(candor.Config{})) }), row.want)
	}
}
