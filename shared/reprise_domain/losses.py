"""What the store has lost (R34): which objects the log names, and whose loss a missing one is."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reprise_contracts import events, subjects
from reprise_contracts.jobs import LostObject
from reprise_contracts.problems.refusals import lost
from reprise_domain.state import Session
from reprise_domain.turns import Draft


class NamedObject(NamedTuple):
    """An object that a session's log names."""

    node: str
    key: str
    sha256: str
    bytes: int | None
    """None: the log does not say."""


def named_objects(session: Session) -> Iterator[NamedObject]:
    """Yield every object that the session needs: the artifacts that count, and the texts that phase 0
    prepared."""
    if session.deleted:
        return
    for node, entry in session.nodes.items():
        if entry.materialization is not None:
            artifact = entry.materialization.event.artifact
            yield NamedObject(node, artifact.key, artifact.sha256, artifact.bytes)
    if session.node("phase0").materialization is not None:
        for text in dict.fromkeys(
            known.source.stored.text_sha256 for known in session.sources.values() if known.source.stored
        ):
            if text is not None:
                yield NamedObject("phase0", subjects.text_key(session.batch_id, text), text, None)


def record(draft: Draft, objects: Iterable[LostObject]) -> None:
    """R34: a node whose object is lost has no artifact; what was replaced meanwhile is nobody's loss."""
    found = {gone.key: gone for gone in objects}
    for named in list(named_objects(draft.session)) if found else ():
        gone = found.get(named.key)
        if gone is not None and draft.session.node(named.node).materialization is not None:
            draft.emit(
                events.ArtifactLost(
                    node=named.node, key=named.key, problem=lost(named.node, damaged=gone.damaged)
                )
            )
