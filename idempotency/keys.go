// Package idempotency lets clients repeat a request whose response they did not
// get: a request with the header Idempotency-Key has its effect once, and later
// ones with the same key get the same response (draft-ietf-httpapi-idempotency-key-header).
//
//	keys := idempotency.Keys(idempotency.NewMemoryStore(0), idempotency.Config{})
//	candor.Post(app, "/payments", pay, keys)
package idempotency

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/callsite"
)

// Config says how keys are taken and responses kept. The zero value is good.
type Config struct {
	// Required refuses requests without a key, with [ErrMissing].
	Required bool
	// TTL is how long a response is kept; 24 hours when 0.
	TTL time.Duration
	// Lock is how long a key stays taken by a process that was killed; a minute
	// when 0. A process that works prolongs it.
	Lock time.Duration
	// MaxBody bounds the body of a response that is kept, and what is held of a
	// request that the handler reads by itself, in bytes; 1 MiB when 0.
	MaxBody int64
	// Principal says whose request it is, for one's own keys: it may be an
	// account, a tenant or nobody, which is "". When nil it is the Authorization
	// header with the API keys that the operation reads: take the account where
	// these change between the requests of one client, and where a cookie that is
	// no [candor.APIKey] is the credential.
	Principal func(r *http.Request) string
	// Space keeps apps apart that share a store.
	Space string
}

// Header is the input by which a request has a key. Typed calls send it by
// [candor.Client.With].
type Header struct {
	Key string `header:"Idempotency-Key,omitempty" validate:"max=255" doc:"Chosen by the client, and the same when it repeats the request: the effect happens once, and the response is the same. At most 255 characters, such as a UUID"`
}

// What a request with a key, or without one, may get instead of the handler's
// response.
var (
	ErrMissing = candor.Error(http.StatusBadRequest, "the header Idempotency-Key is missing")
	// ErrInProgress is for a request whose first one is still running.
	ErrInProgress = candor.Error(http.StatusConflict, "a request with this Idempotency-Key is in progress").WithHeader("Retry-After", "1")
	// ErrNotKept is for one whose first one is done, with a response that was not
	// kept: a stream, a file, or one larger than Config.MaxBody.
	ErrNotKept = candor.Error(http.StatusConflict, "the request with this Idempotency-Key has completed, but its response was not stored")
	// ErrUnavailable is for one of which nobody can tell whether it was done: the
	// store failed, which is logged.
	ErrUnavailable = candor.Error(http.StatusServiceUnavailable, "idempotency keys cannot be checked at the moment")
)

// Keys lets the requests of a route have an Idempotency-Key. Where one has:
//
//   - The guards run and the request is validated, as without a key: nobody gets a
//     response who may not make the request.
//   - The first request runs. Status, header and body of its response are kept
//     for Config.TTL, Set-Cookie left out; those of an error below 500 too, but
//     for 408, 425 and 429, which ask for another try.
//   - Later ones get what was kept, with the header Idempotent-Replayed; neither
//     the handler, its providers nor its tasks run. What middleware and guards
//     put into the header is that of the later request.
//   - Meanwhile they get [ErrInProgress]; with another path, query, media type or
//     body, a 422. A body is the same if its bytes are.
//   - After a response of 500 and above, a panic, or a client that left before
//     its request was done, the key is free again. So it is when the process was
//     killed, after Config.Lock.
//   - Streams, files and plain handlers run once; their responses are not
//     kept, so a later request gets [ErrNotKept].
//   - Where the store fails nothing runs: [ErrUnavailable].
//
// A key is that of a method, a route and a principal. The store has it, and the
// credentials, as a hash only. Header, statuses and errors stand in the document.
//
// An effect that the process could not finish, or whose response could not be
// kept, may happen again: where it must not, see [KeysIn]. A nil store and
// negative numbers panic.
func Keys(store Store, config Config) candor.RouteOption {
	k := makeKeys(store == nil, config)
	type input struct {
		request
	}
	return candor.Around(func(ctx context.Context, in input, next func() error) error {
		return k.serve(ctx, &in.request, store, next)
	}, k.declared()...)
}

