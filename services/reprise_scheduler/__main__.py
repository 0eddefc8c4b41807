"""`python -m reprise_scheduler`: configured by the environment, see `reprise doctor`."""

import asyncio

from reprise_runtime.settings import Settings
from reprise_scheduler.app import run

if __name__ == "__main__":
    asyncio.run(run(Settings()))
