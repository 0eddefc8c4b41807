"""What a session view makes of frames."""

from datetime import UTC, datetime

from reprise_cli.client.node_lines import advice, node_line, node_name
from reprise_cli.client.session_view import SessionView
from reprise_contracts import frames
from reprise_contracts.problems.model import Problem
from reprise_contracts.states import ArtifactView, Cause, NodeView, RunView, State

AT = datetime(2026, 11, 23, 20, tzinfo=UTC)
MADE = ArtifactView(generation=1, sha256="0" * 64, output="o", bytes=10, at=AT, by="worker")


def update(node: str, seq: int = 1, **fields: object) -> frames.NodeUpdate:
    return frames.NodeUpdate.model_validate({"node": node, "session_id": "s1", "seq": seq, "n": 0, **fields})


def test_a_snapshot_is_told_once_and_later_ones_only_where_they_differ() -> None:
    """After a lost connection the whole state comes again; only what is new is worth a line."""
    view = SessionView("s1")
    state = State(
        batch_id="b1",
        session_id="s1",
        topic="Tides",
        seq=4,
        nodes={
            "phase0": NodeView(status="completed", headline="4 sources", seconds=1.5),
            "phase1": NodeView(status="running"),
        },
    )
    first = view.apply(frames.Snapshot(sessions=(state,), seq=4))
    assert first == [
        "Session s1: Tides",
        "phase0 prepare: completed in 1.5 s – 4 sources",
        "phase1 discover goals: running",
    ]
    assert view.apply(frames.Snapshot(sessions=(state,), seq=4)) == []
    nodes = state.nodes | {"phase1": NodeView(status="completed", headline="3 goals")}
    again = frames.Snapshot(sessions=(state.model_copy(update={"nodes": nodes}),), seq=9)
    assert view.apply(again) == ["phase1 discover goals: completed – 3 goals"]


def test_what_a_refresh_would_leave_is_not_sent_to_one() -> None:
    """R12: a user's own work is replaced where it is named, or accepted; everything else that is stale a
    refresh brings up to date."""

    def stale(*causes: tuple[str, str], edited: bool = False) -> NodeView:
        node_line = tuple(
            Cause.model_validate({"node": node, "reason": reason, "text": "It moved."})
            for node, reason in causes
        )
        return NodeView(status="completed", freshness="stale", causes=node_line, edited=edited)

    below = stale(("phase2", "upstream"), ("phase1", "changed"))
    assert (
        advice("s1", {"phase2": stale(("phase1", "changed")), "phase4": below})
        == "bring it up to date with: reprise refresh s1"
    )
    above = {
        "phase1": stale(("phase0", "changed")),
        "phase2": stale(("phase1", "upstream"), edited=True),
        "phase4": below,
    }
    assert advice("s1", above) == "bring it up to date with: reprise refresh s1", (
        "until the goals are made again nothing of the plan has moved"
    )
    edited = advice("s1", {"phase2": stale(("phase1", "changed"), edited=True), "phase4": below})
    assert "reprise rerun phase s1 phase2" in edited and "reprise accept s1 phase2" in edited
    assert advice("s1", {"phase1": stale(("phase0", "changed"), edited=True)}).startswith(
        "the goals were edited, and a refresh leaves them."
    )
    locked = stale(("phase2", "changed")).model_copy(update={"locked_at": datetime(2026, 1, 1, tzinfo=UTC)})
    assert "reprise unlock s1 phase3/4" in advice("s1", {"phase3/4": locked, "phase4": below})


def test_frames_of_other_sessions_change_nothing() -> None:
    """A batch's socket carries all its sessions."""
    view = SessionView("s1")
    other = frames.NodeUpdate(node="phase0", status="running", session_id="s2", seq=1, n=0)
    assert view.apply(other) == []
    assert view.nodes == {}


def test_a_node_is_told_when_it_moves_and_not_when_it_only_counts() -> None:
    """One line for each status, none for a repeated one and none for waiting in a pool."""
    view = SessionView("s1")
    assert view.apply(update("phase3/4", status="queued", title="Why")) == []
    assert view.apply(update("phase3/4", status="running", title="Why")) == ["step 4 Why: running"]
    assert view.apply(update("phase3/4", status="running", title="Why", tokens=9)) == []
    done = update(
        "phase3/4", status="completed", freshness="fresh", title="Why", headline="2 findings", unchanged=True
    )
    assert view.apply(done) == ["step 4 Why: completed – unchanged"]
    assert view.apply(update("phase3", status="completed")) == []


def test_a_stale_node_says_why() -> None:
    """R4: the nearest cause, in words."""
    causes = (Cause(node="phase3/4", reason="changed", text="step 4 has new findings"),)
    view = NodeView(status="completed", freshness="stale", causes=causes, artifact=MADE)
    assert node_line("phase4", view) == "phase4 report: completed [stale: step 4 has new findings]"


