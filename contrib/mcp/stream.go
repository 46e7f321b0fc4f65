package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/candor-go/candor/internal/mediatype"
)

// collected are the items received from a stream.
type collected struct {
	Items []json.RawMessage `json:"items"`
	// More means that the stream was truncated.
	More bool `json:"more,omitempty"`
	size int
}

// stream collects the items of a stream up to the limits, and reports each as progress if the client asks for it.
func (t *tool) stream(ctx context.Context, req *sdk.CallToolRequest, response *http.Response, format *mediatype.Sequence) *sdk.CallToolResult {
	all := &collected{Items: []json.RawMessage{}}
	limits := &t.h.options
	var expired atomic.Bool
	// Closing the body ends the operation, and with it the loop.
	timer := time.AfterFunc(limits.MaxWait, func() {
		expired.Store(true)
		_ = response.Body.Close()
	})
	defer timer.Stop()
	for item, err := range format.Split(response.Body, limits.MaxResponse) {
		switch {
		case err != nil && expired.Load():
			all.More = true
			return t.collected(all, response)
		case errors.Is(err, mediatype.ErrTooLong):
			return failed(t.tooLarge())
		case err != nil:
			return all.failed("the stream was cut off")
		case format.Named && item.Name == mediatype.ErrorEvent:
			return all.failed(string(item.Data))
		}
		if all.More = !all.add(t.item(item, format), limits); all.More {
			return t.collected(all, response)
		}
		tell(ctx, req, all)
	}
	// The operation may have ended normally before it noticed that nobody reads.
	all.More = expired.Load()
	return t.collected(all, response)
}

// add adds an item if there is space for it and one more.
func (c *collected) add(item json.RawMessage, limits *Options) bool {
	if len(c.Items) == limits.MaxItems || c.size+len(item) > limits.MaxResponse {
		return false
	}
	c.Items, c.size = append(c.Items, item), c.size+len(item)
	return true
}

// item converts an item of a stream to an item of the result.
func (t *tool) item(item mediatype.Item, format *mediatype.Sequence) json.RawMessage {
	if format.Named {
		events := &eventKinds{}
		if t.output != nil && t.output.events != nil {
			events = t.output.events
		}
		return events.value(item)
	}
	if !json.Valid(item.Data) {
		return written(string(item.Data))
	}
	return append(json.RawMessage(nil), item.Data...) // valid only until the next one
}

// tell sends the latest item as progress.
func tell(ctx context.Context, req *sdk.CallToolRequest, all *collected) {
	token := req.Params.GetProgressToken()
	if token == nil {
		return
	}
	n := len(all.Items)
	// If the client has disconnected, the context ends.
	_ = req.Session.NotifyProgress(ctx, &sdk.ProgressNotificationParams{ProgressToken: token, Progress: float64(n), Message: string(all.Items[n-1])})
}

// collected returns the result for a stream.
func (t *tool) collected(all *collected, response *http.Response) *sdk.CallToolResult {
	body := written(all)
	result := &sdk.CallToolResult{Content: contents(string(body), t.headersOf(response))}
	if t.output != nil {
		result.StructuredContent = json.RawMessage(body)
	}
	return result
}

// failed returns the result for a stream that ended early.
func (c *collected) failed(why string) *sdk.CallToolResult {
	if len(c.Items) == 0 {
		return failed("The stream failed: " + why)
	}
	return failed(fmt.Sprintf("The stream failed after %d items: %s", len(c.Items), why), string(written(c)))
}
