"""`python -m reprise_workers phase3 [--concurrency N]`: a worker of one pool, or of several at once."""

import argparse

from reprise_contracts.nodes import PHASES
from reprise_runtime.operate.together import run_together
from reprise_runtime.service import run_service
from reprise_workers.app import CONCURRENCY, pools, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="reprise_workers", description="Works for its pools until SIGTERM.")
    parser.add_argument("phases", nargs="+", choices=PHASES, metavar="PHASE")
    parser.add_argument(
        "--concurrency",
        type=int,
        default=CONCURRENCY,
        help=f"jobs of a pool at a time (default {CONCURRENCY})",
    )
    given = parser.parse_args()
    if len(given.phases) == 1:
        run_service(lambda settings: run(settings, phase=given.phases[0], concurrency=given.concurrency))
    else:
        run_together("workers", pools(given.phases, given.concurrency))
