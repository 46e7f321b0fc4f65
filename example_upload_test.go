package candor_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http/httptest"

	"github.com/candor-go/candor"
)

func ExampleUpload() {
	app := candor.New(candor.Config{})
	type ChangeAvatar struct {
		Avatar candor.Upload `file:"avatar"`
		Alt    string        `form:"alt,omitempty"`
	}

	candor.Post(app, "/avatar", func(_ context.Context, in ChangeAvatar) (string, error) {
		file, err := in.Avatar.Open()
		if err != nil {
			return "", err
		}
		defer file.Close()
		begin := make([]byte, 4)
		if _, err := io.ReadFull(file, begin); err != nil {
			return "", candor.Invalid("is too short for an image", "body", "avatar")
		}
		return fmt.Sprintf("%s (%s): %d bytes, begins with %q", in.Avatar.Filename, in.Alt, in.Avatar.Size, begin), nil
	})

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("avatar", "/home/ann/cat.gif")
	_, _ = part.Write([]byte("GIF89a"))
	_ = form.WriteField("alt", "a cat")
	_ = form.Close()
	r := httptest.NewRequest("POST", "/avatar", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 "cat.gif (a cat): 6 bytes, begins with \"GIF8\""
}

func ExampleNewUpload() {
	type MeasureFile struct {
		File candor.Upload `file:"file"`
	}

	measure := func(_ context.Context, in MeasureFile) (int64, error) {
		return in.File.Size, nil
	}
	fmt.Println(measure(context.Background(), MeasureFile{candor.NewUpload("a.txt", []byte("hello"))}))
	// Output:
	// 5 <nil>
}

func ExampleLimitMultipart() {
	app := candor.New(candor.Config{})
	type FillAlbum struct {
		Photos []candor.Upload `file:"photos" validate:"max=10"`
	}

	candor.Post(app, "/album", func(_ context.Context, in FillAlbum) (int, error) {
		return len(in.Photos), nil
	}, candor.LimitMultipart(candor.MultipartLimits{Parts: 20, Files: 1}))

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for range 2 {
		part, _ := form.CreateFormFile("photos", "cat.gif")
		_, _ = part.Write([]byte("GIF89a"))
	}
	_ = form.Close()
	r := httptest.NewRequest("POST", "/album", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 422 {"detail":[{"type":"too_long","loc":["body"],"msg":"Must have at most 1 file, has 2","ctx":{"actual_length":2,"item":"file","max_length":1}}]}
}
