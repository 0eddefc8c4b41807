"""Two sessions' reports beside each other, section by section."""

from typing import Literal

from reprise_contracts.wire import Id, Message


class CompareCall(Message):
    """`reprise.v1.api.compare`."""

    session_id: Id
    other_id: Id


class SectionComparison(Message):
    """One section of either report. Sentences are as their report has them; the numbers of references count
    for nothing, what they refer to does."""

    title: str
    change: Literal["same", "differs", "only_this", "only_other"]
    only_this: tuple[str, ...] = ()
    """Sentences that the other report's section has not."""
    only_other: tuple[str, ...] = ()
    shared: int = 0
    """Sentences that both have."""


class Comparison(Message):
    """`GET /sessions/{session_id}/compare/{other_id}`."""

    session_id: Id
    other_id: Id
    sections: tuple[SectionComparison, ...] = ()
    """In the order of this report; what only the other one has comes last."""
    sources_only_this: tuple[str, ...] = ()
    """Sources that the other report does not refer to, by title or address."""
    sources_only_other: tuple[str, ...] = ()
