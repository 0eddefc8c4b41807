"""Freshness, derived from the log alone (R3 to R6): what a node read against what it would read now.

Nothing here is ever stored. A node's recorded inputs are compared with today's; a difference is a cause; a node below a
stale node has that as a cause; what the user accepted is taken off. So A → B → A is fresh again, and no rerun can
leave an artifact that looks fresh and is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reprise_contracts.artifacts import ABSTRACT, REFERENCES, TEXTS, WHOLE, text_part
from reprise_contracts.nodes import Freshness, step_node, step_of
from reprise_contracts.states import Cause, Reason
from reprise_contracts.wire import digest_of
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
    reads = dict(_inputs(session, node))
    wished = session.parameters(node)
    reads |= {name: value for name in PARAMETERS if (value := getattr(wished, name))}
    return reads


def _inputs(session: Session, node: str) -> list[tuple[str, str]]:
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
            links.append(Link(FAILED, str(entry.generation), Cause(node=node, reason="failed", at=entry.since, text=_say(node, "failed"))))
        for parent in parents(node, session.plan):
            above = self._links[parent]
            if above:
                value = digest_of({link.name: link.value for link in above})
                links.append(Link(UPSTREAM + parent, value, Cause(node=parent, reason="upstream", text=_say(parent, "upstream"))))
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
        return Cause(node=node, reason=_REASONS[name], at=session.wished_at(node), text=_say(node, _REASONS[name]))
    if name.startswith("source/"):
        return _source_cause(session, node, name)
    if name == "definition":
        at = _changed_at(session, "phase2")
        return Cause(node="phase2", reason="definition", at=at, text=_say(node, "definition"))
    source = name.split("#", 1)[0]
    gone = session.node(source).made is None
    if source not in {"phase0", "phase2"} and gone and (step_of(source) not in (session.plan.by_id if session.plan else {})):
        return Cause(
            node="phase2", reason="definition", at=_changed_at(session, "phase2"), text="The plan no longer has a step that was read."
        )
    reason: Reason = "missing" if gone else "changed"
    return Cause(node=source, reason=reason, at=_changed_at(session, source), text=_say(source, reason))


def _source_cause(session: Session, node: str, name: str) -> Cause:
    known = next((known for known in session.sources if f"source/{known.source.source_id}" == name), None)
    made = session.node(node).made
    if known is None:
        return Cause(node=name, reason="source_removed", at=session.removed_at, text="A source was removed.")
    if made is not None and name not in made.reads:
        return Cause(node=name, reason="source_added", at=known.at, text="A source was added.")
    return Cause(node=name, reason="source_changed", at=known.at, text="A source has changed.")


def _changed_at(session: Session, node: str) -> datetime | None:
    made = session.node(node).made
    return made.changed_at if made else None


_REASONS: Mapping[str, Reason] = {"engine": "engine", "model": "model", "guidance": "guidance"}
_WORDS: Mapping[Reason, str] = {
    "changed": "{what} has changed.",
    "missing": "{what} has no result.",
    "upstream": "{what} is stale.",
    "failed": "The last try of {what} failed.",
    "definition": "The plan defines {what} otherwise.",
    "guidance": "The guidance of {what} was changed.",
    "engine": "The engine of {what} was changed.",
    "model": "The model of {what} was changed.",
}


def _say(node: str, reason: Reason) -> str:
    text = _WORDS[reason].format(what=spoken(node))
    return text[0].upper() + text[1:]


def spoken(node: str) -> str:
    """A node in words, without ids: `phase3/4` → `step 4`, `phase0` → `the preparation`."""
    step = step_of(node)
    if step is not None:
        return f"step {step}"
    return {
        "phase0": "the preparation",
        "phase1": "the goals",
        "phase2": "the plan",
        "phase3": "the steps",
        "phase4": "the report",
    }.get(node, "a source")
