package benchmarks

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/candor-go/candor"
)

// Note is a message in streams and WebSockets.
type Note struct {
	ID int `json:"id"`
	// Sent is the time of sending in nanoseconds of Unix time, where it matters.
	Sent int64  `json:"sent"`
	Text string `json:"text"`
}

// newNote returns a note, after a pause unless it is 0.
func newNote(id int, pause time.Duration) Note {
	note := Note{ID: id, Text: "a note of ordinary length, as they are sent all day"}
	if pause > 0 {
		time.Sleep(pause)
		note.Sent = time.Now().UnixNano()
	}
	return note
}

// Streamers lists the implementations of a service with streams, the baseline first:
//
//	GET /events?count=&pause=    server-sent events, each a Note
//	GET /lines?count=            the same as JSON Lines
//	GET /echo                    a WebSocket that sends each Note back
//
// The baseline flushes after every item: it does not know whether another one follows at once.
func Streamers() []Streamer {
	return []Streamer{{"bare", newBareStreams}, {"candor", newCandorStreams}}
}

// Streamer is one implementation.
type Streamer struct {
	Name    string
	Handler func() http.Handler
}

func newBareStreams() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", bareStream("text/event-stream", "data: ", "\n\n"))
	mux.HandleFunc("GET /lines", bareStream("application/jsonl", "", "\n"))
	mux.HandleFunc("GET /echo", bareEcho)
	return mux
}

func bareStream(media, before, behind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		count, err := strconv.Atoi(r.FormValue("count"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		pause, _ := time.ParseDuration(r.FormValue("pause"))
		w.Header().Set("Content-Type", media)
		control := http.NewResponseController(w)
		for i := range count {
			data, err := json.Marshal(newNote(i, pause))
			if err != nil {
				return
			}
			fmt.Fprintf(w, "%s%s%s", before, data, behind)
			if err := control.Flush(); err != nil {
				return
			}
		}
	}
}

func bareEcho(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow() //nolint:errcheck // the connection is over, however it ended
	for {
		var note Note
		if err := wsjson.Read(r.Context(), conn, &note); err != nil {
			return
		}
		if err := wsjson.Write(r.Context(), conn, note); err != nil {
			return
		}
	}
}

func newCandorStreams() http.Handler {
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	candor.Get(app, "/events", func(_ context.Context, in struct {
		Count int           `query:"count"`
		Pause time.Duration `query:"pause" default:"0s"`
	},
	) (candor.Events[Note], error) {
		return func(yield func(candor.Event[Note], error) bool) {
			for i := range in.Count {
				if !yield(candor.Event[Note]{Data: newNote(i, in.Pause)}, nil) {
					return
				}
			}
		}, nil
	})
	candor.Get(app, "/lines", func(_ context.Context, in struct {
		Count int `query:"count"`
	},
	) (candor.JSONLines[Note], error) {
		return func(yield func(Note, error) bool) {
			for i := range in.Count {
				if !yield(newNote(i, 0), nil) {
					return
				}
			}
		}, nil
	})
	candor.WebSocket(app, "/echo", func(ctx context.Context, _ candor.None, s *candor.Socket[Note, Note]) error {
		for note, err := range s.Messages(ctx) {
			if err != nil {
				return err
			}
			if err := s.Send(ctx, note); err != nil {
				return err
			}
		}
		return nil
	})
	return app
}
