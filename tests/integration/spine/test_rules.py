"""Rules that the stories do not name, on the real servers and with every service a process of its own."""

from uuid import uuid4

from integration.research.research_server import PageServer, Reply
from integration.spine.stories import begun, done, fresh, ran_after, researched
from reprise_contracts import subjects
from reprise_contracts.artifacts import ObjectRef, Phase4, Tokens
from reprise_contracts.commands import Accept, Cancel, Options, PutSources, Rerun, Target
from reprise_contracts.events import NodeCompleted, NodeStarted, ResultSuperseded
from reprise_contracts.jobs import Completed, Failed
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source
from reprise_domain.freshness import Verdicts
from reprise_domain.state import Session
from reprise_gateway.projections.states import command_of, state_of
from stack import Caller, Stack, until

BROKEN = Options(engine="openai", allow_partial=True)
"""An engine that no worker can use: what is run with it fails, and trying again cannot help."""


def stale(session: Session) -> set[str]:
    return {node for node, view in state_of(session).nodes.items() if view.freshness == "stale"}


async def rerun(caller: Caller, session_id: str, name: str, target: Target, **options: object) -> Session:
    """The session after a rerun."""
    await caller.send(
        session_id, Rerun(command_id=name, target=target, options=Options.model_validate(options))
    )
    return await done(caller, session_id, name)


async def running(caller: Caller, session_id: str, node: str) -> Session:
    """The session once a worker holds a node."""

    async def held() -> Session | None:
        state = await caller.session(session_id)
        return state if state and state.node(node).status == "running" else None

    return await until(held, 30, f"a running {node}")


async def report(caller: Caller, session_id: str, said: Completed | Failed) -> None:
    """What a worker would say."""
    await caller.bus.publish(subjects.report(session_id, said.node), said.encode(), stream=subjects.INBOX)


async def test_r2_steps_that_do_not_depend_on_each_other_run_side_by_side(caller: Caller) -> None:
    _, session_id = await researched(caller, "steps=3 wait_ms=4000")
    events = [event for entry in await caller.log.read(session_id) for event in entry.commit.events]
    order = [
        type(event)
        for event in events
        if isinstance(event, NodeStarted | NodeCompleted) and event.node.startswith("phase3/")
    ]
    assert order == [NodeStarted] * 3 + [NodeCompleted] * 3


async def test_r3_r5_a_to_b_to_a_is_fresh_again_and_all_below_b_is_stale(caller: Caller) -> None:
    _, session_id = await researched(caller, "steps=2")
    goals = Target(phase="phase1")
    moved = await rerun(caller, session_id, "b", goals, guidance="prices", propagation="mark_stale")
    assert stale(moved) == {"phase2", "phase3", "phase3/1", "phase3/2", "phase4"}
    back = await rerun(caller, session_id, "a", goals, guidance="", propagation="mark_stale")
    assert fresh(back) == {"fresh"}


async def test_r6_what_is_run_again_is_fresh_until_it_says_otherwise(caller: Caller) -> None:
    _, session_id = await researched(caller, "steps=1 wait_ms=1500")
    await caller.send(session_id, Rerun(command_id="again", target=Target(steps=(1,))))
    view = state_of(await running(caller, session_id, "phase3/1")).nodes["phase3/1"]
    assert (view.status, view.freshness) == ("running", "fresh")
    await done(caller, session_id, "again")


async def test_r11_preparing_again_asks_no_site_but_for_what_is_new_and_refetch_asks_all(
    caller: Caller,
) -> None:
    """A refetch that fails keeps the stored copy, and the report stays as it is."""
    async with PageServer() as pages:
        for name in ("one", "two"):
            words = (
                f"A page about {name}, with a sentence that is long enough to be read as a text of its own."
            )
            pages.pages[f"/{name}"] = Reply(f"<html><body><p>{words}</p></body></html>".encode())
        batch_id, session_id = await researched(caller, "steps=1")
        prepared = Target(phase="phase0")
        for number, name in enumerate(("one", "two"), 2):
            source = Source(source_id=f"src-{number}", url=pages.url(f"/{name}"))
            await caller.send(batch_id, PutSources(command_id=f"add-{name}", sources=(source,)))

            async def told(known: int = number) -> bool:
                state = await caller.session(session_id)
                return state is not None and len(state.sources) == known

            await until(told, 20, "the new source")
            await rerun(caller, session_id, f"with-{name}", prepared)
        assert (pages.count("/one"), pages.count("/two")) == (1, 1)
        before = await rerun(caller, session_id, "fetched", prepared, refetch=True)
        assert (pages.count("/one"), pages.count("/two")) == (2, 2)
        pages.pages["/one"] = Reply(b"gone", 404)
        after = await rerun(caller, session_id, "failed", prepared, refetch=True)
        assert {name: known.source.stored for name, known in after.sources.items()} == {
            name: known.source.stored for name, known in before.sources.items()
        }
        assert fresh(after) == {"fresh"}


