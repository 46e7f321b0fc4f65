package service

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is the cost of hashing a password. It is stored in each hash, so that it
// can be raised later.
type Cost struct {
	Time, Memory uint32 // passes, KiB
	Threads      uint8
}

// DefaultCost takes some 20 ms and 19 MiB.
var DefaultCost = Cost{Time: 2, Memory: 19 << 10, Threads: 1}

// hasher hashes passwords with Argon2id (RFC 9106), a few at a time, because
// each needs the memory of its cost.
type hasher struct {
	cost  Cost
	turns chan struct{}
	// nobody is the hash for unknown users, which no password matches.
	nobody string
}

func newHasher(c Cost) *hasher {
	h := &hasher{cost: c, turns: make(chan struct{}, runtime.GOMAXPROCS(0))}
	h.nobody = c.hash(rand.Text())
	return h
}

func (h *hasher) hash(ctx context.Context, password string) (hash string, err error) {
	err = h.inTurn(ctx, func() { hash = h.cost.hash(password) })
	return hash, err
}

// matches reports whether the password matches the hash. The hash "" stands for
// an unknown user.
func (h *hasher) matches(ctx context.Context, hash, password string) (ok bool, err error) {
	if hash == "" {
		hash = h.nobody
	}
	err = h.inTurn(ctx, func() { ok = matches(hash, password) })
	return ok, err
}

// replace returns the hash of the new password if the old one is correct.
func (h *hasher) replace(ctx context.Context, hash string, change PasswordChange) (string, error) {
	ok, err := h.matches(ctx, hash, change.Old)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", errWrongPassword
	}
	return h.hash(ctx, change.New)
}

func (h *hasher) inTurn(ctx context.Context, do func()) error {
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
		do()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

const saltLength, keyLength = 16, 32

var encoding = base64.RawStdEncoding

// hash returns the cost, a salt and the key in the usual notation.
func (c Cost) hash(password string) string {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads,
		encoding.EncodeToString(salt), encoding.EncodeToString(c.key(password, salt)))
}

func (c Cost) key(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, keyLength)
}

func matches(hash, password string) bool {
	var c Cost
	var version int
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &c.Memory, &c.Time, &c.Threads); err != nil || version != argon2.Version {
		return false
	}
	salt, saltErr := encoding.DecodeString(parts[4])
	key, keyErr := encoding.DecodeString(parts[5])
	return saltErr == nil && keyErr == nil && subtle.ConstantTimeCompare(c.key(password, salt), key) == 1
}
