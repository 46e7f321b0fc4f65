package brokertest_test

import (
	"testing"

	"github.com/candor-go/candor/contrib/internal/brokertest"
	"github.com/candor-go/candor/hub"
)

func TestMemoryBroker(t *testing.T) {
	b := hub.NewMemory(hub.MemoryConfig{Queue: 1000, Replay: 1000})
	brokertest.Run(t, func(*testing.T) hub.Broker { return b })
}
