"""Freshness, derived from the log alone (R3 to R6): what a node read against what it would read now.

Nothing here is ever stored. A node's recorded inputs are compared with today's; a difference is a cause; a
node below a stale node has that as a cause; what the user accepted is taken off. So A → B → A is fresh again,
and no rerun can leave an artifact that looks fresh and is not.
"""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime

from reprise_contracts.artifacts import TEXTS, WHOLE, text_part
from reprise_contracts.nodes import Freshness, step_node, step_of
from reprise_contracts.phrases import Reason, because
from reprise_contracts.sources import Source
from reprise_contracts.states import Cause
from reprise_contracts.wire import digest_of
from reprise_domain.graph import DEFINITION, READS, parents
from reprise_domain.state import Session

PARAMETERS: Mapping[str, Reason] = {
    "engine": "engine",
    "model": "model",
    "guidance": "guidance",
    "language": "language",
    "report": "report",
}
FAILED = "failed"
SOURCE = "source/"
UPSTREAM = "upstream:"
MISSING = ""
LACKING = "lacking:"
"""What a partial report read of a step that has no good result: the older one, if there is one, as that
alone."""
CHAIN = 40
"""Links of a chain of causes that are shown at most; of one node at most a third of them, so that what
changed is among them."""


def current_inputs(session: Session, node: str) -> dict[str, str]:
    """R1, R3: every input and parameter of a node by name, and what it is now. An input that is missing is
    `""`."""
    return inputs(session, node) | {name: value for name, value in session.parameters(node) if value}


def pinned_inputs(session: Session, node: str, bad: Container[str]) -> dict[str, str]:
    """R18, R19: the same as an attempt reads it: the sources as its run pinned them, and what a partial
    report lacks as lacking."""
    now = current_inputs(session, node)
    if session.run is not None and node == "phase0":
        now = _sources(session.run.sources) | {
            name: value for name, value in now.items() if name in PARAMETERS
        }
    return now | {step: LACKING + now[step] for step in steps_without_result(session, node, bad)}


def steps_without_result(session: Session, node: str, bad: Container[str]) -> tuple[str, ...]:
    """R19: the steps of which a report has an older result or none, because they failed, before the run or in
    it (`bad`)."""
    if session.plan is None or node != "phase4":
        return ()
    return tuple(
        step
        for step in session.plan.nodes
        if step in bad or (entry := session.node(step)).materialization is None or entry.status == "failed"
    )


def _sources(sources: Iterable[Source]) -> dict[str, str]:
    return {SOURCE + source.source_id: source.version for source in sources}


def inputs(session: Session, node: str) -> dict[str, str]:
    """R1: what a node reads besides its parameters, by name, and what it is now."""
    if node == "phase0":
        return _sources(known.source for known in session.sources.values())
    step = step_of(node)
    if step is None:
        parts = READS[node]
        return dict(
            _part(session, parent, parts.get(parent, WHOLE)) for parent in parents(node, session.plan)
        )
    planned = session.plan.by_id.get(step) if session.plan else None
    if planned is None:
        return {DEFINITION: MISSING}
    texts = [text_part(source) for source in planned.source_ids] or [TEXTS]
    read = [("phase0", text) for text in texts] + [(step_node(other), WHOLE) for other in planned.depends_on]
    return {DEFINITION: planned.identity} | dict(_part(session, parent, part) for parent, part in read)


def _part(session: Session, node: str, part: str) -> tuple[str, str]:
    made = session.node(node).materialization
    return (
        node if part == WHOLE else f"{node}#{part}",
        made.event.parts.get(part, MISSING) if made else MISSING,
    )


def changed_inputs(session: Session, node: str, now: Mapping[str, str]) -> dict[str, str]:
    """The recorded inputs that differ from those of now, each with its value now."""
    then = made.reads if (made := session.node(node).materialization) is not None else now
    names = {**now, **then} if then != now else ()
    return {
        name: now.get(name, MISSING) for name in names if then.get(name, MISSING) != now.get(name, MISSING)
    }


def unaccepted(session: Session, node: str, found: Mapping[str, str]) -> dict[str, str]:
    """R28: those of the causes found for a node that the user did not accept as they are."""
    return {name: value for name, value in found.items() if session.node(node).accepted.get(name) != value}


def producer(name: str) -> str:
    """The node that an input comes from; a parameter or a source is its own."""
    return "phase2" if name == DEFINITION else name.split("#", 1)[0]


