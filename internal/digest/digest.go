// Package digest makes short names of texts from which nobody finds the texts out:
// names for the stores of caches and limits, which must not see a secret.
package digest

import (
	"crypto/sha256"
	"encoding/base64"
)

// Of is the name of a text, 22 characters of the URL-safe base64 alphabet: half of
// its SHA-256, which is too long for two texts to meet by chance.
func Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
