"""`python -m reprise_core`: configured by the environment, see `reprise doctor`."""

from reprise_core.app import services
from reprise_runtime.operate.together import run_together

if __name__ == "__main__":
    run_together("core", services())
