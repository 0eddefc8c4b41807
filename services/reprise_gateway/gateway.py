"""The parts of a gateway, put together once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from reprise_contracts.states import WorkStatus
from reprise_gateway.access.access import Access
from reprise_gateway.access.rates import Rates
from reprise_gateway.commands.batch_service import BatchService
from reprise_gateway.commands.workflow import WorkflowService
from reprise_gateway.operations.monitor import Monitor
from reprise_gateway.operations.pools import Pools
from reprise_gateway.projections.contents import Contents
from reprise_gateway.projections.hub import Hub
from reprise_gateway.projections.index import Index
from reprise_gateway.projections.projection import Projection
from reprise_runtime.s3.artifact_store import ArtifactStore
from reprise_runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Gateway:
    """What routers, sockets and subscribers work with."""

    settings: Settings
    projection: Projection
    index: Index
    service: WorkflowService
    batches: BatchService
    store: ArtifactStore
    contents: Contents
    hub: Hub
    access: Access
    rates: Rates
    pools: Pools
    monitor: Monitor
    engines: frozenset[str]
    reachable: Callable[[], Awaitable[dict[str, bool]]]
    """Which servers answer now, by name."""
    work: Callable[[], Awaitable[WorkStatus]]
    """Whether commands are decided and jobs taken."""
