"""What a follower knows of one session, folded from frames: pure, so that it can be tested without a server
or a terminal."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from reprise_cli.client.node_lines import BUSY, change_lines, has_news, node_line, node_order, stale_nodes
from reprise_contracts import frames
from reprise_contracts.nodes import step_node, step_of
from reprise_contracts.problems.model import Problem
from reprise_contracts.states import NodeView, State

SOURCE_ENDS = frozenset({"completed", "failed", "duplicate"})
Outcome = Literal["completed", "failed", "cancelled", "refused"]


@dataclass(frozen=True)
class Ending:
    """How a run came to its end."""

    outcome: Outcome
    run_id: str = ""
    command_id: str = ""
    problem: Problem | None = None


@dataclass(frozen=True)
class SourceLine:
    """One source while it is prepared."""

    link_id: str
    url: str = ""
    status: str = "pending"
    message: str = ""
    progress: float = 0.0

    @property
    def name(self) -> str:
        """What a reader calls it."""
        return self.url or self.link_id


@dataclass
class SessionView:
    """One session as it is drawn. `apply` takes a frame and returns what is worth a line in a log."""

    session_id: str
    topic: str = ""
    batch_id: str = ""
    seq: int = 0
    run_id: str | None = None
    progress: float = 0.0
    running: bool = False
    """A run is under way, as far as frames have said."""
    followed: bool = False
    """A run is followed to its end, whose last words say what is out of date."""
    waiting: int = 0
    ended: bool = False
    """The batch takes no more commands: what runs is being cancelled, and then nothing comes any more."""
    known: bool = False
    nodes: dict[str, NodeView] = field(default_factory=dict)
    sources: dict[str, SourceLine] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    """What each running node last said."""
    endings: list[Ending] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        """Something is queued, running or cancelling."""
        return (
            self.run_id is not None
            or self.waiting > 0
            or any(view.status in BUSY for view in self.nodes.values())
        )

    def order(self) -> list[str]:
        """The nodes as a reader expects them: phases in order, steps below the third."""
        return sorted(self.nodes, key=node_order)

    def apply(self, frame: object) -> list[str]:
        """Take one frame; frames of other sessions change nothing."""
        if isinstance(frame, frames.Snapshot):
            return self._snapshot(frame)
        if getattr(frame, "session_id", None) not in {self.session_id, ""}:
            return []
        self.seq = max(self.seq, getattr(frame, "seq", None) or 0)
        handler = HANDLERS.get(type(frame))
        return handler(self, frame) if handler else []

    def load(self, state: State) -> None:
        """Start again from the whole state."""
        self.known = True
        self.topic, self.batch_id, self.seq = state.topic, state.batch_id, max(self.seq, state.seq)
        self.run_id = state.run.run_id if state.run else None
        self.running = state.run is not None
        self.progress = 100 * state.run.done / max(state.run.total, 1) if state.run else self.progress
        self.waiting = len(state.queue)
        self.ended = state.ended
        self.nodes = dict(state.nodes)

    def _snapshot(self, frame: frames.Snapshot) -> list[str]:
        state = next((state for state in frame.sessions if state.session_id == self.session_id), None)
        if state is None:
            return []
        if self.known:
            return self.catch_up(state)
        self.load(state)
        told_nodes = [
            node_line(node, self.nodes[node]) for node in self.order() if has_news(self.nodes[node])
        ]
        return [f"Session {self.session_id}: {self.topic}", *told_nodes]

    def catch_up(self, state: State) -> list[str]:
        """Take the whole state, and give the lines for what was not known yet."""
        before = self.nodes
        self.load(state)
        running = self.running or self.followed
        return [
            line
            for node in self.order()
            for line in change_lines(node, before.get(node), self.nodes[node], running=running)
        ]

    def finish(self, state: State, ending: Ending) -> list[str]:
        """Take the state after a run, and give the lines that no frame was quick enough to bring: what its
        nodes came to, and its end."""
        lines = self.catch_up(state)
        return lines if ending in self.endings else [*lines, *self.last_words(ending)]

    def _node(self, frame: frames.NodeUpdate) -> list[str]:
        view = NodeView.model_validate(frame.model_dump())
        before = self.nodes.get(frame.node)
        self.nodes[frame.node] = view
        if view.status != "running":
            self.messages.pop(frame.node, None)
        self.running = self.running or view.status in BUSY
        return change_lines(frame.node, before, view, running=self.running)

    def _session(self, frame: frames.SessionUpdate) -> list[str]:
        """Steps that the plan no longer has are gone."""
        steps = set(frame.plan_steps)
        self.nodes = {node: view for node, view in self.nodes.items() if step_of(node) in {None, *steps}}
        self.ended = frame.ended
        return []

    def _progress(self, frame: frames.WorkflowProgress) -> list[str]:
        self.progress = frame.progress
        if frame.message:
            self.messages[frame.node or (step_node(frame.step_id) if frame.step_id else frame.phase)] = (
                frame.message
            )
        return []

    def _queued(self, frame: frames.WorkflowQueued) -> list[str]:
        self.waiting = max(self.waiting, frame.position)
        return [f"Queued at place {frame.position}"]

    def _end(self, ending: Ending) -> list[str]:
        self.endings.append(ending)
        self.run_id, self.running = None, False
        self.waiting = max(self.waiting - 1, 0)
        return self.last_words(ending)

    def last_words(self, ending: Ending) -> list[str]:
        """How a run ended, and what is out of date after it."""
        problem = ending.problem
        if ending.outcome == "refused":
            return [f"Refused, {problem.type}: {problem.detail}"] if problem else ["Refused"]
        stale = [f"Stale: {members}" for members in stale_nodes(self.nodes)]
        reason = f": {problem.detail}" if problem and not self._is_known(problem.detail) else ""
        return [f"Run {ending.outcome}{reason}", *stale]

    def _complete(self, frame: frames.WorkflowComplete) -> list[str]:
        self.progress = 100.0
        return self._end(Ending("completed", frame.run_id))

    def _failed(self, frame: frames.WorkflowFailed) -> list[str]:
        return self._end(
            Ending("failed", frame.run_id, problem=frame.problem.problem if frame.problem else None)
        )

    def _cancelled(self, frame: frames.WorkflowCancelled) -> list[str]:
        return self._end(Ending("cancelled", frame.run_id))

    def _refused(self, frame: frames.WorkflowRefused) -> list[str]:
        ending = Ending("refused", command_id=frame.command_id, problem=frame.problem.problem)
        self.endings.append(ending)
        return self.last_words(ending)

    def _scraping(self, frame: frames.ScrapingStatus) -> list[str]:
        lines = []
        for item in frame.items:
            before = self.sources.get(item.link_id)
            line = SourceLine(
                item.link_id,
                item.title or item.url or "",
                item.status,
                item.error or "",
                before.progress if before else 0.0,
            )
            lines += self._source(line)
        return lines

    def _item_progress(self, frame: frames.ScrapingItemProgress) -> list[str]:
        before = self.sources.get(frame.link_id, SourceLine(frame.link_id))
        status = before.status if before.status != "pending" else "inProgress"
        self.sources[frame.link_id] = replace(
            before,
            url=before.url or frame.title or frame.url or "",
            status=status,
            progress=frame.overall_progress,
            message=frame.message or frame.stage,
        )
        return []

    def _item_update(self, frame: frames.ScrapingItemUpdate) -> list[str]:
        before = self.sources.get(frame.link_id, SourceLine(frame.link_id))
        return self._source(
            replace(
                before,
                url=frame.title or before.url or frame.url or "",
                status=frame.status,
                message=frame.error or "",
            )
        )

    def _source(self, line: SourceLine) -> list[str]:
        before = self.sources.get(line.link_id)
        self.sources[line.link_id] = line
        if line.status not in SOURCE_ENDS or (before and before.status == line.status):
            return []
        return [f"  source {line.name}: {line.status}{f' ({line.message})' if line.message else ''}"]

    def _error(self, frame: frames.ErrorFrame) -> list[str]:
        return (
            []
            if self._is_known(frame.message)
            else [f"Error{f' in {frame.phase}' if frame.phase else ''}: {frame.message}"]
        )

    def _is_known(self, detail: str) -> bool:
        """Return whether a node's own line has said so."""
        problems = (view.problem for view in self.nodes.values() if view.status == "failed")
        return any(problem is not None and problem.detail in detail for problem in problems)

    def _run_started(self, frame: frames.PhaseRerunStarted | frames.StepRerunStarted) -> list[str]:
        self.progress, self.running = 0.0, True
        return []


HANDLERS: dict[type, Callable[[SessionView, Any], list[str]]] = {
    frames.NodeUpdate: SessionView._node,
    frames.SessionUpdate: SessionView._session,
    frames.WorkflowProgress: SessionView._progress,
    frames.WorkflowQueued: SessionView._queued,
    frames.WorkflowComplete: SessionView._complete,
    frames.WorkflowFailed: SessionView._failed,
    frames.WorkflowCancelled: SessionView._cancelled,
    frames.WorkflowRefused: SessionView._refused,
    frames.ScrapingStatus: SessionView._scraping,
    frames.ScrapingItemProgress: SessionView._item_progress,
    frames.ScrapingItemUpdate: SessionView._item_update,
    frames.ErrorFrame: SessionView._error,
    frames.PhaseRerunStarted: SessionView._run_started,
    frames.StepRerunStarted: SessionView._run_started,
}
