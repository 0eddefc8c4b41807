"""`python -m reprise_orchestrator`: configured by the environment, see `reprise doctor`."""

from reprise_orchestrator.app import run
from reprise_runtime.service import run_service

if __name__ == "__main__":
    run_service(run)
