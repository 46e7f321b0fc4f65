package candor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/candor-go/candor"
)

func ExampleRoute_Call() {
	notFound := candor.Error(404, "song not found")
	app := candor.New(candor.Config{})
	read := candor.Get(app, "/songs/{id}", func(_ context.Context, in songRef) (song, error) {
		if in.ID != 1 {
			return song{}, notFound
		}
		return song{1, "Blue"}, nil
	}, candor.Raises(notFound))
	add := candor.Post(app, "/songs", addSong, candor.Status(201))
	app.Seal()
	server := httptest.NewServer(app)
	defer server.Close()

	ctx, client := context.Background(), candor.Client{Base: server.URL, HTTP: server.Client()}
	found, err := read.Call(ctx, client, songRef{ID: 1})
	fmt.Println(found, err)
	_, err = read.Call(ctx, client, songRef{ID: 2})
	fmt.Println(errors.Is(err, notFound))
	_, err = add.Call(ctx, client, newSong{})
	var invalid *candor.ValidationError
	if errors.As(err, &invalid) {
		fmt.Println(invalid.Faults[0].Type, invalid.Faults[0].Loc)
	}
	// Output:
	// {1 Blue} <nil>
	// true
	// string_too_short [body title]
}

func ExampleInProcess() {
	app := candor.New(candor.Config{})
	read := candor.Get(app, "/songs/{id}", readSong)
	found, err := read.Call(context.Background(), candor.InProcess(app), songRef{ID: 7})
	fmt.Println(found, err)
	// Output: {7 Blue} <nil>
}

func ExampleClient_With() {
	type user string
	type credentials struct{ Token candor.Bearer }
	app := candor.New(candor.Config{})
	candor.Provide(app, func(_ context.Context, in credentials) (*user, error) {
		known := user(in.Token)
		return &known, nil
	})
	type input struct {
		User *user `dep:""`
	}
	me := candor.Get(app, "/me", func(_ context.Context, in input) (string, error) { return string(*in.User), nil })

	client := candor.InProcess(app).With(credentials{Token: "alice"})
	fmt.Println(me.Call(context.Background(), client, input{}))
	// Output: alice <nil>
}

func ExampleRoute_URL() {
	app := candor.New(candor.Config{})
	type input struct {
		Title string  `path:"title"`
		Side  *string `query:"side"`
	}
	read := candor.Get(app, "/songs/{title}", func(context.Context, input) (song, error) { return song{}, nil })
	app.Seal()
	side := "B & C"
	fmt.Println(read.URL(input{Title: "Either/Or", Side: &side}))
	// Output: /songs/Either%2FOr?side=B+%26+C <nil>
}

func ExampleRoute_At() {
	songs := candor.NewRouter("/songs")
	read := candor.Get(songs, "/{id}", readSong)
	app := candor.New(candor.Config{})
	app.Include(songs, candor.Prefix("/v1"))
	app.Include(songs, candor.Prefix("/v2"))
	app.Seal()
	fmt.Println(read.Places())
	fmt.Println(read.URL(songRef{ID: 3}))
	fmt.Println(read.At("/v2").URL(songRef{ID: 3}))
	// Output:
	// [/v1/songs/{id} /v2/songs/{id}]
	// /v1/songs/3 <nil>
	// /v2/songs/3 <nil>
}

func ExampleRoute_Defaults() {
	app := candor.New(candor.Config{})
	type ListSongs struct {
		Skip  int `query:"skip" default:"0"`
		Limit int `query:"limit" default:"10"`
	}

	list := candor.Get(app, "/songs", func(_ context.Context, in ListSongs) ([]song, error) {
		return nil, nil
	})
	app.Seal()
	in, err := list.Defaults()
	in.Skip = 20
	fmt.Println(in, err)
	fmt.Println(list.URL(in))
	// Output:
	// {20 10} <nil>
	// /songs?skip=20&limit=10 <nil>
}

func ExampleApp_URL() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/songs/{id}", readSong)
	fmt.Println(app.URL("readSong", map[string]string{"id": "3"}))
	// Output: /songs/3 <nil>
}

func ExampleResponseError() {
	app := candor.New(candor.Config{})
	read := candor.Get(app, "/songs/{id}", readSong)
	app.Seal()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(502)
		fmt.Fprint(w, "<h1>Bad Gateway</h1>")
	}))
	defer proxy.Close()
	_, err := read.Call(context.Background(), candor.Client{Base: proxy.URL}, songRef{ID: 1})
	var strange *candor.ResponseError
	if errors.As(err, &strange) {
		fmt.Println(strange.Status, string(strange.Body))
	}
	// Output: 502 <h1>Bad Gateway</h1>
}
