"""The slow check: every object that the log names is read once in a while, so that a loss is known before
someone needs it (R34)."""

import asyncio
import random

from reprise_contracts.wire import Malformed
from reprise_domain.reduce import InvalidTransition
from reprise_runtime import metrics
from reprise_runtime.errors import RepriseError
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Publisher
from reprise_runtime.nats.session_log import SessionLog
from reprise_runtime.operate.fsck import load_session, lost_objects, report_lost, sessions_of
from reprise_runtime.s3.artifact_store import ArtifactStore

_log = logger(__name__)
SHORTEST = 0.05
"""Seconds between two sessions at least: the check is in nobody's way."""


class Checker:
    """Goes through all sessions in one period, in an order that differs from time to time, so that restarts
    favour none."""

    def __init__(self, log: SessionLog, store: ArtifactStore, publisher: Publisher, period: float) -> None:
        self._log = log
        self._store = store
        self._publisher = publisher
        self._period = period

    async def run(self) -> None:
        """Check for ever; a period of 0 checks nothing."""
        while self._period > 0:
            try:
                sessions = [session_id async for session_id in sessions_of(self._log)]
            except RepriseError as error:
                _log.warning("cannot check", error=str(error))
                sessions = []
            random.shuffle(sessions)
            pause = self._period / max(len(sessions), 1)
            for session_id in sessions:
                await asyncio.sleep(max(min(pause, self._period), SHORTEST))
                await self._check(session_id)
            if not sessions:
                await asyncio.sleep(min(self._period, 60.0))

    async def _check(self, session_id: str) -> None:
        try:
            session = await load_session(self._log, session_id)
            lost = await lost_objects(self._store, session) if session is not None else []
            if session is None or not lost:
                return
            await asyncio.sleep(1.0)  # what is away for a moment is not lost
            lost = await lost_objects(self._store, session)
            if lost:
                metrics.OBJECTS_LOST.inc(len(lost))
                _log.error(
                    "objects are lost",
                    session=session_id,
                    objects=len(lost),
                    nodes=sorted({named.node for named, _ in lost}),
                )
                await report_lost(self._publisher, session, [gone for _, gone in lost])
        except RepriseError as error:  # the next round looks again
            _log.warning("not checked", session=session_id, error=str(error))
        except (Malformed, InvalidTransition) as error:
            _log.error("cannot check a session", session=session_id, error=str(error))
