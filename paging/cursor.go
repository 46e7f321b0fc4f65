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

// Cursor is a position in a list as clients see it: an opaque text of letters, digits, "-" and "_" that they send back
// unchanged. "" is the beginning.
type Cursor string

// Cursors converts positions of type P to cursors and back. P contains the columns by which the list is sorted;
// together they must be unique:
//
//	type position struct {
//		Created time.Time
//		ID      int64
//	}
//
// A position is encoded as JSON. Add filters that the next page must have too. Cursors are safe for concurrent use.
type Cursors[P any] struct {
	// keys is empty for plain cursors; the first key signs.
	keys [][]byte
}

// Plain returns cursors that clients can read and forge, for positions that they may choose anyway, because access to
// rows does not depend on the position.
func Plain[P any]() *Cursors[P] { return &Cursors[P]{} }

// Signed returns cursors that only holders of the key can make, with HMAC-SHA256. Everyone can read them. The first key
// signs, and all keys verify: to rotate keys, put the new one first. No key, or a key of fewer than 16 bytes, panics.
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

// signatureBytes is how much of an HMAC a cursor contains: 128 bits.
const signatureBytes = 16

// At returns the cursor of a position. It returns an error for a position that JSON cannot express, such as one with a
// NaN.
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

// sign includes the type, so that a cursor of one list is not valid for another.
func sign(key []byte, position reflect.Type, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, position.String()+"\n") // a hash never fails
	_, _ = mac.Write(text)
	return mac.Sum(nil)[:signatureBytes]
}

// Position returns the position of a cursor, the zero value for "". A cursor that is damaged, forged or from another
// list is a 422 at the location of the parameter: ["query", "after"] unless another is given.
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
	// Strict, so that each position has only one text.
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

// verify checks and removes the signature.
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
