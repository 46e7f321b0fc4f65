package mcp

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/candor-go/candor/internal/requestinfo"
)

// call is a protocol request in progress.
type call struct {
	// request is the caller's HTTP request. Its context ends when the caller disconnects, which older versions of the protocol
	// do not report to the tool.
	request *http.Request
	// refused is the app's response that rejected the credentials of the caller.
	refused *http.Response
}

type callContext struct{}

// callIn returns the call in a context, nil if there is none.
func callIn(ctx context.Context) *call {
	c, _ := ctx.Value(callContext{}).(*call)
	return c
}

// join returns a context that also ends with the request of the caller.
func (c *call) join(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.request.Context(), cancel)
	return ctx, func() { stop(); cancel() }
}

// ServeHTTP handles a protocol request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protocol, err := h.build()
	if err != nil {
		h.options.Logger.ErrorContext(r.Context(), "the endpoint has no tools", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	if status, reason := h.refuses(r); status != 0 {
		http.Error(w, reason, status)
		return
	}
	if h.options.Resource.URL != "" && r.Header.Get("Authorization") == "" {
		h.options.Resource.challenge(w, "", "")
		return
	}
	message, err := h.readMessage(w, r)
	if err != nil {
		http.Error(w, err.Error(), statusOf(err))
		return
	}
	ctx, end := h.begin(r, message)
	defer end()
	c := &call{}
	c.request = r.WithContext(context.WithValue(ctx, callContext{}, c))
	if message.Method == "initialize" && r.Header.Get(sessionHeader) == "" {
		// There is no session state; the id only distinguishes the calls of different clients.
		w.Header().Set(sessionHeader, rand.Text())
	}
	protocol.ServeHTTP(h.options.Resource.guard(w, c), c.request)
}

// refuses rejects requests that a web page may have sent on behalf of its visitor, and calls of the endpoint by its own
// tools.
func (h *handler) refuses(r *http.Request) (status int, reason string) {
	if callIn(r.Context()) != nil {
		return http.StatusLoopDetected, "a tool must not call the endpoint that it is a tool of"
	}
	if err := h.origins.Check(r); err != nil {
		return http.StatusForbidden, "requests of this origin are refused; Options.Origins lists those that are not"
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok || !isLoopback(local.String()) || isLoopback(r.Host) {
		return 0, ""
	}
	if host := requestinfo.Host(r); !slices.ContainsFunc(h.hosts, func(own string) bool { return strings.EqualFold(own, host) }) {
		return http.StatusForbidden, fmt.Sprintf("requests for the host %q are refused on a loopback address; Options.Hosts lists those that are not", host)
	}
	return 0, ""
}

// isLoopback reports whether a host, with or without a port, is this machine.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

// message contains the fields that the endpoint itself reads.
type message struct {
	Method string          `json:"method"`
	ID     json.RawMessage `json:"id"`
	Params struct {
		RequestID json.RawMessage `json:"requestId"`
	} `json:"params"`
}

// readMessage reads the body up to its limit, and makes it readable again.
func (h *handler) readMessage(w http.ResponseWriter, r *http.Request) (message, error) {
	var m message
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.options.MaxRequest))
	if err != nil {
		return m, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	// An invalid message is rejected by the SDK; a batch is not a call that could be cancelled.
	_ = json.Unmarshal(body, &m)
	return m, nil
}

func statusOf(err error) int {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// sessionHeader holds the id of a session.
const sessionHeader = "Mcp-Session-Id"

// callKey identifies a call of a client.
type callKey struct{ session, id string }

// begin records a call that a notification may cancel, or cancels the call that this notification names. In protocol
// versions with sessions, notifications are separate requests.
func (h *handler) begin(r *http.Request, m message) (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancel(r.Context())
	session := r.Header.Get(sessionHeader)
	h.mutex.Lock()
	defer h.mutex.Unlock()
	switch {
	case session == "" || session != strings.TrimSpace(session):
		return ctx, cancel
	case m.Method == "notifications/cancelled":
		if stop := h.calls[callKey{session, string(m.Params.RequestID)}]; stop != nil {
			stop()
		}
		return ctx, cancel
	case m.ID == nil:
		return ctx, cancel
	}
	key := callKey{session, string(m.ID)}
	h.calls[key] = cancel
	return ctx, func() {
		cancel()
		h.mutex.Lock()
		defer h.mutex.Unlock()
		delete(h.calls, key)
	}
}

// readDocument reads a document of the app with the caller's credentials.
func (h *handler) readDocument(ctx context.Context, c *call, path, uri, mediaType string) (*sdk.ReadResourceResult, error) {
	ctx, cancel := c.join(ctx)
	defer cancel()
	response, err := h.send(ctx, c, nil, &appRequest{path: path})
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", path, response.Status)
	}
	return &sdk.ReadResourceResult{Contents: []*sdk.ResourceContents{{URI: uri, MIMEType: mediaType, Text: string(body)}}}, nil
}
