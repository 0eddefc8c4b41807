"""What a change of a source touches: the passages that moved, and what rests on them (`GET
…/sources/{source_id}/impact`)."""

from typing import Literal

from reprise_contracts.nodes import NodeId
from reprise_contracts.sources import Check
from reprise_contracts.states import Preview
from reprise_contracts.wire import Id, Message, Sha256

Fate = Literal["changed", "gone"]
"""Of a passage that does not stand as it was cited: its text says something else now, or its source is no
longer there."""


class ImpactCall(Message):
    """`reprise.v1.api.impact`."""

    batch_id: Id
    source_id: Id


class TouchedPassage(Message):
    """A passage that is cited and does not stand any more: `quote == text[start:end]` in the text with this
    hash."""

    text_sha256: Sha256
    start: int
    end: int
    quote: str
    fate: Fate
    now: str = ""
    """What stands in its place in the text of today; nothing where that cannot be told."""


class TouchedFinding(Message):
    """A finding that rests on passages which moved."""

    node: NodeId
    finding_id: str
    claim: str
    passages: tuple[TouchedPassage, ...]
    standing: int = 0
    """Its citations that still stand, those of other sources included."""


class TouchedSection(Message):
    """A section of the report that rests on passages which moved."""

    section_id: str
    title: str
    sentences: tuple[str, ...] = ()
    """Its sentences that do, as the report has them."""


class SessionImpact(Message):
    """What is touched in one session, and what an update of it would do and cost."""

    session_id: str
    topic: str
    findings: tuple[TouchedFinding, ...] = ()
    sections: tuple[TouchedSection, ...] = ()
    standing: int = 0
    """Passages of the source that its findings cite and that still stand."""
    unknown: int = 0
    """Passages of the source that it cites and of which nothing is known yet: its new text has not been
    read."""
    update: Preview | None = None
    """What a refresh would run, with its cost as it was last time; null where nothing is to be done."""


class Impact(Message):
    """What a source's change touches, in every session that read it."""

    batch_id: str
    source_id: str
    title: str | None = None
    url: str | None = None
    there: bool = True
    """Whether the source is still one of the batch's, and its page was there at the last check."""
    check: Check | None = None
    """The last check that told something new."""
    text_sha256: Sha256 | None = None
    """Its text of today, which citations are compared with."""
    unread: bool = False
    """It was replaced, and its new text has not been read: which passages moved is known after the
    preparation. No finding, sentence or section is named until then."""
    sessions: tuple[SessionImpact, ...] = ()
