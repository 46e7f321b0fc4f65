// Package loadtest tests many clients at once: the memory of an idle one, the effect of a stalled one on others, the
// memory for a large body, and SIGTERM under load. Each server is its own process, running the test binary, so that its
// memory is measured without that of the clients.
//
// The tests are small by default. CANDOR_LOAD=full runs them with the sizes reported in docs/streaming.md:
//
//	CANDOR_LOAD=full go test -count=1 -v .
//
// They need Linux, because they read /proc.
package loadtest