// KeysIn is [Keys] with the store that the request is provided with as an S. A
// store in the transaction of the request makes its effect happen exactly once:
// keys and effects are committed together, or neither is.
//
//	candor.Provide(app, func(_ context.Context, in struct{ Tx *sql.Tx `dep:""` }) (KeyTable, error) {
//		return KeyTable{in.Tx}, nil
//	})
//	candor.Post(app, "/payments", pay, idempotency.KeysIn[KeyTable](idempotency.Config{}))
//
// Errors are not kept, whatever their status: they roll back. An error of the
// store is the error of the request. The lock is that of the transaction.
func KeysIn[S Store](config Config) candor.RouteOption {
	k := makeKeys(false, config)
	k.transactional = true
	type input struct {
		request
		Store S `dep:""`
	}
	return candor.Around(func(ctx context.Context, in input, next func() error) error {
		return k.serve(ctx, &in.request, in.Store, next)
	}, k.declared()...)
}

// request is what the keys read of a request.
type request struct {
	Header
	Request  *http.Request
	Route    candor.RouteInfo
	Exchange *candor.Exchange
	Log      *slog.Logger
}

type keys struct {
	Config
	// transactional means that the store rolls back with the request.
	transactional bool
}

func makeKeys(storeIsNil bool, config Config) *keys {
	if problem := config.problem(storeIsNil); problem != "" {
		panic(fmt.Errorf("candor: idempotency.Keys at %s: %s", callsite.Here(), problem))
	}
	if config.TTL == 0 {
		config.TTL = 24 * time.Hour
	}
	if config.Lock == 0 {
		config.Lock = time.Minute
	}
	if config.MaxBody == 0 {
		config.MaxBody = 1 << 20
	}
	return &keys{Config: config}
}

func (c Config) problem(storeIsNil bool) string {
	switch {
	case storeIsNil:
		return "the store is nil; pass one, such as idempotency.NewMemoryStore(0)"
	case c.TTL < 0:
		return fmt.Sprintf("TTL %s; write how long a response is kept, or 0 for a day", c.TTL)
	case c.Lock < 0:
		return fmt.Sprintf("Lock %s; write how long a key stays taken when a process is killed, or 0 for a minute", c.Lock)
	case c.MaxBody < 0:
		return fmt.Sprintf("MaxBody %d; write a number of bytes, or 0 for 1 MiB", c.MaxBody)
	}
	return ""
}

// declared is what the document has of the keys, beside their header.
func (k *keys) declared() []candor.ProvideOption {
	errs := []*candor.HTTPError{ErrInProgress, ErrNotKept, ErrUnavailable}
	if k.Required {
		errs = append(errs, ErrMissing)
	}
	return []candor.ProvideOption{
		candor.Raises(errs...),
		candor.RespondsHeader("Idempotent-Replayed", "Is true where the response is that of an earlier request with the same Idempotency-Key"),
	}
}

func (k *keys) serve(ctx context.Context, in *request, store Store, next func() error) error {
	switch {
	case in.Key == "" && k.Required:
		return ErrMissing
	case in.Key == "":
		return next()
	}
	digest, err := in.Exchange.RequestDigest(k.MaxBody)
	if err != nil {
		return err
	}
	c := &claim{store: store, key: k.name(in), record: record{Request: requestHash(in.Request, digest), Owner: rand.Text()}}
	held, err := store.Take(ctx, c.key, c.record.encode(), k.Lock)
	switch {
	case err != nil:
		return k.failed(ctx, in.Log, err)
	case held != nil:
		return k.replay(ctx, in, held, c.record.Request)
	case k.transactional:
		return k.commit(ctx, in, c, next)
	}
	return k.run(ctx, in, c, next)
}

// failed is the error of a request whose key the store cannot tell.
func (k *keys) failed(ctx context.Context, log *slog.Logger, err error) error {
	if k.transactional || ctx.Err() != nil {
		return err
	}
	log.ErrorContext(ctx, "the store of idempotency keys failed", "error", err)
	return ErrUnavailable
}

// name is the key of the store.
func (k *keys) name(in *request) string {
	principal := in.Exchange.Credentials()
	if k.Principal != nil {
		principal = k.Principal(in.Request)
	}
	return hash(k.Space, in.Route.Method, in.Route.Pattern, principal, plainKey(in.Key))
}

// plainKey takes the quotes from a key that is sent as a string of structured
// fields, as the draft has it: clients send it both ways.
func plainKey(sent string) string {
	if len(sent) >= 2 && sent[0] == '"' && sent[len(sent)-1] == '"' {
		return sent[1 : len(sent)-1]
	}
	return sent
}

