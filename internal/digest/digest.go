// Package digest makes short hashes of strings for use as names in the stores of caches and rate limits, which must not
// see secrets.
package digest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"io"
)

// Of returns the first half of the SHA-256 of text as 22 characters of URL-safe base64. Half is long enough that two
// texts do not collide by chance.
func Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// List is a hash of several texts. Make it with [NewList].
type List struct{ sum hash.Hash }

// NewList returns a list of no texts.
func NewList() List { return List{sha256.New()} }

// Add adds a text. The length in front of each keeps two lists apart whose concatenations are equal.
func (l List) Add(text string) {
	_, _ = fmt.Fprintf(l.sum, "%d:", len(text)) // a hash never fails
	_, _ = io.WriteString(l.sum, text)
}

// String returns the SHA-256 of the list as 43 characters of URL-safe base64.
func (l List) String() string { return base64.RawURLEncoding.EncodeToString(l.sum.Sum(nil)) }
