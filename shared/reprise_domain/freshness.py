"""Freshness, derived from the log alone (R3 to R6): what a node read against what it would read now.

Nothing here is ever stored. A node's recorded inputs are compared with today's; a difference is a cause; a node below a
stale node has that as a cause; what the user accepted is taken off. So A → B → A is fresh again, and no rerun can
leave an artifact that looks fresh and is not.
"""

from dataclasses import dataclass
from datetime import datetime

from reprise_contracts.artifacts import ABSTRACT, REFERENCES, TEXTS, WHOLE, text_part
from reprise_contracts.nodes import Freshness, step_node, step_of
from reprise_contracts.states import Cause
from reprise_contracts.wire import digest_of
from reprise_contracts.words import GONE, Reason, because
from reprise_domain.graph import parents
from reprise_domain.state import Session

PARAMETERS = ("engine", "model", "guidance")
FAILED = "failed"
UPSTREAM = "upstream:"
MISSING = ""
CHAIN = 40
"""Links of a chain of causes that are shown at most."""


def reads_now(session: Session, node: str) -> dict[str, str]:
    """R1, R3: every input and parameter of a node by name, and what it is now. An input that is missing is `""`."""
    reads = dict(inputs(session, node))
    wished = session.parameters(node)
    reads |= {name: value for name in PARAMETERS if (value := getattr(wished, name))}
    return reads


def inputs(session: Session, node: str) -> list[tuple[str, str]]:
    """R1: what a node reads besides its parameters, by name, and what it is now."""
    step = step_of(node)
    if step is not None:
        planned = session.plan.by_id.get(step) if session.plan else None
        if planned is None:
            return [("definition", MISSING)]
        texts = [_part(session, "phase0", text_part(source)) for source in planned.source_ids] or [_part(session, "phase0", TEXTS)]
        return [("definition", planned.identity), *texts, *(_part(session, step_node(other)) for other in planned.depends_on)]
    if node == "phase0":
        pinned = session.run.sources if session.run and node in session.run.scope else [known.source for known in session.sources]
        return [(f"source/{source.source_id}", source.version) for source in pinned]
    if node == "phase1":
        return [_part(session, "phase0", ABSTRACT)]
    if node == "phase2":
        return [_part(session, "phase0", ABSTRACT), _part(session, "phase1")]
    steps = session.plan.nodes if session.plan else ()
    return [_part(session, "phase0", REFERENCES), _part(session, "phase2"), *(_part(session, step) for step in steps)]


def _part(session: Session, node: str, part: str = WHOLE) -> tuple[str, str]:
    made = session.node(node).made
    return (node if part == WHOLE else f"{node}#{part}", made.parts.get(part, MISSING) if made else MISSING)


def moved(session: Session, node: str) -> dict[str, str]:
    """The recorded inputs that differ from today's and that the user did not accept, each with today's value."""
    entry = session.node(node)
    if entry.made is None:
        return {}
    then, now = entry.made.reads, _unpinned(session, node)
    if then == now:
        return {}
    differing = {name: now.get(name, MISSING) for name in then.keys() | now.keys() if then.get(name, MISSING) != now.get(name, MISSING)}
    return {name: value for name, value in sorted(differing.items()) if entry.accepted.get(name) != value}


def producer(name: str) -> str:
    """The node that an input comes from; a parameter or a source is its own."""
    return "phase2" if name == "definition" else name.split("#", 1)[0]


def _unpinned(session: Session, node: str) -> dict[str, str]:
    """Today's inputs as the log has them, also while a run works on pinned sources."""
    if node != "phase0":
        return reads_now(session, node)
    own = {name: value for name in PARAMETERS if (value := getattr(session.parameters(node), name))}
    return {f"source/{known.source.source_id}": known.source.version for known in session.sources} | own


def needs_run(session: Session, node: str) -> bool:
    """R7, R26: at its turn a node is run if it is not completed or if what it read has moved, whatever the cause."""
    return session.node(node).status != "completed" or bool(moved(session, node))