// requestHash tells a request from others of its route.
func requestHash(r *http.Request, body []byte) string {
	return hash(r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Content-Type"), r.Header.Get("Accept"), string(body))
}

// hash is a short name for texts, from which they cannot be found out. The length
// before each keeps two lists apart whose joined texts are equal.
func hash(texts ...string) string {
	sum := sha256.New()
	for _, text := range texts {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(text), text) // a hash takes everything
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}

// replay responds with what the store holds under the key.
func (k *keys) replay(ctx context.Context, in *request, held []byte, asked string) error {
	kept := record{}
	if err := json.Unmarshal(held, &kept); err != nil {
		return k.failed(ctx, in.Log, fmt.Errorf("the value stored for a key is not a response: %w", err))
	}
	switch {
	case kept.Request != asked:
		return candor.Invalid("belongs to a request with another path, query, media type or body", "header", "Idempotency-Key")
	case kept.Owner != "":
		return ErrInProgress
	case kept.Status == 0:
		return ErrNotKept
	}
	header := kept.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header["Idempotent-Replayed"] = []string{"true"}
	return in.Exchange.Respond(kept.Status, header, kept.Body)
}

// commit runs a request in whose transaction the store is.
func (k *keys) commit(ctx context.Context, in *request, c *claim, next func() error) error {
	if err := next(); err != nil {
		return err
	}
	kept := k.kept(in, nil)
	if !isFinal(kept.Status) {
		// The effect is committed with this response, as without a key.
		return c.store.Drop(ctx, c.key, c.record.encode())
	}
	kept.Request = c.record.Request
	replaced, err := c.store.Replace(ctx, c.key, c.record.encode(), kept.encode(), k.TTL)
	if err == nil && !replaced {
		err = errLost
	}
	return err
}

var errLost = errors.New("idempotency: the key of the request was taken over by another request")

// run runs a request that has taken its key.
func (k *keys) run(ctx context.Context, in *request, c *claim, next func() error) error {
	// A client that leaves must not keep the next one from the response.
	ctx = context.WithoutCancel(ctx)
	isKept := false
	stop := c.prolong(ctx, k.Lock)
	// Deferred, so that a panic frees the key too.
	defer func() {
		stop()
		if !isKept {
			k.report(ctx, in.Log, c.store.Drop(ctx, c.key, c.record.encode()))
		}
	}()
	err := next()
	kept := k.kept(in, err)
	if !isFinal(kept.Status) {
		return err
	}
	// Whatever becomes of it, the effect has happened: the key stays taken.
	isKept = true
	kept.Request = c.record.Request
	replaced, failure := c.store.Replace(ctx, c.key, c.record.encode(), kept.encode(), k.TTL)
	if failure == nil && !replaced {
		failure = errLost
	}
	k.report(ctx, in.Log, failure)
	return err
}

// kept is the record of a response, without a status where it cannot be kept.
func (k *keys) kept(in *request, err error) record {
	status, header, body, ok := in.Exchange.Response(err)
	if !ok || int64(len(body)) > k.MaxBody {
		return record{}
	}
	header.Del("Set-Cookie")
	return record{Status: status, Header: header, Body: body}
}

// isFinal reports whether a response is one for a repeated request too.
func isFinal(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status < http.StatusInternalServerError
}

func (k *keys) report(ctx context.Context, log *slog.Logger, err error) {
	if err != nil {
		log.ErrorContext(ctx, "the response to a request with an Idempotency-Key was not stored", "error", err)
	}
}

// record is what is kept under a key, as JSON: whose it is, or the response.
type record struct {
	// Request tells the request from others.
	Request string `json:"request"`
	// Owner is that of a request in progress.
	Owner  string      `json:"owner,omitempty"`
	Status int         `json:"status,omitempty"`
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
}

func (r record) encode() []byte {
	text, _ := json.Marshal(r) // strings, bytes and a number cannot fail
	return text
}

// claim is a key that a request has taken.
type claim struct {
	store  Store
	key    string
	record record
}

// prolong keeps the key taken for as long as the request runs.
func (c *claim) prolong(ctx context.Context, lock time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	taken := c.record.encode()
	var again *time.Timer
	ready := make(chan struct{})
	again = time.AfterFunc(lock/2, func() {
		<-ready // again is set
		// The response may be there already: then nothing is replaced.
		if replaced, err := c.store.Replace(ctx, c.key, taken, taken, lock); replaced || err != nil && ctx.Err() == nil {
			again.Reset(lock / 2)
		}
	})
	close(ready)
	return func() {
		cancel()
		again.Stop()
	}
}
