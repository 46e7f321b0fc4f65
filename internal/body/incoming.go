package body

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/form"
	"github.com/candor-go/candor/internal/spool"
)

// Incoming is a request whose body is to be read, and how.
type Incoming struct {
	W http.ResponseWriter
	R *http.Request
	// Limit is the limit for what is held in memory, also in a form with files, and LargeLimit that for bodies that are not,
	// in bytes.
	Limit, LargeLimit int64
	// Parts holds the limits of a multipart form.
	Parts form.Limits
	// Buffer is reused for bodies that nobody keeps. It is replaced by a larger one when it is too small.
	Buffer []byte
	// Files stores files; nil if the body cannot have any.
	Files *spool.Store
	// Kept keeps the body for further attempts of the request; nil if there are none.
	Kept *Kept
	// Loose accepts a body without a Content-Type as the first documented media type.
	Loose  bool
	Decode codec.Options
}

// isEmpty reports whether the client sent no body. It reads only if it has to: not when the length is known, and not
// from a client that waits for 100 (Continue), because reading would send it (RFC 9110, section 10.1.1). By HTTP/2 that
// cannot be seen, since net/http removes Expect; such a client is told to continue, and then refused.
func (in *Incoming) isEmpty() bool {
	if in.R.ContentLength >= 0 || in.R.Header.Get("Expect") != "" {
		return in.R.ContentLength == 0
	}
	// Only a read can tell. Losing the byte does no harm: the caller refuses a body that is not empty.
	var first [1]byte
	_, err := io.ReadFull(in.limited(in.Limit), first[:])
	return errors.Is(err, io.EOF)
}

// firstRead is the initial buffer size: a large Content-Length alone makes the server allocate nothing.
const firstRead = 64 << 10

// ReadAll reads the body, into the buffer if it is large enough. A known length has already been compared with the
// limit.
func (in *Incoming) ReadAll() ([]byte, error) {
	length := in.R.ContentLength
	if length < 0 {
		return io.ReadAll(in.limited(in.Limit))
	}
	data := in.Buffer[:0]
	if cap(data) == 0 {
		data = make([]byte, 0, min(length, firstRead))
	}
	for int64(len(data)) < length {
		if len(data) == cap(data) {
			// The buffer grows with the bytes that have arrived, not with the Content-Length: a lie costs nothing, and
			// an honest body is copied only a few times.
			data = slices.Grow(data, int(min(length-int64(len(data)), 3*int64(len(data)))))
		}
		n, err := io.ReadFull(in.R.Body, data[len(data):min(int64(cap(data)), length)])
		data = data[:len(data)+n]
		if err != nil {
			return data, err
		}
	}
	return data, nil
}

// limited returns the body, cut off at a limit.
func (in *Incoming) limited(limit int64) io.ReadCloser {
	return http.MaxBytesReader(in.W, in.R.Body, limit)
}

// Kept is a body that was already read, for inputs that are bound again. Its zero value is ready to use.
type Kept struct {
	// begun means that reading has started.
	begun bool
	// bind decodes the body into an input; nil until the body was read completely.
	bind func(into reflect.Value, faults *fault.List) error
}

// IsRead reports whether the body was read completely, and can be bound by [Kept.Bind].
func (k *Kept) IsRead() bool { return k != nil && k.bind != nil }

// IsLost reports whether a part of the body was read, but not all of it.
func (k *Kept) IsLost() bool { return k.begun && k.bind == nil }

// Bind decodes the body again, as [Plan.Bind] did.
func (k *Kept) Bind(into reflect.Value, faults *fault.List) error {
	n := len(faults.Faults)
	defer func() { faults.Seal(n, "body") }()
	return k.bind(into, faults)
}

// keep stores the body for later attempts. If decoded values refer to the bytes, each attempt gets its own copy.
func (k *Kept) keep(data []byte, copies bool, decode decode, o codec.Options) {
	k.bind = func(into reflect.Value, faults *fault.List) error {
		own := data
		if !copies {
			own = bytes.Clone(data)
		}
		if !decode(own, into, o, faults) {
			return ErrMemory
		}
		return nil
	}
}