class Verdicts:
    """The freshness of every node of one state; each is worked out once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._direct_causes: dict[str, Mapping[str, str]] = {}
        self._digests: dict[str, str] = {}

    def freshness(self, node: str) -> Freshness | None:
        """R3: null without an artifact, else fresh or stale."""
        return (
            None
            if self._session.node(node).materialization is None
            else "stale"
            if self.direct_causes(node)
            else "fresh"
        )

    def direct_causes(self, node: str) -> Mapping[str, str]:
        """The direct causes that make a node stale, by name, and what each is now; none if it is fresh or has
        no artifact."""
        found, todo = self._direct_causes, [] if node in self._direct_causes else [node]
        while todo:  # parents first, without recursion: a plan may be one long chain
            unknown = [above for above in parents(todo[-1], self._session.plan) if above not in found]
            todo += unknown
            if not unknown and (nearest := todo.pop()) not in found:
                found[nearest] = self._find(nearest)
        return found[node]

    def _find(self, node: str) -> Mapping[str, str]:
        """R28: a digest is that of all causes, accepted ones too: to accept what is above a node changes
        nothing for it."""
        session, entry = self._session, self._session.node(node)
        if entry.materialization is None:
            return {}
        failed = {FAILED: str(entry.generation)} if entry.status == "failed" else {}
        above = {
            UPSTREAM + parent: parent for parent in parents(node, session.plan) if self._digests.get(parent)
        }
        moved = changed_inputs(session, node, current_inputs(session, node))
        found = moved | failed | {link: self._digests[of] for link, of in above.items()}
        self._digests[node] = digest_of(found) if found else ""
        causes = unaccepted(session, node, found)
        return {
            name: now for name, now in causes.items() if name not in above or self._direct_causes[above[name]]
        }

    def cause_chain(self, node: str) -> tuple[Cause, ...]:
        """R4: the causes of a node back to what changed, nearest first, none named twice."""
        found: dict[tuple[str, str], Cause] = {}
        todo, seen = [node], {node}
        while todo and len(found) < CHAIN:
            nearest = todo.pop(0)
            if (locked_at := self._session.node(nearest).locked_at) and self.direct_causes(nearest):
                found[nearest, "locked"] = _make_cause(nearest, "locked", locked_at)
            for name in tuple(self.direct_causes(nearest))[: CHAIN // 3]:
                cause = _cause(self._session, nearest, name)
                found.setdefault((cause.node, cause.reason), cause)
                if cause.reason == "upstream" and cause.node not in seen:
                    seen.add(cause.node)
                    todo.append(cause.node)
        return tuple(found.values())[:CHAIN]


def _cause(session: Session, node: str, name: str) -> Cause:
    """R4: what a link stands for, and since when."""
    if name.startswith(UPSTREAM):
        return _make_cause(name.removeprefix(UPSTREAM), "upstream", None)
    if name == FAILED:
        return _make_cause(node, "failed", session.node(node).since)
    if name in PARAMETERS:
        return _make_cause(node, PARAMETERS[name], session.parameters_changed_at(node))
    return (_source_cause if name.startswith(SOURCE) else _input_cause)(session, node, name)


def _input_cause(session: Session, node: str, name: str) -> Cause:
    """R4, R12: an input of a node moved: since it was read, or since the user's edit, which a cascade passes
    by."""
    source, own = producer(name), session.node(node).materialization
    reads, edited = (own.reads, own.edited) if own is not None else ({}, False)
    gone = step_of(source) is not None and not (session.plan and step_of(source) in session.plan.by_id)
    made = session.node("phase2" if gone else source).materialization
    if gone or name == DEFINITION:
        text = because((node,), "gone" if gone else "definition")
        return Cause(node="phase2", reason="definition", at=made.changed_at if made else None, text=text)
    if reads.get(name, MISSING).startswith(LACKING):
        return _make_cause(source, "lacking", session.node(source).since)
    reason: Reason = "added" if name not in reads and step_of(source) is not None else "changed"
    return (
        _make_cause(source, reason, made.changed_at, edited=edited)
        if made
        else _make_cause(source, "missing", None)
    )


def _source_cause(session: Session, node: str, name: str) -> Cause:
    known, made = session.sources.get(name.removeprefix(SOURCE)), session.node(node).materialization
    if known is None:
        return _make_cause(name, "source_removed", session.removed_at)
    return _make_cause(name, "source_changed" if made and name in made.reads else "source_added", known.at)


def _make_cause(node: str, reason: Reason, at: datetime | None, *, edited: bool = False) -> Cause:
    return Cause(
        node=node, reason=reason, at=at, edited=edited, text=because((node,), "edited" if edited else reason)
    )
