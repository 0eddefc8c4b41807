"""A session or a batch as bytes and back: a cache of its folded log, never the truth."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from reprise_domain.batch import Batch
from reprise_domain.state import Session

REDUCER = 2
"""The version of `reduce`: a snapshot of another one is not read, and the log is folded instead."""

S = TypeVar("S", Session, Batch)


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """A state, the sequence it stands at (`state.seq`) and the reducer that made it."""

    reducer: int
    state: S


_SESSION: TypeAdapter[Snapshot[Session]] = TypeAdapter(Snapshot[Session])


def dump(session: Session) -> bytes:
    """The snapshot of a session."""
    return _SESSION.dump_json(Snapshot(REDUCER, session))


def load(data: bytes) -> Session | None:
    """The session of a snapshot; None if another reducer made it or the bytes are not one."""
    try:
        snapshot = _SESSION.validate_json(data)
    except ValidationError:
        return None
    return snapshot.state if snapshot.reducer == REDUCER else None
