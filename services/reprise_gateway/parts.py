"""The parts of a gateway, put together once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from reprise_gateway.access import Access
from reprise_gateway.catalog import BatchService
from reprise_gateway.contents import Contents
from reprise_gateway.hub import Hub
from reprise_gateway.pools import Pools
from reprise_gateway.rates import Rates
from reprise_gateway.view import View
from reprise_gateway.watch import Watch
from reprise_gateway.workflow import WorkflowService
from reprise_runtime.s3.artifact_store import ArtifactStore
from reprise_runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Gateway:
    """What routers, sockets and subscribers work with."""

    settings: Settings
    view: View
    service: WorkflowService
    batches: BatchService
    store: ArtifactStore
    contents: Contents
    hub: Hub
    access: Access
    rates: Rates
    pools: Pools
    watch: Watch
    engines: frozenset[str]
    reachable: Callable[[], Awaitable[dict[str, bool]]]
    """Which servers answer now, by name."""
