"""A session as bytes and back: a cache of its folded log, never the truth."""

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from reprise_domain.reduce import REDUCER
from reprise_domain.state import Session


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state, the sequence it stands at (`state.seq`) and the reducer that made it."""

    reducer: int
    state: Session


_SNAPSHOT: TypeAdapter[Snapshot] = TypeAdapter(Snapshot)


def dump(session: Session) -> bytes:
    """The snapshot of a session."""
    return _SNAPSHOT.dump_json(Snapshot(REDUCER, session))


def load(data: bytes) -> Session | None:
    """The session of a snapshot; None if another reducer made it or the bytes are not one."""
    try:
        snapshot = _SNAPSHOT.validate_json(data)
    except ValidationError:
        return None
    return snapshot.state if snapshot.reducer == REDUCER else None