def test_what_a_run_leaves_stale_is_told_at_its_end() -> None:
    """While it runs it may come to it yet; at the end there is a line for each reason, and only for what is
    left and in the plan."""
    view = SessionView("s1")
    steps = [f"phase3/{n}" for n in range(1, 4)]
    for node in (*steps, "phase4"):
        view.apply(update(node, status="completed", freshness="fresh"))
    assert view.apply(update("phase2", status="running")) == ["phase2 synthesize: running"]
    waits = (Cause(node="phase2", reason="upstream", text="The plan is out of date."),)
    assert [
        view.apply(update(node, status="completed", freshness="stale", causes=waits))
        for node in (*steps, "phase4")
    ] == [[]] * 4
    assert view.apply(update("phase3/2", status="completed", freshness="fresh")) == []
    view.apply(frames.SessionUpdate(session_id="s1", seq=8, n=0, plan_steps=(1, 2)))
    end = frames.WorkflowComplete(run_id="r1", session_id="s1", seq=9, n=0)
    assert view.apply(end) == ["Run completed", "Stale: step 1, phase4 report (The plan is out of date.)"]
    assert view.apply(update("phase4", status="completed", freshness="fresh")) == [
        "phase4 report: up to date"
    ], "nothing runs"


def test_a_failed_node_says_what_and_what_to_do() -> None:
    """R19: the problem's detail and its action."""
    problem = Problem(type="no_sources", detail="No source has a text.", action="Add one.")
    assert (
        node_line("phase0", NodeView(status="failed", problem=problem))
        == "phase0 prepare: failed – No source has a text. Add one."
    )


def test_a_failure_is_told_once() -> None:
    """By the node's own line; the error frame and the end of the run repeat nothing. What no node told they
    tell."""
    view = SessionView("s1", nodes={})
    problem = Problem(type="no_sources", detail="No source has a text.", action="Add one.")
    assert view.apply(update("phase0", status="failed", problem=problem.model_dump(mode="json")))
    error = frames.ErrorFrame(
        phase="phase0", message="The preparation failed: No source has a text.", session_id="s1", seq=2, n=0
    )
    assert view.apply(error) == []
    failed = frames.WorkflowFailed(run_id="r1", problem=problem, session_id="s1", seq=3, n=0)
    assert view.apply(failed) == ["Run failed"]
    other = frames.ErrorFrame(message="It is no command.", session_id="s1", seq=4, n=0)
    assert view.apply(other) == ["Error: It is no command."]


def test_a_run_has_one_end() -> None:
    """The end of a run is kept with its id, and the session is idle after it."""
    state = State(
        batch_id="b1",
        session_id="s1",
        topic="Tides",
        nodes={},
        run=RunView(
            run_id="r1", command_id="c1", targets=("phase2",), propagation="cascade", done=1, total=4
        ),
    )
    view = SessionView("s1")
    view.apply(frames.Snapshot(sessions=(state,), seq=1))
    assert (view.busy, view.progress) == (True, 25.0)
    assert view.apply(frames.WorkflowComplete(run_id="r1", session_id="s1", seq=2, n=0)) == ["Run completed"]
    assert [(ending.outcome, ending.run_id) for ending in view.endings] == [("completed", "r1")]
    assert not view.busy


def test_sources_are_told_when_they_come_to_their_end() -> None:
    """Progress moves a bar; only the outcome is a line."""
    view = SessionView("s1")
    live = {"session_id": "s1", "link_id": "src-1", "url": "https://example.org/a"}
    assert view.apply(frames.ScrapingItemProgress(**live, stage="fetch", overall_progress=30)) == []
    assert (view.sources["src-1"].status, view.sources["src-1"].progress) == ("inProgress", 30)
    failed = frames.ScrapingItemUpdate(**live, status="failed", error="paywall")
    assert view.apply(failed) == ["  source https://example.org/a: failed (paywall)"]
    assert view.apply(failed) == []
    named = {"session_id": "s1", "link_id": "src-3", "title": "tides.pdf"}
    view.apply(frames.ScrapingItemProgress(**named, stage="extracting", overall_progress=60))
    assert view.sources["src-3"].name == "tides.pdf", (
        "a file has its name from its first frame on, whichever that is"
    )
    assert view.apply(frames.ScrapingItemUpdate(**named, status="completed")) == [
        "  source tides.pdf: completed"
    ]


def test_nodes_have_names_that_a_reader_knows() -> None:
    """Phases by their work, steps by their number and title."""
    assert [node_name("phase2"), node_name("phase3/7", "Cost"), node_name("phase3/*")] == [
        "phase2 synthesize",
        "step 7 Cost",
        "steps of a new plan",
    ]
