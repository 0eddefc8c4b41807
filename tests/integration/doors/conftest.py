"""One running system with a gateway for all stories of this folder, and every door into it."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from integration.doors.adapters import NAMES, Door, Rest, opened
from integration.doors.house import House, Site


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """NATS, SeaweedFS, orchestrator, scheduler, five workers and a gateway, as processes."""
    running = House(tmp_path_factory.mktemp("house"))
    try:
        running.open()
        yield running
    finally:
        running.stop_all()


@pytest.fixture
async def site(house: House) -> AsyncIterator[Site]:
    """The house as a test sees it from the side."""
    async with httpx.AsyncClient(base_url=house.url, timeout=30, trust_env=False) as http:
        yield Site(house, http)
    await house.close_callers()


@pytest.fixture(params=NAMES)
async def door(request: pytest.FixtureRequest, house: House) -> AsyncIterator[Door]:
    """Each door in turn."""
    async with opened(request.param, house) as door:
        yield door


@pytest.fixture
async def rest(house: House) -> AsyncIterator[Rest]:
    """The door that has everything, for what another one does not offer."""
    door = Rest(house)
    yield door
    await door.close()
