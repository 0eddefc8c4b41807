"""Orchestrator and scheduler in one process: what one has decided, the other neither decodes nor folds."""
