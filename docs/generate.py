"""Fills the generated parts of the pages in this folder from the tables in the code: `python
docs/generate.py`.

A part stands between `<!-- name -->` and `<!-- /name -->`. `tests/unit/test_docs.py` holds that the pages are
up to date.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from reprise_contracts import asyncapi
from reprise_contracts.artifacts import ObjectRef, PlannedStep
from reprise_contracts.commands import Options, Rerun, SessionSpec, Target
from reprise_contracts.jobs import BatchFact, Completed, SessionCreation
from reprise_contracts.sources import Source
from reprise_domain.commands import request_of
from reprise_domain.decide import decide
from reprise_domain.dispatch import nodes_to_dispatch
from reprise_domain.preview import preview
from reprise_domain.reduce import TRANSITIONS
from reprise_domain.state import Session

FOLDER = Path(__file__).parent
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HASH = "0" * 64
PLAN = (
    PlannedStep(step_id=1, identity="1", title="one"),
    PlannedStep(step_id=2, identity="2", title="two"),
    PlannedStep(step_id=3, identity="3", title="three", depends_on=(1,)),
)
TARGETS: dict[str, Target] = {
    "prepare (phase0)": Target(phase="phase0"),
    "discover (phase1)": Target(phase="phase1"),
    "synthesize (phase2)": Target(phase="phase2"),
    "all steps (phase3)": Target(phase="phase3"),
    "step 1": Target(steps=(1,)),
    "step 2": Target(steps=(2,)),
    "report (phase4)": Target(phase="phase4"),
}


def finished() -> Session:
    """A session that was researched: three steps, of which the third depends on the first."""
    spec = SessionSpec(session_id="s-1", topic="A topic")
    creation = SessionCreation(command_id="create", fingerprint=HASH, spec=spec)
    fact = BatchFact(
        batch_id="b-1",
        batch_seq=1,
        sources=(Source(source_id="src-1", url="http://example.org"),),
        create=creation,
    )
    session = decide(None, fact, NOW).session
    while session is not None and (nodes := nodes_to_dispatch(session)):
        for node in nodes:
            entry = session.node(node)
            parts = dict.fromkeys(("output", "abstract", "texts", "references"), node)
            report = Completed(
                node=node,
                generation=entry.generation,
                attempt=entry.attempt,
                execution_id=f"x-{node[5:].replace('/', '-')}",
                artifact=ObjectRef(key=node, sha256=HASH),
                parts=parts,
                plan=PLAN if node == "phase2" else None,
            )
            session = decide(session, report, NOW).session
            assert session is not None  # noqa: S101  # decide never loses a session
    assert session is not None  # noqa: S101
    return session


def reruns() -> str:
    """For each target and propagation: what runs, may run, is kept, becomes stale, may be dropped."""
    session = finished()
    heads = (
        "rerun",
        "propagation",
        "runs",
        "runs if something above it changed",
        "is kept",
        "becomes stale if something above it changed",
    )
    heads += ("may be dropped",)
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, target in TARGETS.items():
        for propagation in ("cascade", "mark_stale"):
            command = Rerun(
                command_id="c", target=target, options=Options.model_validate({"propagation": propagation})
            )
            plan = preview(session, request_of(session, command)).plan
            cells = [
                _nodes(plan.run),
                _nodes(plan.may_run),
                _nodes(plan.keep),
                _nodes(plan.stale),
                _nodes(plan.may_drop),
            ]
            lines.append(f"| {name} | {propagation} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _nodes(nodes: tuple[str, ...]) -> str:
    names = {
        "phase0": "prepare",
        "phase1": "goals",
        "phase2": "plan",
        "phase4": "report",
        "phase3/*": "new steps",
    }
    return ", ".join(names.get(node) or f"step {node[7:]}" for node in nodes) or "–"


def status_diagram() -> str:
    """A node's status as a Mermaid diagram, from `TRANSITIONS`."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> pending"]
    for event, (before, after) in TRANSITIONS.items():
        lines += [
            f"    {status} --> {after}: {event.removeprefix('node_')}"
            for status in before
            if status != after or event == "node_queued"
        ]
    return "\n".join([*lines, "```"])


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "users.md": {"reruns": reruns},
    "rules.md": {"status": status_diagram},
}


def filled(page: str) -> str:
    """A page with its generated parts as they ought to be."""
    text = (FOLDER / page).read_text()
    for name, make in PARTS[page].items():
        before, mark, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        if not mark or not end:
            raise SystemExit(f"{page} has no part {name}")
        text = f"{before}{mark}{make()}\n{end}{after}"
    return text


def main() -> None:
    """Write every page."""
    for page in PARTS:
        (FOLDER / page).write_text(filled(page))
    (FOLDER / "messages.md").write_text(asyncapi.markdown())


if __name__ == "__main__":
    sys.exit(main())
