// Package interop tests Candor together with other routers: mounted in them and with them mounted. It is its own
// module, so that Candor does not depend on them.
package interop
