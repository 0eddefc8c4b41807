"""NATS JetStream: connections, streams, consumers, acknowledgement, rights, and the log of sessions."""
