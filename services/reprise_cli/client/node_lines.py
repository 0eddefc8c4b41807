"""Nodes in words, for a line of a log and for a terminal."""

from collections.abc import Iterable, Mapping

from reprise_contracts.nodes import NEW_STEPS, PHASE_NAMES, PHASES, STEPS, phase_of, step_of
from reprise_contracts.phrases import PLURAL, spoken
from reprise_contracts.states import NodeView

BUSY = frozenset({"queued", "running", "cancelling"})


def node_name(node: str, title: str = "") -> str:
    """A node in words: `phase2 synthesize`, `step 4 How fast is it?`."""
    step = step_of(node)
    if step is not None:
        return f"step {step}{f' {title}' if title else ''}"
    if node == NEW_STEPS:
        return "steps of a new plan"
    return f"{node} {PHASE_NAMES[phase_of(node)]}"


def node_result(view: NodeView) -> str:
    """What came of a node, in a few words."""
    if view.status == "failed" and view.problem:
        return f"{view.problem.detail} {view.problem.action}".strip()
    return "unchanged" if view.status == "completed" and view.unchanged else view.headline


def stale_reason(view: NodeView) -> str:
    """Why a node is stale: its nearest cause in words."""
    if not view.causes:
        return ""
    cause = view.causes[0]
    return cause.text or f"{cause.node}: {cause.reason}"


def node_line(node: str, view: NodeView) -> str:
    """One node as one line."""
    parts = [f"{node_name(node, view.title)}: {view.status}"]
    if view.status == "completed" and view.seconds:
        parts.append(f"in {view.seconds:.1f} s")
    if (result := node_result(view)) and view.status in {"completed", "failed"}:
        parts.append(f"– {result}")
    if view.locked_at:
        parts.append("[locked]")
    if view.freshness == "stale" and view.status not in BUSY:
        parts.append(f"[stale{f': {stale_reason(view)}' if stale_reason(view) else ''}]")
    return " ".join(parts)


def has_news(view: NodeView) -> bool:
    """Return whether a node says anything yet."""
    return view.status not in {"pending", "queued"} or view.freshness is not None


def change_lines(node: str, before: NodeView | None, after: NodeView, *, running: bool = False) -> list[str]:
    """The line that a change of a node is worth; none for the group, for what only counts up, and for what
    becomes stale or fresh while a run is under way: the run may come to it yet."""
    was = before or NodeView()
    tried = (after.status, after.generation, after.attempt) != (was.status, was.generation, was.attempt)
    if (
        node == STEPS
        or after.status == "queued"
        or (not tried and (running or after.freshness == was.freshness))
    ):
        return []
    if tried or after.status in BUSY:
        return [node_line(node, after)] if tried else []
    if after.freshness == "stale":
        return [
            f"{node_name(node, after.title)}: "
            f"stale{f': {stale_reason(after)}' if stale_reason(after) else ''}"
        ]
    return [f"{node_name(node, after.title)}: up to date"]


def node_list(nodes: Iterable[str]) -> str:
    """Nodes in words, the steps as numbers: `phase2 synthesize, steps 1 4 7`."""
    nodes = list(nodes)
    steps = [step for node in nodes if (step := step_of(node)) is not None]
    others = [node for node in nodes if step_of(node) is None]
    named = [node_name(node) for node in others]
    if steps:
        place = next((place for place, node in enumerate(others) if phase_of(node) >= STEPS), len(named))
        named.insert(place, f"step{'s' if len(steps) > 1 else ''} {' '.join(map(str, steps))}")
    return ", ".join(named)


def node_order(node: str) -> tuple[int, int]:
    """Phases in order, steps by number."""
    return PHASES.index(phase_of(node)), step_of(node) or 0


def advice(session_id: str, nodes: Mapping[str, NodeView]) -> str:
    """What brings a session up to date: a refresh; but what is locked waits until it is unlocked (R38), and
    what a user edited is replaced only where it is named (R12)."""
    own = (node for node in ("phase1", "phase2") if node in nodes and nodes[node].edited)
    node = next(
        (node for node in own if any(cause.reason != "upstream" for cause in nodes[node].causes)), None
    )
    held = next((n for n in nodes if nodes[n].locked_at and nodes[n].freshness == "stale"), None)
    if held is not None:
        return (
            f"{spoken(held)} is locked, and a refresh leaves it and what is made from it. "
            f"Unlock it with: reprise unlock {session_id} {held}, then: reprise refresh {session_id}"
        )
    if node is None:
        return f"bring it up to date with: reprise refresh {session_id}"
    was, them = ("were", "them") if node in PLURAL else ("was", "it")
    return (
        f"{spoken(node)} {was} edited, and a refresh leaves {them}. Replace {them} with: reprise rerun phase "
        f"{session_id} {node}, "
        f"or keep {them} with: reprise accept {session_id} {node} --reason WHY"
    )


def stale_nodes(nodes: Mapping[str, NodeView]) -> list[str]:
    """What is stale, a phrase for each reason: `steps 4 5, phase4 report (Step 1 has changed.)`."""
    stale = sorted(
        (node for node, view in nodes.items() if view.freshness == "stale" and node != STEPS), key=node_order
    )
    reasons = dict.fromkeys(stale_reason(nodes[node]) for node in stale)
    named = {
        reason: node_list(node for node in stale if stale_reason(nodes[node]) == reason) for reason in reasons
    }
    return [f"{members}{f' ({reason})' if reason else ''}" for reason, members in named.items()]
