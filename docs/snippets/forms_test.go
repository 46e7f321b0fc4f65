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
	Raw   *candor.Upload  `file:"raw"` // optional
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

type MeasureFiles struct {
	Body *multipart.Reader `body:""`
}

func measure(_ context.Context, in MeasureFiles) (map[string]int64, error) {
	sizes := map[string]int64{}
	for {
		part, err := in.Body.NextPart()
		if err == io.EOF { // after the last delimiter; a form that ends before it is another error
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

// printingTB is a testing.TB that prints.
type printingTB struct{}

func (*printingTB) Helper()                           {}
func (*printingTB) Cleanup(func())                    {}
func (*printingTB) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (*printingTB) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

type PostAddress struct {
	Street string `json:"street" validate:"min=1"`
	City   string `json:"city"`
}

type Entry struct {
	Name string `json:"name"`
	Qty  int    `json:"qty" default:"1" validate:"gte=1"`
}

type EntryForm struct {
	Name    string       `form:"name"`
	Address PostAddress  `form:"address"`         // address.street=Main&address.city=Bern
	Billing *PostAddress `form:"billing"`         // nil if nothing of it is sent
	Lines   []Entry      `form:"lines,omitempty"` // lines[0].name=pen&lines[0].qty=2
}

func Example_nestedForms() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/orders", func(_ context.Context, in EntryForm) (string, error) {
		return fmt.Sprint(in.Name, " in ", in.Address.City, ": ", in.Lines), nil
	})

	client := candor.NewTestClient(&printingTB{}, app)
	fmt.Println(client.Post("/orders", nil, candor.WithForm(url.Values{
		"name": {"Ann"}, "address.street": {"Main"}, "address.city": {"Bern"}, "lines[0].name": {"pen"}, "lines[1].name": {"ink"}, "lines[1].qty": {"2"},
	})).Text())
	for _, fault := range client.Post("/orders", nil, candor.WithForm(url.Values{
		"name": {"Ann"}, "address.street": {""}, "address.city": {"Bern"}, "lines[999999999].name": {"pen"},
	})).Faults() {
		fmt.Println(fault.Type, fault.Loc)
	}
	// Output:
	// "Ann in Bern: [{pen 1} {ink 2}]"
	// string_too_short [body address street]
	// value_error [body lines 999999999]
}

type Signup struct {
	Name string `json:"name" validate:"min=1"`
	News bool   `json:"news" default:"false"`
}

type SignUp struct {
	Body Signup `body:"" form:""`
}

func signUp(_ context.Context, in SignUp) (Signup, error) {
	return in.Body, nil
}

func Example_formOrJSON() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/signups", signUp)

	client := candor.NewTestClient(&printingTB{}, app)
	fmt.Println(client.Post("/signups", Signup{Name: "Ann", News: true}).Text())
	fmt.Println(client.Post("/signups", nil, candor.WithForm(url.Values{"name": {"Ann"}, "news": {"on"}})).Text())
	// Output:
	// {"name":"Ann","news":true}
	// {"name":"Ann","news":true}
}

type Portrait struct {
	Image candor.Upload `file:"image" media:"image/png, image/jpeg"`
}

func Example_fileMedia() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/portraits", func(_ context.Context, in Portrait) (int64, error) { return in.Image.Size, nil })

	client := candor.NewTestClient(&printingTB{}, app)
	fmt.Println(client.Post("/portraits", nil, candor.WithFile("image", "me", []byte("\x89PNG\r\n\x1a\n..."))).Text())
	for _, fault := range client.Post("/portraits", nil, candor.WithFile("image", "me.png", []byte("MZ..."))).Faults() {
		fmt.Println(fault.Loc, fault.Msg)
	}
	// Output:
	// 11
	// [body image] Value error: the file must be image/png or image/jpeg, but its content is application/vnd.microsoft.portable-executable
}
