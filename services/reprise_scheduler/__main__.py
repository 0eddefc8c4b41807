"""`python -m reprise_scheduler`: configured by the environment, see `reprise doctor`."""

from reprise_runtime.service import run_service
from reprise_scheduler.app import run

if __name__ == "__main__":
    run_service(run)
