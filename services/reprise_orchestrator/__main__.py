"""`python -m reprise_orchestrator`: configured by the environment, see `reprise doctor`."""

import asyncio

from reprise_orchestrator.app import run
from reprise_runtime.settings import Settings

if __name__ == "__main__":
    asyncio.run(run(Settings()))
