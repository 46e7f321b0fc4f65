// Package digest makes short hashes of strings for use as names in the stores of caches and rate limits, which must not
// see secrets.
package digest

import (
	"crypto/sha256"
	"encoding/base64"
)

// Of returns the first half of the SHA-256 of text as 22 characters of URL-safe base64. Half is long enough that two
// texts do not collide by chance.
func Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
