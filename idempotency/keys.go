// Package idempotency lets clients safely repeat a request whose response they did not receive: a request with the
// header Idempotency-Key takes effect once, and later ones with the same key get the same response
// (draft-ietf-httpapi-idempotency-key-header).
//
//	keys := idempotency.Keys(idempotency.NewMemoryStore(0), idempotency.Config{})
//	candor.Post(app, "/payments", pay, keys)
package idempotency

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/digest"
)

// Config configures [Keys]. The zero value is ready to use.
type Config struct {
	// Required refuses requests without a key, with [ErrMissing].
	Required bool
	// TTL is how long a response is kept, 24 hours by default.
	TTL time.Duration
	// Lock is how long a key stays locked after its process was killed, a minute by default. A running process extends
	// it.
	Lock time.Duration
	// MaxBody limits the body of a kept response, and how much of a request that the handler reads itself is held in
	// memory, in bytes; the default is 1 MiB.
	MaxBody int64
	// Principal returns who makes the request, since everyone has their own keys: an account, a tenant, or "" for
	// nobody. The default is the Authorization header with the API keys that the operation reads. Return the account if
	// these change between the requests of one client, or if the credential is a cookie that is not a [candor.APIKey].
	Principal func(r *http.Request) string
	// Space separates apps that share a store.
	Space string
}

// Header is the input that holds the key. Typed calls send it with [candor.Client.With].
type Header struct {
	Key string `header:"Idempotency-Key,omitempty" validate:"max=255" doc:"Chosen by the client, and the same when it repeats the request: the effect happens once, and the response is the same. At most 255 characters, such as a UUID"`
}

// Errors that a request may get because of its key, or because it has none.
var (
	ErrMissing = candor.Error(http.StatusBadRequest, "the header Idempotency-Key is missing")
	// ErrInProgress means that the first request with the key is still running.
	ErrInProgress = candor.Error(http.StatusConflict, "a request with this Idempotency-Key is in progress").WithHeader("Retry-After", "1")
	// ErrNotKept means that the first request has completed, but its response was not kept: a stream, a file, or a body
	// larger than Config.MaxBody.
	ErrNotKept = candor.Error(http.StatusConflict, "the request with this Idempotency-Key has completed, but its response was not stored")
	// ErrUnavailable means that it is not known whether the request was completed, because the store failed; the
	// failure is logged.
	ErrUnavailable = candor.Error(http.StatusServiceUnavailable, "idempotency keys cannot be checked at the moment")
)

// Keys allows requests of a route to have an Idempotency-Key. For a request with a key:
//
//   - Guards run and the request is validated, as without a key: nobody gets a response without being allowed to make
//     the request.
//   - The first request runs. The status, header (without Set-Cookie) and body of its response are kept for Config.TTL;
//     also those of an error below 500, except for 408, 425 and 429, which ask the client to retry.
//   - Later requests get the kept response with the header Idempotent-Replayed; the handler, its providers and its
//     tasks do not run. Headers set by middleware and guards are those of the later request.
//   - While the first request is running they get [ErrInProgress]; with a different path, query, media type or body, a
//     422. Bodies are compared byte by byte.
//   - After a response of 500 or above, a panic, or if the client disconnected before its request completed, the key is
//     free again; if the process was killed, after Config.Lock.
//   - Streams, files and plain handlers run once; their responses are not kept, so a later request gets [ErrNotKept].
//   - If the store fails, the request does not run and gets [ErrUnavailable].
//
// A key belongs to a method, a route and a principal. The store contains keys and credentials only as a hash. The
// header, statuses and errors are documented.
//
// If the process dies before it has finished, or the response cannot be stored, a request may take effect again; use
// [KeysIn] where that must not happen. A nil store and negative numbers panic.
func Keys(store Store, config Config) candor.RouteOption {
	k := makeKeys(store == nil, config)
	type input struct {
		request
	}
	return candor.Around(func(ctx context.Context, in input, next func() error) error {
		return k.serve(ctx, &in.request, store, next)
	}, k.declared()...)
}

// KeysIn is [Keys] with a store of type S that is provided to the request. With a store in the transaction of the
// request, a request takes effect exactly once: key and effect are committed together, or neither is.
//
//	type OpenKeyTable struct{ Tx *sql.Tx `dep:""` }
//
//	candor.Provide(app, func(_ context.Context, in OpenKeyTable) (KeyTable, error) {
//		return KeyTable{in.Tx}, nil
//	})
//	candor.Post(app, "/payments", pay, idempotency.KeysIn[KeyTable](idempotency.Config{}))
//
// Errors are not kept, whatever their status, because they roll back. An error of the store is the error of the
// request. The transaction is the lock.
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

