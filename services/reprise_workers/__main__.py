"""`python -m reprise_workers phase3 [--concurrency N]`: a worker of one pool."""

import argparse

from reprise_contracts.nodes import PHASES
from reprise_runtime.service import run_service
from reprise_workers.app import CONCURRENCY, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="reprise_workers", description="Works for one pool until SIGTERM.")
    parser.add_argument("phase", choices=PHASES)
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY, help=f"jobs at a time (default {CONCURRENCY})")
    given = parser.parse_args()
    run_service(lambda settings: run(settings, given.phase, given.concurrency))
