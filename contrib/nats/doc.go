// Package candornats carries the messages of Candor's hubs over NATS JetStream,
// so that several processes share them.
package candornats
