"""Whether the pool is to work, as an operator last said: followed by every worker, and known before its first
job."""

import asyncio
from collections.abc import Callable, Sequence

from reprise_contracts import subjects
from reprise_contracts.jobs import PoolOrder
from reprise_contracts.wire import Malformed
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.ordered_consumer import OrderedConsumer
from reprise_runtime.nats.pull_consumer import PullConsumer

_log = logger(__name__)


async def follow_orders(
    bus: Bus, phase: str, pullers: Sequence[PullConsumer], known: asyncio.Event, changed: Callable[[], None]
) -> None:
    """Follow the stream for ever; `known` is set once the last order is obeyed, `changed` is called after
    each."""
    async with OrderedConsumer(
        bus, subjects.POOLS, subjects.pool_order(phase), start="last_per_subject"
    ) as entries:
        waiting = asyncio.ensure_future(entries.caught_up.wait())
        waiting.add_done_callback(lambda _: known.set())
        async for entry in entries:
            try:
                order = PoolOrder.decode(entry.data)
            except Malformed as error:
                _log.error("not an order", subject=entry.subject, error=str(error))
                continue
            for puller in pullers:
                if order.state == "running":
                    puller.resume()
                else:
                    puller.pause()
            _log.info("order", state=order.state, by=order.by)
            changed()
