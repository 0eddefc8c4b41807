"""How sessions, plans and lists look on a terminal."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from reprise_cli.client.node_lines import node_list, node_name, node_result, stale_reason
from reprise_cli.client.session_view import SessionView
from reprise_contracts.nodes import Status, step_of
from reprise_contracts.states import BatchView, NodeView, PoolView, Preview, SessionSummary

STYLES: dict[Status, str] = {
    "pending": "dim",
    "queued": "yellow",
    "running": "cyan",
    "cancelling": "magenta",
    "completed": "green",
    "failed": "red",
    "cancelled": "magenta",
}
SOURCE_STYLES = {"failed": "red", "pending": "dim", "completed": "green", "duplicate": "dim"}
QUIET_SOURCES = frozenset({"completed", "duplicate", "pending"})
SHOWN_SOURCES = 12
SHOWN_STEPS = 30


def session(view: SessionView) -> RenderableType:
    """The whole session: a line per phase, source and step, and how far the run is."""
    table = Table(box=None, pad_edge=False, expand=True)
    table.add_column("", no_wrap=True, overflow="ellipsis", ratio=5)
    table.add_column("status", no_wrap=True, width=10)
    table.add_column("", no_wrap=True, width=6)
    table.add_column("result", overflow="ellipsis", no_wrap=True, ratio=6)
    steps = [node for node in view.order() if step_of(node) is not None]
    hidden = set(steps[SHOWN_STEPS:]) - {
        node for node in steps if view.nodes[node].status in {"running", "failed"}
    }
    for node in view.order():
        if node not in hidden:
            table.add_row(*_node(view, node))
        if node == "phase0" and view.nodes[node].status in {"queued", "running"}:
            _sources(table, view)
    if hidden:
        table.add_row(Text(f"    … {len(hidden)} more steps", style="dim"), "", "", "")
    head = Text.assemble((view.topic or view.session_id, "bold"), ("  " + view.session_id, "dim"))
    parts: list[RenderableType] = [head, table]
    if view.busy:
        parts.append(ProgressBar(total=100, completed=view.progress, width=40))
    return Group(*parts)


def _node(view: SessionView, node: str) -> tuple[Text, Text, Text, Text]:
    entry = view.nodes[node]
    indent = "    " if step_of(node) is not None else ""
    said = view.messages.get(node) if entry.status == "running" else None
    return (
        Text(indent + node_name(node, entry.title)),
        Text(entry.status, style=STYLES[entry.status]),
        Text("stale", style="yellow") if entry.freshness == "stale" else Text(""),
        Text(said or _result(entry), style="red" if entry.status == "failed" else ""),
    )


def _result(entry: NodeView) -> str:
    if entry.freshness == "stale" and entry.status != "failed" and stale_reason(entry):
        return f"{node_result(entry)} – {stale_reason(entry)}".removeprefix(" – ")
    return node_result(entry)


def _sources(table: Table, view: SessionView) -> None:
    lines = sorted(view.sources.values(), key=lambda line: line.status in QUIET_SOURCES)
    for line in lines[:SHOWN_SOURCES]:
        style = SOURCE_STYLES.get(line.status, "cyan")
        table.add_row(
            Text("    " + line.name),
            Text(line.status, style=style),
            Text(f"{line.progress:.0f} %"),
            Text(line.message, style="dim"),
        )
    if len(lines) > SHOWN_SOURCES:
        table.add_row(Text(f"    … {len(lines) - SHOWN_SOURCES} more sources", style="dim"), "", "", "")


def preview(answer: Preview) -> RenderableType:
    """What a rerun would do, one row per list that is not empty."""
    table = Table(box=None, pad_edge=False, show_header=False)
    rows = (
        ("run", answer.plan.run, "cyan"),
        ("may run", answer.plan.may_run, "cyan"),
        ("keep", answer.plan.keep, "green"),
        ("stale", answer.plan.stale, "yellow"),
        ("drop", answer.plan.drop, "red"),
        ("may drop", answer.plan.may_drop, "red"),
    )
    for title, nodes, style in rows:
        if nodes:
            table.add_row(Text(title, style=style), Text(node_list(nodes)))
    for warning in answer.plan.warnings:
        table.add_row(Text("note", style="yellow"), Text(warning))
    estimate = answer.plan.estimate
    about = _cost(estimate.seconds, estimate.tokens, estimate.calls)
    most = _cost(estimate.most_seconds, estimate.most_tokens, estimate.most_calls)
    if estimate.seconds or estimate.tokens:
        table.add_row(Text("last time", style="dim"), Text(about))
    if most != about:
        table.add_row(Text("at most", style="dim"), Text(most))
    if estimate.recorded:
        table.add_row(Text("from the record", style="dim"), Text(node_list(estimate.recorded)))
    if estimate.never_run:
        table.add_row(Text("never run yet", style="dim"), Text(node_list(estimate.never_run)))
    if answer.provisional:
        table.add_row(
            Text("note", style="yellow"),
            Text("The session is busy: this is provisional, and the run waits for its turn."),
        )
    return table


def _cost(seconds: float, tokens: int, calls: int) -> str:
    """What something takes, with the questions to a model where there are any."""
    return f"{seconds:.1f} s, {tokens} tokens" + (f" in {calls} calls" if calls else "")


def batches(found: Iterable[BatchView]) -> Table:
    """A line per session of every batch."""
    table = Table(box=None, pad_edge=False)
    for title in ("batch", "session", "status", "sources", "updated"):
        table.add_column(title, no_wrap=True)
    table.add_column("topic", overflow="ellipsis", no_wrap=True)
    for batch in found:
        when = batch.updated_at or batch.created_at
        started = when.astimezone().strftime("%Y-%m-%d %H:%M") if when else ""
        ended = " (ended)" if batch.ended else ""
        if not batch.sessions:
            table.add_row(
                batch.batch_id,
                "",
                f"ended{' and deleted' if batch.deleted else ''}" if batch.ended else "",
                "",
                started,
                batch.topic,
            )
        for entry in batch.sessions:
            table.add_row(
                batch.batch_id,
                entry.session_id,
                entry.status + ended,
                str(len(batch.sources)),
                started,
                entry.topic,
            )
    return table


def sessions(found: Iterable[SessionSummary]) -> Table:
    """A line per session."""
    table = Table(box=None, pad_edge=False)
    for title in ("session", "status", "stale", "failed", "tags", "updated"):
        table.add_column(title, no_wrap=True)
    table.add_column("topic", overflow="ellipsis", no_wrap=True)
    for one in found:
        when = one.updated_at.astimezone().strftime("%Y-%m-%d %H:%M") if one.updated_at else ""
        ended = " (ended)" if one.ended else ""
        parts = [str(len(nodes)) if nodes else "" for nodes in (one.stale, one.failed)]
        table.add_row(one.session_id, one.status + ended, *parts, " ".join(one.tags), when, one.topic)
    return table


RESULTS = {"ok": "green", "note": "yellow", "wrong": "red"}


def pools(found: Iterable[PoolView]) -> Table:
    """A line per pool, and one per worker."""
    table = Table(box=None, pad_edge=False)
    for title in ("pool", "state", "waiting", "working", "oldest", "worker", "running"):
        table.add_column(title, no_wrap=True)
    for pool in found:
        oldest = f"{pool.oldest_seconds:.0f} s" if pool.oldest_seconds is not None else ""
        workers = f"{len(pool.workers)} worker{'' if len(pool.workers) == 1 else 's'}"
        table.add_row(pool.phase, pool.state, str(pool.waiting), str(pool.working), oldest, workers, "")
        for worker in pool.workers:
            table.add_row(
                "",
                "",
                "",
                "",
                "",
                worker.worker,
                ("draining " if worker.draining else "") + ", ".join(worker.running),
            )
    return table
