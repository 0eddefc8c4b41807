"""The worker pools: one process of one phase claims a job, runs the phase function, stores the artifact,
reports."""