// request is the part of a request that determines its key.
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

// declared documents the responses that keys add.
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

// failed is the error of a request for which the store failed.
func (k *keys) failed(ctx context.Context, log *slog.Logger, err error) error {
	if k.transactional || ctx.Err() != nil {
		return err
	}
	log.ErrorContext(ctx, "the store of idempotency keys failed", "error", err)
	return ErrUnavailable
}

// name returns the key for the store.
func (k *keys) name(in *request) string {
	principal := in.Exchange.Credentials()
	if k.Principal != nil {
		principal = k.Principal(in.Request)
	}
	return hash(k.Space, in.Route.Method, in.Route.Pattern, principal, plainKey(in.Key))
}

// plainKey removes the quotes of a key sent as a string of structured fields, as in the draft: clients send it with or
// without.
func plainKey(sent string) string {
	if len(sent) >= 2 && sent[0] == '"' && sent[len(sent)-1] == '"' {
		return sent[1 : len(sent)-1]
	}
	return sent
}

// requestHash distinguishes a request from others of its route.
func requestHash(r *http.Request, body []byte) string {
	return hash(r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Content-Type"), r.Header.Get("Accept"), string(body))
}

// hash returns a key for texts, from which they cannot be recovered.
func hash(texts ...string) string {
	list := digest.NewList()
	for _, text := range texts {
		list.Add(text)
	}
	return list.String()
}

// replay responds with what the store has under the key.
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

// commit runs a request whose transaction contains the store.
func (k *keys) commit(ctx context.Context, in *request, c *claim, next func() error) error {
	if err := next(); err != nil {
		return err
	}
	kept := k.kept(in, nil)
	if !isFinal(kept.Status) {
		// The effect is committed with this response, as without a key.
		return c.drop(ctx)
	}
	return c.keep(ctx, kept, k.TTL)
}

// run runs a request that has locked its key.
func (k *keys) run(ctx context.Context, in *request, c *claim, next func() error) error {
	// A client that disconnects must not keep its next request from the response.
	ctx = context.WithoutCancel(ctx)
	isKept := false
	stop := c.prolong(ctx, k.Lock)
	// Deferred, so that a panic frees the key too.
	defer func() {
		stop()
		if !isKept {
			k.report(ctx, in.Log, c.drop(ctx))
		}
	}()
	err := next()
	kept := k.kept(in, err)
	if !isFinal(kept.Status) {
		return err
	}
	// Whatever happens now, the request has taken effect: the key stays locked.
	isKept = true
	k.report(ctx, in.Log, c.keep(ctx, kept, k.TTL))
	return err
}

// kept returns the record of a response, without a status if it cannot be kept.
func (k *keys) kept(in *request, err error) record {
	status, header, body, ok := in.Exchange.Response(err)
	if !ok || int64(len(body)) > k.MaxBody {
		return record{}
	}
	header.Del("Set-Cookie")
	return record{Status: status, Header: header, Body: body}
}

// isFinal reports whether a response may be replayed.
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

// record is the value of a key, as JSON: the owner of a running request, or the response.
type record struct {
	// Request identifies the request.
	Request string `json:"request"`
	// Owner identifies a request in progress.
	Owner  string      `json:"owner,omitempty"`
	Status int         `json:"status,omitempty"`
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
}

func (r record) encode() []byte {
	text, _ := json.Marshal(r) // cannot fail: strings, bytes and a number
	return text
}

// claim is a key locked by a request.
type claim struct {
	store  Store
	key    string
	record record
}

// keep replaces the lock by the response.
func (c *claim) keep(ctx context.Context, kept record, ttl time.Duration) error {
	kept.Request = c.record.Request
	replaced, err := c.store.Replace(ctx, c.key, c.record.encode(), kept.encode(), ttl)
	if err == nil && !replaced {
		return errLost
	}
	return err
}

var errLost = errors.New("idempotency: the key of the request was taken over by another request")

// drop frees the key.
func (c *claim) drop(ctx context.Context) error { return c.store.Drop(ctx, c.key, c.record.encode()) }

// prolong extends the lock as long as the request runs.
func (c *claim) prolong(ctx context.Context, lock time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	taken := c.record.encode()
	var again *time.Timer
	ready := make(chan struct{})
	again = time.AfterFunc(lock/2, func() {
		<-ready // again is set
		// If the response has already been stored, nothing is replaced.
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
