package paging

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/callsite"
)

// Cursor is a place in a list as clients know it: a text of letters, digits and
// "-_" that they send back as it is. "" is the beginning.
type Cursor string

// Cursors turn positions of type P into cursors and back. P is what the rows of
// the list are sorted by, up to something that no two have in common:
//
//	type position struct {
//		Created time.Time
//		ID      int64
//	}
//
// A position is written as JSON. Put filters into it that the next page must have
// too. Cursors are safe for concurrent use.
type Cursors[P any] struct {
	// keys are empty for plain cursors; the first signs.
	keys [][]byte
}

// Plain makes cursors that a client can read and write, if it cares to: for
// positions that it may choose anyway, which is so where rows are filtered by
// who asks and not by the position.
func Plain[P any]() *Cursors[P] { return &Cursors[P]{} }

// Signed makes cursors that only holders of the key can write, by HMAC-SHA256.
// They can be read by everyone. The first key signs, and a cursor of any of them is
// taken, so that a new one is put before the old. No key, and one of fewer than
// 16 bytes, panics.
func Signed[P any](keys ...[]byte) *Cursors[P] {
	if len(keys) == 0 {
		panic(fmt.Errorf("candor: paging.Signed at %s: no key; pass a secret of 16 bytes or more, or use paging.Plain", callsite.Here()))
	}
	for _, key := range keys {
		if len(key) < 16 {
			panic(fmt.Errorf("candor: paging.Signed at %s: a key of %d bytes can be guessed; pass a secret of 16 bytes or more", callsite.Here(), len(key)))
		}
	}
	return &Cursors[P]{keys}
}

// signatureBytes is what of an HMAC a cursor has: 128 bits.
const signatureBytes = 16

// At is the cursor of a position. A position that JSON cannot express, such as
// one with a NaN, is an error.
func (c *Cursors[P]) At(position P) (Cursor, error) {
	text, err := json.Marshal(position)
	if err != nil {
		return "", fmt.Errorf("paging: the position has no cursor: %w", err)
	}
	if len(c.keys) > 0 {
		text = append(sign(c.keys[0], reflect.TypeFor[P](), text), text...)
	}
	return Cursor(base64.RawURLEncoding.EncodeToString(text)), nil
}

// sign has the type in it, so that a cursor of one list is none of another.
func sign(key []byte, position reflect.Type, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, position.String()+"\n") // a hash takes everything
	_, _ = mac.Write(text)
	return mac.Sum(nil)[:signatureBytes]
}

// Position is where a cursor points, and the zero value for "". One that is
// broken, forged or of another list is a 422, whose location is that of the
// parameter: ["query", "after"] unless another is given.
func (c *Cursors[P]) Position(cursor Cursor, location ...any) (P, error) {
	var position P
	if cursor == "" {
		return position, nil
	}
	err := c.read(cursor, &position)
	if err == nil {
		return position, nil
	}
	if len(location) == 0 {
		location = []any{"query", "after"}
	}
	var none P
	return none, candor.Invalid("not a cursor of this list", location...)
}

var errForged = errors.New("the signature is that of no key")

func (c *Cursors[P]) read(cursor Cursor, into *P) error {
	// Strict, so that a position has one text.
	text, err := base64.RawURLEncoding.Strict().DecodeString(string(cursor))
	if err != nil {
		return err
	}
	if len(c.keys) > 0 {
		if text, err = c.verify(text); err != nil {
			return err
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than a position")
	}
	return nil
}

// verify takes the signature off.
func (c *Cursors[P]) verify(signed []byte) ([]byte, error) {
	if len(signed) < signatureBytes {
		return nil, errForged
	}
	signature, text := signed[:signatureBytes], signed[signatureBytes:]
	for _, key := range c.keys {
		if hmac.Equal(signature, sign(key, reflect.TypeFor[P](), text)) {
			return text, nil
		}
	}
	return nil, errForged
}
