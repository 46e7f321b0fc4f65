package snippets_test

import (
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"os"

	"github.com/candor-go/candor"
)

type Photo struct {
	Image candor.Upload   `file:"image"`
	Raw   *candor.Upload  `file:"raw"` // may be left out
	More  []candor.Upload `file:"more,omitempty"`
	Album string          `form:"album" validate:"min=1,max=50"`
	Meta  Meta            `form:"meta,json"`
}

type Meta struct {
	Author string   `json:"author" validate:"min=2"`
	Tags   []string `json:"tags,omitempty"`
}

func addPhoto(_ context.Context, in Photo) (string, error) {
	root, err := os.OpenRoot(os.TempDir())
	if err != nil {
		return "", err
	}
	defer root.Close()
	if err := in.Image.SaveIn(root, "photo-of-the-day"); err != nil {
		return "", err
	}
	defer root.Remove("photo-of-the-day")
	return fmt.Sprint(in.Meta.Author, ": ", in.Image.Filename, ", ", in.Image.Size, " bytes"), nil
}

func measure(_ context.Context, in struct {
	Body *multipart.Reader `body:""`
},
) (map[string]int64, error) {
	sizes := map[string]int64{}
	for {
		part, err := in.Body.NextPart()
		if err == io.EOF { // bare; wrapped it says that the form is cut short
			return sizes, nil
		}
		if err != nil {
			return nil, err
		}
		if sizes[part.FormName()], err = io.Copy(io.Discard, part); err != nil {
			return nil, err
		}
	}
}

func Example_forms() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/photos", addPhoto)
	candor.Post(app, "/measure", measure, candor.MaxBody(10<<30))

	t := &printingTB{}
	client := candor.NewTestClient(t, app)
	answer := client.Post("/photos", nil,
		candor.WithFile("image", "cat.png", []byte("pixels")),
		candor.WithForm(url.Values{"album": {"pets"}, "meta": {`{"author":"Ann"}`}}))
	fmt.Println(answer.Code, answer.Text())
	answer = client.Post("/photos", nil, candor.WithForm(url.Values{"image": {"no file"}}),
		candor.WithFile("album", "a.txt", []byte("a")))
	for _, fault := range answer.Faults() {
		fmt.Println(fault.Type, fault.Loc)
	}
	fmt.Println(client.Post("/measure", nil, candor.WithFile("video", "v.mp4", make([]byte, 1000))).Text())
	// Output:
	// 200 "Ann: cat.png, 6 bytes"
	// value_error [body image]
	// value_error [body album]
	// missing [body meta]
	// {"video":1000}
}

// printingTB stands for a test.
type printingTB struct{}

func (*printingTB) Helper()                           {}
func (*printingTB) Cleanup(func())                    {}
func (*printingTB) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (*printingTB) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
