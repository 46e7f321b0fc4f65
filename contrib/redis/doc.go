// Package candorredis keeps in Redis what the processes of a Candor service have
// in common: the messages of hubs, the counts of rate limits, cached answers,
// idempotency keys.
package candorredis
