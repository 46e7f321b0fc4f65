package candorredis

import (
	"context"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor"
)

// NewRateStore makes a store that counts the requests of rate limits in Redis,
// for all processes together, by redis_rate. The client remains the caller's.
//
//   - Keys begin with "rate:candor:" and expire when they say nothing any more.
//   - Each request is one round trip. While Redis does not answer, a request waits
//     as long as the client's timeouts and retries let it: a client for limits has
//     short ones, such as DialTimeout and ReadTimeout of 100 ms, and does not try
//     again, by MaxRetries of -1 and DialerRetries of 1.
//   - What happens where Redis cannot tell is up to the limit:
//     RateConfig.FailClosed.
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
