// Package candorredis stores in Redis what the processes of a Candor service share: the messages of hubs, the counters
// of rate limits, cached responses and idempotency keys.
package candorredis
