// Package candornats lets several processes share the messages of Candor's hubs over NATS JetStream.
package candornats
