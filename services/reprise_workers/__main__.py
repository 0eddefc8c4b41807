"""`python -m reprise_workers phase3 [--concurrency N]`: a worker of one pool."""

import argparse
import asyncio

from reprise_contracts.nodes import PHASES
from reprise_runtime.settings import Settings
from reprise_workers.app import CONCURRENCY, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="reprise_workers", description="Works for one pool until SIGTERM.")
    parser.add_argument("phase", choices=PHASES)
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY, help=f"jobs at a time (default {CONCURRENCY})")
    given = parser.parse_args()
    asyncio.run(run(Settings(), given.phase, given.concurrency))
