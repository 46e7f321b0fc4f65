package candorredis

import (
	"context"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor"
)

// NewRateStore returns a store that counts requests for rate limits in Redis, shared by all processes, with redis_rate.
// The caller still has to close the client.
//
//   - Keys begin with "rate:candor:" and expire when they are no longer needed.
//   - Each request is one round trip. While Redis does not respond, a request waits as long as the client's timeouts
//     and retries allow: use a client with short timeouts, such as a DialTimeout and ReadTimeout of 100 ms, and without
//     retries (MaxRetries -1, DialerRetries 1).
//   - RateConfig.FailClosed says what happens if Redis is not available.
func NewRateStore(client redis.UniversalClient) candor.RateStore {
	return rates{redis_rate.NewLimiter(client)}
}

type rates struct{ limiter *redis_rate.Limiter }

// Take implements candor.RateStore.
func (s rates) Take(ctx context.Context, key string, rate candor.Rate) (candor.Taken, error) {
	result, err := s.limiter.Allow(ctx, "candor:"+key, redis_rate.Limit{Rate: rate.Requests, Burst: rate.Limit(), Period: rate.Per})
	if err != nil {
		return candor.Taken{}, err
	}
	return candor.Taken{
		Allowed: result.Allowed > 0, Remaining: result.Remaining,
		Retry: max(result.RetryAfter, 0), Reset: result.ResetAfter,
	}, nil
}
