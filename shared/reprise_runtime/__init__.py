"""Effects: NATS, S3, the log, settings, logging and errors. Nothing here knows what research is."""