async def test_r17_a_result_that_comes_late_is_recorded_and_counts_for_nothing(caller: Caller) -> None:
    """A worker that was thought dead finishes an attempt that is decided; a twin of its own report changes
    nothing either."""
    _, session_id = await researched(caller, "steps=1")
    before = await caller.at_rest(session_id)
    made = before.node("phase3/1").materialization
    assert made is not None and isinstance(made.event, NodeCompleted)
    attempt = {"node": "phase3/1", "generation": 1, "attempt": 1}
    ref = ObjectRef(
        key=subjects.artifact_key(before.batch_id, session_id, "phase3/1", 1, "late"), sha256="0" * 64
    )
    late = Completed(
        **attempt, execution_id=f"late-{uuid4().hex[:8]}", artifact=ref, parts={"output": "other"}
    )
    twin = Completed(
        **attempt, execution_id=made.event.execution_id, artifact=made.event.artifact, parts=made.event.parts
    )
    await report(caller, session_id, twin)
    await report(caller, session_id, late)

    async def superseded() -> list[ResultSuperseded] | None:
        entries = await caller.log.read(session_id, after=before.seq)
        return [
            event for entry in entries for event in entry.commit.events if isinstance(event, ResultSuperseded)
        ]

    assert [event.execution_id for event in await until(superseded, 20, "the word of it")] == [
        late.execution_id
    ]
    after = await caller.at_rest(session_id)
    assert after.node("phase3/1").materialization == made
    assert fresh(after) == {"fresh"}


async def test_r19_r21_r28_a_failed_step_leaves_a_partial_report_that_says_so_until_the_step_is_good(
    caller: Caller,
) -> None:
    """The others go on; the failed step keeps its artifact and cannot be accepted; once it is made again, so
    is the report."""
    _, session_id = await researched(caller, "steps=2")
    before = await caller.at_rest(session_id)
    await caller.send(session_id, Rerun(command_id="broken", target=Target(steps=(1,)), options=BROKEN))
    failed = await done(caller, session_id, "broken")
    outcome = command_of(failed, "broken")
    assert outcome is not None and outcome.status == "failed"
    step = failed.node("phase3/1")
    assert (
        step.status == "failed"
        and step.problem is not None
        and not step.problem.retryable
        and step.problem.action
    )
    assert step.materialization == before.node("phase3/1").materialization
    assert stale(failed) == {"phase3", "phase3/1", "phase4"}
    assert ("phase3/1", "lacking") in {
        (cause.node, cause.reason) for cause in Verdicts(failed).cause_chain("phase4")
    }
    made = failed.node("phase4").materialization
    assert made is not None
    document = Phase4.read(await caller.store.get(made.event.artifact.key))
    assert [(gap.node, gap.used) for gap in document.partial] == [("phase3/1", "last_good")]
    await caller.send(session_id, Accept(command_id="accept", node="phase3/1", reason="Good enough."))
    refused = command_of(await done(caller, session_id, "accept"), "accept")
    assert (
        refused is not None
        and refused.problem is not None
        and (refused.problem.kind, refused.problem.field) == ("invalid", "node")
    )
    good = await rerun(caller, session_id, "good", Target(steps=(1,)), engine="", propagation="mark_stale")
    assert good.node("phase3/1").materialization.event.unchanged  # type: ignore[union-attr]
    assert stale(good) == {"phase4"}, "it says what it said, but the report was made without it"
    assert fresh(await rerun(caller, session_id, "refresh", Target(stale=True))) == {"fresh"}


async def test_r19_a_result_that_is_no_longer_in_the_store_fails_its_readers_and_says_so(
    stack: Stack, caller: Caller
) -> None:
    """A reader checks what it reads against the hash that the log names; what there was stays, and making the
    input again mends it."""
    _, session_id = await researched(caller, "steps=1")
    before = await caller.at_rest(session_id)
    made = before.node("phase3/1").materialization
    assert made is not None
    await caller.store.put(made.event.artifact.key, b"spoiled", "application/json")
    stack.kill("worker-phase4")  # what it has read before it knows by its hash
    stack.restart("worker-phase4")
    failed = await rerun(caller, session_id, "report", Target(phase="phase4"), force=True)
    problem = failed.node("phase4").problem
    assert problem is not None and problem.type == "artifact_lost" and problem.action
    assert failed.node("phase4").materialization == before.node("phase4").materialization
    await rerun(caller, session_id, "step", Target(steps=(1,)))
    assert fresh(await rerun(caller, session_id, "refresh", Target(stale=True))) == {"fresh"}


async def test_r29_at_a_ceiling_nothing_more_begins_and_a_higher_one_goes_on(caller: Caller) -> None:
    """What a failed attempt spent counts too."""
    _, session_id = await begun(caller, "steps=1 wait_ms=60000", max_session_tokens=50)
    session = await running(caller, session_id, "phase3/1")
    broke = Problem(type="engine_failed", detail="It broke.", action="Try again.")
    entry = session.node("phase3/1")
    said = Failed(
        node="phase3/1",
        generation=entry.generation,
        attempt=entry.attempt,
        execution_id="spender",
        problem=broke,
        tokens=Tokens(prompt=100),
    )
    await report(caller, session_id, said)
    await caller.at_rest(session_id)
    for name, options, began in (("over", {}, False), ("raised", {"max_session_tokens": 0}, True)):
        seq = (await caller.at_rest(session_id)).seq
        target = Target(phase="phase1")
        stop = {"stop_after": "phase1"} | options
        after = await rerun(caller, session_id, name, target, **stop)
        assert await ran_after(caller, session_id, seq) == (["phase1"] if began else [])
        outcome = command_of(after, name)
        assert outcome is not None
        assert (outcome.problem.kind if outcome.problem else None) == (None if began else "budget_reached")
    await caller.send(session_id, Cancel(command_id="stop"))
