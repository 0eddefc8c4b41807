"""`python -m reprise_gateway`: serve with the settings of the environment."""

import asyncio

from reprise_gateway.app import serve
from reprise_runtime.settings import Settings

if __name__ == "__main__":
    asyncio.run(serve(Settings()))
