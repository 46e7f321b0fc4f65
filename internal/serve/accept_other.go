//go:build !linux

package serve

import "net"

// refuseHandshakes is possible only on Linux. Elsewhere, a connection made between the last accept and the close is reset.
func refuseHandshakes(net.Listener) bool { return false }
