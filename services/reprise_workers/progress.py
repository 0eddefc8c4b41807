"""Progress on its way to those who watch: named, and thinned so that a busy phase does not drown them."""

import time
from datetime import UTC, datetime

from reprise_contracts import subjects
from reprise_contracts.frames import Live, ScrapingItemProgress, WorkflowProgress
from reprise_contracts.jobs import Job
from reprise_runtime.nats.bus import Publisher

AT_MOST_EVERY = 0.05
"""Seconds between two frames that the next one makes worthless, and before the first of an attempt: a quick
one tells its result alone."""


class Teller:
    """Says how far one attempt is. Frames that say more than how far are never left out."""

    def __init__(self, publisher: Publisher, job: Job) -> None:
        self._publisher = publisher
        self._job = job
        self._subject = subjects.progress(job.session_id, job.node)
        self._last = time.monotonic()

    def tell(self, frame: Live) -> None:
        """Send a frame of this attempt."""
        now = time.monotonic()
        if isinstance(frame, WorkflowProgress | ScrapingItemProgress):
            if now - self._last < AT_MOST_EVERY:
                return
            self._last = now
        job = self._job
        named = frame.model_copy(
            update={
                "batch_id": job.batch_id,
                "session_id": job.session_id,
                "node": job.node,
                "generation": job.generation,
                "attempt": job.attempt,
                "at": datetime.now(UTC),
            }
        )
        self._publisher.publish_nowait(self._subject, named.encode())
