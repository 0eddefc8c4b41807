"""The orchestrator: inputs in, commits out. The only writer of the log; replicas race by compare-and-set."""
