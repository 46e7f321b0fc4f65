//go:build linux

package loadtest

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/hub"
)

// Event is an item of the streams.
type Event struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

// writeLimitKey is the environment variable with how long a write to a client may stall, a minute by default.
const writeLimitKey = "CANDOR_LOADTEST_WRITE_LIMIT"

// newApp is the service in Candor.
func newApp() (*candor.App, error) {
	limit, err := time.ParseDuration(cmp.Or(os.Getenv(writeLimitKey), "1m"))
	if err != nil {
		return nil, err
	}
	app := candor.New(candor.Config{
		Logger: slog.New(slog.DiscardHandler),
		Limits: candor.Limits{Write: limit},
	})
	s := &service{hub: hub.New[Event](hub.Config{
		// No limit of the hub should interfere with the tests.
		Broker: hub.NewMemory(hub.MemoryConfig{Queue: 1 << 20, Bytes: 1 << 30}),
	})}
	candor.Get(app, "/idle/events", s.idle)
	candor.Get(app, "/topic/events", s.listen)
	candor.WebSocket(app, "/topic/socket", s.tell)
	candor.WebSocket(app, "/socket", echo)
	candor.Post(app, "/topic", s.publish)
	candor.Put(app, "/upload", upload)
	candor.Get(app, "/usage", func(context.Context, candor.None) (Usage, error) { return s.usage() })
	return app, nil
}

// service is shared by the routes.
type service struct {
	hub *hub.Hub[Event]
	// streams counts running producers.
	streams atomic.Int64
}

func (s *service) begin() (end func()) {
	s.streams.Add(1)
	return func() { s.streams.Add(-1) }
}

func (s *service) idle(ctx context.Context, _ candor.None) (candor.Events[Event], error) {
	return func(yield func(candor.Event[Event], error) bool) {
		defer s.begin()()
		if yield(candor.Event[Event]{Data: Event{1, "hello"}}, nil) {
			<-ctx.Done()
		}
	}, nil
}

func (s *service) listen(ctx context.Context, _ candor.None) (candor.Events[Event], error) {
	events, err := s.hub.Events(ctx, "all", "")
	return func(yield func(candor.Event[Event], error) bool) {
		defer s.begin()()
		events(yield)
	}, err
}

func (s *service) tell(ctx context.Context, _ candor.None, socket *candor.Socket[Event, Event]) error {
	defer s.begin()()
	messages, err := s.hub.Subscribe(ctx, "all", "")
	if err != nil {
		return err
	}
	if err := socket.Send(ctx, Event{}); err != nil {
		return err
	}
	for message, err := range messages {
		if err != nil {
			return err
		}
		if err := socket.Send(ctx, message.Data); err != nil {
			return err
		}
	}
	return nil
}

func echo(ctx context.Context, _ candor.None, socket *candor.Socket[Event, Event]) error {
	for message, err := range socket.Messages(ctx) {
		if err != nil {
			return err
		}
		if err := socket.Send(ctx, message); err != nil {
			return err
		}
	}
	return nil
}

// publish publishes as many events as requested, one after the other.
func (s *service) publish(ctx context.Context, in struct {
	Count int `query:"count" default:"1"`
	Size  int `query:"size" default:"10"`
},
) (candor.None, error) {
	text := strings.Repeat("x", in.Size)
	for i := range in.Count {
		if _, err := s.hub.Publish(ctx, "all", Event{i, text}); err != nil {
			return candor.None{}, err
		}
	}
	return candor.None{}, nil
}

func upload(_ context.Context, in struct {
	Body io.Reader `body:""`
},
) (int64, error) {
	return io.Copy(io.Discard, in.Body)
}

// newBare is the same service with net/http and coder/websocket.
func newBare() http.Handler {
	mux := http.NewServeMux()
	events := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		control := http.NewResponseController(w)
		io.WriteString(w, "data: {\"n\":1,\"text\":\"hello\"}\n\n")
		_ = control.Flush()
		ping := time.NewTicker(15 * time.Second)
		defer ping.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-ping.C:
				io.WriteString(w, ": ping\n\n")
				_ = control.Flush()
			}
		}
	}
	mux.HandleFunc("GET /idle/events", events)
	mux.HandleFunc("GET /topic/events", events)
	mux.HandleFunc("GET /socket", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		for {
			kind, data, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			var message Event
			if err := json.Unmarshal(data, &message); err != nil {
				return
			}
			if data, err = json.Marshal(message); err != nil {
				return
			}
			if err := conn.Write(r.Context(), kind, data); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("GET /usage", func(w http.ResponseWriter, _ *http.Request) {
		now, err := new(service).usage()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(now)
	})
	return mux
}

// Usage is the resources of a process after garbage collection, sizes in bytes.
type Usage struct {
	Resident   int `json:"resident"`
	Heap       int `json:"heap"`
	Stack      int `json:"stack"`
	Goroutines int `json:"goroutines"`
	Streams    int `json:"streams"`
}

func (s *service) usage() (Usage, error) {
	for range 4 { // a stack shrinks by half each time
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	resident, err := statusOf("self", "VmRSS")
	return Usage{
		Resident: resident, Heap: int(m.HeapInuse), Stack: int(m.StackInuse),
		Goroutines: runtime.NumGoroutine(), Streams: int(s.streams.Load()),
	}, err
}

// statusOf reads a size in bytes from the status of a process.
func statusOf(process, name string) (int, error) {
	status, err := os.ReadFile("/proc/" + process + "/status")
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`(?m)^` + name + `:\s+([0-9]+) kB$`).FindSubmatch(status)
	if found == nil {
		return 0, os.ErrNotExist
	}
	kilobytes, err := strconv.Atoi(string(found[1]))
	return kilobytes << 10, err
}
