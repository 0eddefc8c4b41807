"""How much is stored, and of which batches: the whole bucket is listed now and then."""

import asyncio
import heapq
from collections import Counter

from reprise_runtime import metrics
from reprise_runtime.errors import RepriseError
from reprise_runtime.logs import logger
from reprise_runtime.nats.session_log import SessionLog
from reprise_runtime.s3.artifact_store import ArtifactStore

NAMED = 20
"""Batches that are named, the largest: one label for each would drown Prometheus."""
_log = logger(__name__)


async def census(store: ArtifactStore, log: SessionLog, every: float) -> None:
    """Count for ever. A count that fails leaves the one before it.

    A batch of which the store has objects and the log knows nothing at two counts, one after the other, is an
    alarm: an upload is there shortly before its batch, anything else is what the log has lost.
    """
    known: set[str] = set()
    strange: set[str] = set()
    while True:
        try:
            found = await count(store)
            tell(found)
            known |= {batch_id for batch_id in found.keys() - known if await log.last(batch_id) is not None}
            unknown = found.keys() - known
            metrics.STORED_STRANGE.set(len(unknown & strange))
            if unknown & strange:
                _log.error(
                    "the log knows nothing of batches in the store", batches=sorted(unknown & strange)[:NAMED]
                )
            strange = set(unknown)
        except RepriseError as error:
            _log.warning("not counted", error=str(error))
        await asyncio.sleep(every)


async def count(store: ArtifactStore) -> "Counter[str]":
    """The bytes of each batch: the second part of a key names it."""
    found: Counter[str] = Counter()
    async for key, size in store.list(""):
        parts = key.split("/", 2)
        if len(parts) == 3:
            found[parts[1]] += size
    return found


def tell(found: "Counter[str]") -> None:
    """Set the figures."""
    metrics.STORED_BYTES.set(found.total())
    metrics.STORED_BATCHES.set(len(found))
    metrics.BATCH_BYTES.clear()
    for batch_id, size in heapq.nlargest(NAMED, found.items(), key=lambda item: item[1]):
        metrics.BATCH_BYTES.labels(batch_id).set(size)
