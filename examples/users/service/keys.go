package service

import (
	"context"
	"database/sql"
	"time"

	"github.com/candor-go/candor"
)

// keyTable stores idempotency keys, each in the transaction of its request: the
// effect and the key with the response are committed together or not at all.
// Expired rows are replaced; a job may delete others.
type keyTable struct{ tx candor.Lazy[*sql.Tx] }

// MakeKeyTable is the input of keyTableOf.
type MakeKeyTable struct {
	Tx candor.Lazy[*sql.Tx] `dep:""`
}

func keyTableOf(_ context.Context, in MakeKeyTable) (*keyTable, error) {
	return &keyTable{in.Tx}, nil
}

// Take implements idempotency.Store. If another request has just taken the key,
// the INSERT waits until that one is committed or rolled back.
func (t *keyTable) Take(ctx context.Context, key string, value []byte, ttl time.Duration) (held []byte, err error) {
	tx, err := t.tx.Get(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if _, err := tx.ExecContext(ctx, "DELETE FROM idempotency_keys WHERE id = $1 AND until <= $2", key, now.UnixMilli()); err != nil {
		return nil, err
	}
	taken, err := tx.ExecContext(ctx, "INSERT INTO idempotency_keys (id, value, until) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING", key, value, now.Add(ttl).UnixMilli())
	if err != nil {
		return nil, err
	}
	if n, err := taken.RowsAffected(); err != nil || n == 1 {
		return nil, err
	}
	err = tx.QueryRowContext(ctx, "SELECT value FROM idempotency_keys WHERE id = $1", key).Scan(&held)
	return held, err
}

// Replace implements idempotency.Store.
func (t *keyTable) Replace(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	tx, err := t.tx.Get(ctx)
	if err != nil {
		return false, err
	}
	done, err := tx.ExecContext(ctx, "UPDATE idempotency_keys SET value = $1, until = $2 WHERE id = $3 AND value = $4", value, time.Now().Add(ttl).UnixMilli(), key, old)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

// Drop implements idempotency.Store.
func (t *keyTable) Drop(ctx context.Context, key string, old []byte) error {
	tx, err := t.tx.Get(ctx)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM idempotency_keys WHERE id = $1 AND value = $2", key, old)
	return err
}
