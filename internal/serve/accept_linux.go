package serve

import (
	"math"
	"net"
	"syscall"
)

// refuseHandshakes makes the kernel refuse new clients immediately, while handshakes in progress still complete and
// wait to be accepted: it binds the listener to a network interface that does not exist, so that the kernel no longer
// finds it for a client's first packet. Handshakes in progress and connections are not affected. Unlike a socket
// filter, this causes no time-out for clients, and works with Multipath TCP, which net.Listen uses. It needs Linux 5.7
// and no privileges; it fails for a listener that is already bound to an interface.
func refuseHandshakes(l net.Listener) bool {
	const bindToInterface = 62 // SO_BINDTOIFINDEX, the same on all of Go's Linux ports
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false
	}
	var failure error
	err = raw.Control(func(fd uintptr) {
		failure = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, bindToInterface, math.MaxInt32)
	})
	return err == nil && failure == nil
}
