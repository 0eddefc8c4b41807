"""The high-water mark of the log, in a stream and in the bucket: a server that brings back less than it
confirmed is noticed.

The scheduler that leads moves the mark every second; whoever appends to the log looks at it when it starts,
after every reconnection, and every few seconds. A log that stands behind its mark, or that lacks commits
which nobody removed, or that is another one, is not appended to: its sequences would be used twice, and what
runs would run on half a history.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from reprise_contracts import subjects
from reprise_contracts.marks import LogMark
from reprise_contracts.wire import Malformed
from reprise_runtime import metrics
from reprise_runtime.errors import RepriseError
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus

AGAIN = 5.0
"""Seconds between two looks at a log that is not trusted."""
EPOCH = "reprise-epoch"
"""In the stream's metadata: counts how often an operator went on with a log that had been rewound."""
ACTION = (
    "Restore the newest backup (`reprise restore FOLDER --replace`), or go on with what is left "
    "(`reprise bootstrap --accept-log`)."
)
_log = logger(__name__)


def epoch_of(info: Mapping[str, Any]) -> str:
    """Return which log a stream's information is about: when it was created, and how often it was accepted as
    it was."""
    accepted = (info["config"].get("metadata") or {}).get(EPOCH, "")
    return f"{info['created']}+{accepted}" if accepted else str(info["created"])


def standing(info: Mapping[str, Any], at: datetime) -> LogMark:
    """Return the mark of a log as a stream's information says that it stands."""
    state = info["state"]
    return LogMark(
        epoch=epoch_of(info), last_seq=state["last_seq"], removed=state["last_seq"] - state["messages"], at=at
    )


def rewound(mark: LogMark, now: LogMark) -> str:
    """Return what is wrong with a log that stood at a mark, in words; nothing if it can be trusted."""
    then = f"{mark.at:%Y-%m-%d %H:%M:%S} UTC"
    if now.epoch != mark.epoch:
        return f"The log is another one than at {then}: it was created anew."
    if now.last_seq < mark.last_seq:
        return f"The log has gone back: it stood at {mark.last_seq} at {then}, and stands at {now.last_seq}."
    gone = now.removed - mark.removed - mark.may_remove
    if gone > 0:
        return f"The log has lost {gone} commits since {then}."
    return ""


async def read_mark(bus: Bus) -> LogMark | None:
    """Return the mark in the stream; None if there is none yet, or none that this version can read. Raises
    `Unavailable`."""
    found = await bus.last(subjects.MARKS, subjects.MARK)
    try:
        return LogMark.decode(found.data) if found is not None else None
    except Malformed:
        return None


async def write_mark(bus: Bus, mark: LogMark) -> None:
    """Put a mark in place of the one before. Raises `Retryable`."""
    await bus.publish(subjects.MARK, mark.encode(), stream=subjects.MARKS)


class LogGuard:
    """Lets through whoever wants to append, while the log is trusted."""

    def __init__(self, bus: Bus, clock: Callable[[], datetime]) -> None:
        self._bus = bus
        self._clock = clock
        self._reconnects = -1
        self._looked: datetime | None = None
        self._said = ""

    async def watch(self) -> None:
        """Look every few seconds, so that what is wrong is said also while nobody asks for anything."""
        while True:
            await self.until_sound()
            await asyncio.sleep(AGAIN)

    async def until_sound(self) -> None:
        """Return once the log is trusted: at once, if it was looked at lately over the same connection."""
        while True:
            reconnects, now = int(self._bus.client.stats["reconnects"]), self._clock()
            fresh = self._looked is not None and (now - self._looked).total_seconds() < AGAIN
            if fresh and reconnects == self._reconnects and not self._said:
                return
            try:
                mark = await read_mark(self._bus)
                info = await self._bus.stream_info(subjects.SESSIONS) if mark is not None else None
                wrong = (
                    (mark.rewound or rewound(mark, standing(info, now)))
                    if mark is not None and info is not None
                    else ""
                )
            except RepriseError as error:
                _log.warning("cannot compare the log with its mark", error=str(error))
                await asyncio.sleep(1.0)
                continue
            self._reconnects, self._looked = reconnects, now
            metrics.LOG_REWOUND.set(bool(wrong))
            if wrong and wrong != self._said:
                _log.error("the log is not trusted: nothing is decided", problem=wrong, action=ACTION)
            self._said = wrong
            if not wrong:
                return
            await asyncio.sleep(AGAIN)