@dataclass(frozen=True, slots=True)
class Link:
    """A direct cause: by name, what it was when looked at, and the cause as the outside sees it."""

    name: str
    value: str
    cause: Cause


class Verdicts:
    """The freshness of every node of one state; each is worked out once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._links: dict[str, tuple[Link, ...]] = {}

    def freshness(self, node: str) -> Freshness | None:
        """R3: null without an artifact, else fresh or stale."""
        if self._session.node(node).made is None:
            return None
        return "stale" if self.links(node) else "fresh"

    def links(self, node: str) -> tuple[Link, ...]:
        """The direct causes that make a node stale; none if it is fresh or has no artifact."""
        todo = [node]
        while todo:  # parents first, without recursion: a plan may be one long chain
            nearest = todo[-1]
            unknown = [] if nearest in self._links else [p for p in parents(nearest, self._session.plan) if p not in self._links]
            if unknown:
                todo += unknown
                continue
            if nearest not in self._links:
                self._links[nearest] = self._find(nearest)
            todo.pop()
        return self._links[node]

    def _find(self, node: str) -> tuple[Link, ...]:
        session, entry = self._session, self._session.node(node)
        if entry.made is None:
            return ()
        links = [Link(name, value, _cause(session, node, name)) for name, value in moved(session, node).items()]
        if entry.status == "failed":
            links.append(
                Link(FAILED, str(entry.generation), Cause(node=node, reason="failed", at=entry.since, text=because(node, "failed")))
            )
        for parent in parents(node, session.plan):
            above = self._links[parent]
            if above:
                value = digest_of({link.name: link.value for link in above})
                links.append(Link(UPSTREAM + parent, value, Cause(node=parent, reason="upstream", text=because(parent, "upstream"))))
        return tuple(link for link in links if entry.accepted.get(link.name) != link.value)

    def chain(self, node: str) -> tuple[Cause, ...]:
        """R4: the causes of a node back to what changed, nearest first, none named twice."""
        found: dict[tuple[str, str], Cause] = {}
        todo, seen = [node], {node}
        while todo and len(found) < CHAIN:
            for link in self.links(todo.pop(0)):
                found.setdefault((link.cause.node, link.cause.reason), link.cause)
                if link.cause.reason == "upstream" and link.cause.node not in seen:
                    seen.add(link.cause.node)
                    todo.append(link.cause.node)
        return tuple(found.values())[:CHAIN]


def _cause(session: Session, node: str, name: str) -> Cause:
    """The cause that a moved input stands for."""
    if name in PARAMETERS:
        reason: Reason = name  # type: ignore[assignment]  # each parameter is a reason of its own
        return Cause(node=node, reason=reason, at=session.wished_at(node), text=because(node, reason))
    if name.startswith("source/"):
        return _source_cause(session, node, name)
    if name == "definition":
        return Cause(node="phase2", reason="definition", at=_changed_at(session, "phase2"), text=because(node, "definition"))
    source = producer(name)
    if (step := step_of(source)) is not None and step not in (session.plan.by_id if session.plan else {}):
        return Cause(node="phase2", reason="definition", at=_changed_at(session, "phase2"), text=GONE)
    reason = "missing" if session.node(source).made is None else "changed"
    return Cause(node=source, reason=reason, at=_changed_at(session, source), text=because(source, reason))


def _source_cause(session: Session, node: str, name: str) -> Cause:
    known = next((known for known in session.sources if f"source/{known.source.source_id}" == name), None)
    made = session.node(node).made
    added = made is not None and name not in made.reads
    reason: Reason = "source_removed" if known is None else "source_added" if added else "source_changed"
    return Cause(node=name, reason=reason, at=known.at if known else session.removed_at, text=because(name, reason))


def _changed_at(session: Session, node: str) -> datetime | None:
    made = session.node(node).made
    return made.changed_at if made else None
