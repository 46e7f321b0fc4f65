package snippets_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/candor-go/candor"
)

var ErrNoSong = candor.Error(404, "song not found")

// noRows converts the error of a query without results to a 404, in the handler
// and in its dependencies.
func noRows(_ context.Context, _ candor.None, next func() error) error {
	err := next()
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoSong
	}
	return err
}

type ReadSong struct {
	ID int `path:"id"`
}

func readSong(_ context.Context, in ReadSong) (string, error) {
	return "", fmt.Errorf("read song %d: %w", in.ID, sql.ErrNoRows)
}

func Example_sentinel() {
	app := candor.New(candor.Config{})
	songs := candor.NewRouter("/songs", candor.Around(noRows, candor.Raises(ErrNoSong)))
	candor.Get(songs, "/{id}", readSong)
	app.Include(songs)

	ask(app, "GET /songs/7", "")
	// Output:
	// 404 {"detail":"song not found"}
}

type APIError struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Fields  []string `json:"fields,omitempty"`
}

// invalid is the response to a request with validation errors.
func invalid(_ context.Context, err *candor.ValidationError) (APIError, error) {
	shape := APIError{Code: "invalid", Message: "The request is not valid"}
	for _, fault := range err.Faults {
		shape.Fields = append(shape.Fields, strings.Trim(fmt.Sprint(fault.Loc), "[]")+": "+fault.Msg)
	}
	return shape, nil
}

// refused is the response to other errors that clients may see.
func refused(_ context.Context, err *candor.HTTPError) (APIError, error) {
	return APIError{Code: fmt.Sprint(err.Status()), Message: fmt.Sprint(err.Detail())}, nil
}

// failed is the response to unknown errors and panics.
func failed(context.Context, *candor.HTTPError) (APIError, error) {
	return APIError{Code: "internal", Message: "Something went wrong here"}, nil
}

func Example_shape() {
	app := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	candor.OnError(app, invalid)
	candor.OnError(app, refused)
	candor.OnStatus(app, 500, failed)
	candor.Get(app, "/songs/{id}", readSong)

	ask(app, "GET /songs/seven", "")
	ask(app, "GET /albums", "")
	ask(app, "GET /songs/7", "")
	// Output:
	// 422 {"code":"invalid","message":"The request is not valid","fields":["path id: Not an integer"]}
	// 404 {"code":"404","message":"Not Found"}
	// 500 {"code":"internal","message":"Something went wrong here"}
}
