"""Where the log stood: kept outside of it, so that a log that went back is noticed."""

from pydantic import Field

from reprise_contracts.wire import Instant, Message


class LogMark(Message):
    """How far the log had come at a time. Sequences mean something only within one epoch."""

    epoch: str
    last_seq: int
    removed: int
    """How many of the sequences up to `last_seq` hold nothing any more."""
    may_remove: int = 0
    """How many more are being removed on purpose."""
    at: Instant
    rewound: str = ""
    """Why the log is not trusted, in words: nobody appends to it until an operator has decided."""


class OpenWork(Message):
    """What there was still to do at a position of the log: a scheduler that takes over looks there, and at
    what was appended since."""

    epoch: str
    position: int
    targets: tuple[str, ...] = ()
    """Sessions that run, and sessions and batches of which something is to be tidied up."""


class BackupMark(Message):
    """The last backup that was made."""

    taken_at: Instant
    objects: int
    bytes: int
    lost: int = 0
    """Objects that the store had lost before, and that are not in it."""


class AnnouncedMark(Message):
    """Up to where in the log everything is announced to webhooks, and what was announced besides."""

    epoch: str
    position: int
    replays: dict[str, str] = Field(default_factory=dict)
    """By webhook: the last replay that is done."""
    backup: Instant | None = None
    """The backup of which it was told that it is old."""
