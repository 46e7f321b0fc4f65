package serve

import (
	"math"
	"net"
	"syscall"
)

// refuseHandshakes makes the kernel refuse new clients at once, while handshakes under way are still finished and wait to be accepted: it binds the listener to
// a network interface that does not exist, so that it is no longer found for a client's first packet. A handshake under way and a connection
// keep the binding they began with, which is none. Unlike a socket filter this needs no time-out on the client's side and works with Multipath
// TCP, which net.Listen asks for. It needs Linux 5.7 and no privilege; a listener bound to an interface already refuses it.
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
