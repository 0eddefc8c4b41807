"""Watched sources (R36): when they are looked at, what follows from a change, and what a look found.

The log says which sources are watched. JetStream's own schedules say when: one message for each source, which
the server publishes again, as a check that is due, at its times.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from reprise_contracts.sources import Check, Source
from reprise_contracts.wire import CommandId, Id, Message

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LONGEST = 366 * 86_400
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_PART = re.compile(r"(?:\*|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:/([0-9]+))?")


class Watch(Message):
    """When sources are looked at, and what follows where one has changed."""

    every: str = ""
    """Such as `30m`, `6h` or `7d`; or `cron` has the times."""
    cron: str = ""
    """Five fields: minute, hour, day of the month, month, day of the week."""
    time_zone: str = ""
    """Of `cron`, such as `Europe/Berlin`; empty: UTC."""
    auto: Literal["mark", "refresh"] = "mark"
    """What follows a change: what read it is marked as out of date, and with `refresh` brought up to date."""
    max_tokens: Annotated[int, Field(ge=0, le=10**12)] = 0
    """What refreshes by themselves may spend in a day (UTC), all sessions of the batch together."""
    add: bool = False
    """Whether new results of a search, and what a feed or an archive holds anew, become sources."""

    @property
    def seconds(self) -> int:
        """Between two checks; 0 where `cron` has the times."""
        return int(self.every[:-1]) * SECONDS[self.every[-1]] if self.every else 0

    @property
    def schedule(self) -> str:
        """As JetStream takes it: `@every 21600s`, or six fields, of which the first are seconds."""
        return f"@every {self.seconds}s" if self.every else f"0 {self.cron}"


def watched(sources: Mapping[str, Source], watches: Mapping[str, Watch | None]) -> dict[str, Watch]:
    """The sources that are looked at, each by its own watch, else by the batch's (under the empty name). Only
    what has an address, or is a search, and was fetched once can be looked at again."""
    found: dict[str, Watch] = {}
    for name, source in sources.items():
        watch = watches.get(name) or watches.get("")
        asked = source.url is not None or source.search is not None
        fetched = source.stored is not None and source.stored.revision == source.revision
        if watch is not None and asked and fetched:
            found[name] = watch
    return found


def _duration(every: str) -> str:
    found = re.fullmatch(r"([1-9][0-9]{0,7})([smhd])", every)
    if every and (found is None or int(found[1]) * SECONDS[found[2]] > LONGEST):
        raise ValueError("is a number with s, m, h or d, for example 6h, and at most a year")
    return every


def _cron(given: str) -> str:
    """Five fields, each checked: whoever keeps the schedule would refuse it when nobody listens any more."""
    fields = given.lower().split()
    if given and len(fields) != len(_FIELDS):
        raise ValueError("has five fields: minute, hour, day of the month, month and day of the week")
    for text, (name, least, most, names) in zip(fields, _FIELDS, strict=False):
        for part in text.split(","):
            found = _PART.fullmatch(part)
            ends = [_number(end, least, names) for end in (found[1], found[2]) if end] if found else [None]
            whole = [end for end in ends if end is not None]
            if len(whole) < len(ends) or whole != sorted(whole) or any(not least <= n <= most for n in whole):
                raise ValueError(f"has a {name} that is none: {part}")
            if found is not None and found[3] is not None and not 1 <= int(found[3]) <= most:
                raise ValueError(f"has a step in the {name} that is none: {part}")
    return " ".join(fields)


def _number(text: str, least: int, names: tuple[str, ...]) -> int | None:
    if text.isdecimal():
        return int(text)
    return names.index(text) + least if text in names else None


def _zone(name: str) -> str:
    try:
        return str(ZoneInfo(name)) if name else ""
    except (KeyError, ValueError, OSError):  # unknown, or no name at all
        raise ValueError("is no time zone, for example Europe/Berlin") from None


class WatchRequest(Watch):
    """`PUT /batches/{b}/watch` and `PUT /batches/{b}/sources/{source_id}/watch`."""

    every: Annotated[str, AfterValidator(_duration)] = ""
    cron: Annotated[str, StringConstraints(max_length=200), AfterValidator(_cron)] = ""
    time_zone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)] = ""
    max_tokens: Annotated[int, Field(ge=0, le=10**12, strict=True)] = 0
    add: Annotated[bool, Field(strict=True)] = False
    command_id: CommandId | None = None

    @model_validator(mode="after")
    def _whole(self) -> "WatchRequest":
        if bool(self.every) == bool(self.cron):
            raise ValueError("name either `every` or `cron`")
        if self.time_zone and not self.cron:
            raise ValueError("`time_zone` goes with `cron`")
        if (self.auto == "refresh") != (self.max_tokens > 0):
            raise ValueError("`auto: refresh` and `max_tokens` (a day) go together")
        return self

    @property
    def watch(self) -> Watch:
        """What is asked for."""
        return Watch(**{name: getattr(self, name) for name in Watch.model_fields})


class WatchCall(WatchRequest):
    """`reprise.v1.api.watch`."""

    batch_id: Id
    source_id: Id | None = None


class UnwatchCall(Message):
    """`reprise.v1.api.unwatch`."""

    batch_id: Id
    source_id: Id | None = None
    command_id: CommandId | None = None


class WatchesCall(Message):
    """`reprise.v1.api.watches`."""

    batch_id: Id


class CheckDue(Message):
    """A check that is due: the source as its batch has it, with what is stored of it."""

    batch_id: Id
    source: Source
    add: bool = False


class Checked(Message):
    """The last check of a source, news or not: the last value of its subject."""

    check: Check
    seconds: float = 0.0
    worker: str = ""


class WatchedSource(Message):
    """A source that is watched, and how it stands."""

    source_id: str
    title: str | None = None
    url: str | None = None
    watch: Watch
    news: Check | None = None
    """The last check that told something new."""
    checked: Check | None = None
    """The last check; null before the first one."""


class WatchView(Message):
    """`GET /batches/{b}/watch`."""

    batch_id: str
    watch: Watch | None = None
    """The batch's, for every source that has none of its own."""
    sources: tuple[WatchedSource, ...] = ()
    undecided: str | None = None
    """The id of the command that was stored and is not decided yet."""
