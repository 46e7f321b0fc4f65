// Package loadtest has the tests of many clients at once: what an idle one costs, what a stalled one does to the others,
// what a large body takes, and what SIGTERM does in the middle of everything. Each server is a process of its own, the
// test binary started anew, so that its memory is measured apart from that of the clients.
//
// It is small by default. CANDOR_LOAD=full makes it as large as the figures on docs/streaming.md say:
//
//	CANDOR_LOAD=full go test -count=1 -v .
//
// It needs Linux, whose /proc tells what a process holds.
package loadtest
