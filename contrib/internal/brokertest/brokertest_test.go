package brokertest_test

import (
	"testing"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/internal/brokertest"
)

func TestMemoryBroker(t *testing.T) {
	b := candor.NewMemoryBroker(candor.MemoryConfig{Queue: 1000, Replay: 1000})
	brokertest.Run(t, func(*testing.T) candor.Broker { return b })
}
